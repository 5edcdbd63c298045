/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moving data between guest and disk. Trusts parsed requests (segments inside their pages); promises
 * that a request whose grants fail is marked, whichever of its segments it was, and that a read
 * never shows the guest memory that the disk did not fill.
 */
#include "blkback/move.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define BATCH_SEGMENTS 1024u	/* at least one largest request */

int move_open(struct move *move, struct grants *grants, uint32_t pool_pages, uint32_t sector_bytes,
		bool persistent)
{
	move->sector_bytes = sector_bytes;
	move->grants = grants;
	move->persist = NULL;
	move->batch = grant_batch_new(BATCH_SEGMENTS);
	if (!move->batch)
		return -ENOMEM;
	if (persistent) {
		move->persist = calloc(1, sizeof(*move->persist));
		if (!move->persist)
			return -ENOMEM;
		move->persist->grants = grants;
	}
	return arena_open(&move->arena, pool_pages);
}

/*
 * The whole request on mapped pages, or not at all: the rest of it is then copied. Each page is a
 * piece of its own for O_DIRECT, and kernels before 6.18 refuse a piece that is not whole sectors.
 */
static bool place_mapped(struct move *move, struct request *request)
{
	const struct blk_request *blk = &request->blk;

	for (uint32_t i = 0; i < blk->segments; i++) {
		gref_t gref = blk->segment[i].gref;
		uint8_t *page = persist_find(move->persist, gref);

		if (blk->segment[i].bytes % move->sector_bytes)
			return false;
		if (!page)
			page = persist_map(move->persist, gref);
		if (!page)
			return false;
		request->iov[i] = (struct iovec) { page + blk->segment[i].offset, blk->segment[i].bytes };
	}
	request->io.iovcnt = blk->segments;
	request->mapped = true;
	return true;
}

int move_place(struct move *move, struct request *request)
{
	uint32_t pages;

	if (request->blk.segments == 0 || (move->persist && place_mapped(move, request)))
		return 0;
	pages = (uint32_t)((request->blk.bytes + ARENA_PAGE_BYTES - 1) / ARENA_PAGE_BYTES);
	request->buffer = arena_get(&move->arena, pages);
	if (!request->buffer)
		return -EAGAIN;
	request->buffer_pages = pages;
	request->iov[0] = (struct iovec) { request->buffer, request->blk.bytes };
	request->io.iovcnt = 1;
	return 0;
}

bool move_room(const struct move *move, const struct request *request)
{
	return request->mapped || grant_batch_room(move->batch) >= request->blk.segments;
}

void move_queue(struct move *move, struct request *request)
{
	const struct blk_request *blk = &request->blk;
	uint8_t *local = request->buffer;

	request->place = grant_batch_count(move->batch);
	if (request->mapped)
		return;
	for (uint32_t i = 0; i < blk->segments; i++) {
		const struct blk_segment *s = &blk->segment[i];

		if (blk->op == BLK_READ)
			grant_batch_to_guest(move->batch, move->grants, s->gref, s->offset, s->bytes, local);
		else
			grant_batch_from_guest(move->batch, move->grants, s->gref, s->offset, s->bytes, local);
		local += s->bytes;
	}
}

static bool copied_well(const struct move *move, const struct request *request)
{
	for (uint32_t i = 0; i < request->blk.segments; i++) {
		if (!grant_batch_ok(move->batch, request->place + i))
			return false;
	}
	return true;
}

uint32_t move_run(struct move *move, struct request **requests, uint32_t n)
{
	uint32_t segments = grant_batch_count(move->batch);

	/* A failed call has failed every segment; the statuses say so. */
	grant_batch_run(move->batch, move->grants);
	for (uint32_t i = 0; i < n; i++) {
		if (!requests[i]->mapped && !copied_well(move, requests[i]))
			requests[i]->failed = true;
	}
	grant_batch_clear(move->batch);
	return segments;
}

void move_release(struct move *move, struct request *request)
{
	if (request->buffer)
		arena_put(&move->arena, request->buffer, request->buffer_pages);
	request->buffer = NULL;
}
