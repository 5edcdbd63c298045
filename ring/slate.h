/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answers of one batch, written down before they are written onto the ring: what a successor
 * needs of a ring whose requests are answered in order, as netif's are. A response overwrites the
 * request in its slot; between the first response written and the index published, the ring alone
 * could not tell one from the other. Lives in a shared memory file that control makes and keeps.
 *
 * Store order (each arrow is a release store):
 *   answers, begin -> end (!= begin: these answers are given) -> response slots -> sring.rsp_prod
 */
#ifndef RING_SLATE_H
#define RING_SLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ring/sring.h"

#define SLATE_SLOTS 256			/* of a netif ring */
#define SLATE_MAGIC 0x58425353u		/* "XBSS" */

struct slate {
	uint64_t generation;	/* of the connection that wrote it; 0: never used */
	uint32_t magic;
	uint32_t begin, end;	/* ring indices of the answers, begin first */
	uint32_t pad;
	uint64_t answer[SLATE_SLOTS];	/* by ring index, a response of at most 8 bytes each */
};

#define SLATE_NOTE_BYTES 4096	/* after the slates, for what else a worker leaves to its successor */

/* Bytes of the file for that many rings. */
size_t slate_bytes(uint32_t rings);

/*
 * Maps the file; *note is where SLATE_NOTE_BYTES begin (8-aligned). The mapping lives as long as the
 * process. NULL with errno of mmap(2).
 */
struct slate *slate_map(int fd, uint32_t rings, void **note);

/*
 * Where a ring goes on whose page shows these indices (guest-writable, read once by the caller).
 * Fills *rewrite with the number of answers, from rsp_prod on, that were decided and not shown.
 * False: the indices cannot be true. A slate of another connection is begun anew.
 */
bool slate_recover(struct slate *slate, uint64_t generation, uint32_t req_prod, uint32_t rsp_prod,
		uint32_t slots, uint32_t *rewrite);

/* Writes `n` answers from the slate onto the ring, from ring->rsp_prod on. */
void slate_rewrite(const struct slate *slate, struct sring *ring, uint32_t bytes, uint32_t n);

/*
 * Gives `n` answers, of `bytes` (4 or 8) each, on the slate's places answer[index % SLATE_SLOTS]
 * from ring->rsp_prod on, and shows them. Returns what sring_publish() returns.
 */
bool slate_show(struct slate *slate, struct sring *ring, uint32_t bytes, uint32_t n);

/* The place of the answer that is `ahead` of the next one. */
static inline uint64_t *slate_place(struct slate *slate, const struct sring *ring, uint32_t ahead)
{
	return &slate->answer[(ring->rsp_prod + ahead) % SLATE_SLOTS];
}

#endif
