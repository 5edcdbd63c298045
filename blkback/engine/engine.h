/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where bytes rest: a disk as byte ranges. An engine knows nothing of Xen. One engine belongs to
 * one thread; the backing descriptor is shared and belongs to the caller.
 *
 * Completion comes only from reap(), never from inside submit(); fewer accepted than offered is
 * back-pressure, not an error.
 */
#ifndef BLKBACK_ENGINE_H
#define BLKBACK_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

enum io_op {
	IO_READ,
	IO_WRITE,
	IO_FLUSH,		/* everything completed before is on stable storage (fdatasync) */
	IO_DISCARD,
	IO_DISCARD_SECURE,
};

/* One operation. The caller owns it and its memory until reap() returns it. */
struct io {
	uint8_t op;		/* enum io_op */
	uint32_t iovcnt;	/* read, write: 1..256 */
	const struct iovec *iov; /* sum of lengths is `bytes` */
	uint64_t offset;	/* bytes */
	uint64_t bytes;
	int result;		/* set by reap(): 0 or -errno; a short transfer is -EIO */
	void *owner;		/* the caller's */
	uint64_t engine[10];	/* the engine's: room for its own control block */
};

struct engine_config {
	int fd;			/* -1: no medium (null engine) */
	uint32_t depth;		/* operations in flight at most; an engine may settle for less */
	uint64_t bytes;		/* capacity */
	bool block_device;	/* discard by ioctl instead of fallocate */
	bool discard;		/* discard may be asked for */
};

struct engine;

struct engine_ops {
	const char *name;
	/*
	 * `spec` is what follows the name and a colon, "" if nothing does. 0 and *engine; -EINVAL: the
	 * spec is wrong; -EAGAIN: the host has no AIO context left; -errno.
	 */
	int (*open)(struct engine **engine, const char *spec, const struct engine_config *config);
	void (*close)(struct engine *engine);
	/*
	 * Takes io[0..n-1] in order, as many as it can. Returns how many (0..n); an operation that the
	 * kernel refuses outright is taken and comes back from reap() with its error.
	 */
	uint32_t (*submit)(struct engine *engine, struct io **io, uint32_t n);
	/* Up to max ended operations, results filled. Never blocks. */
	uint32_t (*reap)(struct engine *engine, struct io **done, uint32_t max);
	/* Readable (edge-triggered) when reap() may have something. */
	int (*fd)(struct engine *engine);
};

/* What every engine's struct begins with. */
struct engine {
	const struct engine_ops *ops;
};

extern const struct engine_ops engine_aio;
extern const struct engine_ops engine_null;
extern const struct engine_ops engine_fault;

/*
 * Opens the engine that `spec` names: "aio", "null", "fault:SPEC:aio".
 * 0, -EINVAL for an unknown name, or what open() says.
 */
int engine_open(struct engine **engine, const char *spec, const struct engine_config *config);

#endif
