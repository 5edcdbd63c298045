/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linux kernel AIO (libaio) on a file or block device opened with O_DIRECT. Trusts the kernel's
 * completion events; promises one io_submit(2) per batch and no system call to reap what the
 * kernel already shows in its completion ring. Discards, which kernel AIO does not have, are done
 * by a helper thread, so that a long one does not keep reads waiting.
 */
#include "blkback/engine/engine.h"
#include "blkback/engine/discard.h"

#include <assert.h>
#include <errno.h>
#include <libaio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* #syscalls: io_submit io_getevents */

#define BATCH 64u
#define DEPTH_LEAST 8u		/* below this a context is not worth having */

struct aio_engine {
	struct engine engine;
	int fd, event;
	io_context_t context;
	uint32_t depth, in_flight;
	struct discarder *discarder;	/* NULL where discard is not offered */
	uint32_t refused;		/* operations the kernel refused, waiting for reap() */
	struct io *refusal[BATCH];
	struct iocb *iocbs[BATCH];	/* of one submit(); on the stack the compiler would clear them each time */
	struct io_event events[BATCH];	/* of one reap() */
};

static struct aio_engine *aio_of(struct engine *engine)
{
	/* engine is the first member. */
	return (struct aio_engine *)engine;
}

_Static_assert(sizeof(struct iocb) <= sizeof(((struct io *)0)->engine), "a control block fits");

static struct iocb *iocb_of(struct io *io)
{
	return (struct iocb *)io->engine;	/* the room that struct io keeps for its engine */
}

/* fs.aio-max-nr is one number for the whole host: take less rather than refuse a disk. */
static int context_open(struct aio_engine *aio)
{
	int err = io_setup((int)aio->depth, &aio->context);

	while (err == -EAGAIN && aio->depth / 2 >= DEPTH_LEAST) {
		aio->depth /= 2;
		err = io_setup((int)aio->depth, &aio->context);
	}
	return err;
}

static void aio_close(struct engine *engine)
{
	struct aio_engine *aio = aio_of(engine);

	if (aio->discarder)
		discarder_close(aio->discarder);
	if (aio->context)
		io_destroy(aio->context);
	if (aio->event >= 0)
		close(aio->event);
	free(aio);
}

static int aio_start(struct aio_engine *aio, const struct engine_config *config)
{
	int err;

	aio->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (aio->event < 0)
		return -errno;
	err = context_open(aio);
	if (err)
		return err;
	if (!config->discard)
		return 0;
	return discarder_open(&aio->discarder, config->fd, aio->event, config->block_device);
}

static int aio_open(struct engine **engine, const char *spec, const struct engine_config *config)
{
	struct aio_engine *aio = calloc(1, sizeof(*aio));
	int err;

	if (!aio)
		return -ENOMEM;
	*aio = (struct aio_engine) {
		.engine.ops = &engine_aio,
		.fd = config->fd,
		.event = -1,
		.depth = config->depth,
	};
	err = *spec ? -EINVAL : aio_start(aio, config);
	if (err) {
		aio_close(&aio->engine);
		return err;
	}
	*engine = &aio->engine;
	return 0;
}

static void iocb_fill(struct aio_engine *aio, struct io *io)
{
	struct iocb *iocb = iocb_of(io);
	long long offset = (long long)io->offset;	/* a disk is smaller than 2^63 bytes */

	if (io->op == IO_FLUSH)
		io_prep_fdsync(iocb, aio->fd);
	else if (io->iovcnt == 1 && io->op == IO_READ)
		io_prep_pread(iocb, aio->fd, io->iov[0].iov_base, io->iov[0].iov_len, offset);
	else if (io->iovcnt == 1)
		io_prep_pwrite(iocb, aio->fd, io->iov[0].iov_base, io->iov[0].iov_len, offset);
	else if (io->op == IO_READ)
		io_prep_preadv(iocb, aio->fd, io->iov, (int)io->iovcnt, offset);
	else
		io_prep_pwritev(iocb, aio->fd, io->iov, (int)io->iovcnt, offset);
	io_set_eventfd(iocb, aio->event);
	iocb->data = io;
}

static bool is_discard(const struct io *io)
{
	return io->op == IO_DISCARD || io->op == IO_DISCARD_SECURE;
}

/* How many of the first n can go into one io_submit(2). */
static uint32_t batch_fill(struct aio_engine *aio, struct io **io, uint32_t n)
{
	uint32_t room = aio->depth - aio->in_flight, filled = 0;

	while (filled < n && filled < room && filled < BATCH && !is_discard(io[filled])) {
		iocb_fill(aio, io[filled]);
		aio->iocbs[filled] = iocb_of(io[filled]);
		filled++;
	}
	return filled;
}

