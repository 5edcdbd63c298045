/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: blkback/blkif.o */
/*
 * The block protocol's parser, in every ABI: what is good, what is refused and why, and that an
 * answer holds nothing but the answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <xen/xen.h>
#include <xen/io/blkif.h>

#include "blkback/blkif.h"

#define DISK_BYTES (1ull << 30)

static const struct blk_geometry plain = {
	.bytes = DISK_BYTES, .sector_bytes = 512, .indirect_max = 256,
	.flags = VBD_FLUSH | VBD_DISCARD | VBD_DISCARD_SECURE,
};

/* Offsets as measured on both ABIs, written down here a second time and not taken from the parser. */
struct offsets {
	enum blkif_abi abi;
	unsigned int id, sector, seg, nr_sectors, indirect_gref;
};

static const struct offsets abis[] = {
	{ BLKIF_ABI_NATIVE, 8, 16, 24, 24, 28 },
	{ BLKIF_ABI_X86_32, 4, 12, 20, 20, 24 },
	{ BLKIF_ABI_X86_64, 8, 16, 24, 24, 28 },
};

#define EACH_ABI(o) for (const struct offsets *o = abis; o < abis + 3; o++)

static uint8_t slot[BLKIF_SLOT_BYTES_MAX];
static struct blk_request request;

static void put(unsigned int at, const void *value, size_t n)
{
	memcpy(slot + at, value, n);
}

static void begin(const struct offsets *o, uint8_t op, uint8_t segments, uint64_t sector)
{
	const uint64_t id = 0x1122334455667788u;

	memset(slot, 0, sizeof(slot));
	slot[0] = op;
	slot[1] = segments;
	put(o->id, &id, 8);
	put(o->sector, &sector, 8);
}

static void segment(const struct offsets *o, unsigned int i, uint32_t gref, uint8_t first, uint8_t last)
{
	put(o->seg + 8 * i, &gref, 4);
	slot[o->seg + 8 * i + 4] = first;
	slot[o->seg + 8 * i + 5] = last;
}

static enum blk_verdict parse(const struct offsets *o, const struct blk_geometry *geometry)
{
	return blkif_parse(slot, o->abi, NULL, 0, geometry, &request);
}

static void a_read_is_its_bytes(void **state)
{
	EACH_ABI(o) {
		begin(o, BLKIF_OP_READ, 2, 100);
		segment(o, 0, 7, 0, 7);
		segment(o, 1, 9, 2, 3);
		assert_int_equal(parse(o, &plain), BLK_GOOD);
		assert_int_equal(request.id, 0x1122334455667788u);
		assert_int_equal(request.op, BLK_READ);
		assert_int_equal(request.offset, 51200);
		assert_int_equal(request.bytes, 4096 + 1024);
		assert_int_equal(request.segments, 2);
		assert_int_equal(request.segment[1].gref.ref, 9);
		assert_int_equal(request.segment[1].offset, 1024);
		assert_int_equal(request.segment[1].bytes, 1024);
	}
}

static void every_pair_of_sectors_in_a_page(void **state)
{
	EACH_ABI(o) {
		for (unsigned int pair = 0; pair < 65536; pair++) {
			uint8_t first = (uint8_t)(pair >> 8), last = (uint8_t)pair;
			bool good = first <= last && last <= 7;

			begin(o, BLKIF_OP_WRITE, 1, 0);
			segment(o, 0, 1, first, last);
			assert_int_equal(parse(o, &plain), good ? BLK_GOOD : BLK_BAD_SEGMENT);
			if (good)
				assert_int_equal(request.bytes, (last - first + 1) * 512);
		}
	}
}

static void a_bad_segment_is_found_at_every_place(void **state)
{
	EACH_ABI(o) {
		for (uint8_t bad = 0; bad < 11; bad++) {
			begin(o, BLKIF_OP_READ, 11, 0);
			for (uint8_t i = 0; i < 11; i++)
				segment(o, i, i, 0, i == bad ? 8 : 7);
			assert_int_equal(parse(o, &plain), BLK_BAD_SEGMENT);
		}
	}
}

