/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/unit/queue_world.o tests/unit/fake_xen.o blkback/queue.o blkback/queue_open.o blkback/queue_loop.o blkback/move.o blkback/persist.o blkback/arena.o blkback/request.o blkback/blkif.o blkback/engine/engine.o blkback/engine/aio.o blkback/engine/discard.o blkback/engine/null.o blkback/engine/fault.o ring/control.o ring/journal.o ring/kicks.o ring/life.o ring/log.o ring/sring.o ring/stats.o */
/* libs: -laio */
/*
 * The whole data path of one queue, from ring to file and back: data, refusals, failing grants, a
 * lying ring, sleeping and draining.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <poll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "ring/log.h"
#include "tests/unit/queue_world.h"

/* --- data -------------------------------------------------------------------------------------- */

static void what_a_guest_writes_it_reads_back(void **state)
{
	paint(DATA_GREF, 11, 1);
	ask(BLKIF_OP_WRITE, 1, 64, 11, DATA_GREF);
	settle();
	assert_int_equal(answered(1), BLKIF_RSP_OKAY);
	for (uint32_t i = 0; i < 11; i++)
		on_disk(64 * 512 + i * 4096, 4096, 1 + (int)i);
	ask(BLKIF_OP_READ, 2, 64, 11, DATA_GREF + 100);
	settle();
	assert_int_equal(answered(2), BLKIF_RSP_OKAY);
	assert_memory_equal(fake.page[DATA_GREF], fake.page[DATA_GREF + 100], 11 * 4096);
}

static void a_part_of_a_page_leaves_the_rest_alone(void **state)
{
	struct blkif_request *read;

	paint(DATA_GREF, 1, 9);
	ask(BLKIF_OP_WRITE, 1, 0, 1, DATA_GREF);
	settle();
	paint(DATA_GREF, 1, 0x77);
	read = ask(BLKIF_OP_READ, 2, 0, 1, DATA_GREF);
	read->seg[0].first_sect = 2;
	read->seg[0].last_sect = 3;
	settle();
	assert_int_equal(answered(2), BLKIF_RSP_OKAY);
	assert_int_equal(fake.page[DATA_GREF][1023], 0x77);
	assert_int_equal(fake.page[DATA_GREF][1024], 9);
	assert_int_equal(fake.page[DATA_GREF][2047], 9);
	assert_int_equal(fake.page[DATA_GREF][2048], 0x77);
}

static void the_largest_indirect_request_is_done(void **state)
{
	paint(DATA_GREF, 256, 0);
	ask_indirect(BLKIF_OP_WRITE, 1, 2048, 256, DATA_GREF);
	ask_indirect(BLKIF_OP_READ, 2, 0, 1, DATA_GREF + 300);
	settle();
	assert_int_equal(answered(1), BLKIF_RSP_OKAY);
	assert_int_equal(answered(2), BLKIF_RSP_OKAY);
	ask_indirect(BLKIF_OP_READ, 3, 2048, 256, DATA_GREF + 300);
	settle();
	assert_int_equal(answered(3), BLKIF_RSP_OKAY);
	assert_memory_equal(fake.page[DATA_GREF], fake.page[DATA_GREF + 300], 256 * 4096);
}

static void a_ring_full_of_requests_larger_than_the_pool_is_served(void **state)
{
	for (uint32_t i = 0; i < RING_SLOTS; i++)
		ask_indirect(BLKIF_OP_READ, i, 0, 256, DATA_GREF);
	settle();
	for (uint32_t i = 0; i < RING_SLOTS; i++)
		assert_int_equal(answered(i), BLKIF_RSP_OKAY);
	assert_int_equal(queue.move.arena.used, 0);
}

static void flush_barrier_and_discard_are_done(void **state)
{
	paint(DATA_GREF, 2, 5);
	ask(BLKIF_OP_WRITE, 1, 0, 1, DATA_GREF);
	ask(BLKIF_OP_WRITE_BARRIER, 2, 8, 1, DATA_GREF + 1);
	ask(BLKIF_OP_FLUSH_DISKCACHE, 3, 0, 0, 0);
	ask(BLKIF_OP_WRITE_BARRIER, 4, 0, 0, 0);
	settle();
	for (uint64_t id = 1; id <= 4; id++)
		assert_int_equal(answered(id), BLKIF_RSP_OKAY);
	on_disk(0, 4096, 5);
	on_disk(4096, 4096, 6);
	ask_discard(5, 0, 8);
	settle();
	assert_int_equal(answered(5), BLKIF_RSP_OKAY);
	on_disk(0, 4096, 0);
	on_disk(4096, 4096, 6);
}

