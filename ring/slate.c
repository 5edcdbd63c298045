/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers that survive their writer. Trusts nothing in the shared file but its size: a compromised
 * worker may have written anything; every index is checked against the ring before it is used.
 */
#include "ring/slate.h"

#include <sys/mman.h>

size_t slate_bytes(uint32_t rings)
{
	return (size_t)rings * sizeof(struct slate) + SLATE_NOTE_BYTES;
}

struct slate *slate_map(int fd, uint32_t rings, void **note)
{
	struct slate *map = mmap(NULL, slate_bytes(rings), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		return NULL;
	*note = map + rings;
	return map;
}

static void slate_begin(struct slate *slate, uint64_t generation, uint32_t rsp_prod)
{
	slate->magic = SLATE_MAGIC;
	slate->begin = slate->end = rsp_prod;
	slate->generation = generation;
}

bool slate_recover(struct slate *slate, uint64_t generation, uint32_t req_prod, uint32_t rsp_prod,
		uint32_t slots, uint32_t *rewrite)
{
	uint32_t end = slate->end;

	*rewrite = 0;
	if (req_prod - rsp_prod > slots)
		return false;
	if (slate->magic != SLATE_MAGIC || slate->generation != generation) {
		slate_begin(slate, generation, rsp_prod);
		return true;
	}
	if (rsp_prod == end)
		return true;
	/* Decided, and not shown: then the page still says where the answers begin. */
	if (rsp_prod != slate->begin || end - rsp_prod > req_prod - rsp_prod)
		return false;
	*rewrite = end - rsp_prod;
	return true;
}

void slate_rewrite(const struct slate *slate, struct sring *ring, uint32_t bytes, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		sring_answer(ring, &slate->answer[ring->rsp_prod % SLATE_SLOTS], bytes);
}

bool slate_show(struct slate *slate, struct sring *ring, uint32_t bytes, uint32_t n)
{
	slate->begin = ring->rsp_prod;
	/* Release: the answers and where they begin come before the word that they are given. */
	__atomic_store_n(&slate->end, ring->rsp_prod + n, __ATOMIC_RELEASE);
	slate_rewrite(slate, ring, bytes, n);
	return sring_publish(ring);
}
