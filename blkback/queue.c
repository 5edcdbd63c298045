/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The data path of one ring: take -> journal -> parse -> fill -> submit -> reap -> empty -> answer,
 * each step for a whole batch. Trusts control's parameters; promises that every taken request is
 * answered exactly once, that a request is journalled before anything is done for it, and that the
 * ring is not consumed further than there is room for.
 */
#include "blkback/queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ring/clock.h"
#include "ring/log.h"

#define PATIENCE_USEC 5000000u	/* of the administrator, with one operation of the target */

static struct blk_geometry geometry_of(const struct queue *queue)
{
	const struct vbd_params *vbd = &queue->vbd->params.vbd;

	return (struct blk_geometry) {
		.bytes = __atomic_load_n(&queue->vbd->bytes, __ATOMIC_RELAXED),
		.sector_bytes = vbd->sector_bytes,
		.indirect_max = vbd->indirect_max,
		.flags = vbd->flags,
	};
}

/* The request is over; `status` goes on the wire. */
static void request_over(struct queue *queue, struct request *request, int16_t status)
{
	move_release(&queue->move, request);
	request->io.result = status;
	fifo_push(&queue->over, request);
}

/* --- take, journal, parse ---------------------------------------------------------------------- */

/* The frontend lied: count it, say so at a bounded rate, answer. */
static void request_refuse(struct queue *queue, struct request *request, enum blk_verdict verdict)
{
	stats_add(&queue->vbd->stats->lies, 1);
	log_warn("queue %u refused %s (operation %u)", queue->index, blkif_verdict_text(verdict),
			request->blk.wire_op);
	if (verdict == BLK_BEYOND_END) {
		__atomic_store_n(&queue->vbd->look_again, true, __ATOMIC_RELAXED);
		life_tell(&queue->life);
	}
	request_over(queue, request, blkif_verdict_status(verdict));
}

/* Parses a journalled record, and lets the request wait for its start. */
static void request_enter(struct queue *queue, struct request *request, bool recovered)
{
	const struct journal_entry *entry = journal_entry(&queue->journal, request->slot);
	const struct blk_geometry geometry = geometry_of(queue);
	uint32_t described = entry->used > BLKIF_SLOT_BYTES_MAX ?
		(entry->used - BLKIF_SLOT_BYTES_MAX) / BLKIF_SEGMENT_BYTES : 0;
	enum blk_verdict verdict;

	request->started_usec = queue->now_usec;
	request->blk.offset = 0;
	request->blk.bytes = 0;
	verdict = blkif_parse(entry->record, queue->vbd->params.vbd.abi,
			entry->record + BLKIF_SLOT_BYTES_MAX, described, &geometry, &request->blk);
	if (verdict) {
		request_refuse(queue, request, verdict);
		return;
	}
	/* A recovered flush waits for the writes it may have been meant to cover: they are done again. */
	request->ordered = request->blk.op == BLK_BARRIER ||
		(recovered && request->blk.op == BLK_FLUSH);
	fifo_push(&queue->waiting, request);
}

void queue_recover(struct queue *queue, struct request *request)
{
	queue->now_usec = clock_usec();
	request_enter(queue, request, true);
}

/* One slot into a journal record, with its indirect page or the copy of that into the batch. */
static void take_one(struct queue *queue, struct taken *taken)
{
	struct journal_entry *entry;
	struct blk_geometry geometry = geometry_of(queue);
	gref_t page;

	taken->request = request_get(&queue->requests);
	entry = journal_entry(&queue->journal, taken->request->slot);
	taken->req_idx = sring_take(&queue->ring, entry->record);
	taken->described = blkif_indirect(entry->record, queue->vbd->params.vbd.abi, &geometry, &page);
	if (taken->described == 0)
		return;
	taken->here = move_peek(&queue->move, page, entry->record + BLKIF_SLOT_BYTES_MAX,
			taken->described * BLKIF_SEGMENT_BYTES);
	if (taken->here)
		return;
	taken->place = grant_batch_from_guest(queue->descriptors, queue->move.grants, page, 0,
			taken->described * BLKIF_SEGMENT_BYTES, entry->record + BLKIF_SLOT_BYTES_MAX);
}

static void journal_one(struct queue *queue, const struct taken *taken)
{
	uint32_t used = BLKIF_SLOT_BYTES_MAX;

	if (taken->described && (taken->here || grant_batch_ok(queue->descriptors, taken->place)))
		used += taken->described * BLKIF_SEGMENT_BYTES;
	journal_take(&queue->journal, taken->request->slot, taken->req_idx, (uint16_t)used);
}

static void descriptors_copy(struct queue *queue)
{
	uint32_t n = grant_batch_count(queue->descriptors);

	if (n == 0)
		return;
	grant_batch_run(queue->descriptors, queue->move.grants);
	stats_add(&queue->vbd->stats->grant_copies, 1);
	stats_add(&queue->vbd->stats->grant_segments, n);
	stats_add(&queue->vbd->stats->syscalls, 1);
}

