/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every queue of every device has: whether it runs, and how it and the main thread of its
 * process wake each other. Written by the queue's thread, read by the main thread.
 */
#ifndef RING_LIFE_H
#define RING_LIFE_H

#include <stdbool.h>
#include <stdint.h>

enum queue_state {
	QUEUE_RUNNING,
	QUEUE_HALTED,		/* the frontend lied in a way that leaves nothing to trust */
	QUEUE_DRAINED,		/* nothing in flight, everything published, nothing more is begun */
};

struct queue_life {
	uint32_t state;		/* enum queue_state */
	const char *halted_by;	/* a sentence, set before state */
	int wake;		/* eventfd: the main thread wants the queue to look at its device */
	int main_wake;		/* eventfd: a queue has something for the main thread */
};

/* Running; makes `wake`. 0, or -errno of eventfd(2). */
int life_open(struct queue_life *life, int main_wake);

/* Wakes the main thread, to look at all queues. */
void life_tell(const struct queue_life *life);

/* Nothing more is trusted of this queue's frontend; `why` is static storage. The first reason stays. */
void life_halt(struct queue_life *life, const char *why);

/* The device is draining and this queue has done all it had begun. */
void life_drained(struct queue_life *life);

/* The main thread's view; what the queue did before it set the state is seen after this. */
enum queue_state life_state(const struct queue_life *life);

#endif
