/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many callers, one queue. The lock guards the ring and the requests; the thread that polls does so
 * without it, and is the only one that reaps. Promises that somebody polls while anybody waits.
 */
#include "tests/guest/blksync.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define WINDOW 8		/* requests of one call in flight */
#define LOOK_AROUND_MS 500	/* how soon a sleeping thread sees blksync_break() */

struct blksync_sleeper {
	struct blksync_sleeper *next;
	pthread_cond_t cond;
	bool asleep;
	bool wants_room;	/* sleeps because no request was to be had */
};

/* One call: what is left to submit, and its requests in flight, oldest first. */
struct call {
	struct blksync *sync;
	struct blksync_sleeper sleeper;
	uint8_t op, flag;
	uint64_t offset;
	uint8_t *buffer;
	uint64_t bytes;		/* not submitted yet */
	bool more;		/* something is not submitted yet; a flush has no bytes */
	struct blk_request *window[WINDOW];
	uint8_t *target[WINDOW];	/* where the data of a read goes */
	uint32_t first, count;
	int status;
};

void blksync_init(struct blksync *sync, struct blkqueue *queue)
{
	*sync = (struct blksync) { .queue = queue };
	pthread_mutex_init(&sync->lock, NULL);
}

static void wake(struct blksync *sync, struct blksync_sleeper *sleeper)
{
	struct blksync_sleeper **at = &sync->sleepers;

	if (!sleeper || !sleeper->asleep)
		return;
	while (*at != sleeper)
		at = &(*at)->next;
	*at = sleeper->next;
	sleeper->asleep = false;
	pthread_cond_signal(&sleeper->cond);
}

static void wake_all(struct blksync *sync)
{
	while (sync->sleepers)
		wake(sync, sync->sleepers);
}

static void wake_for_room(struct blksync *sync)
{
	struct blksync_sleeper *sleeper = sync->sleepers;

	while (sleeper && !sleeper->wants_room)
		sleeper = sleeper->next;
	wake(sync, sleeper);
}

void blksync_break(struct blksync *sync, int err)
{
	pthread_mutex_lock(&sync->lock);
	if (!sync->broken)
		sync->broken = err;
	wake_all(sync);
	pthread_mutex_unlock(&sync->lock);
}

static int reap_all(struct blksync *sync)
{
	struct blk_request *request;
	int rc;

	while ((rc = blkqueue_reap(sync->queue, &request)) == 1) {
		request->finished = true;
		wake(sync, request->owner);
	}
	return rc;
}

/* Sleeps until something has changed; with the lock, which is given up meanwhile. */
static void change_wait(struct call *call, bool wants_room)
{
	struct blksync *sync = call->sync;
	int rc;

	if (sync->polling) {
		call->sleeper.wants_room = wants_room;
		call->sleeper.asleep = true;
		call->sleeper.next = sync->sleepers;
		sync->sleepers = &call->sleeper;
		while (call->sleeper.asleep)
			pthread_cond_wait(&call->sleeper.cond, &sync->lock);
		return;
	}
	sync->polling = true;
	pthread_mutex_unlock(&sync->lock);
	rc = blkqueue_wait(sync->queue, LOOK_AROUND_MS);
	pthread_mutex_lock(&sync->lock);
	if (rc >= 0)
		rc = reap_all(sync);
	sync->polling = false;
	if (rc < 0 && !sync->broken)
		sync->broken = rc;
	if (sync->broken)
		wake_all(sync);
}

static uint64_t chunk_bytes(const struct call *call)
{
	/* Only reads and writes can be indirect. */
	bool direct = call->op != BLKIF_OP_READ && call->op != BLKIF_OP_WRITE;
	uint32_t pages = direct ? BLKIF_MAX_SEGMENTS_PER_REQUEST : call->sync->queue->segments_max;
	uint64_t most = (uint64_t)pages * BLKABI_PAGE_BYTES;

	return !call->buffer || call->bytes < most ? call->bytes : most;
}