bool queue_may_take(const struct queue *queue)
{
	return queue->waiting.count == 0 && queue->life.state == QUEUE_RUNNING &&
		!__atomic_load_n(&queue->vbd->draining, __ATOMIC_RELAXED);
}

static bool queue_take(struct queue *queue)
{
	struct taken *taken = queue->batch.taken;
	int found = queue_may_take(queue) ? sring_look(&queue->ring) : 0;
	uint32_t n = found > (int)TAKE_BATCH ? TAKE_BATCH : (uint32_t)found;

	if (found < 0) {
		life_halt(&queue->life, "the frontend's request index is beyond the ring");
		return false;
	}
	for (uint32_t i = 0; i < n; i++)
		take_one(queue, &taken[i]);
	descriptors_copy(queue);
	for (uint32_t i = 0; i < n; i++)
		journal_one(queue, &taken[i]);
	grant_batch_clear(queue->descriptors);
	for (uint32_t i = 0; i < n; i++)
		request_enter(queue, taken[i].request, false);
	queue->took |= n > 0;
	return n > 0;
}

/* --- start, fill, submit ----------------------------------------------------------------------- */

static void moves_run(struct queue *queue, struct request **requests, uint32_t n)
{
	uint32_t segments = move_run(&queue->move, requests, n);

	if (segments == 0)
		return;
	stats_add(&queue->vbd->stats->grant_copies, 1);
	stats_add(&queue->vbd->stats->grant_segments, segments);
	stats_add(&queue->vbd->stats->syscalls, 1);
}

/* The copies from the guest are done: submit what went well. */
static void filled(struct queue *queue, struct request **requests, uint32_t n)
{
	moves_run(queue, requests, n);
	for (uint32_t i = 0; i < n; i++) {
		if (!requests[i]->failed) {
			fifo_push(&queue->ready, requests[i]);
			continue;
		}
		stats_add(&queue->vbd->stats->lies, 1);
		log_warn("queue %u cannot read the guest's pages of a write", queue->index);
		request_end(&queue->requests, requests[i]);
		request_over(queue, requests[i], blkif_verdict_status(BLK_BAD_SEGMENT));
	}
}

static bool needs_fill(const struct request *request)
{
	return request->blk.segments && request->blk.op != BLK_READ;
}

static bool may_start(struct queue *queue)
{
	struct request *request;

	if (queue->waiting.count == 0)
		return false;
	request = fifo_at(&queue->waiting, 0);
	return request_may_start(&queue->requests, request) &&
		move_place(&queue->move, request) == 0;
}

static bool queue_fill(struct queue *queue)
{
	struct request **filling = queue->batch.moving;
	uint32_t n = 0, started = 0;

	while (n < REAP_BATCH && may_start(queue)) {
		struct request *request = fifo_at(&queue->waiting, 0);

		if (needs_fill(request) && !move_room(&queue->move, request)) {
			filled(queue, filling, n);
			n = 0;
		}
		fifo_pop(&queue->waiting);
		request_start(&queue->requests, request);
		started++;
		if (!needs_fill(request)) {
			fifo_push(&queue->ready, request);
			continue;
		}
		move_queue(&queue->move, request);
		filling[n++] = request;
	}
	filled(queue, filling, n);
	return started > 0;
}

static bool queue_submit(struct queue *queue)
{
	struct io **io = queue->batch.io;
	uint32_t n = 0, taken;

	while (n < queue->ready.count && n < REAP_BATCH) {
		io[n] = &fifo_at(&queue->ready, n)->io;
		n++;
	}
	if (n == 0)
		return false;
	taken = queue->engine->ops->submit(queue->engine, io, n);
	stats_add(&queue->vbd->stats->syscalls, 1);
	for (uint32_t i = 0; i < taken; i++)
		fifo_pop(&queue->ready);
	return taken > 0;
}

/* --- reap, empty, answer ----------------------------------------------------------------------- */

/*
 * What the administrator is told of the target: one line for as long as it goes on, not one for
 * each request. No space, and what the target cannot do, are things of their own, which are not to
 * hide a disk that breaks.
 */
static void fault_say(const struct blk_request *blk, int result)
{
	static const char *const names[] = {
		[BLK_READ] = "read", [BLK_WRITE] = "write", [BLK_BARRIER] = "barrier",
		[BLK_FLUSH] = "flush", [BLK_DISCARD] = "discard",
		[BLK_DISCARD_SECURE] = "secure discard",
	};
	const unsigned long long bytes = blk->bytes, offset = blk->offset;
	const char *name = names[blk->op];

	if (result == -ENOSPC)
		log_at(LOG_ERROR | LOG_SELDOM, "a %s of %llu bytes at byte %llu finds no space "
				"below the target: the guest gets I/O errors until there is some",
				name, bytes, offset);
	else if (result == -EOPNOTSUPP)
		log_at(LOG_INFO | LOG_SELDOM, "the target cannot do a %s: the guest is told so",
				name);
	else
		log_at(LOG_ERROR | LOG_SELDOM, "a %s of %llu bytes at byte %llu of the target "
				"failed: %s: the guest gets an I/O error",
				name, bytes, offset, strerror(-result));
}

