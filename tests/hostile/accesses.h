/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every access of this process to some pages: where in them, by which instruction, reading or writing.
 */
#ifndef TESTS_HOSTILE_ACCESSES_H
#define TESTS_HOSTILE_ACCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACCESSES_MAX 8192

struct access {
	uint32_t at;		/* byte of the pages */
	bool write;
	uintptr_t ip;
};

extern struct access accesses[ACCESSES_MAX];
extern volatile uint32_t access_count;

/* Once: which pages. `from` is page-aligned, `bytes` whole pages. */
void accesses_watch(void *from, size_t bytes);

/* From here on each access is noted, the earlier ones are forgotten; and no longer. */
void accesses_begin(void);
void accesses_end(void);

/* Was it by a function of ring/sring.c? */
bool access_is_the_rings(const struct access *access);

/* Prints what is wrong with it. Returns 1. */
int access_complain(const struct access *access, const char *what);

#endif