/* --- refusals and failures --------------------------------------------------------------------- */

static void a_bad_request_is_answered_once_and_its_neighbours_are_done(void **state)
{
	struct blkif_request *bad;

	ask(BLKIF_OP_READ, 1, 0, 1, DATA_GREF);
	ask(99, 2, 0, 1, DATA_GREF);
	ask(BLKIF_OP_READ, 3, ~0ull, 1, DATA_GREF);
	ask(BLKIF_OP_WRITE, 4, 0, 12, DATA_GREF);
	ask(BLKIF_OP_WRITE, 5, 0, 0, DATA_GREF);
	bad = ask(BLKIF_OP_WRITE, 6, 0, 1, DATA_GREF);
	bad->seg[0].last_sect = 8;
	ask_indirect(BLKIF_OP_INDIRECT, 7, 0, 1, DATA_GREF);
	ask_discard(8, 0, ~0ull);
	ask(BLKIF_OP_READ, 9, 8, 1, DATA_GREF);
	settle();
	assert_int_equal(answered(1), BLKIF_RSP_OKAY);
	assert_int_equal(answered(2), BLKIF_RSP_EOPNOTSUPP);
	for (uint64_t id = 3; id <= 8; id++)
		assert_int_equal(answered(id), BLKIF_RSP_ERROR);
	assert_int_equal(answered(9), BLKIF_RSP_OKAY);
	assert_int_equal(stats.lies, 7);
	assert_true(vbd.look_again);	/* one went beyond the end */
	assert_int_equal(queue.life.state, QUEUE_RUNNING);
}

static void a_failing_grant_fails_its_own_request_only(void **state)
{
	fake.copy_refused[DATA_GREF + 1] = fake.map_refused[DATA_GREF + 1] = true;
	paint(DATA_GREF, 8, 3);
	ask(BLKIF_OP_WRITE, 1, 0, 3, DATA_GREF);	/* its second page */
	ask(BLKIF_OP_WRITE, 2, 64, 2, DATA_GREF + 4);
	ask(BLKIF_OP_READ, 3, 0, 2, DATA_GREF);
	ask(BLKIF_OP_READ, 4, 64, 1, DATA_GREF + 7);
	ask(BLKIF_OP_WRITE, 5, 0, 1, FAKE_PAGES);	/* not granted at all */
	settle();
	assert_int_equal(answered(1), BLKIF_RSP_ERROR);
	assert_int_equal(answered(2), BLKIF_RSP_OKAY);
	assert_int_equal(answered(3), BLKIF_RSP_ERROR);
	assert_int_equal(answered(4), BLKIF_RSP_OKAY);
	assert_int_equal(answered(5), BLKIF_RSP_ERROR);
	on_disk(0, 4096, 0);		/* nothing of it was written, not even its good pages */
	on_disk(64 * 512, 4096, 7);
	assert_int_equal(queue.requests.in_progress, 0);
	assert_int_equal(queue.move.arena.used, 0);
}

static void descriptors_that_cannot_be_copied_are_an_error(void **state)
{
	ask_indirect(BLKIF_OP_WRITE, 1, 0, 20, DATA_GREF);
	fake.copy_refused[DATA_GREF - 1] = fake.map_refused[DATA_GREF - 1] = true;
	ask_indirect(BLKIF_OP_READ, 2, 0, 20, DATA_GREF + 100);
	settle();
	assert_int_equal(answered(1), BLKIF_RSP_ERROR);
	assert_int_equal(answered(2), BLKIF_RSP_OKAY);
}

static void a_copy_call_that_fails_is_over_with_its_requests(void **state)
{
	fake.calls_fail = true;
	ask(BLKIF_OP_WRITE, 1, 0, 2, DATA_GREF);
	ask(BLKIF_OP_READ, 2, 0, 2, DATA_GREF);
	settle();
	assert_int_equal(answered(1), BLKIF_RSP_ERROR);
	assert_int_equal(answered(2), BLKIF_RSP_ERROR);
	fake.calls_fail = false;
	ask(BLKIF_OP_READ, 3, 0, 2, DATA_GREF);
	settle();
	assert_int_equal(answered(3), BLKIF_RSP_OKAY);
}

