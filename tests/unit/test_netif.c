/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: netback/netif.o */
/* The transmit parser: every extra info, every way a chain can be wrong, Linux's limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "netback/netif.h"

static union netif_slot slot[64];
static struct netif_packet packet;

/* Slot i: `bytes` at `offset` of page 100 + i. */
static void data(uint32_t i, uint16_t bytes, uint16_t offset, uint16_t flags)
{
	slot[i].request = (struct netif_tx_request) {
		.gref = 100 + i, .offset = offset, .flags = flags, .id = (uint16_t)i, .size = bytes,
	};
}

static struct netif_extra_info *extra(uint32_t i, uint8_t type, uint8_t flags)
{
	memset(&slot[i], 0, sizeof(slot[i]));
	slot[i].extra.type = type;
	slot[i].extra.flags = flags;
	return &slot[i].extra;
}

static struct netif_extra_info *gso(uint32_t i, uint16_t size, uint8_t type, uint8_t flags)
{
	struct netif_extra_info *info = extra(i, XEN_NETIF_EXTRA_TYPE_GSO, flags);

	info->u.gso.size = size;
	info->u.gso.type = type;
	return info;
}

static enum netif_verdict parse(uint32_t count)
{
	return netif_parse(slot, count, true, &packet);
}

/* A whole of `total` bytes in `n` slots: the first has what the others leave. */
static void chain(uint32_t n, uint16_t total, uint16_t each)
{
	data(0, total, 0, n > 1 ? NETTXF_more_data : 0);
	for (uint32_t i = 1; i < n; i++)
		data(i, each, 0, i + 1 < n ? NETTXF_more_data : 0);
}

static void one_slot_is_one_part(void **state)
{
	data(0, 60, 4036, NETTXF_csum_blank);
	assert_int_equal(parse(1), NETIF_GOOD);
	assert_int_equal(packet.slots, 1);
	assert_int_equal(packet.parts, 1);
	assert_int_equal(packet.bytes, 60);
	assert_int_equal(packet.part[0].gref.ref, 100);
	assert_int_equal(packet.part[0].offset, 4036);
	assert_int_equal(packet.part[0].bytes, 60);
	assert_true(packet.offload.csum_blank);
}

static void the_first_part_is_what_the_others_leave(void **state)
{
	chain(3, 9000, 4000);
	assert_int_equal(parse(3), NETIF_GOOD);
	assert_int_equal(packet.parts, 3);
	assert_int_equal(packet.part[0].bytes, 1000);
	assert_int_equal(packet.part[1].bytes, 4000);
	assert_int_equal(packet.part[2].gref.ref, 102);
}

static void what_follows_a_packet_is_left_alone(void **state)
{
	chain(2, 2000, 1000);
	data(2, 60, 0, 0);
	assert_int_equal(parse(3), NETIF_GOOD);
	assert_int_equal(packet.slots, 2);
}

static void segmentation_is_taken_from_its_extra_info(void **state)
{
	data(0, 8000, 0, NETTXF_extra_info | NETTXF_more_data | NETTXF_csum_blank);
	gso(1, 1448, XEN_NETIF_GSO_TYPE_TCPV6, 0);
	data(2, 4000, 0, 0);
	assert_int_equal(parse(3), NETIF_GOOD);
	assert_int_equal(packet.slots, 3);
	assert_int_equal(packet.extras, 1);
	assert_int_equal(packet.parts, 2);
	assert_int_equal(packet.offload.gso_size, 1448);
	assert_int_equal(packet.offload.gso_type, XEN_NETIF_GSO_TYPE_TCPV6);
}

static void segmentation_that_was_not_offered_is_refused(void **state)
{
	data(0, 3000, 0, NETTXF_extra_info);
	gso(1, 1448, XEN_NETIF_GSO_TYPE_TCPV4, 0);
	assert_int_equal(netif_parse(slot, 2, false, &packet), NETIF_NOT_OFFERED);
	assert_int_equal(packet.slots, 2);
}

static void hash_and_xdp_infos_are_passed_over(void **state)
{
	data(0, 60, 0, NETTXF_extra_info);
	extra(1, XEN_NETIF_EXTRA_TYPE_HASH, XEN_NETIF_EXTRA_FLAG_MORE);
	extra(2, NETIF_EXTRA_XDP, 0);
	assert_int_equal(parse(3), NETIF_GOOD);
	assert_int_equal(packet.extras, 2);
	assert_int_equal(packet.parts, 1);
}

