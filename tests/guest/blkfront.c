/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An nbdkit plugin that is a block frontend: every NBD client becomes a client of a vbd. One
 * frontend for all connections, its queues taken in turn by call. Trusts nbdkit; gives the backend
 * nothing but what the frontend library would.
 */
#define NBDKIT_API_VERSION 2
#include <nbdkit-plugin.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/guest/blksync.h"
#include "tests/guest/frontend.h"

#define THREAD_MODEL NBDKIT_THREAD_MODEL_PARALLEL
#define BLOCK_PREFERRED_LEAST 4096u
#define BLOCK_MOST (32u << 20)

static struct frontend_config config;
static struct frontend *frontend;
static struct blksync sync_of[FRONTEND_QUEUES_MAX];
static uint32_t turn;		/* which queue the next call takes */
static pthread_t watcher;
static int stop_fd = -1;	/* ends the watcher */

static void blkfront_load(void)
{
	config = frontend_defaults(51712);
}

static int blkfront_config(const char *key, const char *value)
{
	char error[160];
	int rc = frontend_option(&config, key, value, error, sizeof(error));

	if (rc == -ENOENT)
		nbdkit_error("%s=%s: no such option", key, value);
	else if (rc)
		nbdkit_error("%s", error);
	return rc ? -1 : 0;
}

#define blkfront_config_help FRONTEND_OPTIONS

/* Follows the backend's state: a new capacity, or that it closes. */
static void *watch(void *arg)
{
	struct pollfd fds[] = {
		{ .fd = frontend_fd(frontend), .events = POLLIN },
		{ .fd = stop_fd, .events = POLLIN },
	};

	while (poll(fds, 2, -1) < 0 || !fds[1].revents) {
		frontend_ready(frontend);
		if (!frontend_dead(frontend))
			continue;
		for (uint32_t i = 0; i < frontend->queues; i++)
			blksync_break(&sync_of[i], -ENODEV);
		/* Nothing more to follow; wait for the end. */
		fds[0].fd = -1;
	}
	return NULL;
}

/* After the fork, because neither the libraries' handles nor threads survive one. */
static int blkfront_after_fork(void)
{
	int rc = frontend_open(&frontend, &config);

	if (!rc)
		rc = frontend_connect(frontend);
	if (rc) {
		nbdkit_error("vbd %u: %s", config.devid, frontend ? frontend->bus.error : strerror(-rc));
		return -1;
	}
	for (uint32_t i = 0; i < frontend->queues; i++)
		blksync_init(&sync_of[i], &frontend->queue[i]);
	stop_fd = eventfd(0, EFD_CLOEXEC);
	if (stop_fd < 0 || pthread_create(&watcher, NULL, watch, NULL)) {
		nbdkit_error("no watcher thread: %m");
		return -1;
	}
	return 0;
}

static void blkfront_cleanup(void)
{
	if (stop_fd < 0)
		return;
	eventfd_write(stop_fd, 1);
	pthread_join(watcher, NULL);
	close(stop_fd);
	stop_fd = -1;
	if (frontend_lies(frontend))
		nbdkit_error("vbd %u: the backend lied %llu times", config.devid,
				(unsigned long long)frontend_lies(frontend));
	if (!frontend_dead(frontend) && frontend_disconnect(frontend))
		nbdkit_error("vbd %u: %s", config.devid, frontend->bus.error);
}

static void blkfront_unload(void)
{
	frontend_free(frontend);
	frontend = NULL;
}

static void *blkfront_open(int readonly)
{
	return NBDKIT_HANDLE_NOT_NEEDED;
}

static int64_t blkfront_get_size(void *handle)
{
	return (int64_t)frontend_bytes(frontend);
}

static int blkfront_block_size(void *handle, uint32_t *minimum, uint32_t *preferred, uint32_t *maximum)
{
	*minimum = frontend->disk.sector_bytes;
	*preferred = frontend->disk.physical_bytes;
	if (*preferred < BLOCK_PREFERRED_LEAST)
		*preferred = BLOCK_PREFERRED_LEAST;
	*maximum = BLOCK_MOST;
	return 0;
}

static int blkfront_can_write(void *handle)
{
	return !(frontend->disk.info & VDISK_READONLY);
}

static int blkfront_can_flush(void *handle)
{
	return frontend->disk.flush;
}

static int blkfront_can_trim(void *handle)
{
	return frontend->disk.discard;
}

static int blkfront_can_fua(void *handle)
{
	return frontend->disk.flush ? NBDKIT_FUA_EMULATE : NBDKIT_FUA_NONE;
}

/* All connections share one disk and one flush. */
static int blkfront_can_multi_conn(void *handle)
{
	return 1;
}

static int blkfront_io(uint8_t op, uint64_t offset, void *buffer, uint64_t bytes)
{
	uint32_t queue = __atomic_fetch_add(&turn, 1, __ATOMIC_RELAXED) % frontend->queues;
	int rc;

	if ((offset | bytes) % frontend->disk.sector_bytes) {
		nbdkit_error("%llu bytes at %llu are not whole sectors of %u",
				(unsigned long long)bytes, (unsigned long long)offset,
				frontend->disk.sector_bytes);
		nbdkit_set_error(EINVAL);
		return -1;
	}
	rc = blksync_io(&sync_of[queue], op, 0, offset, buffer, bytes);
	if (!rc)
		return 0;
	nbdkit_error("operation %u, %llu bytes at %llu: %s", op, (unsigned long long)bytes,
			(unsigned long long)offset, strerror(-rc));
	nbdkit_set_error(rc == -EOPNOTSUPP ? EOPNOTSUPP : EIO);
	return -1;
}

static int blkfront_pread(void *handle, void *buffer, uint32_t bytes, uint64_t offset, uint32_t flags)
{
	return blkfront_io(BLKIF_OP_READ, offset, buffer, bytes);
}

static int blkfront_pwrite(void *handle, const void *buffer, uint32_t bytes, uint64_t offset,
		uint32_t flags)
{
	/* Not written to: the one entry point takes data of both directions. */
	return blkfront_io(BLKIF_OP_WRITE, offset, (void *)buffer, bytes);
}

static int blkfront_flush(void *handle, uint32_t flags)
{
	return blkfront_io(BLKIF_OP_FLUSH_DISKCACHE, 0, NULL, 0);
}

static int blkfront_trim(void *handle, uint32_t bytes, uint64_t offset, uint32_t flags)
{
	return blkfront_io(BLKIF_OP_DISCARD, offset, NULL, bytes);
}

static struct nbdkit_plugin plugin = {
	.name = "blkfront",
	.longname = "Xen block frontend",
	.description = "the disk behind a vbd, by its shared ring",
	.load = blkfront_load,
	.unload = blkfront_unload,
	.config = blkfront_config,
	.config_help = blkfront_config_help,
	.magic_config_key = "devid",
	.after_fork = blkfront_after_fork,
	.cleanup = blkfront_cleanup,
	.open = blkfront_open,
	.get_size = blkfront_get_size,
	.block_size = blkfront_block_size,
	.can_write = blkfront_can_write,
	.can_flush = blkfront_can_flush,
	.can_trim = blkfront_can_trim,
	.can_fua = blkfront_can_fua,
	.can_multi_conn = blkfront_can_multi_conn,
	.pread = blkfront_pread,
	.pwrite = blkfront_pwrite,
	.flush = blkfront_flush,
	.trim = blkfront_trim,
};

NBDKIT_REGISTER_PLUGIN(plugin)
