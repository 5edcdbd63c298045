/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/bench/blkload_model.o tests/bench/blkload_report.o tests/guest/blkabi.o */
/* What blkload measures and compares with: patterns that must show every wrong byte, percentiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/bench/blkload.h"
#include "tests/bench/blkload_model.h"

#define SEED 7

static uint64_t data[4 * MODEL_SECTOR / 8];
static char sentence[300];

static bool check(uint32_t sector, uint64_t offset, uint32_t expected)
{
	*sentence = 0;
	return pattern_check(data + sector * MODEL_SECTOR / 8, offset, expected, SEED, sentence,
			sizeof(sentence));
}

static void what_was_written_is_found(void **state)
{
	pattern_fill(data, sizeof(data), 40960, 3, SEED);
	for (uint32_t i = 0; i < 4; i++)
		assert_true(check(i, 40960 + i * MODEL_SECTOR, 3));
	assert_string_equal(sentence, "");
}

static void every_wrong_byte_is_seen(void **state)
{
	uint8_t *bytes = (uint8_t *)data;

	pattern_fill(data, MODEL_SECTOR, 512, 9, SEED);
	for (uint32_t i = 0; i < MODEL_SECTOR; i++) {
		bytes[i] ^= 0x10;
		assert_false(check(0, 512, 9));
		bytes[i] ^= 0x10;
	}
	assert_true(check(0, 512, 9));
}

static void a_stale_sector_is_named(void **state)
{
	pattern_fill(data, MODEL_SECTOR, 1024, 4, SEED);
	assert_false(check(0, 1024, 5));
	assert_string_equal(sentence, "sector at 1024: expected generation 5, found generation 4");
}

static void a_misplaced_sector_is_named(void **state)
{
	pattern_fill(data, 2 * MODEL_SECTOR, 0, 4, SEED);
	assert_false(check(1, 0, 4));
	assert_string_equal(sentence,
			"sector at 0: expected generation 4, found generation 4 of 512 (misplaced)");
}

static void a_torn_sector_is_named(void **state)
{
	uint64_t older[MODEL_SECTOR / 8];

	pattern_fill(older, MODEL_SECTOR, 0, 4, SEED);
	pattern_fill(data, MODEL_SECTOR, 0, 5, SEED);
	memcpy((char *)data + 256, (char *)older + 256, 256);
	assert_false(check(0, 0, 5));
	assert_string_equal(sentence, "sector at 0: expected generation 5, found generation 5 of 0, "
			"torn at its byte 256");
}

static void zeroes_and_foreign_data_are_named(void **state)
{
	memset(data, 0, MODEL_SECTOR);
	assert_true(check(0, 0, MODEL_ZEROES));
	assert_false(check(0, 0, 1));
	assert_string_equal(sentence, "sector at 0: expected generation 1, found zeroes");
	memset(data, 0xee, MODEL_SECTOR);
	assert_false(check(0, 0, 1));
	assert_non_null(strstr(sentence, "no pattern of this run"));
	assert_false(check(0, 0, MODEL_ZEROES));
	assert_true(check(0, 0, MODEL_UNKNOWN));
}

static void another_run_has_another_pattern(void **state)
{
	pattern_fill(data, MODEL_SECTOR, 0, 1, SEED + 1);
	assert_false(check(0, 0, 1));
}

static void percentiles_are_within_four_percent(void **state)
{
	struct histogram *histogram = calloc(1, sizeof(*histogram));
	static const double share[] = { 0.01, 0.5, 0.99, 1 };

	assert_non_null(histogram);
	assert_true(histogram_us(histogram, 0.5) == 0);
	for (uint64_t us = 1; us <= 100000; us++)
		histogram_add(histogram, us * 1000);
	for (size_t i = 0; i < sizeof(share) / sizeof(share[0]); i++) {
		double got = histogram_us(histogram, share[i]), want = share[i] * 100000;

		assert_true(got > want * 0.96 && got < want * 1.04);
	}
	histogram_add(histogram, 0);
	histogram_add(histogram, UINT64_MAX);
	free(histogram);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_found),
		cmocka_unit_test(every_wrong_byte_is_seen),
		cmocka_unit_test(a_stale_sector_is_named),
		cmocka_unit_test(a_misplaced_sector_is_named),
		cmocka_unit_test(a_torn_sector_is_named),
		cmocka_unit_test(zeroes_and_foreign_data_are_named),
		cmocka_unit_test(another_run_has_another_pattern),
		cmocka_unit_test(percentiles_are_within_four_percent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