static void list_changes_are_no_packets(void **state)
{
	for (uint8_t type = XEN_NETIF_EXTRA_TYPE_MCAST_ADD; type <= XEN_NETIF_EXTRA_TYPE_MCAST_DEL; type++) {
		data(0, 0, 0, NETTXF_extra_info);
		memcpy(extra(1, type, 0)->u.mcast.addr, "\1\0\x5e\1\2\3", 6);
		assert_int_equal(parse(2), NETIF_LIST);
		assert_int_equal(packet.list_change, type);
		assert_memory_equal(packet.list_address, "\1\0\x5e\1\2\3", 6);
	}
}

static void a_list_change_with_data_is_refused(void **state)
{
	data(0, 100, 0, NETTXF_extra_info | NETTXF_more_data);
	extra(1, XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 0);
	data(2, 50, 0, 0);
	assert_int_equal(parse(3), NETIF_LIST_WITH_DATA);
	assert_int_equal(packet.slots, 3);
}

static void an_extra_info_may_come_once(void **state)
{
	data(0, 60, 0, NETTXF_extra_info);
	gso(1, 1448, XEN_NETIF_GSO_TYPE_TCPV4, XEN_NETIF_EXTRA_FLAG_MORE);
	gso(2, 1448, XEN_NETIF_GSO_TYPE_TCPV4, 0);
	assert_int_equal(parse(3), NETIF_EXTRA_TWICE);
	assert_int_equal(packet.slots, 3);
	assert_int_equal(packet.extras, 2);
}

static void extra_infos_without_end_end_with_the_ring(void **state)
{
	data(0, 60, 0, NETTXF_extra_info);
	for (uint32_t i = 1; i < 64; i++)
		extra(i, XEN_NETIF_EXTRA_TYPE_HASH, XEN_NETIF_EXTRA_FLAG_MORE);
	for (uint32_t count = 1; count <= 64; count++)
		assert_int_equal(parse(count), NETIF_EXTRA_MISSING);
}

static void unknown_extra_infos_are_fatal(void **state)
{
	static const uint8_t types[] = { 0, 6, 7, 128, 255 };

	for (size_t i = 0; i < sizeof(types); i++) {
		data(0, 60, 0, NETTXF_extra_info);
		extra(1, types[i], 0);
		assert_int_equal(parse(2), NETIF_EXTRA_UNKNOWN);
	}
}

static void impossible_segmentation_is_fatal(void **state)
{
	data(0, 3000, 0, NETTXF_extra_info);
	gso(1, 0, XEN_NETIF_GSO_TYPE_TCPV4, 0);
	assert_int_equal(parse(2), NETIF_GSO_IMPOSSIBLE);
	gso(1, 1448, XEN_NETIF_GSO_TYPE_NONE, 0);
	assert_int_equal(parse(2), NETIF_GSO_IMPOSSIBLE);
	gso(1, 1448, 3, 0);
	assert_int_equal(parse(2), NETIF_GSO_IMPOSSIBLE);
}

static void a_chain_that_is_not_there_whole_is_fatal(void **state)
{
	chain(5, 5000, 1000);
	for (uint32_t count = 1; count < 5; count++)
		assert_int_equal(parse(count), NETIF_CHAIN_UNFINISHED);
	assert_int_equal(parse(5), NETIF_GOOD);
}

static void eighteen_slots_are_legal_more_are_not_many_more_are_fatal(void **state)
{
	for (uint32_t n = 1; n <= 30; n++) {
		enum netif_verdict expected = n <= 18 ? NETIF_GOOD : n <= 21 ? NETIF_TOO_MANY_SLOTS :
			NETIF_CHAIN_TOO_LONG;

		chain(n, (uint16_t)(n * 100), 100);
		assert_int_equal(parse(64), expected);
		if (n <= 21)
			assert_int_equal(packet.slots, n);
	}
}

/* Head and 18 slots of next to nothing: what once made a count of slots wrap (XSA-432). */
static void many_slots_of_few_bytes_are_counted_right(void **state)
{
	for (uint16_t total = 14; total <= 128; total++) {
		chain(19, total, 0);
		assert_int_equal(parse(19), NETIF_TOO_MANY_SLOTS);
		chain(18, (uint16_t)(total + 17), 1);
		assert_int_equal(parse(18), NETIF_GOOD);
		assert_int_equal(packet.parts, 18);
	}
}

/* XSA-448: empty parts are answered and never looked at. */
static void empty_parts_are_left_out(void **state)
{
	for (uint32_t empty = 1; empty < 5; empty++) {
		chain(5, 500, 100);
		slot[empty].request.size = 0;
		assert_int_equal(parse(5), NETIF_GOOD);
		assert_int_equal(packet.slots, 5);
		assert_int_equal(packet.parts, 4);
		assert_int_equal(packet.part[0].bytes, 200);
	}
	chain(5, 500, 0);
	assert_int_equal(parse(5), NETIF_GOOD);
	assert_int_equal(packet.parts, 1);
	chain(3, 500, 250);	/* nothing is left for the first */
	assert_int_equal(parse(3), NETIF_GOOD);
	assert_int_equal(packet.parts, 2);
	assert_int_equal(packet.part[0].gref.ref, 101);
}

