/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of the steps of one queue, and how it sleeps. Trusts control's parameters; promises that
 * a frontend cannot make it spin, nor make it stop for anything but lies about its rings.
 */
#include "netback/queue.h"

#include <string.h>

#include "ring/clock.h"
#include "ring/log.h"

/* #syscalls: clock_gettime */

#define PASSES_MAX 64u		/* of one queue_work(): then other descriptors get their turn */

bool queue_may_begin(const struct queue *queue)
{
	return queue->life.state == QUEUE_RUNNING &&
		!__atomic_load_n(&queue->vif->draining, __ATOMIC_RELAXED);
}

void queue_show(struct queue *queue, struct slate *slate, struct sring *ring, port_t port,
		uint32_t bytes, uint32_t n)
{
	if (!slate_show(slate, ring, bytes, n))
		return;
	events_notify(queue->events, port);	/* a frontend that has gone needs no event */
	stats_add(&queue->vif->stats->notifies, 1);
	stats_add(&queue->vif->stats->syscalls, 1);
}

/* With one port for both rings, tx has it. */
void queue_event(struct queue *queue)
{
	port_t port;

	if (events_take(queue->events, &port))
		return;
	if (port.port == queue->tx.port.port)
		queue->tx.unmask_due = true;
	else
		queue->rx.unmask_due = true;
	kicks_heard(&queue->kicks);
	stats_add(&queue->vif->stats->events, 1);
	stats_add(&queue->vif->stats->syscalls, 1);
}

static bool queue_pass(struct queue *queue)
{
	bool did = tx_pass(queue);

	did |= rx_pass(queue);
	return did;
}

/* Between two passes nothing is under way: every batch ends with its answers. */
static void drained_look(struct queue *queue)
{
	if (__atomic_load_n(&queue->vif->draining, __ATOMIC_RELAXED))
		life_drained(&queue->life);
}

bool queue_work(struct queue *queue)
{
	uint32_t passes = 0;

	queue->now_usec = clock_usec();
	while (passes < PASSES_MAX && queue_pass(queue)) {
		queue->now_usec = clock_usec();
		passes++;
	}
	kicks_judge(&queue->kicks, queue->took, queue->now_usec);
	queue->took = false;
	drained_look(queue);
	return passes == PASSES_MAX;
}

static void unmask(struct queue *queue, port_t port, bool *due)
{
	if (!*due)
		return;
	events_unmask(queue->events, port);
	*due = false;
	stats_add(&queue->vif->stats->syscalls, 1);
}

static void unmask_all(struct queue *queue)
{
	unmask(queue, queue->tx.port, &queue->tx.unmask_due);
	unmask(queue, queue->rx.port, &queue->rx.unmask_due);
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

int queue_rest(struct queue *queue, uint64_t at)
{
	at = min_u64(at, min_u64(tx_rest(queue), rx_rest(queue)));
	if (at <= queue->now_usec)
		return 0;
	if ((queue->tx.unmask_due || queue->rx.unmask_due) && kicks_hold(&queue->kicks, queue->now_usec))
		at = min_u64(at, queue->kicks.until_usec);
	else
		unmask_all(queue);
	return at == UINT64_MAX ? -1 : (int)((at - queue->now_usec + 999) / 1000);
}