static void the_number_of_segments_is_bounded(void **state)
{
	EACH_ABI(o) {
		for (unsigned int n = 0; n < 256; n++) {
			enum blk_verdict want = n == 0 ? BLK_NO_SEGMENTS :
				n <= 11 ? BLK_GOOD : BLK_TOO_MANY_SEGMENTS;

			begin(o, BLKIF_OP_READ, (uint8_t)n, 0);
			for (unsigned int i = 0; i < 11; i++)
				segment(o, i, i, 0, 7);
			assert_int_equal(parse(o, &plain), want);
		}
	}
}

static void a_request_ends_inside_the_disk(void **state)
{
	const uint64_t last = DISK_BYTES / 512 - 8;
	const struct {
		uint64_t sector;
		enum blk_verdict want;
	} cases[] = {
		{ 0, BLK_GOOD }, { last, BLK_GOOD }, { last + 1, BLK_BEYOND_END },
		{ last + 8, BLK_BEYOND_END }, { last + 9, BLK_BEYOND_END },
		{ 1ull << 55, BLK_BEYOND_END }, { (1ull << 55) - 1, BLK_BEYOND_END },
		{ (1ull << 56) - 1, BLK_BEYOND_END }, { 1ull << 63, BLK_BEYOND_END },
		{ ~0ull, BLK_BEYOND_END }, { ~0ull - 7, BLK_BEYOND_END },
	};

	EACH_ABI(o) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			begin(o, BLKIF_OP_WRITE, 1, cases[i].sector);
			segment(o, 0, 1, 0, 7);
			assert_int_equal(parse(o, &plain), cases[i].want);
			begin(o, BLKIF_OP_DISCARD, 0, cases[i].sector);
			put(o->nr_sectors, &(uint64_t) { 8 }, 8);
			assert_int_equal(parse(o, &plain), cases[i].want);
		}
	}
}

static void operations_that_do_not_exist_or_were_not_offered(void **state)
{
	const struct blk_geometry bare = { .bytes = DISK_BYTES, .sector_bytes = 512 };

	EACH_ABI(o) {
		for (unsigned int op = 0; op < 256; op++) {
			enum blk_verdict verdict;

			begin(o, (uint8_t)op, 1, 0);
			segment(o, 0, 1, 0, 7);
			verdict = parse(o, &bare);
			if (op <= 1)
				assert_int_equal(verdict, BLK_GOOD);
			else if (op == 2 || op == 3 || op == 5 || op == 6)
				assert_int_equal(verdict, BLK_NOT_OFFERED);
			else
				assert_int_equal(verdict, BLK_UNKNOWN_OP);
		}
	}
	assert_int_equal(blkif_verdict_status(BLK_UNKNOWN_OP), BLKIF_RSP_EOPNOTSUPP);
	assert_int_equal(blkif_verdict_status(BLK_NOT_OFFERED), BLKIF_RSP_EOPNOTSUPP);
	assert_int_equal(blkif_verdict_status(BLK_BEYOND_END), BLKIF_RSP_ERROR);
	assert_int_equal(blkif_verdict_status(BLK_GOOD), BLKIF_RSP_OKAY);
}

static void a_read_only_disk_refuses_all_that_changes_it(void **state)
{
	static const uint8_t writing[] = { 1, 2, 3, 5 };
	struct blk_geometry ro = plain;

	ro.flags |= VBD_READ_ONLY;
	EACH_ABI(o) {
		for (size_t i = 0; i < sizeof(writing); i++) {
			begin(o, writing[i], writing[i] == 5 ? 0 : 1, 0);
			segment(o, 0, 1, 0, 7);
			if (writing[i] == 5)
				put(o->nr_sectors, &(uint64_t) { 8 }, 8);
			assert_int_equal(parse(o, &ro), BLK_READ_ONLY);
		}
		begin(o, BLKIF_OP_READ, 1, 0);
		segment(o, 0, 1, 0, 7);
		assert_int_equal(parse(o, &ro), BLK_GOOD);
		begin(o, BLKIF_OP_FLUSH_DISKCACHE, 0, 0);
		assert_int_equal(parse(o, &ro), BLK_GOOD);
	}
}

