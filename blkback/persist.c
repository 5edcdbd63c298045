/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of persistently mapped grants. Trusts nothing in the pages; promises at most
 * PERSIST_PAGES_MAX mappings, which end with the process, and few tries that fail. Nothing is ever taken
 * out but all at once, so a lookup may stop at the first empty bucket.
 */
#include "blkback/persist.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "ring/clock.h"

/* #syscalls: clock_gettime */

/* Frontends number grants densely: a multiplication spreads them over the buckets. */
static uint32_t bucket_of(gref_t gref)
{
	return gref.ref * 2654435761u >> 21;	/* the upper 11 bits */
}

_Static_assert(PERSIST_BUCKETS == 1u << 11, "bucket_of() yields 11 bits");
_Static_assert(PERSIST_PAGES_MAX < PERSIST_BUCKETS, "a search always ends at an empty bucket");

void *persist_find(const struct persist *persist, gref_t gref)
{
	uint32_t i = bucket_of(gref);

	while (persist->bucket[i].address) {
		if (persist->bucket[i].gref.ref == gref.ref)
			return persist->bucket[i].address;
		i = (i + 1) % PERSIST_BUCKETS;
	}
	return NULL;
}

static bool resting(const struct persist *persist)
{
	return persist->rest_usec && clock_usec() < persist->next_usec;
}

/* A guest that grants what cannot be mapped is not to cost three system calls for each of its pages. */
static void rest(struct persist *persist)
{
	if (persist->rest_usec == 0)
		persist->rest_usec = PERSIST_REST_USEC;
	else if (persist->rest_usec < PERSIST_REST_MAX_USEC)
		persist->rest_usec *= 2;
	persist->next_usec = clock_usec() + persist->rest_usec;
}

void *persist_map(struct persist *persist, gref_t gref)
{
	uint32_t i = bucket_of(gref);
	void *address;

	if (persist->pages == PERSIST_PAGES_MAX || resting(persist))
		return NULL;
	if (grants_map(persist->grants, &gref, 1, true, &address)) {
		rest(persist);
		return NULL;
	}
	persist->rest_usec = 0;
	while (persist->bucket[i].address)
		i = (i + 1) % PERSIST_BUCKETS;
	persist->bucket[i] = (struct persist_page) { .gref = gref, .address = address };
	persist->pages++;
	return address;
}

void persist_unmap(struct persist *persist)
{
	for (uint32_t i = 0; i < PERSIST_BUCKETS; i++) {
		void *address = persist->bucket[i].address;
		const int err = address ? grants_unmap(persist->grants, address, 1) : 0;

		assert(err == 0);	/* only what we have not mapped is refused */
	}
	memset(persist->bucket, 0, sizeof(persist->bucket));
	persist->pages = 0;
}
