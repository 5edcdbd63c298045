/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: netback/hash.o netback/bucket.o netback/filter.o netback/frame.o ring/slate.o ring/sring.o xenbus/vifkeys.o xenbus/parse.o */
/* What a vif knows beside its packets: hash, rate, groups, own addresses, answers that survive. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "netback/bucket.h"
#include "netback/filter.h"
#include "netback/frame.h"
#include "netback/hash.h"
#include "ring/slate.h"
#include "xenbus/vifkeys.h"

/* --- hash -------------------------------------------------------------------------------------- */

static struct hash hash;
static struct xen_netif_ctrl_response response;
static uint32_t entries[128];

static uint32_t ask(uint16_t type, uint32_t a, uint32_t b, uint32_t c, const void *copy)
{
	const struct xen_netif_ctrl_request request = { .id = 7, .type = type, .data = { a, b, c } };

	hash_request(&hash, &request, copy, &response);
	assert_int_equal(response.id, 7);
	assert_int_equal(response.type, type);
	return response.status;
}

/* The example of Microsoft's RSS documents: addresses and ports, and what they hash to. */
static void toeplitz_gives_the_published_values(void **state)
{
	static const uint8_t key[40] = {
		0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
		0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
		0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
	};
	/* 66.9.149.187:2794 -> 161.142.100.80:1766 */
	uint8_t frame[60] = { [12] = 8, [14] = 0x45, [17] = 46, [23] = FRAME_TCP,
		[26] = 66, 9, 149, 187, 161, 142, 100, 80, 2794 >> 8, 2794 & 255, 1766 >> 8, 1766 & 255 };
	struct hash_value value;

	hash_init(&hash, 2);
	assert_false(hash_frame(&hash, frame, sizeof(frame), &value));
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 1, 0, 0, NULL), 0);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, 15, 0, 0, NULL), 0);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, 1, 40, 0, key), 0);
	assert_true(hash_frame(&hash, frame, sizeof(frame), &value));
	assert_int_equal(value.value, 0x51ccc178);
	assert_int_equal(value.type, _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP);
	frame[23] = FRAME_UDP;
	assert_true(hash_frame(&hash, frame, sizeof(frame), &value));
	assert_int_equal(value.value, 0x323e8fc2);
	assert_int_equal(value.type, _XEN_NETIF_CTRL_HASH_TYPE_IPV4);
}

static void wrong_control_requests_are_refused(void **state)
{
	hash_init(&hash, 2);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 2, 0, 0, NULL), 2);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, 1, 0, 0, NULL), 2);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 1, 0, 0, NULL), 0);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, 16, 0, 0, NULL), 2);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, 1, 41, 0, NULL), 3);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, 1, 40, 0, NULL), 2);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, 129, 0, 0, NULL), 2);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, 0, 0, 0, NULL), 1);
	assert_int_equal(ask(0, 0, 0, 0, NULL), 1);
	assert_int_equal(ask(65535, 0, 0, 0, NULL), 1);
}

/* XSA-270: offset and length that overflow when they are added. */
static void a_mapping_stays_within_its_table(void **state)
{
	static const uint32_t odd[] = { 0, 1, 127, 128, 129, 1u << 31, UINT32_MAX - 127, UINT32_MAX };

	hash_init(&hash, 2);
	memset(entries, 0, sizeof(entries));
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, 128, 0, 0, NULL), 0);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		for (size_t j = 0; j < sizeof(odd) / sizeof(odd[0]); j++) {
			uint64_t end = (uint64_t)odd[i] + odd[j];
			uint32_t status = ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, 1, odd[i], odd[j],
					entries);

			assert_int_equal(status == 0, end <= 128);
		}
	}
	entries[5] = 2;		/* there are queues 0 and 1 */
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, 1, 128, 0, entries), 2);
	assert_int_equal(hash_current(&hash)->mapping[5], 0);
	entries[5] = 1;
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, 1, 128, 0, entries), 0);
	assert_int_equal(hash_current(&hash)->mapping[5], 1);
}