static void an_empty_drive_refuses_everything(void **state)
{
	struct blk_geometry empty = plain;

	empty.flags |= VBD_NO_MEDIUM;
	empty.bytes = 0;
	EACH_ABI(o) {
		for (uint8_t op = 0; op <= 5; op++) {
			begin(o, op, op == 3 ? 0 : 1, 0);
			segment(o, 0, 1, 0, 7);
			assert_int_equal(parse(o, &empty), op == 4 ? BLK_UNKNOWN_OP : BLK_NO_MEDIUM);
		}
	}
}

static void a_flush_with_data_is_a_barrier(void **state)
{
	EACH_ABI(o) {
		begin(o, BLKIF_OP_FLUSH_DISKCACHE, 0, ~0ull);
		assert_int_equal(parse(o, &plain), BLK_GOOD);
		assert_int_equal(request.op, BLK_FLUSH);
		assert_int_equal(request.bytes, 0);
		begin(o, BLKIF_OP_FLUSH_DISKCACHE, 1, 8);
		segment(o, 0, 1, 0, 7);
		assert_int_equal(parse(o, &plain), BLK_GOOD);
		assert_int_equal(request.op, BLK_BARRIER);
		assert_int_equal(request.bytes, 4096);
		begin(o, BLKIF_OP_WRITE_BARRIER, 0, 0);
		assert_int_equal(parse(o, &plain), BLK_GOOD);
		assert_int_equal(request.op, BLK_BARRIER);
		assert_int_equal(request.segments, 0);
	}
}

static void sectors_of_2048_bytes_are_kept_whole(void **state)
{
	struct blk_geometry cd = plain;

	cd.sector_bytes = 2048;
	EACH_ABI(o) {
		for (uint64_t sector = 0; sector < 16; sector++) {
			begin(o, BLKIF_OP_READ, 1, sector);
			segment(o, 0, 1, 0, 7);
			assert_int_equal(parse(o, &cd), sector % 4 ? BLK_MISALIGNED : BLK_GOOD);
		}
		begin(o, BLKIF_OP_READ, 1, 4);
		segment(o, 0, 1, 4, 7);
		assert_int_equal(parse(o, &cd), BLK_GOOD);
		segment(o, 0, 1, 0, 4);
		assert_int_equal(parse(o, &cd), BLK_MISALIGNED);
	}
}

static void large_sectors_are_kept_whole(void **state)
{
	struct blk_geometry large = plain;

	large.sector_bytes = 4096;
	EACH_ABI(o) {
		for (uint64_t sector = 0; sector < 16; sector++) {
			begin(o, BLKIF_OP_WRITE, 1, sector);
			segment(o, 0, 1, 0, 7);
			assert_int_equal(parse(o, &large), sector % 8 ? BLK_MISALIGNED : BLK_GOOD);
		}
		begin(o, BLKIF_OP_WRITE, 1, 0);
		segment(o, 0, 1, 0, 6);
		assert_int_equal(parse(o, &large), BLK_MISALIGNED);
		begin(o, BLKIF_OP_WRITE, 2, 0);
		segment(o, 0, 1, 4, 7);
		segment(o, 1, 2, 0, 3);
		assert_int_equal(parse(o, &large), BLK_GOOD);
	}
}

