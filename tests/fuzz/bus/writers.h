/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What guests and the toolstack write into tests/fuzz/bus/xenstored.c, by the input's word.
 */
#ifndef TESTS_FUZZ_BUS_WRITERS_H
#define TESTS_FUZZ_BUS_WRITERS_H

#include "tests/fuzz/bus/bus.h"

#define PLACES 4u

/* The devices that there may be. */
extern const struct device_id places[PLACES];

struct dirs {
	char backend[96], frontend[64];
};
struct dirs dirs_of(struct device_id id);

/* A frontend's directory as a frontend fills it, and its wish to be connected. */
void guest_connects(struct feed *feed, struct device_id id);

/* Any key of it with any value, or hidden from us; its state. */
void guest_writes(struct feed *feed, struct device_id id);
void guest_state(struct device_id id, uint64_t state);

/* A new device where there is none; a key of a device's; the end of both its directories. */
void toolstack_makes(struct feed *feed, struct device_id id);
void toolstack_writes(struct feed *feed, struct device_id id);
void toolstack_removes(struct device_id id);

#endif
