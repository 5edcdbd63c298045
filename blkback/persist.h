/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Persistent grants: guest pages that stay mapped for the life of the connection, found again by
 * their reference. Bounded; what does not fit is copied instead.
 */
#ifndef BLKBACK_PERSIST_H
#define BLKBACK_PERSIST_H

#include <stdint.h>

#include "ring/grants.h"

#define PERSIST_PAGES_MAX 1056u		/* per queue; what Linux's backend allows */
#define PERSIST_BUCKETS 2048u		/* a power of two, about twice as many */

struct persist_page {
	gref_t gref;
	void *address;		/* NULL: the bucket is empty */
};

struct persist {
	struct grants *grants;
	uint32_t pages;
	struct persist_page bucket[PERSIST_BUCKETS];
};

/* The page of that grant, if it is mapped. NULL: it is not. */
void *persist_find(const struct persist *persist, gref_t gref);

/*
 * Maps the page of that grant for reading and writing and keeps it. Returns its address, or NULL:
 * the table is full, or the grant cannot be mapped so (copying may still work).
 */
void *persist_map(struct persist *persist, gref_t gref);

#endif