static void a_hash_that_another_process_left_is_looked_at(void **state)
{
	hash_init(&hash, 2);
	hash.table[0].mapping[100] = 2;
	hash.table[0].algorithm = 1;
	hash_adopt(&hash, 2);
	assert_int_equal(hash.table[0].algorithm, 0);
	hash.table[0].algorithm = 1;
	hash_adopt(&hash, 2);
	assert_int_equal(hash.table[0].algorithm, 1);
	hash.current = 77;
	hash_adopt(&hash, 2);
	assert_int_equal(hash.current, 0);
}

/* --- rate -------------------------------------------------------------------------------------- */

static void a_bucket_gives_its_rate_and_saves_a_burst(void **state)
{
	struct bucket bucket;
	uint64_t sent = 0, now = 1000000;

	bucket_set(&bucket, 0, 50000);
	assert_int_equal(bucket_take(&bucket, 65535, now), 0);
	bucket_set(&bucket, 100000, 50000);
	while (bucket_take(&bucket, 1000, now) == 0)
		sent += 1000;
	assert_int_equal(sent, 100000);
	assert_int_equal(bucket_take(&bucket, 1000, now + 49999), 1);
	assert_int_equal(bucket_take(&bucket, 1000, now + 50000), 0);
	/* Saved up while idle: 128 KiB at most. */
	now += 100000000;
	bucket_take(&bucket, 1, now - 50000);
	for (sent = 0; bucket_take(&bucket, 1000, now) == 0; sent += 1000)
		continue;
	assert_in_range(sent, 128000, 131072);
}

static void a_small_rate_lets_a_large_frame_pass_in_the_end(void **state)
{
	struct bucket bucket;
	uint64_t now = 1000000;
	int waits = 0;

	bucket_set(&bucket, 10000, 50000);
	while (bucket_take(&bucket, 65535, now) && waits < 100) {
		now += 50000;
		waits++;
	}
	assert_int_equal(waits, 6);
}

/* --- filter ------------------------------------------------------------------------------------ */

static void the_list_of_groups_has_64_places_and_no_duplicates(void **state)
{
	struct groups groups = { 0 };
	uint8_t group[6] = { 1, 0, 0x5e, 0, 0, 0 };

	for (int i = 0; i < 64; i++) {
		group[5] = (uint8_t)i;
		assert_int_equal(groups_add(&groups, group), 0);
		assert_int_equal(groups_add(&groups, group), 0);
	}
	group[5] = 64;
	assert_int_equal(groups_add(&groups, group), -ENOSPC);
	assert_false(groups_pass(&groups, group));
	group[5] = 9;
	assert_true(groups_pass(&groups, group));
	groups_remove(&groups, group);
	assert_false(groups_pass(&groups, group));
	assert_true(groups_pass(&groups, (const uint8_t *)"\xff\xff\xff\xff\xff\xff"));
	assert_true(groups_pass(&groups, (const uint8_t *)"\x00\x16\x3e\0\0\1"));
}

static struct vif_params guarded(void)
{
	struct vif_params vif = { .flags = VIF_ANTI_SPOOF_MAC | VIF_ANTI_SPOOF_IP };

	assert_int_equal(vifkeys_mac("00:16:3e:05:30:71", vif.mac), 0);
	assert_int_equal(vifkeys_addresses("192.0.2.7 198.51.100.0/24 2001:db8::7", &vif), 0);
	return vif;
}

static uint8_t frame[300];

static void frame_start(uint16_t type)
{
	memset(frame, 0, sizeof(frame));
	memcpy(frame + 6, "\x00\x16\x3e\x05\x30\x71", 6);
	frame[12] = (uint8_t)(type >> 8);
	frame[13] = (uint8_t)type;
}

static enum filter_verdict ipv4_from(uint32_t source, uint8_t protocol)
{
	struct vif_params vif = guarded();

	frame_start(FRAME_IPV4);
	frame[14] = 0x45;
	frame[17] = 50;
	frame[23] = protocol;
	for (int i = 0; i < 4; i++)
		frame[26 + i] = (uint8_t)(source >> (24 - 8 * i));
	frame[35] = 68;
	frame[37] = 67;
	return filter_from_guest(&vif, frame, sizeof(frame));
}

