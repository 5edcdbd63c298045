/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzz targets share: numbers taken off the input one after the other (zeros when it has
 * ended), and a check that ends the process, which is how libFuzzer hears of it.
 */
#ifndef TESTS_FUZZ_FEED_H
#define TESTS_FUZZ_FEED_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct feed {
	const uint8_t *data;
	size_t left;
};

static inline void feed_bytes(struct feed *feed, void *to, size_t bytes)
{
	size_t n = bytes < feed->left ? bytes : feed->left;

	memset(to, 0, bytes);
	if (n == 0)
		return;
	memcpy(to, feed->data, n);
	feed->data += n;
	feed->left -= n;
}

static inline uint8_t feed_u8(struct feed *feed)
{
	uint8_t value;

	feed_bytes(feed, &value, sizeof(value));
	return value;
}

static inline uint32_t feed_u32(struct feed *feed)
{
	uint32_t value;

	feed_bytes(feed, &value, sizeof(value));
	return value;
}

/* The rest of the input as text with an end. The caller frees it. */
static inline char *feed_text(struct feed *feed)
{
	char *text = malloc(feed->left + 1);

	if (!text)
		abort();
	memcpy(text, feed->data, feed->left);
	text[feed->left] = 0;
	feed->left = 0;
	return text;
}

#define HOLDS(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
