/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One thread on one queue: takes all answers that are visible, submits as much as the depth allows,
 * publishes once, and sleeps only when nothing was visible. Also the plain load, which does not
 * look at the data. Promises that an operation lost with a connection is submitted again.
 */
#include "tests/bench/blkload.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PACE_USEC 300	/* a sleep of one with a rate */
#define WAIT_MS 100	/* how soon a sleeping worker sees pause and stop */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct blkqueue *queue_of(const struct worker *w)
{
	return &w->load->frontend->queue[w->index];
}

int worker_init(struct worker *w, struct load *load, uint32_t index)
{
	const struct load_options *o = &load->options;
	uint32_t unit = o->bs ? (uint32_t)o->bs : load->frontend->disk.sector_bytes;

	*w = (struct worker) {
		.load = load,
		.kind = o->rw == RW_VERIFY ? &load_verify : &load_plain,
		.index = index,
		.random = (o->seed << 8 | index) * 0x9e3779b97f4a7c15u | 1,
	};
	if (o->rw == RW_VERIFY)
		unit = load->frontend->disk.sector_bytes;
	w->span = o->size / load->workers / unit * unit;
	w->base = o->offset + index * w->span;
	w->op = calloc(o->depth, sizeof(*w->op));
	w->free_op = calloc(o->depth, sizeof(*w->free_op));
	if (!w->op || !w->free_op)
		return -ENOMEM;
	for (; w->free_ops < o->depth; w->free_ops++)
		w->free_op[w->free_ops] = o->depth - 1 - w->free_ops;
	return o->rw == RW_VERIFY ? verify_init(w) : 0;
}

bool worker_fail(struct worker *w, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(w->failure, sizeof(w->failure), fmt, args);
	va_end(args);
	__atomic_store_n(&w->load->failed, true, __ATOMIC_RELAXED);
	return false;
}

void worker_account(struct worker *w)
{
	const struct blkqueue_figures *now = &queue_of(w)->figures;

	w->figures.submitted += now->submitted;
	w->figures.completed += now->completed;
	w->figures.notifies += now->notifies;
	w->figures.events += now->events;
	w->figures.wakeups += now->wakeups;
}

bool worker_enough(const struct worker *w)
{
	uint64_t ops = w->load->options.ops;

	return (ops && w->issued >= ops) || __atomic_load_n(&w->load->stop, __ATOMIC_RELAXED);
}

/* False: no request with that many pages is free now. */
static bool op_submit(struct worker *w, struct op *op)
{
	struct blkqueue *queue = queue_of(w);
	struct blk_request *request = blkqueue_get(queue, op->op, op->pages);

	if (!request)
		return false;
	request->offset = op->offset;
	request->bytes = op->bytes;
	request->owner = op;
	w->kind->prepare(w, op, request);
	blkqueue_submit(queue, request);
	return true;
}

/* The operation that waits for pages, or else a new one. NULL: none now. */
static struct op *op_next(struct worker *w)
{
	struct op *op = w->pending;

	if (op || !w->free_ops)
		return op;
	op = &w->op[w->free_op[w->free_ops - 1]];
	if (!w->kind->next(w, op))
		return NULL;
	w->free_ops--;
	w->issued++;
	return op;
}

/* Begins as many operations as the depth and the pages allow. */
static void operations_issue(struct worker *w, uint64_t now)
{
	const uint32_t rate = w->load->options.rate;
	struct op *op;

	w->waits = rate && now - w->begun_ns < 1000000000u / rate;
	while (!w->waits && (op = op_next(w))) {
		w->pending = op_submit(w, op) ? NULL : op;
		if (w->pending)
			return;
		op->in_flight = true;
		op->submitted_ns = now;
		w->in_flight++;
		w->begun_ns = now;
		w->waits = rate != 0;
	}
}

static void slow_note(struct worker *w, uint64_t took)
{
	struct timespec now;

	if (!w->load->slow || took < SLOW_NS)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	fprintf(w->load->slow, "%llu %llu\n", (unsigned long long)now.tv_sec * 1000000000ull +
			(unsigned long long)now.tv_nsec, (unsigned long long)took);
}

static bool answer_take(struct worker *w, struct blk_request *request, uint64_t now)
{
	struct op *op = request->owner;
	bool good = w->kind->done(w, op, request);

	histogram_add(&w->latency, now - op->submitted_ns);
	slow_note(w, now - op->submitted_ns);
	op->in_flight = false;
	w->free_op[w->free_ops++] = (uint32_t)(op - w->op);
	w->in_flight--;
	w->completed++;
	w->bytes += request->segments ? op->bytes : 0;
	blkqueue_put(queue_of(w), request);
	return good;
}

/* Takes all visible answers. Their number, or -1: failed. */
static int answers_take(struct worker *w, uint64_t *now)
{
	struct blkqueue *queue = queue_of(w);
	struct blk_request *request;
	int taken = 0, rc;

	while ((rc = blkqueue_reap(queue, &request)) == 1) {
		if (!taken++)
			*now = now_ns();
		if (!answer_take(w, request, *now))
			return -1;
	}
	if (rc < 0) {
		worker_fail(w, "queue %u: the backend broke the protocol (see above)", w->index);
		return -1;
	}
	if (taken)
		w->answered_ns = *now;
	return taken;
}

