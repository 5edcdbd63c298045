/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs of pages from a bit map. Trusts its callers to return what they took (asserted); promises
 * that two runs never overlap and that an empty arena can serve any run up to its size.
 */
#include "blkback/arena.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

int arena_open(struct arena *arena, uint32_t pages)
{
	void *base;

	assert(pages && pages <= ARENA_PAGES_MAX);
	base = mmap(NULL, (size_t)pages * ARENA_PAGE_BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base == MAP_FAILED)
		return -errno;
	memset(arena, 0, sizeof(*arena));
	arena->base = base;
	arena->pages = pages;
	return 0;
}

void arena_close(struct arena *arena)
{
	munmap(arena->base, (size_t)arena->pages * ARENA_PAGE_BYTES);
}

static bool page_taken(const struct arena *arena, uint32_t page)
{
	return arena->taken[page / 64] >> (page % 64) & 1;
}

static void pages_mark(struct arena *arena, uint32_t first, uint32_t pages, bool taken)
{
	for (uint32_t page = first; page < first + pages; page++) {
		uint64_t bit = 1ull << (page % 64);

		assert(page_taken(arena, page) != taken);
		arena->taken[page / 64] ^= bit;
	}
}

/* The first free page at or after `page`; arena->pages if there is none. Skips full words. */
static uint32_t next_free(const struct arena *arena, uint32_t page)
{
	while (page < arena->pages) {
		uint64_t free = ~arena->taken[page / 64] >> (page % 64);

		if (free) {
			page += (uint32_t)__builtin_ctzll(free);
			return page < arena->pages ? page : arena->pages;
		}
		page = (page / 64 + 1) * 64;
	}
	return arena->pages;
}

/* The first taken page in first+1..first+want-1, or first+want: how far a run from `first` reaches. */
static uint32_t run_end(const struct arena *arena, uint32_t first, uint32_t want)
{
	uint32_t page = first + 1;

	while (page < first + want && !page_taken(arena, page))
		page++;
	return page;
}

void *arena_get(struct arena *arena, uint32_t pages)
{
	uint32_t first = next_free(arena, 0);

	assert(pages);
	while (first < arena->pages && pages <= arena->pages - first) {
		uint32_t end = run_end(arena, first, pages);

		if (end == first + pages) {
			pages_mark(arena, first, pages, true);
			arena->used += pages;
			if (end > arena->touched)
				arena->touched = end;
			return arena->base + (size_t)first * ARENA_PAGE_BYTES;
		}
		first = next_free(arena, end);
	}
	return NULL;
}

void arena_put(struct arena *arena, void *run, uint32_t pages)
{
	size_t first = (size_t)((uint8_t *)run - arena->base) / ARENA_PAGE_BYTES;

	assert(first < arena->pages && pages <= arena->pages - first);
	pages_mark(arena, (uint32_t)first, pages, false);
	arena->used -= pages;
}

bool arena_can_trim(const struct arena *arena)
{
	return arena->used == 0 && arena->touched != 0;
}

void arena_trim(struct arena *arena)
{
	if (!arena_can_trim(arena))
		return;
	madvise(arena->base, (size_t)arena->touched * ARENA_PAGE_BYTES, MADV_DONTNEED);
	arena->touched = 0;
}