static void discards(void **state)
{
	const struct {
		uint64_t sector, count;
		enum blk_verdict want;
	} cases[] = {
		{ 0, 0, BLK_NO_SEGMENTS }, { 0, DISK_BYTES / 512, BLK_GOOD },
		{ 0, DISK_BYTES / 512 + 1, BLK_BEYOND_END }, { 1, DISK_BYTES / 512, BLK_BEYOND_END },
		{ 8, ~0ull, BLK_BEYOND_END }, { ~0ull, ~0ull, BLK_BEYOND_END },
		{ 1ull << 63, 1ull << 63, BLK_BEYOND_END },
	};
	struct blk_geometry no_secure = plain;

	no_secure.flags &= ~(uint32_t)VBD_DISCARD_SECURE;
	EACH_ABI(o) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			begin(o, BLKIF_OP_DISCARD, 0, cases[i].sector);
			put(o->nr_sectors, &cases[i].count, 8);
			assert_int_equal(parse(o, &plain), cases[i].want);
		}
		begin(o, BLKIF_OP_DISCARD, BLKIF_DISCARD_SECURE, 0);
		put(o->nr_sectors, &(uint64_t) { 8 }, 8);
		assert_int_equal(parse(o, &plain), BLK_GOOD);
		assert_int_equal(request.op, BLK_DISCARD_SECURE);
		assert_int_equal(parse(o, &no_secure), BLK_NOT_OFFERED);
	}
}

static void indirect_begin(const struct offsets *o, uint8_t inner, uint16_t segments)
{
	begin(o, BLKIF_OP_INDIRECT, inner, 0);
	put(2, &segments, 2);
	put(o->indirect_gref, &(uint32_t) { 77 }, 4);
}

static void indirect_requests(void **state)
{
	uint8_t descriptors[256][8] = { { 0 } };
	static const uint16_t counts[] = { 0, 1, 255, 256, 257, 511, 512, 513, 4096, 65535 };
	gref_t page;

	for (unsigned int i = 0; i < 256; i++)
		descriptors[i][5] = 7;
	EACH_ABI(o) {
		for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
			uint32_t n = counts[i], copied;

			indirect_begin(o, BLKIF_OP_WRITE, counts[i]);
			copied = blkif_indirect(slot, o->abi, &plain, &page);
			assert_int_equal(copied, n <= 256 ? n : 0);
			if (copied)
				assert_int_equal(page.ref, 77);
			assert_int_equal(blkif_parse(slot, o->abi, descriptors, copied, &plain, &request),
					n == 0 ? BLK_NO_SEGMENTS : n <= 256 ? BLK_GOOD : BLK_TOO_MANY_SEGMENTS);
		}
		indirect_begin(o, BLKIF_OP_READ, 256);
		assert_int_equal(blkif_parse(slot, o->abi, descriptors, 256, &plain, &request), BLK_GOOD);
		assert_int_equal(request.bytes, 1 << 20);
		/* The descriptors could not be copied, or only some of them. */
		assert_int_equal(blkif_parse(slot, o->abi, descriptors, 0, &plain, &request), BLK_BAD_INDIRECT);
		assert_int_equal(blkif_parse(slot, o->abi, descriptors, 255, &plain, &request), BLK_BAD_INDIRECT);
	}
}

static void only_reads_and_writes_are_indirect(void **state)
{
	uint8_t descriptors[1][8] = { { 0, 0, 0, 0, 0, 7 } };

	EACH_ABI(o) {
		for (unsigned int inner = 0; inner < 256; inner++) {
			indirect_begin(o, (uint8_t)inner, 1);
			assert_int_equal(blkif_parse(slot, o->abi, descriptors, 1, &plain, &request),
					inner <= 1 ? BLK_GOOD : BLK_BAD_INDIRECT);
			/* The frontend expects the operation inside. */
			assert_int_equal(request.wire_op, inner);
		}
	}
}