/* What is over in a moment, and no fault of the operation: the caller tries again. */
static bool kernel_is_busy(int err)
{
	return err == -EAGAIN || err == -EINTR || err == -ENOMEM;
}

/* Submits a batch. Returns how many were taken; a refusal takes one, which reap() will return. */
static uint32_t batch_submit(struct aio_engine *aio, struct io **io, uint32_t n)
{
	uint32_t filled = batch_fill(aio, io, n);
	int took;

	if (filled == 0)
		return 0;
	took = io_submit(aio->context, (long)filled, aio->iocbs);
	if (took >= 0) {
		aio->in_flight += (uint32_t)took;
		return (uint32_t)took;
	}
	if (kernel_is_busy(took) || aio->refused == BATCH)
		return 0;
	io[0]->result = took;
	aio->refusal[aio->refused++] = io[0];
	return 1;
}

static uint32_t aio_submit(struct engine *engine, struct io **io, uint32_t n)
{
	struct aio_engine *aio = aio_of(engine);
	uint32_t taken = 0;

	while (taken < n) {
		uint32_t more = 1;

		if (is_discard(io[taken]))
			discarder_submit(aio->discarder, io[taken]);
		else
			more = batch_submit(aio, io + taken, n - taken);
		if (more == 0)
			break;
		taken += more;
	}
	return taken;
}

/*
 * What the kernel shows of a context to its owner: the head of fs/aio.c's ring, the same memory
 * that libaio's io_getevents() looks at to find an empty ring without a system call.
 */
struct aio_ring {
	uint32_t id, nr, head, tail;
	uint32_t magic, compat_features, incompat_features, header_length;
	struct io_event events[];
};

#define AIO_RING_MAGIC 0xa10a10a1u
#define AIO_RING_COMPAT 1u	/* fs/aio.c; others would be rings that we do not know */
#define AIO_RING_INCOMPAT 0u

static bool ring_known(const struct aio_ring *ring)
{
	return ring->magic == AIO_RING_MAGIC && ring->compat_features == AIO_RING_COMPAT &&
		ring->incompat_features == AIO_RING_INCOMPAT;
}

/* Up to max events straight from the completion ring; by system call if the ring is foreign. */
static uint32_t events_get(struct aio_engine *aio, uint32_t max)
{
	struct aio_ring *ring = (struct aio_ring *)aio->context;	/* the context is its address */
	uint32_t head, tail, n = 0;

	if (!ring_known(ring)) {
		struct timespec now = { 0, 0 };
		int got = io_getevents(aio->context, 0, max, aio->events, &now);

		return got > 0 ? (uint32_t)got : 0;
	}
	head = ring->head;
	/* Acquire: the events are read after the tail that says they are there. */
	tail = __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
	while (n < max && head != tail) {
		aio->events[n++] = ring->events[head];
		head = head + 1 == ring->nr ? 0 : head + 1;
	}
	/* Release: the kernel may fill the slots only after we have read them. */
	if (n)
		__atomic_store_n(&ring->head, head, __ATOMIC_RELEASE);
	return n;
}

static int event_result(const struct io *io, const struct io_event *event)
{
	long long res = (long long)event->res;	/* unsigned in the struct, -errno in meaning */

	if (res < 0)
		return (int)res;
	if (io->op == IO_FLUSH)
		return 0;
	return (uint64_t)res == io->bytes ? 0 : -EIO;
}

static uint32_t refusals_take(struct aio_engine *aio, struct io **done, uint32_t max)
{
	uint32_t n = 0;

	while (n < max && aio->refused)
		done[n++] = aio->refusal[--aio->refused];
	return n;
}

static uint32_t aio_reap(struct engine *engine, struct io **done, uint32_t max)
{
	struct aio_engine *aio = aio_of(engine);
	uint32_t n = refusals_take(aio, done, max), got, want;

	if (aio->discarder)
		n += discarder_reap(aio->discarder, done + n, max - n);
	want = max - n < BATCH ? max - n : BATCH;
	got = events_get(aio, want);
	for (uint32_t i = 0; i < got; i++) {
		struct io *io = aio->events[i].data;

		io->result = event_result(io, &aio->events[i]);
		done[n++] = io;
	}
	assert(aio->in_flight >= got);
	aio->in_flight -= got;
	return n;
}

static int aio_fd(struct engine *engine)
{
	return aio_of(engine)->event;
}

const struct engine_ops engine_aio = {
	.name = "aio",
	.open = aio_open,
	.close = aio_close,
	.submit = aio_submit,
	.reap = aio_reap,
	.fd = aio_fd,
};
