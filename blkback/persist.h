/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Persistent grants: guest pages that stay mapped as long as the disk is in use, found again by their
 * reference. Bounded; what does not fit is copied instead.
 */
#ifndef BLKBACK_PERSIST_H
#define BLKBACK_PERSIST_H

#include <stdint.h>

#include "ring/grants.h"

#define PERSIST_PAGES_MAX 1056u		/* per queue; what Linux's backend allows */
#define PERSIST_BUCKETS 2048u		/* a power of two, about twice as many */

/* After a mapping that failed none is tried for so long, twice as long after each further one in a row. */
#define PERSIST_REST_USEC 100000u
#define PERSIST_REST_MAX_USEC (PERSIST_REST_USEC << 5)	/* 3.2 s */

struct persist_page {
	gref_t gref;
	void *address;		/* NULL: the bucket is empty */
};

struct persist {
	struct grants *grants;
	uint32_t pages;
	uint32_t rest_usec;		/* after the last failure; 0: the last mapping went well */
	uint64_t next_usec;		/* no mapping is tried before */
	struct persist_page bucket[PERSIST_BUCKETS];
};

/* The page of that grant, if it is mapped. NULL: it is not. */
void *persist_find(const struct persist *persist, gref_t gref);

/*
 * Maps the page of that grant for reading and writing and keeps it. Returns its address, or NULL:
 * the table is full, the grant cannot be mapped so, or another one could not a moment ago (copying may
 * still work).
 */
void *persist_map(struct persist *persist, gref_t gref);

/* Unmaps every page: no address that was handed out may be in use. */
void persist_unmap(struct persist *persist);

#endif