static void parts_that_are_more_than_the_whole_are_refused(void **state)
{
	chain(3, 1999, 1000);
	assert_int_equal(parse(3), NETIF_SIZES_DISAGREE);
	assert_int_equal(packet.slots, 3);
	chain(2, 0, 65535);
	assert_int_equal(parse(2), NETIF_SIZES_DISAGREE);
}

static void a_part_lies_within_its_page(void **state)
{
	data(0, 97, 4000, 0);
	assert_int_equal(parse(1), NETIF_CROSSES_PAGE);
	data(0, 65535, 0, 0);
	assert_int_equal(parse(1), NETIF_CROSSES_PAGE);
	data(0, 60, 65535, 0);
	assert_int_equal(parse(1), NETIF_CROSSES_PAGE);
	data(0, 0, 4097, 0);
	assert_int_equal(parse(1), NETIF_CROSSES_PAGE);
	chain(2, 5000, 4096);
	assert_int_equal(parse(2), NETIF_GOOD);
	slot[1].request.offset = 1;
	assert_int_equal(parse(2), NETIF_CROSSES_PAGE);
}

static void a_frame_has_at_least_its_header(void **state)
{
	for (uint16_t bytes = 0; bytes < 14; bytes++) {
		data(0, bytes, 0, 0);
		assert_int_equal(parse(1), NETIF_TOO_SHORT);
		assert_int_equal(packet.slots, 1);
	}
	data(0, 14, 0, 0);
	assert_int_equal(parse(1), NETIF_GOOD);
}

static void headers_may_be_split_anywhere(void **state)
{
	for (uint16_t first = 0; first <= 128; first++) {
		chain(2, (uint16_t)(first + 1000), 1000);
		assert_int_equal(parse(2), NETIF_GOOD);
		assert_int_equal(packet.bytes, first + 1000);
	}
}

/* Whatever the bytes are: parts within pages, within the table, adding up; never beyond the slots. */
static void random_slots_never_break_a_promise(void **state)
{
	uint32_t seed = 1;

	for (uint32_t round = 0; round < 200000; round++) {
		uint32_t count = 1 + round % 40, sum = 0;
		enum netif_verdict verdict;

		for (uint32_t i = 0; i < 40 * 12; i++) {
			seed = seed * 1664525 + 1013904223;
			((uint8_t *)slot)[i] = (uint8_t)(seed >> 24) & (i % 3 ? 0xff : 0x0f);
		}
		verdict = parse(count);
		assert_true(verdict < NETIF_VERDICTS && netif_verdict_text(verdict));
		if (verdict >= NETIF_FATAL)
			continue;
		assert_true(packet.slots >= 1 && packet.slots <= count && packet.extras < packet.slots);
		if (verdict != NETIF_GOOD)
			continue;
		for (uint32_t i = 0; i < packet.parts; i++) {
			assert_true(packet.part[i].offset + packet.part[i].bytes <= 4096);
			sum += packet.part[i].bytes;
		}
		assert_int_equal(sum, packet.bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_slot_is_one_part),
		cmocka_unit_test(the_first_part_is_what_the_others_leave),
		cmocka_unit_test(what_follows_a_packet_is_left_alone),
		cmocka_unit_test(segmentation_is_taken_from_its_extra_info),
		cmocka_unit_test(segmentation_that_was_not_offered_is_refused),
		cmocka_unit_test(hash_and_xdp_infos_are_passed_over),
		cmocka_unit_test(list_changes_are_no_packets),
		cmocka_unit_test(a_list_change_with_data_is_refused),
		cmocka_unit_test(an_extra_info_may_come_once),
		cmocka_unit_test(extra_infos_without_end_end_with_the_ring),
		cmocka_unit_test(unknown_extra_infos_are_fatal),
		cmocka_unit_test(impossible_segmentation_is_fatal),
		cmocka_unit_test(a_chain_that_is_not_there_whole_is_fatal),
		cmocka_unit_test(eighteen_slots_are_legal_more_are_not_many_more_are_fatal),
		cmocka_unit_test(many_slots_of_few_bytes_are_counted_right),
		cmocka_unit_test(empty_parts_are_left_out),
		cmocka_unit_test(parts_that_are_more_than_the_whole_are_refused),
		cmocka_unit_test(a_part_lies_within_its_page),
		cmocka_unit_test(a_frame_has_at_least_its_header),
		cmocka_unit_test(headers_may_be_split_anywhere),
		cmocka_unit_test(random_slots_never_break_a_promise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