static void a_guest_sends_from_its_own_addresses_only(void **state)
{
	struct vif_params vif = guarded();

	assert_int_equal(ipv4_from(0xc0000207, FRAME_TCP), FILTER_PASS);
	assert_int_equal(ipv4_from(0xc6336401, FRAME_TCP), FILTER_PASS);
	assert_int_equal(ipv4_from(0xc6336501, FRAME_TCP), FILTER_SOURCE_IP);
	assert_int_equal(ipv4_from(0xc0000208, FRAME_TCP), FILTER_SOURCE_IP);
	assert_int_equal(ipv4_from(0, FRAME_UDP), FILTER_PASS);		/* DHCP */
	assert_int_equal(ipv4_from(0, FRAME_TCP), FILTER_SOURCE_IP);
	frame[11]++;
	assert_int_equal(filter_from_guest(&vif, frame, sizeof(frame)), FILTER_SOURCE_MAC);
	frame_start(0x8137);
	assert_int_equal(filter_from_guest(&vif, frame, sizeof(frame)), FILTER_PROTOCOL);
	frame_start(0x8100);
	assert_int_equal(filter_from_guest(&vif, frame, sizeof(frame)), FILTER_PROTOCOL);
	vif.flags = 0;
	assert_int_equal(filter_from_guest(&vif, frame, sizeof(frame)), FILTER_PASS);
}

static void a_guest_says_in_arp_what_it_is(void **state)
{
	struct vif_params vif = guarded();

	frame_start(FRAME_ARP);
	memcpy(frame + 14 + 8, vif.mac, 6);
	memcpy(frame + 14 + 14, "\xc0\0\2\7", 4);
	assert_int_equal(filter_from_guest(&vif, frame, 42), FILTER_PASS);
	assert_int_equal(filter_from_guest(&vif, frame, 41), FILTER_SOURCE_IP);
	frame[14 + 17] = 8;
	assert_int_equal(filter_from_guest(&vif, frame, 42), FILTER_SOURCE_IP);
	memset(frame + 14 + 14, 0, 4);	/* a probe */
	assert_int_equal(filter_from_guest(&vif, frame, 42), FILTER_PASS);
	frame[14 + 8]++;
	assert_int_equal(filter_from_guest(&vif, frame, 42), FILTER_SOURCE_IP);
	vif.flags = VIF_ANTI_SPOOF_MAC;
	assert_int_equal(filter_from_guest(&vif, frame, 42), FILTER_SOURCE_MAC);
}

static void a_guest_says_in_neighbour_discovery_what_it_is(void **state)
{
	static const uint8_t link_local[16] = { 0xfe, 0x80, [8] = 0x02, 0x16, 0x3e, 0xff, 0xfe, 5, 0x30,
		0x71 };
	struct vif_params vif = guarded();

	frame_start(FRAME_IPV6);
	frame[14] = 0x60;
	frame[19] = 32;
	frame[20] = FRAME_ICMPV6;
	frame[54] = 136;
	memcpy(frame + 22, link_local, 16);
	memcpy(frame + 54 + 8, vif.address[2].bytes, 16);
	assert_int_equal(filter_from_guest(&vif, frame, 86), FILTER_PASS);
	frame[54 + 8 + 15] = 8;		/* somebody else's address is advertised */
	assert_int_equal(filter_from_guest(&vif, frame, 86), FILTER_SOURCE_IP);
	memset(frame + 22, 0, 16);	/* duplicate address detection */
	assert_int_equal(filter_from_guest(&vif, frame, 86), FILTER_PASS);
	frame[20] = FRAME_UDP;
	assert_int_equal(filter_from_guest(&vif, frame, 86), FILTER_SOURCE_IP);
	memcpy(frame + 22, link_local, 16);
	frame[22 + 15]++;
	assert_int_equal(filter_from_guest(&vif, frame, 86), FILTER_SOURCE_IP);
}

