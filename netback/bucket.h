/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rate limit: `bytes` of credit each `usec` microseconds, saved up to max(bytes, 128 KiB), as in
 * Linux's backend. Shared by the queues of a vif: any thread may take, one sets.
 */
#ifndef NETBACK_BUCKET_H
#define NETBACK_BUCKET_H

#include <stdint.h>

#define BUCKET_BURST (128u << 10)	/* more than one largest frame: it can always be sent some time */

struct bucket {
	uint64_t bytes;		/* 0: no limit */
	uint64_t usec;
	uint64_t credit;
	uint64_t began;		/* of the interval that the credit is from */
};

/* Sets or changes the limit; usec 0 counts as no limit. The next interval begins at once. */
void bucket_set(struct bucket *bucket, uint64_t bytes, uint64_t usec);

/*
 * Takes that many bytes (at most BUCKET_BURST). Returns 0, or the microseconds after which to try
 * again.
 */
uint64_t bucket_take(struct bucket *bucket, uint32_t bytes, uint64_t now_usec);

#endif
