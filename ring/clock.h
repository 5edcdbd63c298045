/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clock that workers wait by. Read through the vdso where the processor allows it; otherwise it
 * is a system call.
 */
#ifndef RING_CLOCK_H
#define RING_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Microseconds of CLOCK_MONOTONIC. Cannot fail. Its callers say `#syscalls: clock_gettime`. */
static inline uint64_t clock_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

#endif
