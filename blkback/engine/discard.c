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
#include <string.h>
#include <unistd.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

/*
 * #syscalls: fallocate write
 * #ioctls: BLKDISCARD BLKSECDISCARD
 */

#define CHUNK (256ull << 20)
#define STACK_BYTES (64u << 10)

struct discarder {
	pthread_t thread;
	pthread_mutex_t lock;	/* guards all below; held only for a few stores */
	pthread_cond_t wake;
	bool started, stop;
	uint32_t waiting, ended;
	struct io *wait[DISCARDS_MAX];
	struct io *end[DISCARDS_MAX];
	int fd, event;
	bool block_device;
};

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
	struct io *io;

	while (d->waiting == 0 && !d->stop)
		pthread_cond_wait(&d->wake, &d->lock);
	if (d->stop)
		return NULL;
	io = d->wait[0];
	d->waiting--;
	memmove(d->wait, d->wait + 1, d->waiting * sizeof(d->wait[0]));
	return io;
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
		d->end[d->ended++] = io;
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

uint32_t discarder_submit(struct discarder *d, struct io *io)
{
	uint32_t taken = 0;

	pthread_mutex_lock(&d->lock);
	if (d->waiting + d->ended + 1 < DISCARDS_MAX) {
		d->wait[d->waiting++] = io;
		pthread_cond_signal(&d->wake);
		taken = 1;
	}
	pthread_mutex_unlock(&d->lock);
	return taken;
}

uint32_t discarder_reap(struct discarder *d, struct io **done, uint32_t max)
{
	uint32_t n;

	/* Mostly nothing has ended: look without the lock; what is missed is seen at its event. */
	if (__atomic_load_n(&d->ended, __ATOMIC_RELAXED) == 0)
		return 0;
	pthread_mutex_lock(&d->lock);
	n = d->ended < max ? d->ended : max;
	memcpy(done, d->end, n * sizeof(done[0]));
	d->ended -= n;
	memmove(d->end, d->end + n, d->ended * sizeof(d->end[0]));
	pthread_mutex_unlock(&d->lock);
	return n;
}
