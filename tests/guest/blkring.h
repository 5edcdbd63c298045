/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frontend's end of one block ring: indices, slots, and which requests are outstanding. Plain
 * memory in, plain memory out: no Xen library, so that a unit test can be the backend.
 *
 * It defends itself as Linux's hardened blkfront does: an answer that no request asked for is a
 * lie; the ring is broken from then on, and the lie is counted and said on stderr.
 */
#ifndef GUEST_BLKRING_H
#define GUEST_BLKRING_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/guest/blkabi.h"

#define BLKRING_ORDER_MAX 4
#define BLKRING_ENTRIES_MAX 512
#define BLKRING_FULL UINT32_MAX

enum blkring_lie {
	BLKRING_LIE_JUMP,		/* rsp_prod beyond what was asked, or behind what was taken */
	BLKRING_LIE_UNKNOWN_ID,		/* never an id of ours */
	BLKRING_LIE_NOT_OUTSTANDING,	/* an id of ours that is not waiting for an answer */
	BLKRING_LIE_OPERATION,		/* not the operation of that request */
	BLKRING_LIE_STATUS,		/* none of BLKIF_RSP_* */
	BLKRING_LIES
};

struct blkring_entry {
	uint64_t id;
	uint8_t op;
	bool busy;
};

struct blkring {
	uint8_t *memory;	/* shared: a 64-byte header, then slots */
	enum blkabi abi;
	uint32_t entries;	/* a power of two */
	uint32_t slot_bytes;
	uint32_t req_prod;	/* requests before it are written */
	uint32_t req_shown;	/* requests before it are published */
	uint32_t rsp_cons;	/* responses before it are taken */
	uint32_t rsp_seen;	/* the backend's rsp_prod when it was last looked at */
	uint64_t sequence_start;
	uint64_t sequence;	/* makes every id new: an answer given twice is seen as such */
	uint32_t free_tags;
	uint16_t free_tag[BLKRING_ENTRIES_MAX];
	struct blkring_entry entry[BLKRING_ENTRIES_MAX];	/* by tag */
	uint64_t lies[BLKRING_LIES];
	bool broken;		/* it lied: nothing more is taken from this ring */
};

/*
 * Formats the shared memory (4096 << order bytes, order 0..4) and starts at that index: 0 as every
 * guest does, or close to 2^32 to see the backend cross it.
 */
void blkring_init(struct blkring *ring, void *memory, uint32_t order, enum blkabi abi,
		uint32_t start_index);

/* A free tag (0..entries-1), or BLKRING_FULL. The caller's until blkring_release(). */
uint32_t blkring_claim(struct blkring *ring);
void blkring_release(struct blkring *ring, uint32_t tag);

/* Writes the request of a claimed tag; the id is made here. Not visible before blkring_publish(). */
void blkring_put(struct blkring *ring, uint32_t tag, struct blkabi_request *request);

/* Shows what is written. Returns true if the backend asked to be notified. */
bool blkring_publish(struct blkring *ring);

/*
 * The next response. 1: *tag and *status are filled, the tag is still the caller's; 0: none is
 * visible; -EPROTO: the backend lied, now or before.
 */
int blkring_reap(struct blkring *ring, uint32_t *tag, int16_t *status);

/* Before sleeping: asks for an event at the next response. Returns true if one is there already. */
bool blkring_rest(struct blkring *ring);

/* Requests published or written and not answered. */
uint32_t blkring_outstanding(const struct blkring *ring);

/* The memory of the slot of that index, for those who write requests by hand. */
void *blkring_slot(const struct blkring *ring, uint32_t index);

/* The producer index of the backend as it is now; for those who read responses by hand. */
uint32_t blkring_rsp_prod(const struct blkring *ring);

/* All lies together: anything but 0 is a bug of the backend. */
uint64_t blkring_lies(const struct blkring *ring);

#endif
