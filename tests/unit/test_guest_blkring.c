/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/guest/blkabi.o tests/guest/blkring.o */
/*
 * The test frontend's ring against a backend of a few lines in the same process: layouts, order,
 * indices across 2^32, notifications, and every lie that it has to notice. Offsets are written as
 * numbers here, from measurements of the protocol on both architectures.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/guest/blkring.h"

struct fake {
	struct blkring ring;
	uint32_t order;
	uint32_t req_cons, rsp_prod;	/* the backend's */
	_Alignas(4096) uint8_t memory[4096 << BLKRING_ORDER_MAX];
};

static struct fake *fake_new(enum blkabi abi, uint32_t order, uint32_t start)
{
	struct fake *fake = aligned_alloc(4096, sizeof(*fake));

	assert_non_null(fake);
	memset(fake->memory, 0x5a, sizeof(fake->memory));
	fake->order = order;
	blkring_init(&fake->ring, fake->memory, order, abi, start);
	fake->req_cons = fake->rsp_prod = start;
	return fake;
}

static uint32_t word(const struct fake *fake, uint32_t at)
{
	uint32_t value;

	memcpy(&value, fake->memory + at, sizeof(value));
	return value;
}

static void word_set(struct fake *fake, uint32_t at, uint32_t value)
{
	memcpy(fake->memory + at, &value, sizeof(value));
}

#define REQ_PROD 0
#define REQ_EVENT 4
#define RSP_PROD 8
#define RSP_EVENT 12

static uint8_t *slot(struct fake *fake, uint32_t index)
{
	uint32_t bytes = fake->ring.abi == BLKABI_X86_32 ? 108 : 112;

	return fake->memory + 64 + (index & (fake->ring.entries - 1)) * bytes;
}

static uint64_t get(const uint8_t *at, uint32_t bytes)
{
	uint64_t value = 0;

	memcpy(&value, at, bytes);
	return value;
}

/* The backend answers with the given fields, unpublished. */
static void answer(struct fake *fake, uint64_t id, uint8_t op, int16_t status)
{
	uint8_t *at = slot(fake, fake->rsp_prod++);

	memset(at, 0, 12);
	memcpy(at, &id, 8);
	at[8] = op;
	memcpy(at + 10, &status, 2);
}

static uint64_t taken_id(struct fake *fake)
{
	return get(slot(fake, fake->req_cons++) + (fake->ring.abi == BLKABI_X86_32 ? 4 : 8), 8);
}

static uint64_t put(struct fake *fake, uint8_t op, uint32_t *tag)
{
	struct blkabi_request request = { .op = op };

	*tag = blkring_claim(&fake->ring);
	assert_int_not_equal(*tag, BLKRING_FULL);
	blkring_put(&fake->ring, *tag, &request);
	return request.id;
}

static void the_ring_starts_as_the_protocol_says(void **state)
{
	static const uint32_t entries[] = { 32, 64, 128, 256, 512 };

	for (enum blkabi abi = BLKABI_NATIVE; abi <= BLKABI_X86_64; abi++)
		for (uint32_t order = 0; order <= BLKRING_ORDER_MAX; order++) {
			struct fake *fake = fake_new(abi, order, 7);

			assert_int_equal(fake->ring.entries, entries[order]);
			assert_int_equal(word(fake, REQ_PROD), 7);
			assert_int_equal(word(fake, REQ_EVENT), 8);
			assert_int_equal(word(fake, RSP_PROD), 7);
			assert_int_equal(word(fake, RSP_EVENT), 8);
			free(fake);
		}
}

/* Field offsets of each layout, by hand. */
struct offsets {
	enum blkabi abi;
	uint32_t id, sector, segment, discard_sectors, indirect_handle, indirect_gref;
};

static const struct offsets layouts[] = {
	{ BLKABI_NATIVE, 8, 16, 24, 24, 24, 28 },
	{ BLKABI_X86_64, 8, 16, 24, 24, 24, 28 },
	{ BLKABI_X86_32, 4, 12, 20, 20, 20, 24 },
};