static void an_impossible_index_halts_the_queue_and_taken_requests_end(void **state)
{
	uint64_t told = 0;

	ask(BLKIF_OP_READ, 1, 0, 1, DATA_GREF);
	push();
	queue_pass(&queue);
	*index_at(0) = req_prod + 1000;
	for (int i = 0; i < 100 && rsp_cons != req_prod; i++) {
		queue_work(&queue);
		hear();
	}
	assert_int_equal(answered(1), BLKIF_RSP_OKAY);
	assert_int_equal(queue.life.state, QUEUE_HALTED);
	assert_non_null(queue.life.halted_by);
	assert_int_equal(read(vbd.main_wake, &told, sizeof(told)), sizeof(told));
	ask(BLKIF_OP_READ, 2, 0, 1, DATA_GREF);
	push();			/* honest again: too late */
	queue_work(&queue);
	assert_int_equal(answers[2], 0);
	assert_true(queue_rest(&queue) != 0);
}

static void a_slot_changed_after_it_was_taken_changes_nothing(void **state)
{
	worker_die();
	world_open("fault:delay=20:aio", ALL);
	paint(DATA_GREF, 1, 8);
	ask(BLKIF_OP_WRITE, 1, 0, 1, DATA_GREF);
	push();
	queue_pass(&queue);
	memset(slot(req_prod - 1), 0xff, sizeof(struct blkif_request));
	settle();
	assert_int_equal(answered(1), BLKIF_RSP_OKAY);
	on_disk(0, 4096, 8);
}

/* --- persistent grants ------------------------------------------------------------------------- */

static void a_page_is_mapped_once_and_copied_where_it_cannot_be(void **state)
{
	const uint32_t before = fake.maps;

	paint(DATA_GREF, 8, 3);
	for (uint64_t id = 1; id <= 10; id++) {
		ask(BLKIF_OP_WRITE, id, 0, 2, DATA_GREF);
		settle();
	}
	assert_int_equal(fake.maps - before, 2);
	assert_int_equal(fake.copy_calls, 0);
	fake.map_refused[DATA_GREF + 2] = true;
	ask(BLKIF_OP_WRITE, 11, 64, 3, DATA_GREF);
	settle();
	assert_int_equal(answered(11), BLKIF_RSP_OKAY);
	assert_int_equal(fake.copy_calls, 1);
	on_disk(64 * 512 + 8192, 4096, 5);
}

/* Meanwhile other pages are copied, too; then they are mapped again. */
static void mappings_that_fail_are_tried_less_and_less_often(void **state)
{
	struct persist *persist = queue.move.persist;
	const uint32_t before = fake.maps;

	fake.map_refused[DATA_GREF] = true;
	for (uint64_t id = 1; id <= 100; id++) {
		ask(BLKIF_OP_READ, id, 0, 1, DATA_GREF);
		settle();
		assert_int_equal(answered(id), BLKIF_RSP_OKAY);
	}
	assert_int_equal(fake.maps_failed, 1);
	assert_int_equal(persist->rest_usec, PERSIST_REST_USEC);
	for (uint64_t id = 101; id <= 120; id++) {
		persist->next_usec = 0;			/* the rest is over */
		ask(BLKIF_OP_READ, id, 0, 1, DATA_GREF);
		settle();
	}
	assert_int_equal(fake.maps_failed, 21);
	assert_int_equal(persist->rest_usec, PERSIST_REST_MAX_USEC);
	ask(BLKIF_OP_READ, 121, 0, 1, DATA_GREF + 1);
	settle();
	assert_int_equal(fake.maps, before);
	persist->next_usec = 0;
	ask(BLKIF_OP_READ, 122, 0, 3, DATA_GREF + 1);
	settle();
	assert_int_equal(answered(122), BLKIF_RSP_OKAY);
	assert_int_equal(fake.maps, before + 3);
}

static void an_indirect_page_that_stays_mapped_is_not_copied_by_the_hypervisor(void **state)
{
	const uint32_t before = fake.maps;

	paint(DATA_GREF, 20, 3);
	ask_indirect(BLKIF_OP_WRITE, 1, 0, 20, DATA_GREF);
	settle();
	assert_int_equal(answered(1), BLKIF_RSP_OKAY);
	on_disk(19 * 4096, 4096, 22);
	/* The same page with other descriptors. */
	ask_indirect(BLKIF_OP_WRITE, 2, 0, 3, DATA_GREF);
	((struct blkif_request_segment *)fake.page[DATA_GREF - 1])[2].gref = DATA_GREF + 7;
	settle();
	assert_int_equal(answered(2), BLKIF_RSP_OKAY);
	on_disk(2 * 4096, 4096, 10);
	assert_int_equal(fake.maps - before, 21);
	assert_int_equal(fake.copy_calls, 0);
}

