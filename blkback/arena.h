/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The data pool of one queue: pages handed out in consecutive runs, so that one request is one
 * buffer. Fixed at connect; when it is full the ring is not consumed.
 */
#ifndef BLKBACK_ARENA_H
#define BLKBACK_ARENA_H

#include <stdbool.h>
#include <stdint.h>

#define ARENA_PAGE_BYTES 4096u

/* Pages that hold so many bytes, at most BLKIF_SEGMENTS_MAX pages of them. */
static inline uint32_t arena_pages(uint64_t bytes)
{
	return (uint32_t)((bytes + ARENA_PAGE_BYTES - 1) / ARENA_PAGE_BYTES);
}
#define ARENA_PAGES_MAX 4096u	/* 16 MiB */

struct arena {
	uint8_t *base;		/* page-aligned */
	uint32_t pages;
	uint32_t used;		/* pages handed out now */
	uint32_t touched;	/* pages before this one may be resident */
	uint64_t taken[ARENA_PAGES_MAX / 64];	/* bit set: page in use */
};

/* Reserves address space for that many pages, 1..ARENA_PAGES_MAX. 0 or -errno of mmap(2). */
int arena_open(struct arena *arena, uint32_t pages);
void arena_close(struct arena *arena);

/* A run of `pages` (at least 1) consecutive pages, the lowest there is. NULL: no such run now. */
void *arena_get(struct arena *arena, uint32_t pages);

/* Gives back exactly what arena_get() handed out. */
void arena_put(struct arena *arena, void *run, uint32_t pages);

/* Returns the memory of an unused pool to the kernel. Does nothing while a page is in use. */
void arena_trim(struct arena *arena);

/* Is there memory that arena_trim() would give back? */
bool arena_can_trim(const struct arena *arena);

#endif
