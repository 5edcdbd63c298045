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
#include <string.h>

#include "ring/sring.h"

#define BATCH_SEGMENTS 1024u	/* at least one largest request */

int move_open(struct move *move, struct grants *grants, uint32_t pool_pages, uint32_t sector_bytes,
		bool persistent, bool by_hand)
{
	move->sector_bytes = sector_bytes;
	move->grants = grants;
	move->persist = NULL;
	move->by_hand = by_hand;
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

/* NULL: it cannot be mapped, or nothing stays mapped. */
static void *page_mapped(struct move *move, gref_t gref)
{
	void *page;

	if (!move->persist)
		return NULL;
	page = persist_find(move->persist, gref);
	return page ? page : persist_map(move->persist, gref);
}

bool move_peek(struct move *move, gref_t gref, void *to, uint32_t bytes)
{
	const void *page = page_mapped(move, gref);

	if (page)
		sring_copy(to, page, bytes);
	return page != NULL;
}

/* Where each segment lies in the guest's pages. All of them, or none: the hypervisor copies them then. */
static bool segments_find(struct move *move, struct request *request)
{
	for (uint32_t i = 0; i < request->blk.segments; i++) {
		const struct blk_segment *segment = &request->blk.segment[i];
		uint8_t *page = page_mapped(move, segment->gref);

		if (!page)
			return false;
		request->iov[i] = (struct iovec) { page + segment->offset, segment->bytes };
	}
	return true;
}

/*
 * May the disk move the data itself? Each page is a piece of its own for O_DIRECT, and kernels before
 * 6.18 refuse a piece that is not whole sectors.
 */
static bool segments_fit(const struct move *move, const struct request *request)
{
	for (uint32_t i = 0; i < request->blk.segments; i++) {
		if (request->blk.segment[i].bytes % move->sector_bytes)
			return false;
	}
	return !move->by_hand;
}

int move_place(struct move *move, struct request *request)
{
	const uint32_t pages = arena_pages(request->blk.bytes);

	if (request->blk.segments == 0)
		return 0;
	request->io.iov = request->iov;
	request->io.iovcnt = request->blk.segments;
	request->mapped = segments_find(move, request);
	if (request->mapped && segments_fit(move, request))
		return 0;
	request->buffer = arena_get(&move->arena, pages);
	if (!request->buffer)
		return -EAGAIN;
	request->buffer_pages = pages;
	request->whole = (struct iovec) { request->buffer, request->blk.bytes };
	request->io.iov = &request->whole;
	request->io.iovcnt = 1;
	return 0;
}

bool move_room(const struct move *move, const struct request *request)
{
	return request->mapped || grant_batch_room(move->batch) >= request->blk.segments;
}

/* Between the buffer and mapped pages, which the guest may be changing: only bytes of its own data. */
static void copy_by_hand(const struct request *request)
{
	const bool read = request->blk.op == BLK_READ;
	uint8_t *local = request->buffer;

	for (uint32_t i = 0; i < request->blk.segments; i++) {
		const struct iovec *guest = &request->iov[i];

		memcpy(read ? guest->iov_base : local, read ? local : guest->iov_base, guest->iov_len);
		local += guest->iov_len;
	}
}

void move_queue(struct move *move, struct request *request)
{
	const struct blk_request *blk = &request->blk;
	uint8_t *local = request->buffer;

	request->place = grant_batch_count(move->batch);
	if (request->mapped && request->buffer)
		copy_by_hand(request);
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

bool move_mapped(const struct move *move)
{
	return move->persist && move->persist->pages;
}

void move_unmap(struct move *move)
{
	if (move_mapped(move))
		persist_unmap(move->persist);
}

void move_release(struct move *move, struct request *request)
{
	if (request->buffer)
		arena_put(&move->arena, request->buffer, request->buffer_pages);
	request->buffer = NULL;
}