static void wait_say(uint64_t usec)
{
	if (usec >= PATIENCE_USEC)
		log_at(LOG_WARN | LOG_SELDOM, "the target took %llu s for an operation: the guest "
				"has waited", (unsigned long long)usec / 1000000);
}

static void request_account(struct queue *queue, const struct request *request, int result)
{
	static const uint8_t op[] = {
		[BLK_READ] = STATS_READ, [BLK_WRITE] = STATS_WRITE, [BLK_BARRIER] = STATS_WRITE,
		[BLK_FLUSH] = STATS_FLUSH, [BLK_DISCARD] = STATS_DISCARD,
		[BLK_DISCARD_SECURE] = STATS_DISCARD,
	};
	const uint64_t usec = queue->now_usec - request->started_usec;

	stats_operation(queue->vbd->stats, op[request->blk.op], request->blk.bytes, usec);
	wait_say(usec);
	if (result == 0)
		return;
	stats_add(&queue->vbd->stats->errors, 1);
	if (request->failed)
		log_warn("queue %u cannot write the guest's pages of a read", queue->index);
	else
		fault_say(&request->blk, result);
}

/* What an errno of the backing is on the wire. */
static int16_t result_status(int result)
{
	if (result == 0)
		return blkif_verdict_status(BLK_GOOD);
	return blkif_verdict_status(result == -EOPNOTSUPP ? BLK_NOT_OFFERED : BLK_BAD_SEGMENT);
}

static void request_done(struct queue *queue, struct request *request)
{
	int result = request->failed ? -EFAULT : request->io.result;

	request_account(queue, request, result);
	request_end(&queue->requests, request);
	request_over(queue, request, result_status(result));
}

/* The copies to the guest are done: the reads are over. */
static void emptied(struct queue *queue, struct request **requests, uint32_t n)
{
	moves_run(queue, requests, n);
	for (uint32_t i = 0; i < n; i++)
		request_done(queue, requests[i]);
}

static bool queue_reap(struct queue *queue)
{
	struct io **io = queue->batch.io;
	struct request **emptying = queue->batch.moving;
	uint32_t n = 0, got = queue->engine->ops->reap(queue->engine, io, REAP_BATCH);

	for (uint32_t i = 0; i < got; i++) {
		struct request *request = io[i]->owner;

		if (request_next(request)) {
			fifo_push(&queue->ready, request);
		} else if (request->blk.op == BLK_READ && io[i]->result == 0) {
			if (!move_room(&queue->move, request)) {
				emptied(queue, emptying, n);
				n = 0;
			}
			move_queue(&queue->move, request);
			emptying[n++] = request;
		} else {
			request_done(queue, request);
		}
	}
	emptied(queue, emptying, n);
	return got > 0;
}

/* Writes one answer, journalled first: from here on it will be given, by us or a successor. */
static void answer_one(struct queue *queue, uint32_t slot, int16_t status)
{
	const enum blkif_abi abi = queue->vbd->params.vbd.abi;
	uint64_t response[2];

	blkif_response(journal_entry(&queue->journal, slot)->record, abi, status, response);
	journal_done(&queue->journal, slot, status, queue->ring.rsp_prod);
	sring_answer(&queue->ring, response, blkif_response_bytes(abi));
}

static void publish(struct queue *queue, uint32_t n)
{
	bool notify = sring_publish(&queue->ring);

	journal_published(&queue->journal, queue->answered, n, queue->ring.rsp_shown);
	if (!notify)
		return;
	events_notify(queue->events, queue->port);	/* a frontend that has gone needs no event */
	stats_add(&queue->vbd->stats->notifies, 1);
	stats_add(&queue->vbd->stats->syscalls, 1);
}

static void queue_answer(struct queue *queue)
{
	uint32_t n = 0;

	while (queue->over.count) {
		struct request *request = fifo_pop(&queue->over);

		answer_one(queue, request->slot, (int16_t)request->io.result);
		queue->answered[n++] = request->slot;
	}
	if (n == 0)
		return;
	publish(queue, n);
	for (uint32_t i = 0; i < n; i++)
		request_put(&queue->requests, &queue->requests.pool[queue->answered[i]]);
}

bool queue_pass(struct queue *queue)
{
	bool did = queue_reap(queue);

	did |= queue_take(queue);
	did |= queue_fill(queue);
	did |= queue_submit(queue);
	queue_answer(queue);
	return did;
}