/* Whole as a request, but each of its pages holds only half a sector: no piece for O_DIRECT. */
static void a_large_sector_on_two_pages_is_copied(void **state)
{
	struct blkif_request *write;

	worker_die();
	vbd.params.vbd.sector_bytes = 4096;
	worker_start();
	paint(DATA_GREF, 2, 3);
	write = ask(BLKIF_OP_WRITE, 1, 0, 2, DATA_GREF);
	write->seg[0].first_sect = 4;
	write->seg[1].last_sect = 3;
	ask(BLKIF_OP_WRITE, 2, 8, 1, DATA_GREF);
	settle();
	assert_int_equal(answered(1), BLKIF_RSP_OKAY);
	assert_int_equal(answered(2), BLKIF_RSP_OKAY);
	/* Through the buffer: half a sector is no piece for the disk. */
	assert_true(arena_can_trim(&queue.move.arena));
	on_disk(0, 2048, 3);
	on_disk(2048, 2048, 4);
	on_disk(4096, 4096, 3);
}

/* --- events, draining -------------------------------------------------------------------------- */

static void a_quiet_queue_sleeps_and_unmasks_its_port(void **state)
{
	queue_event(&queue);
	ask(BLKIF_OP_READ, 1, 0, 1, DATA_GREF);
	settle();
	assert_int_equal(fake.unmasked, 0);
	queue_rest(&queue);
	assert_int_equal(fake.unmasked, 1);
	assert_int_equal(*index_at(1), req_prod + 1);
	ask(BLKIF_OP_READ, 2, 0, 1, DATA_GREF);
	push();
	assert_int_equal(queue_rest(&queue), 0);	/* one came in between */
	settle();
	assert_int_equal(queue_rest(&queue), -1);
}

/* So much time without work, and the timer fires; then the queue sleeps again. */
static void time_passes(uint64_t usec)
{
	const struct itimerspec at_once = { .it_value.tv_nsec = 1 };
	struct pollfd timer = { queue.timer, POLLIN, 0 };

	queue.worked_usec -= usec;
	assert_int_equal(timerfd_settime(queue.timer, 0, &at_once, NULL), 0);
	assert_int_equal(poll(&timer, 1, 1000), 1);
	queue_timer(&queue);
	assert_int_equal(queue_rest(&queue), -1);
}

static void what_lies_idle_is_given_back_and_the_timer_rests(void **state)
{
	const uint32_t mapped = queue.move.persist ? 2 : 0, before = fake.maps;

	assert_int_equal(queue_rest(&queue), -1);
	assert_true(queue.timer_usec == UINT64_MAX);
	ask(BLKIF_OP_READ, 1, 0, 2, DATA_GREF);
	settle();
	assert_int_equal(queue_rest(&queue), -1);
	assert_true(queue.timer_usec != UINT64_MAX);
	time_passes(1000000);
	assert_int_equal(arena_can_trim(&queue.move.arena), !mapped || queue.move.by_hand);
	assert_true(queue.timer_usec != UINT64_MAX);
	time_passes(1000000);
	assert_false(arena_can_trim(&queue.move.arena));
	assert_int_equal(queue.timer_usec != UINT64_MAX, mapped != 0);
	assert_int_equal(fake.unmaps, 0);
	time_passes(58000000);
	assert_int_equal(fake.unmaps, mapped);
	assert_true(queue.timer_usec == UINT64_MAX);
	ask(BLKIF_OP_READ, 2, 0, 2, DATA_GREF);
	settle();
	assert_int_equal(answered(2), BLKIF_RSP_OKAY);
	assert_int_equal(fake.maps - before, 2 * mapped);
}

/* The disk is slow; nor is a timer of use before it answers. */
static void nothing_is_unmapped_under_a_request(void **state)
{
	worker_die();
	world_open("fault:delay=100:aio", ALL | VBD_PERSISTENT);
	ask(BLKIF_OP_READ, 1, 0, 1, DATA_GREF);
	push();
	queue_work(&queue);
	time_passes(1000000000);
	assert_int_equal(fake.unmaps, 0);
	assert_true(queue.timer_usec == UINT64_MAX);
	settle();
	assert_int_equal(answered(1), BLKIF_RSP_OKAY);
	assert_int_equal(queue_rest(&queue), -1);
	assert_true(queue.timer_usec != UINT64_MAX);
}

/* What would be the cost of each sleep at queue depth 1. */
static void a_busy_queue_does_not_set_its_timer_again(void **state)
{
	uint64_t set;

	ask(BLKIF_OP_READ, 1, 0, 1, DATA_GREF);
	settle();
	queue_rest(&queue);
	set = queue.timer_usec;
	for (uint64_t id = 2; id < 20; id++) {
		ask(BLKIF_OP_READ, id, 0, 1, DATA_GREF);
		settle();
		queue_rest(&queue);
		assert_true(queue.timer_usec == set);
	}
}

