/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The states of a queue as its process sees them. Trusts its callers to be one queue's thread and one
 * main thread; promises that the main thread sees what led to a state when it sees the state.
 */
#include "ring/life.h"

#include <errno.h>
#include <unistd.h>
#include <sys/eventfd.h>

/* #syscalls: write */

int life_open(struct queue_life *life, int main_wake)
{
	*life = (struct queue_life) {
		.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .main_wake = main_wake,
	};
	return life->wake < 0 ? -errno : 0;
}

void life_tell(const struct queue_life *life)
{
	const uint64_t one = 1;

	/* The counter cannot overflow: nothing to do about a failure that cannot be. */
	if (write(life->main_wake, &one, sizeof(one)) < 0)
		return;
}

static void state_set(struct queue_life *life, enum queue_state state)
{
	/* Release: halted_by, and all stores to ring and journal, come before it. */
	__atomic_store_n(&life->state, (uint32_t)state, __ATOMIC_RELEASE);
	life_tell(life);
}

void life_halt(struct queue_life *life, const char *why)
{
	if (life->state != QUEUE_RUNNING)
		return;
	life->halted_by = why;
	state_set(life, QUEUE_HALTED);
}

void life_drained(struct queue_life *life)
{
	if (life->state != QUEUE_DRAINED)
		state_set(life, QUEUE_DRAINED);
}

enum queue_state life_state(const struct queue_life *life)
{
	/* Acquire: pairs with state_set(). */
	return (enum queue_state)__atomic_load_n(&life->state, __ATOMIC_ACQUIRE);
}
