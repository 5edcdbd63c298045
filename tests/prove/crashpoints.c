/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sees each store: the world's page may only be read; a store faults, is let through alone by the
 * processor's trap flag, and what the page holds then is kept. Trusts operations to store nowhere else.
 */
#include "tests/prove/crashpoints.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>
#include <sys/mman.h>

#define TRAP_FLAG 0x100		/* of the processor's flags: a trap after the next instruction */
#define STATES_MAX (1u << 21)
#define TABLE (STATES_MAX * 2)

uint8_t *world;

static struct crashes *now;	/* of the operation that runs */
static uint32_t copied;

void broken(const char *condition, const char *file, int line)
{
	mprotect(world, WORLD_BYTES, PROT_READ | PROT_WRITE);
	printf("%s:%d: does not hold: %s\n", file, line, condition);
	fflush(stdout);
	_exit(1);
}

static void on_store(int number, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	if ((uintptr_t)info->si_addr - (uintptr_t)world >= WORLD_BYTES)
		_exit(3);
	mprotect(world, WORLD_BYTES, PROT_READ | PROT_WRITE);
	uc->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void on_stored(int number, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	uc->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
	if (now->count == CRASHES_MAX)
		_exit(4);
	memcpy(now->after[now->count++], world, copied);
	mprotect(world, WORLD_BYTES, PROT_READ);
}

void crashes_open(uint32_t bytes)
{
	struct sigaction store = { .sa_sigaction = on_store, .sa_flags = SA_SIGINFO };
	struct sigaction stored = { .sa_sigaction = on_stored, .sa_flags = SA_SIGINFO };

	copied = bytes;
	world = mmap(NULL, WORLD_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (world == MAP_FAILED || sigaction(SIGSEGV, &store, NULL) || sigaction(SIGTRAP, &stored, NULL))
		exit(2);
}

void crashes_of(void (*operation)(void *arg), void *arg, struct crashes *crashes)
{
	now = crashes;
	crashes->count = 0;
	mprotect(world, WORLD_BYTES, PROT_READ);
	operation(arg);
	mprotect(world, WORLD_BYTES, PROT_READ | PROT_WRITE);
}

/* --- states ------------------------------------------------------------------------------------ */

static uint8_t *store;
static uint32_t *table;		/* open addressing: number of a state + 1 */
static uint32_t added, visited;
static size_t each;

void states_open(size_t bytes)
{
	each = bytes;
	added = visited = 0;
	store = mmap(NULL, STATES_MAX * bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	table = calloc(TABLE, sizeof(*table));
	if (store == MAP_FAILED || !table)
		exit(2);
}

static uint64_t hash_of(const uint8_t *state)
{
	uint64_t hash = 14695981039346656037ull, word;

	for (size_t i = 0; i + 8 <= each; i += 8) {
		memcpy(&word, state + i, 8);
		hash = (hash ^ word) * 1099511628211ull;
		hash ^= hash >> 29;
	}
	return hash;
}

bool state_add(const void *state)
{
	uint64_t at = hash_of(state);

	for (; table[at % TABLE]; at++) {
		if (memcmp(store + (table[at % TABLE] - 1) * each, state, each) == 0)
			return false;
	}
	HOLDS(added < STATES_MAX);
	memcpy(store + added * each, state, each);
	table[at % TABLE] = ++added;
	return true;
}

bool state_next(void *state)
{
	if (visited == added)
		return false;
	memcpy(state, store + visited++ * each, each);
	return true;
}

uint32_t states_seen(void)
{
	return added;
}