static void a_write_of_eleven_segments_has_its_fields_in_place(void **state)
{
	struct blkif_request_segment segment[11];

	for (uint32_t i = 0; i < 11; i++)
		segment[i] = (struct blkif_request_segment) { 0x01020300 + i, (uint8_t)i % 8, 7 };
	for (size_t n = 0; n < 3; n++) {
		const struct offsets *at = &layouts[n];
		uint8_t bytes[112] = { 0 };
		struct blkabi_request request = { .op = BLKIF_OP_WRITE, .handle = 0xca00, .segments = 11,
			.id = 0x1122334455667788, .sector = 0x99aabbccddeeff, .segment = segment };

		blkabi_put(at->abi, bytes, &request);
		assert_int_equal(bytes[0], 1);
		assert_int_equal(bytes[1], 11);
		assert_int_equal(get(bytes + 2, 2), 0xca00);
		assert_int_equal(get(bytes + at->id, 8), 0x1122334455667788);
		assert_int_equal(get(bytes + at->sector, 8), 0x99aabbccddeeff);
		for (uint32_t i = 0; i < 11; i++) {
			assert_int_equal(get(bytes + at->segment + 8 * i, 4), 0x01020300 + i);
			assert_int_equal(bytes[at->segment + 8 * i + 4], i % 8);
			assert_int_equal(bytes[at->segment + 8 * i + 5], 7);
		}
	}
}

static void a_secure_discard_has_its_fields_in_place(void **state)
{
	for (size_t n = 0; n < 3; n++) {
		const struct offsets *at = &layouts[n];
		uint8_t bytes[112] = { 0 };
		struct blkabi_request request = { .op = BLKIF_OP_DISCARD, .flag = BLKIF_DISCARD_SECURE,
			.id = 5, .sector = 0x0102030405060708, .sectors = 0x1112131415161718 };

		blkabi_put(at->abi, bytes, &request);
		assert_int_equal(bytes[0], 5);
		assert_int_equal(bytes[1], 1);
		assert_int_equal(get(bytes + at->id, 8), 5);
		assert_int_equal(get(bytes + at->sector, 8), 0x0102030405060708);
		assert_int_equal(get(bytes + at->discard_sectors, 8), 0x1112131415161718);
	}
}

static void an_indirect_read_has_its_fields_in_place(void **state)
{
	for (size_t n = 0; n < 3; n++) {
		const struct offsets *at = &layouts[n];
		uint8_t bytes[112] = { 0 };
		struct blkabi_request request = { .op = BLKIF_OP_READ, .indirect = true, .segments = 300,
			.handle = 0x1234, .id = 77, .sector = 88,
			.descriptor_gref = { 21, 22, 23, 24, 25, 26, 27, 28 } };

		blkabi_put(at->abi, bytes, &request);
		assert_int_equal(bytes[0], 6);
		assert_int_equal(bytes[1], 0);
		assert_int_equal(get(bytes + 2, 2), 300);
		assert_int_equal(get(bytes + at->id, 8), 77);
		assert_int_equal(get(bytes + at->sector, 8), 88);
		assert_int_equal(get(bytes + at->indirect_handle, 2), 0x1234);
		for (uint32_t i = 0; i < 8; i++)
			assert_int_equal(get(bytes + at->indirect_gref + 4 * i, 4), 21 + i);
	}
}

static void answers_may_come_in_any_order(void **state)
{
	struct fake *fake = fake_new(BLKABI_X86_32, 0, 0);
	uint64_t id[32];
	uint32_t tag[32], got;
	int16_t status;

	for (int i = 0; i < 32; i++)
		put(fake, BLKIF_OP_READ, &tag[i]);
	assert_int_equal(blkring_claim(&fake->ring), BLKRING_FULL);
	assert_true(blkring_publish(&fake->ring));
	for (int i = 0; i < 32; i++)
		id[i] = taken_id(fake);
	for (int i = 31; i >= 0; i--)
		answer(fake, id[i], BLKIF_OP_READ, i == 5 ? BLKIF_RSP_ERROR : BLKIF_RSP_OKAY);
	assert_int_equal(blkring_reap(&fake->ring, &got, &status), 0);
	word_set(fake, RSP_PROD, fake->rsp_prod);
	for (int i = 31; i >= 0; i--) {
		assert_int_equal(blkring_reap(&fake->ring, &got, &status), 1);
		assert_int_equal(got, tag[i]);
		assert_int_equal(status, i == 5 ? BLKIF_RSP_ERROR : BLKIF_RSP_OKAY);
		blkring_release(&fake->ring, got);
	}
	assert_int_equal(blkring_reap(&fake->ring, &got, &status), 0);
	assert_int_equal(blkring_lies(&fake->ring), 0);
	free(fake);
}

