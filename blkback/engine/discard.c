/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The discard thread. Trusts ranges (checked when the request was parsed); promises that a range
 * reads as the kernel's discard leaves it, that one call covers at most CHUNK bytes, so that the
 * thread can be stopped, and that the queue's own thread never waits for it.
 */
#include "blkback/engine/discard.h"
#include "blkback/engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

/*
 * #syscalls: fallocate write
 * #ioctls: BLKDISCARD BLKSECDISCARD
 */

#define CHUNK (256ull << 20)
#define STACK_BYTES (64u << 10)

/* Operations in order, linked through the room that each keeps for its engine. */
struct list {
	struct io *first, *last;
};

struct discarder {
	pthread_t thread;
	pthread_mutex_t lock;	/* guards all below; held only for a few stores */
	pthread_cond_t wake;
	bool started, stop;
	struct list waiting, ended;
	uint32_t ended_count;	/* also read without the lock, as a hint: stored atomically */
	int fd, event;
	bool block_device;
};

static struct io **next_of(struct io *io)
{
	return (struct io **)io->engine;
}

static void list_push(struct list *list, struct io *io)
{
	*next_of(io) = NULL;
	if (list->first)
		*next_of(list->last) = io;
	else
		list->first = io;
	list->last = io;
}

static struct io *list_pop(struct list *list)
{
	struct io *io = list->first;

	list->first = *next_of(io);
	return io;
}

static int discard_chunk(const struct discarder *d, bool secure, uint64_t offset, uint64_t bytes)
{
	uint64_t range[2] = { offset, bytes };

	if (d->block_device)
		return ioctl(d->fd, secure ? BLKSECDISCARD : BLKDISCARD, range) ? -errno : 0;
	if (secure)
		return -EOPNOTSUPP;
	/* off_t is signed; a disk is smaller than 2^63 bytes. */
	return fallocate(d->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
			(off_t)bytes) ? -errno : 0;
}

static int discard_all(const struct discarder *d, const struct io *io)
{
	uint64_t done = 0;

	while (done < io->bytes) {
		uint64_t left = io->bytes - done;
		uint64_t now = left < CHUNK ? left : CHUNK;
		int err = discard_chunk(d, io->op == IO_DISCARD_SECURE, io->offset + done, now);

		if (err)
			return err;
		done += now;
	}
	return 0;
}

/* The oldest waiting discard, or NULL when the thread has to end. Called with the lock held. */
static struct io *next_wait(struct discarder *d)
{
	while (!d->waiting.first && !d->stop)
		pthread_cond_wait(&d->wake, &d->lock);
	return d->stop ? NULL : list_pop(&d->waiting);
}

static void *discard_thread(void *arg)
{
	struct discarder *d = arg;
	const uint64_t one = 1;
	struct io *io;

	pthread_mutex_lock(&d->lock);
	d->started = true;
	pthread_cond_signal(&d->wake);
	while ((io = next_wait(d))) {
		pthread_mutex_unlock(&d->lock);
		io->result = discard_all(d, io);
		pthread_mutex_lock(&d->lock);
		list_push(&d->ended, io);
		__atomic_store_n(&d->ended_count, d->ended_count + 1, __ATOMIC_RELAXED);
		/* The counter cannot overflow: the only possible failure, and it would leave it readable. */
		if (write(d->event, &one, sizeof(one)) < 0)
			continue;
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

int discarder_open(struct discarder **discarder, int fd, int event, bool block_device)
{
	struct discarder *d = calloc(1, sizeof(*d));
	pthread_attr_t attr;
	int err;

	if (!d)
		return -ENOMEM;
	d->fd = fd;
	d->event = event;
	d->block_device = block_device;
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->wake, NULL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	err = pthread_create(&d->thread, &attr, discard_thread, d);
	pthread_attr_destroy(&attr);
	if (err) {
		free(d);
		return -err;
	}
	/* A starting thread makes system calls that the sandbox does not allow: let it start first. */
	pthread_mutex_lock(&d->lock);
	while (!d->started)
		pthread_cond_wait(&d->wake, &d->lock);
	pthread_mutex_unlock(&d->lock);
	*discarder = d;
	return 0;
}

void discarder_close(struct discarder *d)
{
	pthread_mutex_lock(&d->lock);
	d->stop = true;
	pthread_cond_signal(&d->wake);
	pthread_mutex_unlock(&d->lock);
	pthread_join(d->thread, NULL);
	pthread_cond_destroy(&d->wake);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

void discarder_submit(struct discarder *d, struct io *io)
{
	pthread_mutex_lock(&d->lock);
	list_push(&d->waiting, io);
	pthread_cond_signal(&d->wake);
	pthread_mutex_unlock(&d->lock);
}

uint32_t discarder_reap(struct discarder *d, struct io **done, uint32_t max)
{
	uint32_t n = 0;

	/* Mostly nothing has ended: look without the lock; what is missed is seen at its event. */
	if (__atomic_load_n(&d->ended_count, __ATOMIC_RELAXED) == 0)
		return 0;
	pthread_mutex_lock(&d->lock);
	while (n < max && d->ended.first)
		done[n++] = list_pop(&d->ended);
	__atomic_store_n(&d->ended_count, d->ended_count - n, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&d->lock);
	return n;
}
