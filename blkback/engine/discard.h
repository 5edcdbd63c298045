/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Discards, one after the other, by a thread of their own: fallocate(2) and BLKDISCARD block, and
 * a large one can take seconds.
 */
#ifndef BLKBACK_ENGINE_DISCARD_H
#define BLKBACK_ENGINE_DISCARD_H

#include <stdbool.h>
#include <stdint.h>

struct io;
struct discarder;

/*
 * Starts the thread. `event` is an eventfd that it writes when a discard has ended. 0 or -errno.
 * To be opened before the sandbox closes.
 */
int discarder_open(struct discarder **discarder, int fd, int event, bool block_device);

/* Waits for the discard in progress, drops the rest, ends the thread. */
void discarder_close(struct discarder *discarder);

/* Queues one; always takes it: the list goes through the operations themselves. */
void discarder_submit(struct discarder *discarder, struct io *io);

/* Up to max ended discards, results filled. */
uint32_t discarder_reap(struct discarder *discarder, struct io **done, uint32_t max);

#endif