/* An advertisement behind that many headers of 8 bytes. Returns the frame's bytes. */
static uint32_t advertise_behind(uint32_t headers, const uint8_t *from, const uint8_t *what)
{
	uint8_t *next = frame + 20, *at = frame + 54;

	frame_start(FRAME_IPV6);
	frame[14] = 0x60;
	frame[19] = (uint8_t)(headers * 8 + 32);
	memcpy(frame + 22, from, 16);
	for (; headers; headers--, next = at, at += 8) {
		*next = 60;
		memset(at, 0, 8);
	}
	*next = FRAME_ICMPV6;
	*at = 136;
	memcpy(at + 8, what, 16);
	return (uint32_t)(at + 32 - frame);
}

static void nothing_is_advertised_behind_many_headers(void **state)
{
	struct vif_params vif = guarded();
	const uint8_t *own = vif.address[2].bytes;
	uint8_t other[16];

	memcpy(other, own, 16);
	other[15] ^= 1;
	for (uint32_t headers = 0; headers <= 20; headers++) {
		uint32_t bytes = advertise_behind(headers, own, other);

		assert_int_equal(filter_from_guest(&vif, frame, bytes), FILTER_SOURCE_IP);
	}
	assert_int_equal(filter_from_guest(&vif, frame, advertise_behind(3, own, own)), FILTER_PASS);
	/* The last header says that it is longer than the packet. */
	advertise_behind(2, own, other);
	frame[54 + 8 + 1] = 5;
	assert_int_equal(filter_from_guest(&vif, frame, 54 + 16 + 32), FILTER_SOURCE_IP);
}

static void what_follows_in_a_fragment_is_not_taken_for_headers(void **state)
{
	struct vif_params vif = guarded();
	uint32_t bytes = advertise_behind(2, vif.address[2].bytes, vif.address[2].bytes);

	frame[20] = 44;		/* the first header; the second lies somewhere in the packet's middle */
	frame[54 + 2] = 1;
	frame[54 + 8 + 1] = 255;
	assert_int_equal(filter_from_guest(&vif, frame, bytes), FILTER_PASS);
}

/* --- text -------------------------------------------------------------------------------------- */

static void the_toolstacks_text_is_read_strictly(void **state)
{
	struct vif_params vif;
	uint64_t bytes;
	uint32_t usec;

	assert_int_equal(vifkeys_rate("62500,50000", &bytes, &usec), 0);
	assert_int_equal(bytes, 62500);
	assert_int_equal(usec, 50000);
	assert_int_equal(vifkeys_rate("62500", &bytes, &usec), -EINVAL);
	assert_int_equal(vifkeys_rate("62500,0", &bytes, &usec), -EINVAL);
	assert_int_equal(vifkeys_rate("-1,50000", &bytes, &usec), -EINVAL);
	assert_int_equal(vifkeys_rate("1,2,3", &bytes, &usec), -EINVAL);
	assert_int_equal(vifkeys_rate("99999999999999999999999,5", &bytes, &usec), -EINVAL);
	assert_int_equal(vifkeys_mac("00:16:3e:05:30", vif.mac), -EINVAL);
	assert_int_equal(vifkeys_mac("00:16:3e:05:30:7g", vif.mac), -EINVAL);
	assert_int_equal(vifkeys_mac("0:016:3e:05:30:71", vif.mac), -EINVAL);
	assert_int_equal(vifkeys_addresses("  10.0.0.1   fe80::1/64 ", &vif), 0);
	assert_int_equal(vif.addresses, 2);
	assert_int_equal(vif.address[1].prefix, 64);
	assert_int_equal(vifkeys_addresses("10.0.0.1/33", &vif), -EINVAL);
	assert_int_equal(vifkeys_addresses("10.0.0", &vif), -EINVAL);
	assert_int_equal(vifkeys_addresses("1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4 1.1.1.5 1.1.1.6 1.1.1.7 "
			"1.1.1.8 1.1.1.9 1.1.1.10 1.1.1.11 1.1.1.12 1.1.1.13 1.1.1.14 1.1.1.15 1.1.1.16 "
			"1.1.1.17", &vif), -E2BIG);
}

