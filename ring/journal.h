/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The in-flight journal: what a dead worker's successor needs to answer every request that the
 * guest has handed over, once. A shared memory file that control makes and keeps.
 *
 * Why whole requests and not just ids: requests and responses share the slots of a Xen ring, and
 * a response is written over the slot of the oldest request, which may still be in flight. Its
 * only copy is then the one here. Requests are opaque records; the journal knows no disks.
 *
 * Store order (each arrow is a release store):
 *   take:     record, req_idx, seq            -> state = INFLIGHT -> queue.req_cons
 *   complete: status, rsp_idx                 -> state = DONE -> response slots -> sring.rsp_prod
 *   publish:  (after rsp_prod) queue.rsp_done -> entries = FREE
 * One thread writes a queue. A compromised worker can write anything here: journal_recover()
 * checks every number against the ring before its successor uses it.
 */
#ifndef RING_JOURNAL_H
#define RING_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOURNAL_MAGIC 0x58424a31u	/* "XBJ1" */
#define JOURNAL_VERSION 1
#define JOURNAL_SLOTS_MAX 512		/* 16 pages of 32 */

enum journal_state {
	JOURNAL_FREE = 0,
	JOURNAL_INFLIGHT = 1,
	JOURNAL_DONE = 2,
};

/* In every version magic, version and drained are where they are here. */
struct journal_header {
	uint32_t magic;
	uint32_t version;
	uint64_t generation;
	uint32_t queues;
	uint32_t slots;		/* entries of each queue: the ring's slots */
	uint32_t record_bytes;	/* room for one record, a multiple of 8 */
	uint32_t drained;	/* 1: its last worker has left nothing in flight and nothing to show */
};

struct journal_entry {
	uint32_t state;		/* enum journal_state; written last, with release */
	uint32_t req_idx;	/* ring index the request was taken from */
	uint64_t seq;		/* order of taking, within the queue; starts at 1 */
	uint32_t rsp_idx;	/* ring index of the response, valid in DONE */
	int16_t status;		/* the response's status, valid in DONE */
	uint16_t used;		/* bytes of the record in use */
	uint8_t record[];	/* record_bytes */
};

struct journal_ring {
	uint32_t started;	/* 0: nothing was ever taken, the other fields are not valid */
	uint32_t req_cons;	/* requests before this index are taken */
	uint32_t rsp_done;	/* responses before this index are known to be published */
	uint32_t pad;
	uint64_t seq;		/* the last one given out */
	uint64_t pad2[5];	/* to 64 bytes: entries start on a cache line */
};

/* One queue's part of a mapped journal: pointers into the mapping, numbers checked by the opener. */
struct journal {
	struct journal_header *header;
	struct journal_ring *ring;
	uint8_t *entries;
	uint32_t slots;
	uint32_t stride;	/* bytes from one entry to the next */
	uint32_t record_bytes;
};

/* Bytes of the file for that many queues of that many slots. Limits: QUEUES_MAX, 512, 4096. */
size_t journal_bytes(uint32_t queues, uint32_t slots, uint32_t record_bytes);

/*
 * Maps the file and fills journal[0..queues-1]. An all-zero file is formatted, and one of another
 * version where its last worker has drained. Every other that is not this connection's is left alone:
 * requests may be in flight in it. The mapping lives as long as the process. Returns 0, -EPROTO for such
 * a file, -EINVAL where it is shorter than journal_bytes(), -errno.
 */
int journal_map(int fd, uint64_t generation, uint32_t queues, uint32_t slots, uint32_t record_bytes,
		struct journal *journal);

/* The file's every queue has ended what it took and shown it, and takes no more. */
void journal_drained(struct journal *journal);

/* The entry of that slot. slot < journal->slots. */
struct journal_entry *journal_entry(const struct journal *journal, uint32_t slot);

/*
 * A fresh connection: sets every entry FREE and both indices to the ring's start. To be called
 * before anything is taken, with the index at which the ring was attached.
 */
void journal_start(struct journal *journal, uint32_t req_cons, uint32_t rsp_prod);

/* The record of `slot` (already filled by the caller, `used` bytes) becomes INFLIGHT; then req_cons
 * moves to req_idx + 1. */
void journal_take(struct journal *journal, uint32_t slot, uint32_t req_idx, uint16_t used);

/* The request of `slot` has ended; its response goes to ring index rsp_idx. */
void journal_done(struct journal *journal, uint32_t slot, int16_t status, uint32_t rsp_idx);

/* sring.rsp_prod now says rsp_prod; the n slots listed are answered and become FREE. */
void journal_published(struct journal *journal, const uint16_t *slots, uint32_t n, uint32_t rsp_prod);

/* What a successor does, in this order. Slots are listed; the counts bound the lists. */
struct journal_plan {
	uint32_t req_cons;	/* go on taking here */
	uint32_t rsp_prod;	/* answer next here, after the rewritten responses */
	uint32_t rewrite;	/* responses to write again, in rsp_idx order, then to publish */
	uint32_t resubmit;	/* requests to do again, in seq order */
	uint16_t rewrite_slot[JOURNAL_SLOTS_MAX];
	uint16_t resubmit_slot[JOURNAL_SLOTS_MAX];
};

enum journal_verdict {
	JOURNAL_FRESH,		/* nothing to recover: attach like a new connection */
	JOURNAL_RECOVERED,	/* the plan holds */
	JOURNAL_LIE,		/* the indices on the ring or here cannot be true */
};

/*
 * Reads a queue's journal and the two indices that the ring's page shows now (guest-writable, read
 * once by the caller), and makes the plan. Sets entries that are already published, or were never
 * counted as taken, to FREE. Pure but for that; every number is range-checked.
 */
enum journal_verdict journal_recover(struct journal *journal, uint32_t ring_req_prod,
		uint32_t ring_rsp_prod, struct journal_plan *plan);

#endif
