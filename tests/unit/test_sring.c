/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: ring/sring.o */
/*
 * The shared ring against a frontend that is written here by hand, honest and lying, also where the
 * 32-bit indices wrap.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ring/sring.h"

static union {
	uint32_t index[4];	/* req_prod, req_event, rsp_prod, rsp_event */
	uint8_t bytes[4096];
} page;

static struct sring ring;

static uint8_t *slot(uint32_t index, uint32_t slots, uint32_t bytes)
{
	return page.bytes + 64 + (size_t)(index % slots) * bytes;
}

static void start(uint32_t slots, uint32_t bytes, uint32_t at)
{
	memset(&page, 0, sizeof(page));
	page.index[0] = page.index[2] = at;
	page.index[1] = page.index[3] = at + 1;
	sring_attach(&ring, &page, slots, bytes, at, at);
}

static void requests_and_responses_keep_their_order_across_the_wrap(void **state)
{
	static const uint32_t sizes[][2] = { { 32, 112 }, { 32, 108 }, { 256, 12 }, { 256, 8 } };
	uint8_t got[112], want[112];

	for (size_t s = 0; s < 4; s++) {
		uint32_t slots = sizes[s][0], bytes = sizes[s][1];

		start(slots, bytes, 0xfffffff0u);
		for (uint32_t i = 0xfffffff0u; i != 0x1000; i++) {
			memset(slot(i, slots, bytes), (int)(i * 7 & 0xff), bytes);
			page.index[0] = i + 1;
			assert_int_equal(sring_look(&ring), 1);
			assert_int_equal(sring_take(&ring, got), i);
			memset(want, (int)(i * 7 & 0xff), bytes);
			assert_memory_equal(got, want, bytes);
			memset(want, (int)(i * 5 & 0xff), bytes);
			assert_int_equal(sring_answer(&ring, want, bytes), i);
			assert_int_equal(page.index[2], i);	/* not visible yet */
			sring_publish(&ring);
			assert_int_equal(page.index[2], i + 1);
			assert_memory_equal(slot(i, slots, bytes), want, bytes);
		}
	}
}

static void a_full_ring_is_possible_and_one_more_is_not(void **state)
{
	static const uint32_t starts[] = { 0, 0x7ffffff8u, 0xfffffff0u };

	for (size_t s = 0; s < 3; s++) {
		start(32, 112, starts[s]);
		page.index[0] = starts[s] + 32;
		assert_int_equal(sring_look(&ring), 32);
		for (uint32_t jump = 33; jump; jump = jump < 64 ? jump + 1 : jump << 1) {
			page.index[0] = starts[s] + jump;
			assert_int_equal(sring_look(&ring), -1);
		}
		page.index[0] = starts[s] - 1;
		assert_int_equal(sring_look(&ring), -1);
		page.index[0] = starts[s] + 0x80000000u;
		assert_int_equal(sring_look(&ring), -1);
	}
}

static void an_index_behind_what_is_taken_is_impossible(void **state)
{
	uint8_t got[112];

	start(32, 112, 100);
	page.index[0] = 104;
	assert_int_equal(sring_look(&ring), 4);
	sring_take(&ring, got);
	sring_take(&ring, got);
	page.index[0] = 102;
	assert_int_equal(sring_look(&ring), 0);
	page.index[0] = 101;
	assert_int_equal(sring_look(&ring), -1);
	page.index[0] = 99;
	assert_int_equal(sring_look(&ring), -1);
}

/* Responses overwrite the oldest slots; room is counted from what is answered, not from what is taken. */
static void room_is_counted_from_unanswered_requests(void **state)
{
	uint8_t got[112] = { 0 };

	start(32, 112, 0);
	page.index[0] = 32;
	sring_look(&ring);
	for (int i = 0; i < 32; i++)
		sring_take(&ring, got);
	page.index[0] = 33;
	assert_int_equal(sring_look(&ring), -1);
	sring_answer(&ring, got, 16);
	assert_int_equal(sring_look(&ring), 1);
}

static void the_frontend_is_notified_only_where_it_asked(void **state)
{
	const uint8_t response[16] = { 0 };
	uint8_t got[112];

	for (uint32_t at = 0; at < 2; at++) {
		uint32_t base = at ? 0xfffffffeu : 0;

		for (uint32_t event = 0; event < 8; event++) {
			start(32, 112, base);
			page.index[0] = base + 5;
			page.index[3] = base + event;
			sring_look(&ring);
			for (int i = 0; i < 5; i++)
				sring_take(&ring, got);
			for (int i = 0; i < 4; i++)
				sring_answer(&ring, response, 16);
			/* Responses base+1 .. base+4 were shown. */
			assert_int_equal(sring_publish(&ring), event >= 1 && event <= 4);
			assert_false(sring_publish(&ring));	/* nothing new: nothing to tell */
		}
	}
}

static void resting_asks_for_the_next_request_and_looks_once_more(void **state)
{
	start(32, 112, 0xffffffffu);
	assert_false(sring_rest(&ring));
	assert_int_equal(page.index[1], 0);
	page.index[0] = 0;
	assert_true(sring_rest(&ring));
	page.index[0] = 0x1000;
	assert_true(sring_rest(&ring));		/* an impossible index is work: it has to be seen */
}

static void what_the_frontend_writes_to_our_index_is_never_read(void **state)
{
	const uint8_t response[16] = { 0 };
	uint8_t got[112];

	start(32, 112, 0);
	page.index[0] = 2;
	sring_look(&ring);
	sring_take(&ring, got);
	page.index[2] = 0xdeadbeef;
	sring_answer(&ring, response, 16);
	sring_publish(&ring);
	assert_int_equal(page.index[2], 1);
}

static void attaching_reads_both_indices(void **state)
{
	uint32_t req, rsp;

	page.index[0] = 7;
	page.index[2] = 5;
	sring_indices(&page, &req, &rsp);
	assert_int_equal(req, 7);
	assert_int_equal(rsp, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_and_responses_keep_their_order_across_the_wrap),
		cmocka_unit_test(a_full_ring_is_possible_and_one_more_is_not),
		cmocka_unit_test(an_index_behind_what_is_taken_is_impossible),
		cmocka_unit_test(room_is_counted_from_unanswered_requests),
		cmocka_unit_test(the_frontend_is_notified_only_where_it_asked),
		cmocka_unit_test(resting_asks_for_the_next_request_and_looks_once_more),
		cmocka_unit_test(what_the_frontend_writes_to_our_index_is_never_read),
		cmocka_unit_test(attaching_reads_both_indices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
