/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A decorator that makes another engine bad: `fault:KEY=N,...:ENGINE`. Keys: error=N (every Nth
 * operation ends with EIO), short=N (every Nth ends short: EIO as well, but after it was done),
 * delay=MS (each ends that much later), reorder=N (ended operations are held until N are there,
 * and come back in reverse; whatever is held comes back when nothing else is in flight).
 * For tests; trusts the specification it is given.
 */
#include "blkback/engine/engine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

/* #syscalls: timerfd_settime clock_gettime */

#define HELD_MAX 512u
#define INNER_BATCH 64u

struct held {
	struct io *io;
	uint64_t due_usec;
};

struct fault_engine {
	struct engine engine;
	struct engine *inner;
	uint32_t error, shorten, delay_ms, reorder;
	uint32_t count;		/* operations submitted so far */
	uint32_t in_flight;	/* in the inner engine */
	int epoll, timer;
	uint32_t held_count;
	struct held held[HELD_MAX];
};

static struct fault_engine *fault_of(struct engine *engine)
{
	/* engine is the first member. */
	return (struct fault_engine *)engine;
}

static uint64_t clock_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

/* One KEY=N. 0 or -EINVAL. */
static int key_parse(struct fault_engine *fault, const char *key)
{
	const struct {
		const char *name;
		uint32_t *value;
	} keys[] = {
		{ "error", &fault->error }, { "short", &fault->shorten },
		{ "delay", &fault->delay_ms }, { "reorder", &fault->reorder },
	};
	const char *equals = strchr(key, '=');

	for (size_t i = 0; equals && i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strlen(keys[i].name) == (size_t)(equals - key) &&
				strncmp(keys[i].name, key, (size_t)(equals - key)) == 0)
			return sscanf(equals + 1, "%u", keys[i].value) == 1 ? 0 : -EINVAL;
	}
	return -EINVAL;
}

/* "KEY=N,KEY=N:ENGINE" fills the struct and *inner. */
static int spec_parse(struct fault_engine *fault, const char *spec, const char **inner)
{
	char keys[64], *rest = keys, *key;
	const char *colon = strchr(spec, ':');

	if (!colon || (size_t)(colon - spec) >= sizeof(keys))
		return -EINVAL;
	memcpy(keys, spec, (size_t)(colon - spec));
	keys[colon - spec] = 0;
	*inner = colon + 1;
	while ((key = strsep(&rest, ","))) {
		if (key_parse(fault, key))
			return -EINVAL;
	}
	return 0;
}

/* One descriptor that is readable for either reason: an epoll of the inner engine and a timer. */
static int wakes_open(struct fault_engine *fault)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };

	fault->epoll = epoll_create1(EPOLL_CLOEXEC);
	fault->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (fault->epoll < 0 || fault->timer < 0)
		return -errno;
	if (epoll_ctl(fault->epoll, EPOLL_CTL_ADD, fault->timer, &event) ||
			epoll_ctl(fault->epoll, EPOLL_CTL_ADD, fault->inner->ops->fd(fault->inner), &event))
		return -errno;
	return 0;
}

static int fault_open(struct engine **engine, const char *spec, const struct engine_config *config)
{
	struct fault_engine *fault = calloc(1, sizeof(*fault));
	const char *inner;
	int err;

	if (!fault)
		return -ENOMEM;
	fault->engine.ops = &engine_fault;
	err = spec_parse(fault, spec, &inner);
	if (err == 0)
		err = engine_open(&fault->inner, inner, config);
	if (err == 0)
		err = wakes_open(fault);
	if (err) {
		free(fault);
		return err;
	}
	*engine = &fault->engine;
	return 0;
}

static void fault_close(struct engine *engine)
{
	struct fault_engine *fault = fault_of(engine);

	fault->inner->ops->close(fault->inner);
	close(fault->epoll);
	close(fault->timer);
	free(fault);
}

static bool every(uint32_t n, uint32_t count)
{
	return n && count % n == 0;
}

static void hold(struct fault_engine *fault, struct io *io)
{
	fault->held[fault->held_count++] = (struct held) {
		io, clock_usec() + fault->delay_ms * 1000u
	};
}

/* Arms the timer for the first held operation; 1 ns where it is due already. */
static void timer_arm(struct fault_engine *fault)
{
	struct itimerspec when = { .it_value.tv_nsec = 1 };

	if (fault->held_count == 0)
		return;
	if (fault->delay_ms) {
		uint64_t due = fault->held[0].due_usec;

		when.it_value.tv_sec = (time_t)(due / 1000000u);
		when.it_value.tv_nsec = (long)(due % 1000000u) * 1000 + 1;
	}
	timerfd_settime(fault->timer, fault->delay_ms ? TFD_TIMER_ABSTIME : 0, &when, NULL);
}

static uint32_t fault_submit(struct engine *engine, struct io **io, uint32_t n)
{
	struct fault_engine *fault = fault_of(engine);
	uint32_t taken = 0;

	while (taken < n && fault->held_count + fault->in_flight < HELD_MAX) {
		if (every(fault->error, fault->count + 1)) {
			io[taken]->result = -EIO;
			hold(fault, io[taken]);
		} else if (fault->inner->ops->submit(fault->inner, &io[taken], 1)) {
			fault->in_flight++;
		} else {
			break;
		}
		fault->count++;
		taken++;
	}
	timer_arm(fault);
	return taken;
}

static void inner_reap(struct fault_engine *fault)
{
	struct io *io[INNER_BATCH];
	uint32_t n = fault->inner->ops->reap(fault->inner, io, INNER_BATCH);

	for (uint32_t i = 0; i < n; i++) {
		if (every(fault->shorten, fault->count + i))
			io[i]->result = -EIO;
		hold(fault, io[i]);
	}
	fault->in_flight -= n;
}

/* How many of the held ones may go back now. */
static uint32_t held_due(const struct fault_engine *fault)
{
	uint64_t now = clock_usec();
	uint32_t n = 0;

	if (fault->held_count < fault->reorder && fault->in_flight)
		return 0;
	while (n < fault->held_count && fault->held[n].due_usec <= now)
		n++;
	return n;
}

static uint32_t fault_reap(struct engine *engine, struct io **done, uint32_t max)
{
	struct fault_engine *fault = fault_of(engine);
	uint32_t due, n;

	inner_reap(fault);
	due = held_due(fault);
	n = due < max ? due : max;
	for (uint32_t i = 0; i < n; i++)
		done[i] = fault->held[fault->reorder ? n - 1 - i : i].io;
	fault->held_count -= n;
	memmove(fault->held, fault->held + n, fault->held_count * sizeof(fault->held[0]));
	timer_arm(fault);
	return n;
}

static int fault_fd(struct engine *engine)
{
	return fault_of(engine)->epoll;
}

const struct engine_ops engine_fault = {
	.name = "fault",
	.open = fault_open,
	.close = fault_close,
	.submit = fault_submit,
	.reap = fault_reap,
	.fd = fault_fd,
};