/* --- answers that survive ---------------------------------------------------------------------- */

static uint32_t page[1024];
static struct slate slate;
static struct sring ring;

/* A ring whose frontend has shown `requests`, begun at an index that wraps soon. */
static void ring_start(uint32_t requests)
{
	memset(page, 0, sizeof(page));
	memset(&slate, 0, sizeof(slate));
	page[0] = 0xfffffff0 + requests;
	page[2] = 0xfffffff0;
	sring_attach(&ring, page, 256, 12, 0xfffffff0, 0xfffffff0);
}

static void answers_are_given_again_after_any_store(void **state)
{
	uint8_t slots[256 * 12];
	uint32_t request[3], rewrite, before;

	for (uint32_t crash = 0; crash < 2; crash++) {
		ring_start(40);
		assert_true(slate_recover(&slate, 5, page[0], page[2], 256, &rewrite));
		assert_int_equal(sring_look(&ring), 40);
		for (uint32_t i = 0; i < 30; i++) {
			sring_take(&ring, request);
			*slate_place(&slate, &ring, i) = 1000 + i;
		}
		before = page[2];
		slate_show(&slate, &ring, 4, 30);
		assert_int_equal(page[2], before + 30);
		if (crash)	/* the index was not written any more */
			page[2] = before;
		memcpy(slots, page + 16, sizeof(slots) / 2);
		assert_true(slate_recover(&slate, 5, page[0], page[2], 256, &rewrite));
		assert_int_equal(rewrite, crash ? 30 : 0);
		sring_attach(&ring, page, 256, 12, page[2] + rewrite, page[2]);
		slate_rewrite(&slate, &ring, 4, rewrite);
		sring_publish(&ring);
		assert_int_equal(page[2], before + 30);
		assert_memory_equal(slots, page + 16, sizeof(slots) / 2);
		assert_int_equal(sring_look(&ring), 10);
	}
}

static void a_slate_is_of_one_connection_and_believes_no_index(void **state)
{
	uint32_t rewrite;

	ring_start(40);
	assert_true(slate_recover(&slate, 5, 40, 0, 256, &rewrite));
	assert_true(slate_recover(&slate, 5, 40, 0, 256, &rewrite));
	assert_false(slate_recover(&slate, 5, 40, 1, 256, &rewrite));
	assert_true(slate_recover(&slate, 6, 40, 1, 256, &rewrite));
	assert_false(slate_recover(&slate, 6, 1 + 257, 1, 256, &rewrite));
	assert_false(slate_recover(&slate, 6, 0, 1, 256, &rewrite));
	slate.end = 1 + 41;	/* more answers than requests */
	assert_false(slate_recover(&slate, 6, 40, 1, 256, &rewrite));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(toeplitz_gives_the_published_values),
		cmocka_unit_test(wrong_control_requests_are_refused),
		cmocka_unit_test(a_mapping_stays_within_its_table),
		cmocka_unit_test(a_hash_that_another_process_left_is_looked_at),
		cmocka_unit_test(a_bucket_gives_its_rate_and_saves_a_burst),
		cmocka_unit_test(a_small_rate_lets_a_large_frame_pass_in_the_end),
		cmocka_unit_test(the_list_of_groups_has_64_places_and_no_duplicates),
		cmocka_unit_test(a_guest_sends_from_its_own_addresses_only),
		cmocka_unit_test(a_guest_says_in_arp_what_it_is),
		cmocka_unit_test(a_guest_says_in_neighbour_discovery_what_it_is),
		cmocka_unit_test(nothing_is_advertised_behind_many_headers),
		cmocka_unit_test(what_follows_in_a_fragment_is_not_taken_for_headers),
		cmocka_unit_test(the_toolstacks_text_is_read_strictly),
		cmocka_unit_test(answers_are_given_again_after_any_store),
		cmocka_unit_test(a_slate_is_of_one_connection_and_believes_no_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