/* Requests and answers of changing batch sizes while the indices cross 2^32. */
static void indices_cross_two_to_the_thirty_second(void **state)
{
	struct fake *fake = fake_new(BLKABI_NATIVE, 1, 0xffffff00);
	uint32_t tag, seed = 1;
	int16_t status;

	for (uint32_t done = 0; done < 1000;) {
		uint32_t batch = 1 + (seed = seed * 1103515245 + 12345) / 65536 % 64;

		for (uint32_t i = 0; i < batch; i++)
			put(fake, BLKIF_OP_WRITE, &tag);
		blkring_publish(&fake->ring);
		assert_int_equal(word(fake, REQ_PROD), 0xffffff00 + done + batch);
		for (uint32_t i = 0; i < batch; i++)
			answer(fake, taken_id(fake), BLKIF_OP_WRITE, 0);
		word_set(fake, RSP_PROD, fake->rsp_prod);
		for (uint32_t i = 0; i < batch; i++) {
			assert_int_equal(blkring_reap(&fake->ring, &tag, &status), 1);
			blkring_release(&fake->ring, tag);
		}
		assert_int_equal(blkring_outstanding(&fake->ring), 0);
		done += batch;
	}
	assert_true(fake->ring.rsp_cons < 0xffffff00);
	free(fake);
}

static void the_backend_is_notified_only_when_it_asked(void **state)
{
	struct fake *fake = fake_new(BLKABI_NATIVE, 0, 0xfffffffe);
	uint32_t tag;

	put(fake, BLKIF_OP_READ, &tag);
	assert_true(blkring_publish(&fake->ring));
	put(fake, BLKIF_OP_READ, &tag);
	assert_false(blkring_publish(&fake->ring));
	assert_false(blkring_publish(&fake->ring));
	word_set(fake, REQ_EVENT, 2);
	put(fake, BLKIF_OP_READ, &tag);
	assert_false(blkring_publish(&fake->ring));
	put(fake, BLKIF_OP_READ, &tag);
	assert_true(blkring_publish(&fake->ring));
	free(fake);
}

static void rest_asks_for_an_event_and_looks_again(void **state)
{
	struct fake *fake = fake_new(BLKABI_NATIVE, 0, 100);
	uint32_t tag;
	uint64_t id = put(fake, BLKIF_OP_READ, &tag);
	int16_t status;

	blkring_publish(&fake->ring);
	assert_false(blkring_rest(&fake->ring));
	assert_int_equal(word(fake, RSP_EVENT), 101);
	answer(fake, id, BLKIF_OP_READ, 0);
	word_set(fake, RSP_PROD, 101);
	assert_true(blkring_rest(&fake->ring));
	assert_int_equal(blkring_reap(&fake->ring, &tag, &status), 1);
	assert_false(blkring_rest(&fake->ring));
	assert_int_equal(word(fake, RSP_EVENT), 102);
	free(fake);
}

/* One request is outstanding, one has been answered; then the backend says this. */
static void lie_check(uint64_t id_of(uint64_t open, uint64_t answered), uint8_t op, int16_t said,
		enum blkring_lie lie)
{
	struct fake *fake = fake_new(BLKABI_X86_64, 0, 0);
	uint32_t tag;
	int16_t status;
	uint64_t answered = put(fake, BLKIF_OP_READ, &tag), open;

	blkring_publish(&fake->ring);
	answer(fake, answered, BLKIF_OP_READ, 0);
	word_set(fake, RSP_PROD, 1);
	assert_int_equal(blkring_reap(&fake->ring, &tag, &status), 1);
	blkring_release(&fake->ring, tag);
	open = put(fake, BLKIF_OP_READ, &tag);
	blkring_publish(&fake->ring);
	answer(fake, id_of(open, answered), op, said);
	word_set(fake, RSP_PROD, 2);
	assert_int_equal(blkring_reap(&fake->ring, &tag, &status), -EPROTO);
	assert_int_equal(fake->ring.lies[lie], 1);
	assert_int_equal(blkring_lies(&fake->ring), 1);
	/* Broken for good: the same again counts once. */
	assert_int_equal(blkring_reap(&fake->ring, &tag, &status), -EPROTO);
	assert_int_equal(blkring_lies(&fake->ring), 1);
	free(fake);
}

