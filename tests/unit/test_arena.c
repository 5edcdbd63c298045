/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: blkback/arena.o */
/* The data pool against a model: runs never overlap, come back whole, and memory is given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/mman.h>

#include "blkback/arena.h"

#define PAGES 300u

static void random_runs_never_overlap(void **state)
{
	struct arena arena;
	uint8_t owner[PAGES] = { 0 };
	struct {
		uint8_t *at;
		uint32_t pages;
	} run[64] = { { 0 } };

	assert_int_equal(arena_open(&arena, PAGES), 0);
	srand(3);
	for (int step = 0; step < 100000; step++) {
		uint32_t r = (uint32_t)rand() % 64, first;

		if (run[r].at) {
			first = (uint32_t)((run[r].at - arena.base) / ARENA_PAGE_BYTES);
			memset(owner + first, 0, run[r].pages);
			arena_put(&arena, run[r].at, run[r].pages);
			run[r].at = NULL;
			continue;
		}
		run[r].pages = 1 + (uint32_t)rand() % (rand() % 8 ? 4 : 120);
		run[r].at = arena_get(&arena, run[r].pages);
		if (!run[r].at)
			continue;
		first = (uint32_t)((run[r].at - arena.base) / ARENA_PAGE_BYTES);
		assert_true(first + run[r].pages <= PAGES);
		for (uint32_t p = first; p < first + run[r].pages; p++) {
			assert_int_equal(owner[p], 0);
			owner[p] = 1;
		}
	}
	arena_close(&arena);
}

static void an_empty_pool_serves_its_size_and_not_a_page_more(void **state)
{
	struct arena arena;
	void *all;

	assert_int_equal(arena_open(&arena, PAGES), 0);
	assert_null(arena_get(&arena, PAGES + 1));
	all = arena_get(&arena, PAGES);
	assert_non_null(all);
	assert_null(arena_get(&arena, 1));
	arena_put(&arena, all, PAGES);
	assert_ptr_equal(arena_get(&arena, 1), arena.base);
	arena_close(&arena);
}

static void trimming_gives_memory_back_only_when_nothing_is_in_use(void **state)
{
	struct arena arena;
	unsigned char resident[4];
	uint8_t *run;

	assert_int_equal(arena_open(&arena, PAGES), 0);
	assert_false(arena_can_trim(&arena));
	run = arena_get(&arena, 4);
	memset(run, 1, 4 * ARENA_PAGE_BYTES);
	assert_false(arena_can_trim(&arena));
	arena_trim(&arena);
	assert_int_equal(run[0], 1);
	arena_put(&arena, run, 4);
	assert_true(arena_can_trim(&arena));
	arena_trim(&arena);
	assert_false(arena_can_trim(&arena));
	assert_int_equal(mincore(run, 4 * ARENA_PAGE_BYTES, resident), 0);
	assert_int_equal((resident[0] | resident[3]) & 1, 0);
	arena_close(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_runs_never_overlap),
		cmocka_unit_test(an_empty_pool_serves_its_size_and_not_a_page_more),
		cmocka_unit_test(trimming_gives_memory_back_only_when_nothing_is_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
