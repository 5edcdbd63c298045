/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One ring of a vbd and everything that serves it: ring, journal, requests, data moves, engine.
 * One thread owns a queue; queues of a device share only struct vbd.
 */
#ifndef BLKBACK_QUEUE_H
#define BLKBACK_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "blkback/move.h"
#include "blkback/request.h"
#include "ring/control.h"
#include "ring/events.h"
#include "ring/journal.h"
#include "ring/kicks.h"
#include "ring/life.h"
#include "ring/sring.h"
#include "ring/stats.h"

/* What the queues of one device share. Written by the main thread, read by all (atomically). */
struct vbd {
	struct device_params params;
	struct stats *stats;
	uint64_t bytes;			/* capacity now: changes with a resize */
	bool draining;
	bool look_again;		/* a request went beyond the end: control should know (look.h) */
	uint64_t look_next_usec;	/* main thread: no question to control before */
	int main_wake;			/* eventfd: a queue has something for the main thread */
};

#define TAKE_BATCH 64u		/* requests taken before any of them is looked at */
#define REAP_BATCH 64u

struct taken {
	struct request *request;
	uint32_t req_idx;
	uint32_t described;	/* segments whose descriptors are copied, or being copied */
	bool here;		/* they are copied */
	uint32_t place;		/* of their copy in the batch, otherwise */
};

/*
 * What one step of a pass works on. Not on the stack: the compiler is told to clear what is there, which
 * took most of the time of a look that finds nothing.
 */
struct batch {
	struct taken taken[TAKE_BATCH];
	struct io *io[REAP_BATCH];
	struct request *moving[REAP_BATCH];
};

struct queue {
	struct vbd *vbd;
	uint32_t index;
	struct queue_life life;
	void *ring_page;		/* mapped; nothing is read before queue_attach() */
	struct sring ring;
	struct journal journal;
	struct events *events;
	port_t port;
	struct move move;
	struct engine *engine;
	struct requests requests;
	struct grant_batch *descriptors; /* copies of indirect pages */
	struct request_fifo waiting;	/* taken, not started */
	struct request_fifo ready;	/* to be submitted */
	struct request_fifo over;	/* to be answered; io.result holds the status on the wire */
	uint16_t *answered;		/* slots of one answering round */
	struct batch batch;
	int timer;			/* timerfd: fires when something has been idle for long enough, or later */
	uint64_t timer_usec;		/* when it does, UINT64_MAX: not at all */
	uint64_t worked_usec;		/* the last pass that did something */
	uint64_t now_usec;
	uint64_t poll_next_usec;	/* no polling before */
	uint32_t poll_failures;		/* in a row */
	bool unmask_due;		/* our port was delivered and is still masked */
	struct kicks kicks;
	bool took;			/* a request since the kicks were judged */
};

/*
 * Makes a queue: opens its event channel and grants, maps its ring. Everything that needs privilege;
 * neither the ring nor the journal's records are looked at. Returns NULL, or a sentence that says what
 * failed (static storage) with *err set to -errno.
 */
const char *queue_open(struct queue *queue, struct vbd *vbd, uint32_t index,
		const struct journal *journal, int *err);

/* Opens the engine, after the worker has given up its privileges. 0 or -errno. */
int queue_start(struct queue *queue, int backing_fd);

/*
 * Behind the sandbox: begins at the indices that the ring shows, or goes on from the journal of a dead
 * worker. NULL, or a sentence (static storage): the frontend, or who wrote the journal, has lied.
 */
const char *queue_attach(struct queue *queue);

/* For queue_attach(): a journalled request enters again. */
void queue_recover(struct queue *queue, struct request *request);

/*
 * Between the files of a queue: one pass of the data path (did it do anything?), and may it take.
 */
bool queue_pass(struct queue *queue);
bool queue_may_take(const struct queue *queue);

/* An event of ours is pending: takes it. */
void queue_event(struct queue *queue);

/* Works until nothing is left to do or a bound is reached. Returns true if there is more to do. */
bool queue_work(struct queue *queue);

/*
 * To be called when queue_work() said there is no more: asks for the next event and unmasks ours.
 * Returns how long to sleep at most, in milliseconds: -1 until something happens, 0 not at all.
 */
int queue_rest(struct queue *queue);

/* The timer has fired: gives back what has been idle for long enough. queue_rest() follows. */
void queue_timer(struct queue *queue);

#endif