/* Takes a request for the next chunk and submits it. False if there is none to be had. */
static bool chunk_submit(struct call *call)
{
	struct blksync *sync = call->sync;
	uint64_t bytes = chunk_bytes(call);
	uint32_t pages = call->buffer ? (uint32_t)((bytes + BLKABI_PAGE_BYTES - 1) / BLKABI_PAGE_BYTES) : 0;
	struct blk_request *request = blkqueue_get(sync->queue, call->op, pages);
	uint32_t place = (call->first + call->count) % WINDOW;

	if (!request)
		return false;
	request->flag = call->flag;
	request->offset = call->offset;
	request->bytes = bytes;
	request->owner = &call->sleeper;
	if (pages)
		blkrequest_spread(request, bytes, 0);
	if (pages && call->op != BLKIF_OP_READ) {
		pthread_mutex_unlock(&sync->lock);
		blkrequest_fill(request, call->buffer);
		pthread_mutex_lock(&sync->lock);
	}
	call->window[place] = request;
	call->target[place] = call->buffer;
	call->count++;
	blkqueue_submit(sync->queue, request);
	call->offset += bytes;
	call->buffer += call->buffer ? bytes : 0;
	call->bytes -= bytes;
	call->more = call->bytes != 0;
	return true;
}

static int status_errno(int16_t status)
{
	switch (status) {
	case BLKIF_RSP_OKAY:
		return 0;
	case BLKIF_RSP_EOPNOTSUPP:
		return -EOPNOTSUPP;
	default:
		return -EIO;
	}
}

/* Ends the oldest request of the call, if it is finished. */
static bool oldest_collect(struct call *call)
{
	struct blksync *sync = call->sync;
	struct blk_request *request = call->window[call->first];

	if (!call->count || !request->finished)
		return false;
	if (!call->status)
		call->status = status_errno(request->status);
	if (call->op == BLKIF_OP_READ && !request->status) {
		pthread_mutex_unlock(&sync->lock);
		blkrequest_drain(request, call->target[call->first]);
		pthread_mutex_lock(&sync->lock);
	}
	call->first = (call->first + 1) % WINDOW;
	call->count--;
	blkqueue_put(sync->queue, request);
	wake_for_room(sync);
	return true;
}

/* Submits what fits, collects what is finished, sleeps if there was neither. */
static void call_step(struct call *call)
{
	bool moved = false;
	int rc;

	while (call->more && call->count < WINDOW && chunk_submit(call))
		moved = true;
	if (moved) {
		rc = blkqueue_publish(call->sync->queue);
		if (rc)
			call->sync->broken = rc;
	}
	while (oldest_collect(call))
		moved = true;
	if (!moved)
		change_wait(call, call->count == 0);
}

/* Requests that will never be answered stay out of the pool, and belong to nobody. */
static void call_abandon(struct call *call)
{
	for (uint32_t i = 0; i < call->count; i++)
		call->window[(call->first + i) % WINDOW]->owner = NULL;
	call->status = call->sync->broken;
}

int blksync_io(struct blksync *sync, uint8_t op, uint8_t flag, uint64_t offset, void *buffer,
		uint64_t bytes)
{
	struct call call = {
		.sync = sync,
		.sleeper.cond = PTHREAD_COND_INITIALIZER,
		.op = op,
		.flag = flag,
		.offset = offset,
		.buffer = buffer,
		.bytes = bytes,
		.more = true,
	};

	assert(offset % BLKABI_SECTOR_BYTES == 0 && bytes % BLKABI_SECTOR_BYTES == 0);
	pthread_mutex_lock(&sync->lock);
	while ((call.more || call.count) && !sync->broken)
		call_step(&call);
	if (sync->broken)
		call_abandon(&call);
	/* If we polled for the others, one of them has to now. */
	if (!sync->polling && sync->sleepers)
		wake(sync, sync->sleepers);
	pthread_mutex_unlock(&sync->lock);
	return call.status;
}
