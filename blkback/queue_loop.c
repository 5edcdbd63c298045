/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When a queue works, polls and sleeps. Trusts the data path to say whether it did something;
 * promises that no event is lost between the last look and the sleep, that an idle queue is never
 * woken, and that a frontend that kicks for nothing is heard less and less often.
 */
#include "blkback/queue.h"

#include "ring/clock.h"

/* #syscalls: clock_gettime */

#define PASSES_MAX 64u		/* of one queue_work(): then other descriptors get their turn */
#define TRIM_AFTER_MS 2000
#define RETRY_MS 10
#define POLL_USEC 50u		/* about what a wake-up costs */
#define POLL_FAILURES_MAX 12u	/* then the next try comes after 0.2 s */

void queue_event(struct queue *queue)
{
	port_t port;

	if (events_take(queue->events, &port))
		return;
	queue->unmask_due = true;
	kicks_heard(&queue->kicks);
	stats_add(&queue->vbd->stats->events, 1);
	stats_add(&queue->vbd->stats->syscalls, 1);
}

static bool is_drained(const struct queue *queue)
{
	return __atomic_load_n(&queue->vbd->draining, __ATOMIC_RELAXED) &&
		queue->requests.in_progress == 0 && queue->waiting.count == 0;
}

/* Tells the processor that this is a wait: a sibling thread gets its units meanwhile. */
static void cpu_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/*
 * Looks for more work for a little while instead of sleeping: waking up costs tens of microseconds.
 * It pays where the frontend runs at the same time, on another processor. Where it does not pay,
 * every failure doubles the time until the next try.
 */
static bool queue_poll(struct queue *queue)
{
	const uint64_t begin = clock_usec();

	if (begin < queue->poll_next_usec)
		return false;
	do {
		cpu_relax();
		if (queue_pass(queue)) {
			queue->poll_failures = 0;
			return true;
		}
		queue->now_usec = clock_usec();
	} while (queue->now_usec - begin < POLL_USEC);
	if (queue->poll_failures < POLL_FAILURES_MAX)
		queue->poll_failures++;
	queue->poll_next_usec = queue->now_usec + ((uint64_t)POLL_USEC << queue->poll_failures);
	return false;
}

bool queue_work(struct queue *queue)
{
	uint32_t passes = 0;

	queue->now_usec = clock_usec();
	while (passes < PASSES_MAX && (queue_pass(queue) || (passes && queue_poll(queue)))) {
		queue->now_usec = clock_usec();
		passes++;
	}
	kicks_judge(&queue->kicks, queue->took, queue->now_usec);
	queue->took = false;
	if (is_drained(queue))
		life_drained(&queue->life);
	return passes == PASSES_MAX;
}

static void unmask(struct queue *queue)
{
	if (!queue->unmask_due)
		return;
	events_unmask(queue->events, queue->port);
	queue->unmask_due = false;
	stats_add(&queue->vbd->stats->syscalls, 1);
}

int queue_rest(struct queue *queue)
{
	if (queue_may_take(queue) && sring_rest(&queue->ring))
		return 0;
	if (queue->unmask_due && kicks_hold(&queue->kicks, queue->now_usec))
		return (int)((queue->kicks.until_usec - queue->now_usec + 999) / 1000);
	unmask(queue);
	/* The engine took less than all, perhaps with nothing in flight that could wake us. */
	if (queue->ready.count)
		return RETRY_MS;
	return arena_can_trim(&queue->move.arena) ? TRIM_AFTER_MS : -1;
}

void queue_idle(struct queue *queue)
{
	/* A port that is held is unmasked by the next queue_rest(). */
	if (!queue->unmask_due)
		arena_trim(&queue->move.arena);
}
