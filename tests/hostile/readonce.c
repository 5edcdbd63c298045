/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/hostile/accesses.o tests/unit/queue_world.o tests/unit/fake_xen.o blkback/queue.o blkback/queue_open.o blkback/queue_loop.o blkback/move.o blkback/persist.o blkback/arena.o blkback/request.o blkback/blkif.o blkback/engine/engine.o blkback/engine/aio.o blkback/engine/discard.o blkback/engine/null.o blkback/engine/fault.o ring/control.o ring/journal.o ring/kicks.o ring/life.o ring/log.o ring/sring.o ring/stats.o */
/*
 * Counts every access of a disk's data path to its ring page. Ends with status 1 and a sentence where a
 * word of a request is read twice, where a part of a word is, or where anything but ring/sring.c touches
 * the page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <unistd.h>

#include "tests/hostile/accesses.h"
#include "tests/unit/queue_world.h"

#define SLOT_BYTES 112u
#define HEADER_BYTES 64u
#define WORD 8u			/* how sring_take() reads slots of this size */

/* The worker does what there is to do; everything it does to the page is noted. */
static void work(void)
{
	accesses_begin();
	for (int i = 0; i < 200 && (queue_pass(&queue) || queue.requests.in_progress); i++)
		usleep(100);
	queue_rest(&queue);
	accesses_end();
}

/* --- what is allowed --------------------------------------------------------------------------- */

/* Requests lie in `slots` slots from index `first` on; each of their words is read once, whole. */
static int slots_check(uint32_t first, uint32_t slots)
{
	uint32_t reads[RING_SLOTS * SLOT_BYTES / WORD] = { 0 };
	uint32_t seen = 0;

	for (uint32_t i = 0; i < access_count; i++) {
		const struct access *note = &accesses[i];

		if (!access_is_the_rings(note))
			return access_complain(note, "touched by another function than the ring's own");
		if (note->write || note->at < HEADER_BYTES)
			continue;
		if ((note->at - HEADER_BYTES) % WORD)
			return access_complain(note, "a part of a word read again");
		if (reads[(note->at - HEADER_BYTES) / WORD]++)
			return access_complain(note, "read twice");
		seen++;
	}
	if (seen == slots * SLOT_BYTES / WORD)
		return 0;
	printf("%u words of %u requests were read, not %u each: this test sees nothing\n", seen, slots,
			SLOT_BYTES / WORD);
	return 1;
}

/* In one pass: req_prod at most once for each look, rsp_event once for each batch, never rsp_prod. */
static int header_check(void)
{
	uint32_t reads[4] = { 0 };

	for (uint32_t i = 0; i < access_count; i++) {
		if (!accesses[i].write && accesses[i].at < 16)
			reads[accesses[i].at / 4]++;
		if (!accesses[i].write && accesses[i].at >= 16 && accesses[i].at < HEADER_BYTES)
			return access_complain(&accesses[i], "the header's padding is read");
	}
	if (reads[1] || reads[2]) {
		printf("req_event was read %u times, rsp_prod %u times: both are ours to write\n", reads[1], reads[2]);
		return 1;
	}
	if (reads[0] && reads[3])
		return 0;
	printf("req_prod or rsp_event was never read: this test sees nothing\n");
	return 1;
}

static int round_check(const char *name, uint32_t slots)
{
	int wrong;

	push();
	work();
	wrong = slots_check(req_prod - slots, slots) || header_check();
	hear();
	printf("%s: %u accesses, %s\n", name, access_count, wrong ? "WRONG" : "each word of a request read once");
	return wrong;
}

static int requests_check(uint32_t flags)
{
	int wrong = 0;

	world_open("aio", flags);
	for (uint64_t id = 0; id < 4; id++)
		ask(id % 2 ? BLKIF_OP_READ : BLKIF_OP_WRITE, id, 8 * id, (uint8_t)(id + 1), DATA_GREF);
	wrong |= round_check("reads and writes", 4);
	ask(BLKIF_OP_FLUSH_DISKCACHE, 4, 0, 0, DATA_GREF);
	ask(BLKIF_OP_WRITE_BARRIER, 5, 0, 1, DATA_GREF);
	ask_discard(6, 0, 8);
	wrong |= round_check("flush, barrier, discard", 3);
	ask_indirect(BLKIF_OP_WRITE, 7, 0, 32, DATA_GREF);
	ask_indirect(BLKIF_OP_READ, 8, 0, 32, DATA_GREF);
	wrong |= round_check("indirect requests", 2);
	ask(99, 9, 0, 1, DATA_GREF);
	ask(BLKIF_OP_READ, 10, 0, 255, DATA_GREF);
	ask(BLKIF_OP_READ, 11, UINT64_MAX, 1, DATA_GREF);
	ask_indirect(BLKIF_OP_READ, 12, 0, 65535, DATA_GREF);
	wrong |= round_check("nonsense", 4);
	worker_die();
	return wrong;
}

int main(void)
{
	accesses_watch(fake.page[RING_GREF], FAKE_PAGE_BYTES);
	return requests_check(ALL) | requests_check(ALL | VBD_PERSISTENT);
}
