/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data between the guest's pages and the disk. Where the guest lets its pages stay mapped: moved by the
 * disk straight from and to them, or through a buffer of ours that is copied here, because a paravirtual
 * Dom0's kernel takes thousands of instructions to find a foreign page for O_DIRECT
 * (docs/measurements.md). Where it does not: copied by the hypervisor into and out of that buffer. All
 * three ways live here and nowhere else.
 */
#ifndef BLKBACK_MOVE_H
#define BLKBACK_MOVE_H

#include <stdbool.h>
#include <stdint.h>

#include "blkback/arena.h"
#include "blkback/persist.h"
#include "blkback/request.h"
#include "ring/grants.h"

struct move {
	struct grants *grants;
	struct arena arena;
	struct persist *persist;	/* NULL: everything is copied */
	bool by_hand;			/* mapped pages are copied, not shown to the disk */
	uint32_t sector_bytes;		/* of the disk: what one piece of a mapped request has to fit */
	struct grant_batch *batch;	/* one direction at a time */
};

/*
 * Makes the pool and the tables. pool_pages at least BLKIF_SEGMENTS_MAX's need; sector_bytes is the
 * disk's logical block size. 0 or -ENOMEM.
 */
int move_open(struct move *move, struct grants *grants, uint32_t pool_pages, uint32_t sector_bytes,
		bool persistent, bool by_hand);

/*
 * Gives a data request its buffer and io vector. 0, or -EAGAIN: no room until another request has
 * ended. Requests without data need none.
 */
int move_place(struct move *move, struct request *request);

/*
 * Copies the first `bytes` (a multiple of 4) of a page that is or can be mapped to stay, each word read
 * once. False: nothing is copied, the hypervisor has to do it.
 */
bool move_peek(struct move *move, gref_t gref, void *to, uint32_t bytes);

/* Is there room in the batch for this request's segments? If not, run what is in it first. */
bool move_room(const struct move *move, const struct request *request);

/* Queues the copy of a write's data from the guest, or of a read's data to the guest. */
void move_queue(struct move *move, struct request *request);

/*
 * Runs the queued copies, one hypercall, and marks those of requests[0..n-1] (all that were queued,
 * each at its place) that did not go well as failed. Returns the number of segments copied.
 */
uint32_t move_run(struct move *move, struct request **requests, uint32_t n);

/* Are there pages that stay mapped? */
bool move_mapped(const struct move *move);

/* Unmaps them; they are mapped again as they are used. Nothing may be in flight. */
void move_unmap(struct move *move);

/* Gives the buffer back. */
void move_release(struct move *move, struct request *request);

#endif
