/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: blkback/request.o */
/*
 * The life of requests: who may start when, the stages of a barrier, and that the pool never hands
 * out one twice.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "blkback/request.h"

static struct requests requests;

static int open_pool(void **state)
{
	return requests_open(&requests, 8);
}

static struct request *new_request(uint8_t op, uint16_t segments)
{
	struct request *request = request_get(&requests);

	request->blk.op = op;
	request->blk.segments = segments;
	request->blk.offset = 8192;
	request->blk.bytes = 4096u * segments;
	request->ordered = op == BLK_BARRIER;
	return request;
}

static void finish(struct request *request)
{
	request_end(&requests, request);
	request_put(&requests, request);
}

static void each_slot_is_handed_out_once(void **state)
{
	uint32_t seen = 0;

	for (int i = 0; i < 8; i++)
		seen |= 1u << request_get(&requests)->slot;
	assert_int_equal(seen, 0xff);
	assert_null(request_claim(&requests, 3));
	request_put(&requests, &requests.pool[3]);
	assert_ptr_equal(request_claim(&requests, 3), &requests.pool[3]);
	assert_null(request_claim(&requests, 3));
}

static void each_operation_asks_the_engine_for_the_right_thing(void **state)
{
	static const uint8_t op[][2] = {
		{ BLK_READ, IO_READ }, { BLK_WRITE, IO_WRITE }, { BLK_FLUSH, IO_FLUSH },
		{ BLK_DISCARD, IO_DISCARD }, { BLK_DISCARD_SECURE, IO_DISCARD_SECURE },
	};

	for (size_t i = 0; i < sizeof(op) / sizeof(op[0]); i++) {
		struct request *request = new_request(op[i][0], 1);

		request_start(&requests, request);
		assert_int_equal(request->io.op, op[i][1]);
		assert_int_equal(request->io.offset, 8192);
		assert_int_equal(request->io.bytes, 4096);
		request->io.result = 0;
		assert_false(request_next(request));
		finish(request);
	}
}

static void a_barrier_is_flush_write_flush(void **state)
{
	struct request *request = new_request(BLK_BARRIER, 2);

	request_start(&requests, request);
	assert_int_equal(request->io.op, IO_FLUSH);
	request->io.result = 0;
	assert_true(request_next(request));
	assert_int_equal(request->io.op, IO_WRITE);
	assert_int_equal(request->io.bytes, 8192);
	assert_true(request_next(request));
	assert_int_equal(request->io.op, IO_FLUSH);
	assert_false(request_next(request));
	finish(request);
}

static void a_barrier_ends_at_its_first_failure(void **state)
{
	struct request *request = new_request(BLK_BARRIER, 2);

	request_start(&requests, request);
	request->io.result = -EIO;
	assert_false(request_next(request));
	finish(request);
}

static void an_empty_barrier_is_one_flush(void **state)
{
	struct request *request = new_request(BLK_BARRIER, 0);

	request_start(&requests, request);
	assert_int_equal(request->io.op, IO_FLUSH);
	request->io.result = 0;
	assert_false(request_next(request));
	finish(request);
}

static void nothing_overtakes_a_barrier(void **state)
{
	struct request *before = new_request(BLK_WRITE, 1), *barrier = new_request(BLK_BARRIER, 1);
	struct request *after = new_request(BLK_READ, 1);

	request_start(&requests, before);
	assert_false(request_may_start(&requests, barrier));
	request_end(&requests, before);
	assert_true(request_may_start(&requests, barrier));
	request_start(&requests, barrier);
	assert_false(request_may_start(&requests, after));
	request_end(&requests, barrier);
	assert_true(request_may_start(&requests, after));
}

static void a_flush_waits_for_nobody(void **state)
{
	struct request *write = new_request(BLK_WRITE, 1), *flush = new_request(BLK_FLUSH, 0);

	request_start(&requests, write);
	assert_true(request_may_start(&requests, flush));
}

static void a_fifo_keeps_its_order_round_its_end(void **state)
{
	struct request_fifo fifo = { 0 };

	assert_int_equal(fifo_open(&fifo, 4), 0);
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 3; i++)
			fifo_push(&fifo, &requests.pool[i]);
		assert_ptr_equal(fifo_at(&fifo, 2), &requests.pool[2]);
		for (int i = 0; i < 3; i++)
			assert_ptr_equal(fifo_pop(&fifo), &requests.pool[i]);
	}
	assert_int_equal(fifo.count, 0);
}

#define FRESH(test) cmocka_unit_test_setup(test, open_pool)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(each_slot_is_handed_out_once),
		FRESH(each_operation_asks_the_engine_for_the_right_thing),
		FRESH(a_barrier_is_flush_write_flush),
		FRESH(a_barrier_ends_at_its_first_failure),
		FRESH(an_empty_barrier_is_one_flush),
		FRESH(nothing_overtakes_a_barrier),
		FRESH(a_flush_waits_for_nobody),
		FRESH(a_fifo_keeps_its_order_round_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
