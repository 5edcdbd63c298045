/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocking, thread-safe I/O on one queue of a userspace frontend: any number of threads call, one
 * of those that wait sleeps on the event channel for all of them.
 */
#ifndef GUEST_BLKSYNC_H
#define GUEST_BLKSYNC_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/guest/blkqueue.h"

struct blksync_sleeper;

struct blksync {
	struct blkqueue *queue;
	pthread_mutex_t lock;
	struct blksync_sleeper *sleepers;
	bool polling;		/* one of the waiting threads is in poll */
	int broken;		/* 0, or the -errno that every call returns from now on */
};

/* The queue is the sync's from here on, until nobody calls it any more. */
void blksync_init(struct blksync *sync, struct blkqueue *queue);

/*
 * Does one operation and returns when the backend has answered all of it. offset and bytes in
 * bytes, multiples of 512; buffer: bytes to write, or room for what is read; NULL where op carries
 * no data (flush, discard). A long read or write becomes several requests, done at the same time.
 * 0, or -EIO: the backend answered with an error; -EOPNOTSUPP: it does not know the operation;
 * -EPROTO: it lied; -ENODEV: it closed; -errno of the event channel.
 */
int blksync_io(struct blksync *sync, uint8_t op, uint8_t flag, uint64_t offset, void *buffer,
		uint64_t bytes);

/* Makes every call, now and later, return that -errno, within half a second. For any thread. */
void blksync_break(struct blksync *sync, int err);

#endif
