/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of one request, from the moment it is taken off the ring to its answer, and the order
 * among requests. The pool has one request per ring slot, so a taken request always has a place;
 * its index is also its slot in the journal.
 */
#ifndef BLKBACK_REQUEST_H
#define BLKBACK_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "blkback/blkif.h"
#include "blkback/engine/engine.h"

/* What the engine is doing for a request. A barrier goes through all three. */
enum request_stage {
	REQUEST_FLUSH_BEFORE,	/* what was written before it becomes durable */
	REQUEST_DATA,		/* the request's own bytes */
	REQUEST_FLUSH_AFTER,	/* its own data becomes durable */
};

struct request {
	uint16_t slot;		/* in the pool and in the journal */
	uint8_t stage;		/* enum request_stage */
	bool ordered;		/* starts only when nothing else is in progress */
	bool mapped;		/* its buffer is the guest's own pages (move.h) */
	bool failed;		/* a grant operation failed: answered with an error */
	uint32_t place;		/* of its first segment in a grant batch */
	uint32_t buffer_pages;
	void *buffer;		/* arena run; NULL: none */
	uint64_t started_usec;
	struct io io;
	struct iovec whole;	/* its buffer, if it has one */
	struct blk_request blk;
	struct iovec iov[BLKIF_SEGMENTS_MAX];	/* its segments in the guest's pages, if they are mapped */
};

struct requests {
	uint32_t slots;
	uint32_t free_count;
	uint32_t in_progress;	/* started and not ended */
	bool barrier;		/* one that is ordered is in progress: nothing may start */
	struct request *pool;
	uint16_t *free;
};

/* Makes the pool for a ring of that many slots. 0 or -ENOMEM. Lives as long as the process. */
int requests_open(struct requests *requests, uint32_t slots);

/* A free request; there is always one while fewer than `slots` are taken (asserted). */
struct request *request_get(struct requests *requests);

/* The request of that slot, taken out of the free ones: recovery. NULL: it is not free. */
struct request *request_claim(struct requests *requests, uint16_t slot);

/* Returns an answered request to the pool. */
void request_put(struct requests *requests, struct request *request);

/* May it start now? A barrier waits for everything before it; everything after waits for it. */
bool request_may_start(const struct requests *requests, const struct request *request);

/* Starts it: sets its first stage and its io (op, offset, bytes; not the buffer). */
void request_start(struct requests *requests, struct request *request);

/*
 * The engine has ended the current stage. Returns true if the request has another stage (its io is
 * set up for it: submit again), false if it is over; io.result then says how.
 */
bool request_next(struct request *request);

/* It is over: others may start. */
void request_end(struct requests *requests, struct request *request);

/* Requests in order: at most as many as the ring has slots, so that a push always fits (asserted). */
struct request_fifo {
	struct request **at;
	uint32_t slots;		/* a power of two */
	uint32_t head, count;
};

/* Room for that many. 0 or -ENOMEM. Lives as long as the process. */
int fifo_open(struct request_fifo *fifo, uint32_t slots);
void fifo_push(struct request_fifo *fifo, struct request *request);
struct request *fifo_pop(struct request_fifo *fifo);

/* The n-th from the front, n < count. */
struct request *fifo_at(const struct request_fifo *fifo, uint32_t n);

#endif
