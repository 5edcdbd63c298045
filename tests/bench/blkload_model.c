/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Patterns that know where and when they were written. Trusts nothing in a sector that was read;
 * promises that every byte of it is compared.
 */
#include "tests/bench/blkload_model.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define WORDS (MODEL_SECTOR / 8)
#define STEP 0x9e3779b97f4a7c15u	/* odd: every word of a sector differs from the others */

/* The first words of a sector name it; the rest follows from them. */
struct stamp {
	uint64_t seed, offset, generation;
};

static uint64_t stamp_mix(const struct stamp *stamp)
{
	uint64_t x = stamp->seed ^ stamp->offset * STEP ^ stamp->generation << 40;

	x ^= x >> 31;
	return x * 0xbf58476d1ce4e5b9u;
}

void pattern_fill(void *data, uint64_t bytes, uint64_t offset, uint32_t generation, uint64_t seed)
{
	uint64_t *word = data;

	for (uint64_t at = 0; at < bytes; at += MODEL_SECTOR, word += WORDS) {
		struct stamp stamp = { seed, offset + at, generation };
		uint64_t x = stamp_mix(&stamp);

		memcpy(word, &stamp, sizeof(stamp));
		for (uint32_t i = sizeof(stamp) / 8; i < WORDS; i++)
			word[i] = x += STEP;
	}
}

static bool zeroes(const uint64_t *word)
{
	uint64_t any = 0;

	for (uint32_t i = 0; i < WORDS; i++)
		any |= word[i];
	return any == 0;
}

/* Where the sector differs from the pattern its own first words name; WORDS if nowhere. */
static uint32_t torn_at(const uint64_t *word, const struct stamp *stamp)
{
	uint64_t x = stamp_mix(stamp);
	uint32_t i;

	for (i = sizeof(*stamp) / 8; i < WORDS && word[i] == (x += STEP); i++)
		continue;
	return i;
}

static void found_describe(const uint64_t *word, uint64_t offset, uint64_t seed, char *text, size_t bytes)
{
	struct stamp stamp;
	uint32_t torn;

	memcpy(&stamp, word, sizeof(stamp));
	torn = torn_at(word, &stamp);
	if (zeroes(word))
		snprintf(text, bytes, "found zeroes");
	else if (stamp.seed != seed)
		snprintf(text, bytes, "found no pattern of this run (first words %#" PRIx64 " %#" PRIx64
				" %#" PRIx64 ")", word[0], word[1], word[2]);
	else if (torn < WORDS)
		snprintf(text, bytes, "found generation %" PRIu64 " of %" PRIu64 ", torn at its byte %u",
				stamp.generation, stamp.offset, torn * 8);
	else if (stamp.offset != offset)
		snprintf(text, bytes, "found generation %" PRIu64 " of %" PRIu64 " (misplaced)",
				stamp.generation, stamp.offset);
	else
		snprintf(text, bytes, "found generation %" PRIu64, stamp.generation);
}

bool pattern_check(const void *sector, uint64_t offset, uint32_t expected, uint64_t seed, char *sentence,
		size_t bytes)
{
	struct stamp stamp = { seed, offset, expected };
	char found[160];

	if (expected == MODEL_UNKNOWN)
		return true;
	if (expected == MODEL_ZEROES ? zeroes(sector) :
			!memcmp(sector, &stamp, sizeof(stamp)) && torn_at(sector, &stamp) == WORDS)
		return true;
	found_describe(sector, offset, seed, found, sizeof(found));
	if (expected == MODEL_ZEROES)
		snprintf(sentence, bytes, "sector at %" PRIu64 ": expected zeroes, %s", offset, found);
	else
		snprintf(sentence, bytes, "sector at %" PRIu64 ": expected generation %u, %s", offset,
				expected, found);
	return false;
}
