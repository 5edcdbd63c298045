/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that changes a field of its requests while the backend reads them: one thread flips it
 * between two values in every slot of the ring as fast as it can, the other asks and counts answers.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "tests/hostile/blkhostile.h"

#define BATCH 16u

struct flipper {
	const struct blkring *ring;
	uint32_t offset, bytes;
	uint64_t value[2];
	bool stop;
	uint64_t toggles;
};

/* Volatile: every store is to happen. */
static void field_set(uint8_t *at, uint32_t bytes, uint64_t value)
{
	for (uint32_t i = 0; i < bytes; i++)
		((volatile uint8_t *)at)[i] = (uint8_t)(value >> 8 * i);
}

static void *flipper_run(void *arg)
{
	struct flipper *f = arg;

	while (!__atomic_load_n(&f->stop, __ATOMIC_RELAXED)) {
		for (uint32_t i = 0; i < f->ring->entries; i++)
			field_set((uint8_t *)blkring_slot(f->ring, i) + f->offset, f->bytes,
					f->value[f->toggles & 1]);
		f->toggles++;
	}
	return NULL;
}

static void answers_await(struct hostile *hostile)
{
	struct blkring *ring = &hostile->queue->ring;
	uint64_t until = now_ms() + 5000;

	while (blkring_rsp_prod(ring) != ring->req_shown) {
		uint32_t waiting = ring->req_shown - blkring_rsp_prod(ring);

		if (waiting > ring->entries)
			fail("answers to requests that were not shown");
		if (now_ms() > until)
			fail("%u of the flipped requests have no answer", waiting);
		ring->rsp_cons = ring->req_shown - 1;	/* the last is the one to be woken for */
		if (blkqueue_wait(hostile->queue, 20) < 0)
			fail("the event channel is broken");
	}
	ring->rsp_cons = ring->rsp_seen = ring->req_shown;
}

/* A batch of reads, all good but for what the flipper makes of them. */
static void batch_ask(struct hostile *hostile)
{
	struct blkring *ring = &hostile->queue->ring;
	const struct blkif_request_segment segment[BLKIF_MAX_SEGMENTS_PER_REQUEST] = {
		{ .gref = page_named(hostile, "p0")->gref, .first_sect = 0, .last_sect = 7 },
		{ .gref = page_named(hostile, "p1")->gref, .first_sect = 0, .last_sect = 7 },
	};

	for (uint32_t i = 0; i < BATCH; i++) {
		const struct blkabi_request wire = {
			.op = BLKIF_OP_READ, .segments = 2, .id = hostile->next_id++,
			.sector = 8 * i, .segment = segment,
		};

		blkabi_put(ring->abi, blkring_slot(ring, ring->req_prod), &wire);
		ring->req_prod++;
	}
	show(hostile, false);
	answers_await(hostile);
	hostile->answers += BATCH;
}

/* A number, or pN for its grant. */
static uint64_t value_of(struct hostile *hostile, const char *text)
{
	return *text == 'p' ? page_named(hostile, text)->gref : number(text, UINT64_MAX);
}

void flip(struct hostile *hostile, const struct word *word)
{
	struct flipper f = {
		.ring = &hostile->queue->ring,
		.offset = (uint32_t)number(word->part[1], BLKABI_SLOT_BYTES_MAX - 8),
		.bytes = (uint32_t)number(word->part[2], 8),
		.value = { value_of(hostile, word->part[3]), value_of(hostile, word->part[4]) },
	};
	uint64_t until = now_ms() + number(word->part[5], 3600000);
	uint64_t before = hostile->answers;
	pthread_t thread;

	if (pthread_create(&thread, NULL, flipper_run, &f))
		fail("no thread");
	while (now_ms() < until)
		batch_ask(hostile);
	__atomic_store_n(&f.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	printf("flip: %llu toggles of %u slots, %llu answers\n", (unsigned long long)f.toggles,
			f.ring->entries, (unsigned long long)(hostile->answers - before));
}