static void useless_kicks_are_heard_later_and_later(void **state)
{
	for (uint32_t i = 0; i < KICKS_FREE; i++) {
		assert_false(queue.unmask_due);
		fake.pending = true;
		queue_event(&queue);
		queue_work(&queue);
		if (i + 1 < KICKS_FREE)
			queue_rest(&queue);
	}
	assert_int_equal(queue_rest(&queue), 1);
	assert_true(queue.unmask_due);
	queue.now_usec += 1000;			/* the sleep is over */
	queue_rest(&queue);
	assert_false(queue.unmask_due);
	ask(BLKIF_OP_READ, 1, 0, 1, DATA_GREF);
	fake.pending = true;
	queue_event(&queue);
	settle();
	queue_rest(&queue);
	assert_false(queue.unmask_due);		/* a kick that brought work is forgiven */
}

static void a_drained_queue_has_ended_all_it_took_and_takes_no_more(void **state)
{
	worker_die();
	world_open("fault:delay=20:aio", ALL);
	ask(BLKIF_OP_WRITE, 1, 0, 1, DATA_GREF);
	push();
	queue_pass(&queue);
	vbd.draining = true;
	ask(BLKIF_OP_WRITE, 2, 0, 1, DATA_GREF);
	push();
	queue_work(&queue);
	assert_int_equal(queue.life.state, QUEUE_RUNNING);
	for (int i = 0; i < 1000 && queue.life.state != QUEUE_DRAINED; i++) {
		queue_work(&queue);
		poll(NULL, 0, 1);
	}
	hear();
	assert_int_equal(queue.life.state, QUEUE_DRAINED);
	assert_int_equal(answered(1), BLKIF_RSP_OKAY);
	assert_int_equal(answers[2], 0);
	/* A successor finds the one that was left. */
	worker_die();
	vbd.draining = false;
	worker_start();
	settle();
	assert_int_equal(answered(2), BLKIF_RSP_OKAY);
}

static void a_port_or_page_that_is_not_there_is_a_sentence(void **state)
{
	int err = 0;

	worker_die();
	fake.unbound = true;
	assert_non_null(worker_try(&err));
	assert_int_not_equal(err, 0);
	fake.unbound = false;
	fake.map_refused[RING_GREF] = true;
	assert_non_null(worker_try(&err));
	assert_int_not_equal(err, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH_WAY(what_a_guest_writes_it_reads_back),
		EACH_WAY(a_part_of_a_page_leaves_the_rest_alone),
		EACH_WAY(the_largest_indirect_request_is_done),
		EACH_WAY(a_ring_full_of_requests_larger_than_the_pool_is_served),
		EACH_WAY(flush_barrier_and_discard_are_done),
		EACH_WAY(a_bad_request_is_answered_once_and_its_neighbours_are_done),
		EACH_WAY(a_failing_grant_fails_its_own_request_only),
		EACH_WAY(descriptors_that_cannot_be_copied_are_an_error),
		cmocka_unit_test_setup_teardown(a_copy_call_that_fails_is_over_with_its_requests,
				copying, world_close),
		EACH_WAY(an_impossible_index_halts_the_queue_and_taken_requests_end),
		EACH_WAY(a_slot_changed_after_it_was_taken_changes_nothing),
		cmocka_unit_test_setup_teardown(a_page_is_mapped_once_and_copied_where_it_cannot_be,
				mapping, world_close),
		cmocka_unit_test_setup_teardown(mappings_that_fail_are_tried_less_and_less_often,
				mapping, world_close),
		cmocka_unit_test_setup_teardown(
				an_indirect_page_that_stays_mapped_is_not_copied_by_the_hypervisor,
				mapping, world_close),
		cmocka_unit_test_setup_teardown(a_large_sector_on_two_pages_is_copied,
				mapping, world_close),
		EACH_WAY(a_quiet_queue_sleeps_and_unmasks_its_port),
		EACH_WAY(what_lies_idle_is_given_back_and_the_timer_rests),
		cmocka_unit_test_setup_teardown(nothing_is_unmapped_under_a_request, mapping, world_close),
		EACH_WAY(a_busy_queue_does_not_set_its_timer_again),
		EACH_WAY(useless_kicks_are_heard_later_and_later),
		EACH_WAY(a_drained_queue_has_ended_all_it_took_and_takes_no_more),
		EACH_WAY(a_port_or_page_that_is_not_there_is_a_sentence),
	};

	log_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
