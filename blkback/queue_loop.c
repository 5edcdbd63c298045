/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When a queue works, polls and sleeps. Trusts the data path to say whether it did something;
 * promises that no event is lost between the last look and the sleep, that an idle queue is woken twice at
 * most, to give back what it holds, and that a frontend that kicks for nothing is heard less and less often.
 */
#include "blkback/queue.h"

#include <unistd.h>
#include <sys/timerfd.h>

#include "ring/clock.h"

/* #syscalls: clock_gettime read timerfd_settime */

#define PASSES_MAX 64u		/* of one queue_work(): then other descriptors get their turn */
#define TRIM_AFTER_USEC 2000000u		/* idle: then the pool's memory goes back */
#define UNMAP_AFTER_USEC 60000000u	/* and what stays mapped, after a minute: it is quickly missed */
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

static bool is_idle(const struct queue *queue)
{
	return queue->requests.in_progress == 0 && queue->waiting.count == 0;
}

static bool is_drained(const struct queue *queue)
{
	return __atomic_load_n(&queue->vbd->draining, __ATOMIC_RELAXED) && is_idle(queue);
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
	if (passes)
		queue->worked_usec = queue->now_usec;
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

/* When the next thing has been idle for long enough; UINT64_MAX: there is nothing, or work. */
static uint64_t idle_until(const struct queue *queue)
{
	if (!is_idle(queue))
		return UINT64_MAX;
	if (arena_can_trim(&queue->move.arena))
		return queue->worked_usec + TRIM_AFTER_USEC;
	return move_mapped(&queue->move) ? queue->worked_usec + UNMAP_AFTER_USEC : UINT64_MAX;
}

/*
 * A timer that is set stays so, whatever work there is meanwhile: it is set again when it fires, not at each
 * sleep, as a timeout of the sleep would be.
 */
static void timer_keep(struct queue *queue)
{
	const uint64_t at = idle_until(queue);
	const struct itimerspec when = {
		.it_value = { .tv_sec = (time_t)(at / 1000000), .tv_nsec = (long)(at % 1000000) * 1000 },
	};

	if (at >= queue->timer_usec)
		return;
	timerfd_settime(queue->timer, TFD_TIMER_ABSTIME, &when, NULL);	/* cannot fail */
	stats_add(&queue->vbd->stats->syscalls, 1);
	queue->timer_usec = at;
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
	timer_keep(queue);
	return -1;
}

void queue_timer(struct queue *queue)
{
	uint64_t fired, idle_usec = clock_usec() - queue->worked_usec;

	if (read(queue->timer, &fired, sizeof(fired)) < 0)
		return;	/* set anew meanwhile */
	stats_add(&queue->vbd->stats->syscalls, 1);
	queue->timer_usec = UINT64_MAX;
	if (!is_idle(queue))
		return;
	if (idle_usec >= TRIM_AFTER_USEC)
		arena_trim(&queue->move.arena);
	if (idle_usec >= UNMAP_AFTER_USEC)
		move_unmap(&queue->move);
}