static bool rest(struct worker *w)
{
	int rc = blkqueue_wait(queue_of(w), WAIT_MS);
	uint64_t now;

	if (rc < 0)
		return worker_fail(w, "queue %u: event channel: %s", w->index, strerror(-rc));
	if (rc > 0)
		return true;
	now = now_ns();
	if (w->in_flight && now - w->answered_ns > w->load->options.stall * 1000000000ull)
		return worker_fail(w, "queue %u: no answer for %u s, %u operations in flight (req_prod %#x, "
				"rsp_cons %#x, the backend's rsp_prod %#x)", w->index,
				w->load->options.stall, w->in_flight, queue_of(w)->ring.req_shown,
				queue_of(w)->ring.rsp_cons, blkring_rsp_prod(&queue_of(w)->ring));
	return true;
}

/* Lets the main thread reconnect, then does again what was in flight, as Linux does. */
static bool park(struct worker *w)
{
	struct load *load = w->load;
	uint32_t round;

	worker_account(w);
	pthread_mutex_lock(&load->lock);
	round = load->round;
	load->parked++;
	pthread_cond_broadcast(&load->changed);
	while (load->round == round)
		pthread_cond_wait(&load->changed, &load->lock);
	pthread_mutex_unlock(&load->lock);
	if (__atomic_load_n(&load->failed, __ATOMIC_RELAXED))
		return false;
	for (uint32_t i = 0; i < load->options.depth; i++)
		if (w->op[i].in_flight && !op_submit(w, &w->op[i]))
			return worker_fail(w, "queue %u has less room than before the reconnect", w->index);
	w->answered_ns = now_ns();
	blkqueue_publish(queue_of(w));
	return true;
}

/* One turn of the loop. False: finished or failed. */
static bool turn(struct worker *w)
{
	uint64_t now = 0;
	int taken = answers_take(w, &now);

	if (taken < 0)
		return false;
	operations_issue(w, taken ? now : now_ns());
	if (blkqueue_publish(queue_of(w)))
		return worker_fail(w, "queue %u: cannot notify the backend", w->index);
	if (!w->in_flight && w->pending)
		return worker_fail(w, "queue %u: no request with %u pages is to be had (see --pool)",
				w->index, w->pending->pages);
	if (!w->in_flight && w->waits) {
		usleep(PACE_USEC);
		return true;
	}
	if (!w->in_flight)
		return false;
	return taken || rest(w);
}

void *worker_run(void *arg)
{
	struct worker *w = arg;
	struct load *load = w->load;
	bool going = true;

	w->answered_ns = now_ns();
	while (going && !__atomic_load_n(&load->failed, __ATOMIC_RELAXED)) {
		if (__atomic_load_n(&load->pause, __ATOMIC_RELAXED) && !park(w))
			break;
		going = turn(w);
	}
	worker_account(w);
	pthread_mutex_lock(&load->lock);
	load->running--;
	pthread_cond_broadcast(&load->changed);
	pthread_mutex_unlock(&load->lock);
	return NULL;
}

static bool every(const struct worker *w, uint32_t n)
{
	return n && w->issued % n == n - 1;
}

static uint8_t plain_op(struct worker *w)
{
	const struct load_options *o = &w->load->options;

	if (every(w, o->flush_every))
		return BLKIF_OP_FLUSH_DISKCACHE;
	if (every(w, o->discard_every))
		return BLKIF_OP_DISCARD;
	if (every(w, o->barrier_every))
		return BLKIF_OP_WRITE_BARRIER;
	if (o->rw == RW_MIXED)
		return worker_below(w, 100) < o->mix ? BLKIF_OP_READ : BLKIF_OP_WRITE;
	return o->rw == RW_READ || o->rw == RW_RANDREAD ? BLKIF_OP_READ : BLKIF_OP_WRITE;
}

static bool plain_next(struct worker *w, struct op *op)
{
	const struct load_options *o = &w->load->options;

	if (worker_enough(w))
		return false;
	op->op = plain_op(w);
	if (op->op == BLKIF_OP_FLUSH_DISKCACHE) {
		op->offset = op->bytes = 0;
		op->pages = 0;
		return true;
	}
	op->bytes = o->bs;
	op->pages = op->op == BLKIF_OP_DISCARD ? 0 :
		(uint32_t)((o->bs + BLKABI_PAGE_BYTES - 1) / BLKABI_PAGE_BYTES);
	if (o->rw == RW_READ || o->rw == RW_WRITE) {
		op->offset = w->base + w->next;
		w->next = w->next + 2 * o->bs <= w->span ? w->next + o->bs : 0;
	} else {
		op->offset = w->base + worker_below(w, w->span / o->bs) * o->bs;
	}
	return true;
}

static void plain_prepare(struct worker *w, const struct op *op, struct blk_request *request)
{
	if (op->pages)
		blkrequest_spread(request, op->bytes, 0);
}

static bool plain_done(struct worker *w, const struct op *op, const struct blk_request *request)
{
	if (request->status == BLKIF_RSP_OKAY)
		return true;
	if (!w->errors++)
		fprintf(stderr, "blkload: queue %u: operation %u, %llu bytes at %llu: status %d (the first "
				"error of this queue)\n", w->index, op->op, (unsigned long long)op->bytes,
				(unsigned long long)op->offset, request->status);
	return true;
}

const struct load_kind load_plain = { plain_next, plain_prepare, plain_done };
