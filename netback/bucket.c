/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Credit. All fields are relaxed atomics: they say how much, nothing hangs on their order, and a
 * limit that another thread sees a frame later is as good.
 */
#include "netback/bucket.h"

#include <stdbool.h>

static uint64_t load(const uint64_t *value)
{
	return __atomic_load_n(value, __ATOMIC_RELAXED);
}

static bool swap(uint64_t *value, uint64_t *old, uint64_t new)
{
	return __atomic_compare_exchange_n(value, old, new, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

void bucket_set(struct bucket *bucket, uint64_t bytes, uint64_t usec)
{
	__atomic_store_n(&bucket->usec, usec, __ATOMIC_RELAXED);
	__atomic_store_n(&bucket->began, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&bucket->credit, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&bucket->bytes, usec ? bytes : 0, __ATOMIC_RELAXED);
}

/* The first thread that sees the interval over adds its credit. */
static void refill(struct bucket *bucket, uint64_t bytes, uint64_t now_usec)
{
	const uint64_t most = bytes > BUCKET_BURST ? bytes : BUCKET_BURST;
	uint64_t began = load(&bucket->began), credit, after;

	if (now_usec - began < load(&bucket->usec) || !swap(&bucket->began, &began, now_usec))
		return;
	credit = load(&bucket->credit);
	do {
		after = bytes > most - (credit < most ? credit : most) ? most : credit + bytes;
	} while (!swap(&bucket->credit, &credit, after));
}

static uint64_t until_refill(const struct bucket *bucket, uint64_t now_usec)
{
	uint64_t passed = now_usec - load(&bucket->began), usec = load(&bucket->usec);

	return passed < usec ? usec - passed : 1;
}

uint64_t bucket_take(struct bucket *bucket, uint32_t bytes, uint64_t now_usec)
{
	const uint64_t rate = load(&bucket->bytes);
	uint64_t credit;

	if (rate == 0)
		return 0;
	refill(bucket, rate, now_usec);
	credit = load(&bucket->credit);
	do {
		if (credit < bytes)
			return until_refill(bucket, now_usec);
	} while (!swap(&bucket->credit, &credit, credit - bytes));
	return 0;
}
