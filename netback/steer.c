/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Key and mapping as tables. Trusts hash.c to have checked them. The page is read while it is written:
 * a packet that is hashed with half of a key goes to another queue than it should, once.
 */
#include "netback/steer.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

_Static_assert(STEER_MAPPING_MAX == HASH_MAPPING_MAX, "a guest's mapping fits");

struct steer *steer_open(int fd)
{
	void *page = mmap(NULL, sizeof(struct steer), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (page == MAP_FAILED)
		return NULL;
	close(fd);
	return page;
}

/* The hash of four bits at a place, for an input that is zero elsewhere. */
static void part_fill(uint32_t part[16], const uint32_t window[4])
{
	for (uint32_t value = 0; value < 16; value++) {
		uint32_t hash = 0;

		for (uint32_t bit = 0; bit < 4; bit++)
			hash ^= value >> (3 - bit) & 1 ? window[bit] : 0;
		part[value] = hash;
	}
}

static void parts_fill(struct steer *steer, const uint8_t *key)
{
	uint32_t slide = hash_window_first(key), window[4];

	for (uint32_t half = 0; half < STEER_INPUT_BYTES * 2; half++) {
		for (uint32_t bit = 0; bit < 4; bit++) {
			window[bit] = slide;
			slide = hash_window(key, slide, half * 4 + bit);
		}
		part_fill(steer->part[half], window);
	}
}

void steer_fill(struct steer *steer, const struct hash *hash)
{
	static const uint8_t own_key[HASH_KEY_BYTES] = "any key will do that has many bits set..";
	const struct hash_table *table = hash_current(hash);
	const bool on = table->algorithm == XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ;

	if (!steer)
		return;
	parts_fill(steer, on ? table->key : own_key);
	memcpy(steer->mapping, table->mapping, sizeof(steer->mapping));
	steer->size = on ? table->size : 0;
	steer->flags = on ? table->flags : HASH_FLAGS_KNOWN;
}
