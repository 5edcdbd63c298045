/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests in progress: the pool, the stages of a barrier, and who may start when. Trusts requests
 * to be parsed; promises that nothing overtakes a barrier in either direction, and that a barrier is
 * answered only when its data and all data before it is on stable storage.
 */
#include "blkback/request.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int requests_open(struct requests *requests, uint32_t slots)
{
	memset(requests, 0, sizeof(*requests));
	requests->pool = calloc(slots, sizeof(requests->pool[0]));
	requests->free = calloc(slots, sizeof(requests->free[0]));
	if (!requests->pool || !requests->free)
		return -ENOMEM;
	requests->slots = slots;
	/* The lowest slots are handed out first and again: their memory stays warm, the rest untouched. */
	for (uint32_t i = 0; i < slots; i++)
		requests->free[requests->free_count++] = (uint16_t)(slots - 1 - i);
	return 0;
}

static struct request *request_fresh(struct requests *requests, uint16_t slot)
{
	struct request *request = &requests->pool[slot];

	request->slot = slot;
	request->ordered = false;
	request->mapped = false;
	request->failed = false;
	request->buffer = NULL;
	request->buffer_pages = 0;
	request->io.owner = request;
	request->io.iovcnt = 0;
	return request;
}

struct request *request_get(struct requests *requests)
{
	assert(requests->free_count);
	return request_fresh(requests, requests->free[--requests->free_count]);
}

struct request *request_claim(struct requests *requests, uint16_t slot)
{
	for (uint32_t i = 0; i < requests->free_count; i++) {
		if (requests->free[i] == slot) {
			requests->free[i] = requests->free[--requests->free_count];
			return request_fresh(requests, slot);
		}
	}
	return NULL;
}

void request_put(struct requests *requests, struct request *request)
{
	assert(requests->free_count < requests->slots);
	requests->free[requests->free_count++] = request->slot;
}

bool request_may_start(const struct requests *requests, const struct request *request)
{
	if (requests->barrier)
		return false;
	return !request->ordered || requests->in_progress == 0;
}

static uint8_t io_op_of(uint8_t op)
{
	switch (op) {
	case BLK_READ:
		return IO_READ;
	case BLK_FLUSH:
		return IO_FLUSH;
	case BLK_DISCARD:
		return IO_DISCARD;
	case BLK_DISCARD_SECURE:
		return IO_DISCARD_SECURE;
	default:
		return IO_WRITE;
	}
}

static void stage_set(struct request *request, enum request_stage stage)
{
	request->stage = (uint8_t)stage;
	request->io.op = stage == REQUEST_DATA ? io_op_of(request->blk.op) : IO_FLUSH;
	request->io.offset = request->blk.offset;
	request->io.bytes = request->blk.bytes;
}

void request_start(struct requests *requests, struct request *request)
{
	assert(request_may_start(requests, request));
	requests->in_progress++;
	if (request->ordered)
		requests->barrier = true;
	stage_set(request, request->blk.op == BLK_BARRIER ? REQUEST_FLUSH_BEFORE : REQUEST_DATA);
}

bool request_next(struct request *request)
{
	if (request->io.result || request->blk.op != BLK_BARRIER)
		return false;
	switch ((enum request_stage)request->stage) {
	case REQUEST_FLUSH_BEFORE:
		if (request->blk.segments == 0)
			return false;	/* an empty barrier is its flush */
		stage_set(request, REQUEST_DATA);
		return true;
	case REQUEST_DATA:
		stage_set(request, REQUEST_FLUSH_AFTER);
		return true;
	case REQUEST_FLUSH_AFTER:
		break;
	}
	return false;
}

void request_end(struct requests *requests, struct request *request)
{
	assert(requests->in_progress);
	requests->in_progress--;
	if (request->ordered)
		requests->barrier = false;
}

int fifo_open(struct request_fifo *fifo, uint32_t slots)
{
	fifo->slots = slots;
	fifo->at = calloc(slots, sizeof(fifo->at[0]));
	return fifo->at ? 0 : -ENOMEM;
}

void fifo_push(struct request_fifo *fifo, struct request *request)
{
	assert(fifo->count < fifo->slots);
	fifo->at[(fifo->head + fifo->count++) & (fifo->slots - 1)] = request;
}

struct request *fifo_at(const struct request_fifo *fifo, uint32_t n)
{
	assert(n < fifo->count);
	return fifo->at[(fifo->head + n) & (fifo->slots - 1)];
}

struct request *fifo_pop(struct request_fifo *fifo)
{
	struct request *request = fifo_at(fifo, 0);

	fifo->head++;
	fifo->count--;
	return request;
}
