/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine that does nothing, at once: it measures everything but the disk. Reads return what is
 * in the buffers, which are zero or hold this guest's own earlier data. Promises nothing about data.
 */
#include "blkback/engine/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct null_engine {
	struct engine engine;
	int event;		/* never readable: completions are there when submit() returns */
	uint32_t depth, count;
	struct io *done[];
};

static struct null_engine *null_of(struct engine *engine)
{
	/* engine is the first member. */
	return (struct null_engine *)engine;
}

static int null_open(struct engine **engine, const char *spec, const struct engine_config *config)
{
	struct null_engine *null = calloc(1, sizeof(*null) + config->depth * sizeof(null->done[0]));

	if (!null)
		return -ENOMEM;
	if (*spec) {
		free(null);
		return -EINVAL;
	}
	null->engine.ops = &engine_null;
	null->depth = config->depth;
	null->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (null->event < 0) {
		free(null);
		return -errno;
	}
	*engine = &null->engine;
	return 0;
}

static void null_close(struct engine *engine)
{
	close(null_of(engine)->event);
	free(null_of(engine));
}

static uint32_t null_submit(struct engine *engine, struct io **io, uint32_t n)
{
	struct null_engine *null = null_of(engine);
	uint32_t room = null->depth - null->count;
	uint32_t taken = n < room ? n : room;

	memcpy(&null->done[null->count], io, taken * sizeof(io[0]));
	null->count += taken;
	return taken;
}

static uint32_t null_reap(struct engine *engine, struct io **done, uint32_t max)
{
	struct null_engine *null = null_of(engine);
	uint32_t n = null->count < max ? null->count : max;

	memcpy(done, null->done, n * sizeof(done[0]));
	memmove(null->done, null->done + n, (null->count - n) * sizeof(done[0]));
	null->count -= n;
	for (uint32_t i = 0; i < n; i++)
		done[i]->result = 0;
	return n;
}

static int null_fd(struct engine *engine)
{
	return null_of(engine)->event;
}

const struct engine_ops engine_null = {
	.name = "null",
	.open = null_open,
	.close = null_close,
	.submit = null_submit,
	.reap = null_reap,
	.fd = null_fd,
};
