/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/unit/queue_world.o tests/unit/fake_xen.o blkback/queue.o blkback/queue_open.o blkback/queue_loop.o blkback/move.o blkback/persist.o blkback/arena.o blkback/request.o blkback/blkif.o blkback/engine/engine.o blkback/engine/aio.o blkback/engine/discard.o blkback/engine/null.o blkback/engine/fault.o ring/control.o ring/journal.o ring/kicks.o ring/life.o ring/log.o ring/sring.o ring/stats.o */
/* libs: -laio */
/*
 * A queue whose worker has died goes on: its successor has the same ring and journal, and the guest
 * must not be able to tell, but for the time it takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ring/log.h"
#include "tests/unit/queue_world.h"

static void a_successor_does_again_what_was_in_flight(void **state)
{
	worker_die();
	world_open("fault:delay=100000:aio", ALL);
	paint(DATA_GREF, 40, 1);
	ask(BLKIF_OP_WRITE, 1, 0, 4, DATA_GREF);
	ask_indirect(BLKIF_OP_WRITE, 2, 2048, 30, DATA_GREF + 6);
	ask(99, 3, 0, 1, DATA_GREF);
	push();
	queue_pass(&queue);
	worker_die();
	/* The disk forgets, so that what is there afterwards was written again. */
	assert_int_equal(ftruncate(disk, 0) | ftruncate(disk, DISK_BYTES), 0);
	/* Its request page may hold anything by now. */
	paint(DATA_GREF + 5, 1, 0xee);
	strcpy(vbd.params.vbd.engine, "aio");
	worker_start();
	assert_int_equal(stats.recovered, 2);
	settle();
	assert_int_equal(answered(1), BLKIF_RSP_OKAY);
	assert_int_equal(answered(2), BLKIF_RSP_OKAY);
	assert_int_equal(answered(3), BLKIF_RSP_EOPNOTSUPP);
	on_disk(3 * 4096, 4096, 4);
	on_disk((2048 + 29 * 8) * 512, 4096, 7 + 29);
}

/* Answered and counted, but the worker died before it could kick: the guest sleeps. */
static void a_successor_wakes_a_guest_that_missed_its_kick(void **state)
{
	ask(BLKIF_OP_READ, 1, 0, 1, DATA_GREF);
	settle();
	worker_die();
	fake.notified = 0;
	worker_start();
	assert_true(fake.notified > 0);
}

/* The journal says answered, the page does not show it yet. */
static void a_successor_shows_answers_again_and_kicks(void **state)
{
	ask(99, 1, 0, 1, DATA_GREF);
	push();
	queue_pass(&queue);
	assert_int_equal(*index_at(2), req_prod);
	/* Back to the moment before: the last stores of a publication are taken back. */
	*index_at(2) = req_prod - 1;
	queue.journal.ring->rsp_done = req_prod - 1;
	for (uint32_t s = 0; s < RING_SLOTS; s++) {
		if (journal_entry(&queue.journal, s)->seq == 1)
			journal_done(&queue.journal, s, BLKIF_RSP_EOPNOTSUPP, req_prod - 1);
	}
	memset(slot(req_prod - 1), 0xff, sizeof(struct blkif_request));
	worker_die();
	fake.notified = 0;
	worker_start();
	hear();
	assert_int_equal(answered(1), BLKIF_RSP_EOPNOTSUPP);
	assert_true(fake.notified > 0);
}

static void a_ring_that_contradicts_the_journal_is_the_frontends_fault(void **state)
{
	int err = -1;

	ask(BLKIF_OP_READ, 1, 0, 1, DATA_GREF);
	settle();
	worker_die();
	*index_at(2) = req_prod + 1;
	assert_non_null(worker_try(&err));
	assert_int_equal(err, 0);
}

static void reach(int prot)
{
	const size_t bytes = journal_bytes(1, RING_SLOTS, vbd_record_bytes(256));
	/* The mapping begins with the header, 64 bytes before the first ring of journal.h. */
	void *journal = (uint8_t *)queue.journal.ring - 64;

	assert_int_equal(mprotect(fake.page[RING_GREF], FAKE_PAGE_BYTES, prot), 0);
	assert_int_equal(mprotect(journal, bytes, prot), 0);
}

