/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that outlives a process, as it is after every single store of the code that writes it; and a set
 * of states, each visited once. The code is the product's own, compiled as it is.
 */
#ifndef TESTS_PROVE_CRASHPOINTS_H
#define TESTS_PROVE_CRASHPOINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORLD_BYTES 4096u
#define CRASHES_MAX 64u		/* stores of one operation */

extern uint8_t *world;		/* WORLD_BYTES, page-aligned */

/* The first `bytes` of the world after each store of operation(arg); the last one is as it leaves them. */
struct crashes {
	uint32_t count;
	uint8_t after[CRASHES_MAX][WORLD_BYTES];
};

/* Once, first of all: makes the world. Operations may then store to it anywhere. */
void crashes_open(uint32_t bytes);

/* Runs operation(arg), which does not nest. Fills *crashes. */
void crashes_of(void (*operation)(void *arg), void *arg, struct crashes *crashes);

/*
 * States of `bytes` each that wait to be visited. state_add() forgets those that were there before;
 * state_next() is false when none is left.
 */
void states_open(size_t bytes);
bool state_add(const void *state);
bool state_next(void *state);
uint32_t states_seen(void);

/* Ends the process with a sentence. */
#define HOLDS(condition) ((condition) ? (void)0 : broken(#condition, __FILE__, __LINE__))
void broken(const char *condition, const char *file, int line) __attribute__((noreturn));

#endif