static void an_indirect_request_is_held_to_the_same_limits(void **state)
{
	uint8_t descriptors[2][8] = { { 0, 0, 0, 0, 0, 7 }, { 0, 0, 0, 0, 0, 7 } };
	struct blk_geometry ro = plain, empty = plain, large = plain, bare = plain;
	const uint64_t last = DISK_BYTES / 512 - 15;

	ro.flags |= VBD_READ_ONLY;
	empty.flags |= VBD_NO_MEDIUM;
	large.sector_bytes = 4096;
	bare.indirect_max = 0;
	EACH_ABI(o) {
		indirect_begin(o, BLKIF_OP_WRITE, 2);
		assert_int_equal(blkif_parse(slot, o->abi, descriptors, 2, &ro, &request), BLK_READ_ONLY);
		assert_int_equal(blkif_parse(slot, o->abi, descriptors, 2, &empty, &request), BLK_NO_MEDIUM);
		assert_int_equal(blkif_parse(slot, o->abi, descriptors, 0, &bare, &request), BLK_NOT_OFFERED);
		put(o->sector, &(uint64_t) { 4 }, 8);
		assert_int_equal(blkif_parse(slot, o->abi, descriptors, 2, &large, &request), BLK_MISALIGNED);
		put(o->sector, &last, 8);
		assert_int_equal(blkif_parse(slot, o->abi, descriptors, 2, &plain, &request), BLK_BEYOND_END);
		put(o->sector, &(uint64_t) { last - 1 }, 8);
		assert_int_equal(blkif_parse(slot, o->abi, descriptors, 2, &plain, &request), BLK_GOOD);
		descriptors[1][5] = 8;
		assert_int_equal(blkif_parse(slot, o->abi, descriptors, 2, &plain, &request), BLK_BAD_SEGMENT);
		descriptors[1][5] = 7;
	}
}

static void an_answer_holds_nothing_but_the_answer(void **state)
{
	uint8_t out[16];

	EACH_ABI(o) {
		uint32_t bytes = blkif_response_bytes(o->abi);
		uint8_t want[16] = { 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, BLKIF_OP_WRITE, 0, 0xff, 0xff };

		begin(o, BLKIF_OP_WRITE, 1, 0);
		memset(out, 0xa5, sizeof(out));
		blkif_response(slot, o->abi, BLKIF_RSP_ERROR, out);
		assert_int_equal(bytes, o->abi == BLKIF_ABI_X86_32 ? 12 : 16);
		assert_memory_equal(out, want, bytes);
		assert_int_equal(blkif_slot_bytes(o->abi), o->abi == BLKIF_ABI_X86_32 ? 108 : 112);
		indirect_begin(o, BLKIF_OP_READ, 4);
		blkif_response(slot, o->abi, BLKIF_RSP_OKAY, out);
		want[8] = BLKIF_OP_READ;
		want[10] = want[11] = 0;
		assert_memory_equal(out, want, bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_read_is_its_bytes),
		cmocka_unit_test(every_pair_of_sectors_in_a_page),
		cmocka_unit_test(a_bad_segment_is_found_at_every_place),
		cmocka_unit_test(the_number_of_segments_is_bounded),
		cmocka_unit_test(a_request_ends_inside_the_disk),
		cmocka_unit_test(operations_that_do_not_exist_or_were_not_offered),
		cmocka_unit_test(a_read_only_disk_refuses_all_that_changes_it),
		cmocka_unit_test(an_empty_drive_refuses_everything),
		cmocka_unit_test(a_flush_with_data_is_a_barrier),
		cmocka_unit_test(sectors_of_2048_bytes_are_kept_whole),
		cmocka_unit_test(large_sectors_are_kept_whole),
		cmocka_unit_test(discards),
		cmocka_unit_test(indirect_requests),
		cmocka_unit_test(an_indirect_request_is_held_to_the_same_limits),
		cmocka_unit_test(only_reads_and_writes_are_indirect),
		cmocka_unit_test(an_answer_holds_nothing_but_the_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