static uint64_t id_open(uint64_t open, uint64_t answered)
{
	return open;
}

static uint64_t id_answered(uint64_t open, uint64_t answered)
{
	return answered;
}

static uint64_t id_never(uint64_t open, uint64_t answered)
{
	return open + (1u << 16);
}

static uint64_t id_beyond_the_ring(uint64_t open, uint64_t answered)
{
	return open | 0xffff;
}

static void a_second_answer_to_the_same_request_is_a_lie(void **state)
{
	lie_check(id_answered, BLKIF_OP_READ, 0, BLKRING_LIE_NOT_OUTSTANDING);
}

static void an_id_never_used_is_a_lie(void **state)
{
	lie_check(id_never, BLKIF_OP_READ, 0, BLKRING_LIE_UNKNOWN_ID);
	lie_check(id_beyond_the_ring, BLKIF_OP_READ, 0, BLKRING_LIE_UNKNOWN_ID);
}

static void another_operation_is_a_lie(void **state)
{
	lie_check(id_open, BLKIF_OP_WRITE, 0, BLKRING_LIE_OPERATION);
}

static void an_unknown_status_is_a_lie(void **state)
{
	lie_check(id_open, BLKIF_OP_READ, 1, BLKRING_LIE_STATUS);
	lie_check(id_open, BLKIF_OP_READ, -3, BLKRING_LIE_STATUS);
}

static void an_index_that_jumps_is_a_lie(void **state)
{
	static const uint32_t jumps[] = { 2, 33, 0x80000000, 0xffffffff };
	uint32_t tag;
	int16_t status;

	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		struct fake *fake = fake_new(BLKABI_NATIVE, 0, 0xfffffff0);

		put(fake, BLKIF_OP_READ, &tag);
		blkring_publish(&fake->ring);
		word_set(fake, RSP_PROD, 0xfffffff0 + jumps[i]);
		assert_int_equal(blkring_reap(&fake->ring, &tag, &status), -EPROTO);
		assert_int_equal(fake->ring.lies[BLKRING_LIE_JUMP], 1);
		free(fake);
	}
}

static void an_indirect_request_is_answered_with_its_inner_operation(void **state)
{
	struct fake *fake = fake_new(BLKABI_NATIVE, 0, 0);
	uint32_t tag = blkring_claim(&fake->ring), got;
	struct blkabi_request request = { .op = BLKIF_OP_WRITE, .indirect = true, .segments = 12 };
	int16_t status;

	blkring_put(&fake->ring, tag, &request);
	blkring_publish(&fake->ring);
	assert_int_equal(slot(fake, 0)[0], BLKIF_OP_INDIRECT);
	answer(fake, request.id, BLKIF_OP_WRITE, 0);
	word_set(fake, RSP_PROD, 1);
	assert_int_equal(blkring_reap(&fake->ring, &got, &status), 1);
	assert_int_equal(got, tag);
	free(fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ring_starts_as_the_protocol_says),
		cmocka_unit_test(a_write_of_eleven_segments_has_its_fields_in_place),
		cmocka_unit_test(a_secure_discard_has_its_fields_in_place),
		cmocka_unit_test(an_indirect_read_has_its_fields_in_place),
		cmocka_unit_test(answers_may_come_in_any_order),
		cmocka_unit_test(indices_cross_two_to_the_thirty_second),
		cmocka_unit_test(the_backend_is_notified_only_when_it_asked),
		cmocka_unit_test(rest_asks_for_an_event_and_looks_again),
		cmocka_unit_test(a_second_answer_to_the_same_request_is_a_lie),
		cmocka_unit_test(an_id_never_used_is_a_lie),
		cmocka_unit_test(another_operation_is_a_lie),
		cmocka_unit_test(an_unknown_status_is_a_lie),
		cmocka_unit_test(an_index_that_jumps_is_a_lie),
		cmocka_unit_test(an_indirect_request_is_answered_with_its_inner_operation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