/* What has privileges: it would be killed here at its first look. */
static void a_queue_is_opened_without_a_look_at_ring_or_journal(void **state)
{
	const struct journal journal = queue.journal;
	const char *wrong;
	int err = 0;

	ask(BLKIF_OP_READ, 1, 0, 1, DATA_GREF);
	push();
	queue_pass(&queue);
	worker_die();
	memset(&queue, 0, sizeof(queue));
	queue.journal = journal;
	reach(PROT_NONE);
	wrong = queue_open(&queue, &vbd, 0, &journal, &err);
	reach(PROT_READ | PROT_WRITE);
	assert_null(wrong);
	assert_int_equal(queue_start(&queue, disk), 0);
	assert_null(queue_attach(&queue));
	settle();
	assert_int_equal(answered(1), BLKIF_RSP_OKAY);
}

/* One page of its own for each id, so that no two requests in flight touch the same bytes. */
static void ask_something(uint64_t id)
{
	uint32_t gref = DATA_GREF + (uint32_t)(id % 64) * 4;

	switch (rand() % 8) {
	case 0:
		ask(BLKIF_OP_FLUSH_DISKCACHE, id, 0, 0, 0);
		break;
	case 1:
		ask(99, id, 0, 1, gref);
		break;
	case 2:
		paint(gref + 1, 2, (uint8_t)id);
		ask_indirect(BLKIF_OP_WRITE, id, (id % 512) * 16, 2, gref + 1);
		break;
	case 3:
		paint(gref + 1, 2, (uint8_t)id);
		ask(BLKIF_OP_WRITE_BARRIER, id, (id % 512) * 16, 2, gref + 1);
		break;
	default:
		paint(gref + 1, 2, (uint8_t)id);
		ask(BLKIF_OP_WRITE, id, (id % 512) * 16, 2, gref + 1);
	}
}

static void requests_outlive_many_workers(void **state)
{
	uint64_t id = 0, dies_at = 0;

	srand(11);
	strcpy(vbd.params.vbd.engine, "fault:reorder=3:aio");
	while (id < 2000) {
		uint32_t room = RING_SLOTS - (req_prod - rsp_cons);

		for (uint32_t n = (uint32_t)rand() % (room + 1); n; n--)
			ask_something(id++);
		push();
		for (int passes = rand() % 4; passes; passes--)
			queue_pass(&queue);
		hear();
		/* By requests, not by time: the end of an AIO context takes the kernel tens of milliseconds. */
		if (id >= dies_at) {
			dies_at = id + (uint64_t)rand() % 128;
			worker_die();
			worker_start();
		}
	}
	settle();
	for (uint64_t i = 0; i < id; i++)
		assert_int_equal(answers[i], 1);
	for (uint64_t i = id - 512; i < id; i++) {
		if (status[i] == BLKIF_RSP_ERROR)
			fail_msg("request %u failed", (unsigned int)i);
	}
	assert_int_equal(queue.requests.in_progress, 0);
	assert_int_equal(queue.requests.free_count, RING_SLOTS);
}

static void writes_that_were_answered_are_on_the_disk_whoever_did_them(void **state)
{
	srand(12);
	for (uint64_t id = 0; id < 500; id++) {
		paint(DATA_GREF + (uint32_t)(id % 16), 1, (uint8_t)(id % 251));
		ask(BLKIF_OP_WRITE, id, id * 8, 1, DATA_GREF + (uint32_t)(id % 16));
		push();
		if (rand() % 16 == 0) {
			queue_pass(&queue);
			worker_die();
			worker_start();
		}
		if (id % 16 == 15)
			settle();
	}
	settle();
	for (uint64_t id = 0; id < 500; id++) {
		assert_int_equal(answered(id), BLKIF_RSP_OKAY);
		on_disk(id * 4096, 4096, (int)(id % 251));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH_WAY(a_successor_does_again_what_was_in_flight),
		EACH_WAY(a_successor_wakes_a_guest_that_missed_its_kick),
		EACH_WAY(a_successor_shows_answers_again_and_kicks),
		EACH_WAY(a_ring_that_contradicts_the_journal_is_the_frontends_fault),
		EACH_WAY(a_queue_is_opened_without_a_look_at_ring_or_journal),
		EACH_WAY(requests_outlive_many_workers),
		EACH_WAY(writes_that_were_answered_are_on_the_disk_whoever_did_them),
	};

	log_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
