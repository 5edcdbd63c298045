/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a disk should hold: a generation for each sector of 512 bytes, and a pattern made of place,
 * generation and seed, so that any sector read says where and when it was written. Pure.
 */
#ifndef BENCH_BLKLOAD_MODEL_H
#define BENCH_BLKLOAD_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_SECTOR 512u
#define MODEL_UNKNOWN 0u		/* anything may be there */
#define MODEL_ZEROES 0x7fffffffu	/* generations are below it */
#define MODEL_BUSY 0x80000000u		/* an operation is under way there */

/* Fills `bytes` (whole sectors) with the pattern of a write at that disk offset. */
void pattern_fill(void *data, uint64_t bytes, uint64_t offset, uint32_t generation, uint64_t seed);

/*
 * Compares one sector with what should be there (a generation, or MODEL_*, without MODEL_BUSY).
 * Returns true, or false and a sentence on what was expected and what is there.
 */
bool pattern_check(const void *sector, uint64_t offset, uint32_t expected, uint64_t seed, char *sentence,
		size_t bytes);

#endif
