/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: netback/cut.o netback/offload.o netback/frame.o */
/* Checksums and segments: where they are found, how they are completed, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "netback/cut.h"
#include "netback/frame.h"
#include "netback/offload.h"
#include "ring/control.h"

static uint8_t frame[2048];
static struct virtio_net_hdr header;
static struct offload_rx rx;

static void put16(uint32_t at, uint32_t value)
{
	frame[at] = (uint8_t)(value >> 8);
	frame[at + 1] = (uint8_t)value;
}

/* An Ethernet frame with `tags` VLAN tags and an IPv4 packet of `payload` bytes of that protocol. */
static uint32_t ipv4(uint32_t tags, uint32_t options, uint8_t protocol, uint32_t payload)
{
	uint32_t at = 12;

	memset(frame, 0, sizeof(frame));
	for (uint32_t i = 0; i < tags; i++, at += 4)
		put16(at, i ? 0x8100 : 0x88a8);
	put16(at, 0x0800);
	at += 2;
	frame[at] = (uint8_t)(0x45 + options);
	put16(at + 2, 20 + options * 4 + payload);
	frame[at + 9] = protocol;
	memcpy(frame + at + 12, "\x0a\0\0\1\x0a\0\0\2", 8);
	at += 20 + options * 4;
	if (protocol == FRAME_TCP)
		frame[at + 12] = 5 << 4;
	return at + payload;
}

static uint32_t ipv6(uint8_t first, uint32_t payload)
{
	memset(frame, 0, sizeof(frame));
	put16(12, 0x86dd);
	frame[14] = 0x60;
	put16(18, payload);
	frame[20] = first;
	frame[22 + 15] = 1;
	frame[38 + 15] = 2;
	return 54 + payload;
}

static enum offload_verdict to_tap(uint32_t bytes, uint8_t gso_type, uint16_t gso_size, bool complete)
{
	const struct netif_offload offload = { true, gso_type, gso_size };

	return offload_to_tap(&offload, complete, frame, bytes, &header);
}

/* The sum that a receiver computes, pseudo header and all; 0xffff where the checksum is right. */
static uint32_t received_sum(uint32_t addresses, uint32_t address_bytes, uint8_t protocol, uint32_t l4,
		uint32_t end)
{
	uint32_t sum = protocol + (end - l4);

	for (uint32_t i = 0; i < address_bytes; i += 2)
		sum += frame_u16(frame + addresses + i);
	for (uint32_t i = l4; i < end; i += 2)
		sum += i + 1 < end ? frame_u16(frame + i) : (uint32_t)frame[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void what_is_whole_is_left_alone(void **state)
{
	const struct netif_offload whole = { false, 0, 0 };

	memset(frame, 0xa5, sizeof(frame));
	assert_int_equal(offload_to_tap(&whole, false, frame, 60, &header), OFFLOAD_GOOD);
	assert_int_equal(header.flags, 0);
	assert_int_equal(header.gso_type, VIRTIO_NET_HDR_GSO_NONE);
}

static void a_blank_checksum_is_found_behind_tags_and_options(void **state)
{
	for (uint32_t tags = 0; tags <= 2; tags++) {
		for (uint32_t options = 0; options <= 10; options++) {
			uint32_t bytes = ipv4(tags, options, FRAME_UDP, 100);

			assert_int_equal(to_tap(bytes, 0, 0, false), OFFLOAD_GOOD);
			assert_int_equal(header.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
			assert_int_equal(header.csum_start, 34 + tags * 4 + options * 4);
			assert_int_equal(header.csum_offset, 6);
		}
	}
}

static void a_completed_checksum_is_right_for_every_length(void **state)
{
	for (uint32_t payload = 20; payload < 300; payload++) {
		uint32_t bytes = ipv4(0, 0, FRAME_TCP, payload);

		for (uint32_t i = 54; i < bytes; i++)
			frame[i] = (uint8_t)(i * 7);
		put16(34 + 16, payload * 31);	/* what a guest leaves there does not count */
		assert_int_equal(to_tap(bytes, 0, 0, true), OFFLOAD_GOOD);
		assert_int_equal(header.flags, 0);
		assert_int_equal(received_sum(26, 8, FRAME_TCP, 34, bytes), 0xffff);
	}
}

static void ipv6_checksums_are_found_behind_extension_headers(void **state)
{
	uint32_t bytes = ipv6(0, 8 + 8 + 40);

	frame[54] = 60;		/* hop by hop, then destination options, then UDP */
	frame[62] = FRAME_UDP;
	assert_int_equal(to_tap(bytes, 0, 0, true), OFFLOAD_GOOD);
	assert_int_equal(received_sum(22, 32, FRAME_UDP, 70, bytes), 0xffff);
	/* A loop of extension headers ends. */
	bytes = ipv6(0, 1000);
	assert_int_equal(to_tap(bytes, 0, 0, false), OFFLOAD_NO_TRANSPORT);
}

static void a_checksum_without_a_header_for_it_is_refused(void **state)
{
	uint32_t bytes = ipv4(0, 0, FRAME_TCP, 19);

	assert_int_equal(to_tap(bytes, 0, 0, false), OFFLOAD_NO_TRANSPORT);
	bytes = ipv4(0, 0, FRAME_ICMP, 60);
	assert_int_equal(to_tap(bytes, 0, 0, false), OFFLOAD_NO_TRANSPORT);
	bytes = ipv4(0, 0, FRAME_UDP, 60);
	put16(20, 0x2000);	/* a fragment */
	assert_int_equal(to_tap(bytes, 0, 0, false), OFFLOAD_NO_TRANSPORT);
	bytes = ipv4(0, 0, FRAME_UDP, 60);
	put16(16, 2000);	/* longer than the frame */
	assert_int_equal(to_tap(bytes, 0, 0, false), OFFLOAD_NO_TRANSPORT);
	bytes = ipv4(0, 0, FRAME_UDP, 60);
	frame[14] = 0x44;	/* a header of 16 bytes */
	assert_int_equal(to_tap(bytes, 0, 0, false), OFFLOAD_NO_TRANSPORT);
	memset(frame, 0, sizeof(frame));
	assert_int_equal(to_tap(60, 0, 0, false), OFFLOAD_NO_TRANSPORT);
}

static void every_truncation_is_survived(void **state)
{
	for (uint32_t whole = 0; whole < 2; whole++) {
		uint32_t bytes = whole ? ipv6(FRAME_TCP, 100) : ipv4(1, 3, FRAME_TCP, 100);

		for (uint32_t cut = 14; cut < bytes; cut++)
			assert_int_equal(to_tap(cut, 0, 0, true), OFFLOAD_NO_TRANSPORT);
	}
}

static void segments_are_of_tcp_over_the_right_ip(void **state)
{
	uint32_t bytes = ipv4(0, 0, FRAME_TCP, 1000);

	assert_int_equal(to_tap(bytes, XEN_NETIF_GSO_TYPE_TCPV4, 500, false), OFFLOAD_GOOD);
	assert_int_equal(header.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	assert_int_equal(header.gso_size, 500);
	assert_int_equal(header.hdr_len, 54);
	assert_int_equal(to_tap(bytes, XEN_NETIF_GSO_TYPE_TCPV6, 500, false), OFFLOAD_NOT_TCP);
	assert_int_equal(to_tap(bytes, XEN_NETIF_GSO_TYPE_TCPV4, 1, false), OFFLOAD_TINY_SEGMENTS);
	frame[34 + 12] = 4 << 4;
	assert_int_equal(to_tap(bytes, XEN_NETIF_GSO_TYPE_TCPV4, 500, false), OFFLOAD_NOT_TCP);
	bytes = ipv4(0, 0, FRAME_UDP, 1000);
	assert_int_equal(to_tap(bytes, XEN_NETIF_GSO_TYPE_TCPV4, 500, false), OFFLOAD_NOT_TCP);
	bytes = ipv6(FRAME_TCP, 1000);
	frame[54 + 12] = 5 << 4;
	assert_int_equal(to_tap(bytes, XEN_NETIF_GSO_TYPE_TCPV6, 500, false), OFFLOAD_GOOD);
	assert_int_equal(header.gso_type, VIRTIO_NET_HDR_GSO_TCPV6);
}

static void a_guest_that_completes_checksums_gets_blank_ones(void **state)
{
	uint32_t bytes = ipv4(0, 0, FRAME_UDP, 100);

	header = (struct virtio_net_hdr) { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34,
		.csum_offset = 6 };
	assert_int_equal(offload_from_tap(&header, VIF_CSUM_V4, frame, bytes, &rx), OFFLOAD_RX_WHOLE);
	assert_int_equal(rx.flags, NETRXF_csum_blank | NETRXF_data_validated);
}

static void other_guests_get_whole_checksums_and_only_once(void **state)
{
	uint32_t bytes = ipv4(0, 0, FRAME_UDP, 101);
	uint8_t first[2048];

	put16(40, 0x0a00 + 0x0a00 + 1 + 2 + 17 + 101);	/* the pseudo header's sum */
	header = (struct virtio_net_hdr) { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34,
		.csum_offset = 6 };
	assert_int_equal(offload_from_tap(&header, VIF_CSUM_V6, frame, bytes, &rx), OFFLOAD_RX_WHOLE);
	assert_int_equal(rx.flags, NETRXF_data_validated);
	assert_int_equal(received_sum(26, 8, FRAME_UDP, 34, bytes), 0xffff);
	memcpy(first, frame, sizeof(first));
	assert_int_equal(offload_from_tap(&header, VIF_CSUM_V6, frame, bytes, &rx), OFFLOAD_RX_WHOLE);
	assert_memory_equal(first, frame, sizeof(first));
}

static void a_checksum_that_no_frontend_would_find_is_completed(void **state)
{
	uint32_t bytes = ipv4(0, 0, 47, 200);	/* in a tunnel */

	header = (struct virtio_net_hdr) { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 80,
		.csum_offset = 16 };
	assert_int_equal(offload_from_tap(&header, VIF_CSUM_V4, frame, bytes, &rx), OFFLOAD_RX_WHOLE);
	assert_int_equal(rx.flags, NETRXF_data_validated);
	header = (struct virtio_net_hdr) { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.csum_start = (uint16_t)bytes, .csum_offset = 0 };
	assert_int_equal(offload_from_tap(&header, VIF_CSUM_V4, frame, bytes, &rx), OFFLOAD_RX_DROP);
}

static void segments_go_only_to_who_takes_them(void **state)
{
	uint32_t bytes = ipv4(0, 0, FRAME_TCP, 1000);

	header = (struct virtio_net_hdr) { .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 500 };
	assert_int_equal(offload_from_tap(&header, VIF_GSO_TCPV4, frame, bytes, &rx), OFFLOAD_RX_WHOLE);
	assert_int_equal(rx.gso_type, XEN_NETIF_GSO_TYPE_TCPV4);
	assert_int_equal(rx.gso_size, 500);
	assert_int_equal(offload_from_tap(&header, VIF_GSO_TCPV6, frame, bytes, &rx), OFFLOAD_RX_CUT);
	assert_int_equal(rx.gso_type, 0);
	header.gso_type = VIRTIO_NET_HDR_GSO_UDP;
	assert_int_equal(offload_from_tap(&header, VIF_GSO_TCPV4 | VIF_GSO_TCPV6, frame, bytes, &rx),
			OFFLOAD_RX_CUT);
}

/* Linux's netfront looks right behind the addresses, and drops what has a tag there. */
static void behind_a_tag_nothing_is_left_blank_or_joined(void **state)
{
	const uint32_t all = VIF_CSUM_V4 | VIF_CSUM_V6 | VIF_GSO_TCPV4 | VIF_GSO_TCPV6 | VIF_SG;
	uint32_t bytes = ipv4(1, 0, FRAME_UDP, 100);

	put16(44, 0x0a00 + 0x0a00 + 1 + 2 + 17 + 100);	/* the pseudo header's sum */
	header = (struct virtio_net_hdr) { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 38,
		.csum_offset = 6 };
	assert_int_equal(offload_from_tap(&header, all, frame, bytes, &rx), OFFLOAD_RX_WHOLE);
	assert_int_equal(rx.flags, NETRXF_data_validated);
	assert_int_equal(received_sum(30, 8, FRAME_UDP, 38, bytes), 0xffff);
	bytes = ipv4(1, 0, FRAME_TCP, 1000);
	header = (struct virtio_net_hdr) { .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 500 };
	assert_int_equal(offload_from_tap(&header, all, frame, bytes, &rx), OFFLOAD_RX_CUT);
}

/* Sums, numbers and flags of each segment; headers with options, tags, both versions of IP. */
static void assert_cut(uint32_t bytes, uint32_t l3, uint32_t l4, bool v4)
{
	static uint8_t whole[sizeof(frame)];
	const uint32_t headers = l4 + 20;
	struct segment segment = { .last = false };

	frame[l4 + 12] = 5 << 4;
	frame[l4 + 13] = 0x99;		/* CWR, ACK, PSH, FIN */
	put16(l3 + 4, v4 ? 0xfffe : bytes - l3 - 40);
	for (uint32_t i = headers; i < bytes; i++)
		frame[i] = (uint8_t)(i * 7);
	memcpy(whole, frame, sizeof(whole));
	for (uint32_t done = 0, n = 0; !segment.last; n++) {
		assert_true(cut_segment(whole, bytes, 300, done, frame, &segment));
		assert_int_equal(segment.payload, segment.last ? bytes - headers - done : 300);
		assert_int_equal(segment.bytes, headers + segment.payload);
		assert_memory_equal(frame + headers, whole + headers + done, segment.payload);
		assert_int_equal(frame[l4 + 13], (n ? 0x10 : 0x90) | (segment.last ? 0x09 : 0));
		assert_int_equal(frame_u32(frame + l4 + 4), done);
		assert_int_equal(received_sum(l3 + (v4 ? 12 : 8), v4 ? 8 : 32, FRAME_TCP, l4, segment.bytes), 0xffff);
		if (v4) {
			assert_int_equal(frame_u16(frame + l3 + 2), segment.bytes - l3);
			assert_int_equal(frame_u16(frame + l3 + 4), (uint16_t)(0xfffe + n));
			assert_int_equal(frame_ipv4_sum(frame + l3, l4 - l3), 0xffff);
		} else {
			assert_int_equal(frame_u16(frame + l3 + 4), segment.bytes - l3 - 40);
		}
		done += segment.payload;
	}
	assert_false(cut_segment(whole, bytes, 300, bytes - headers, frame, &segment));
}

static void joined_segments_are_cut_into_whole_ones(void **state)
{
	for (uint32_t tags = 0; tags <= 2; tags++) {
		uint32_t bytes = ipv4(tags, 3, FRAME_TCP, 1220);

		assert_cut(bytes, 14 + tags * 4, 46 + tags * 4, true);
	}
	assert_cut(ipv4(1, 0, FRAME_TCP, 20 + 1), 18, 38, true);
	assert_cut(ipv4(0, 0, FRAME_TCP, 20 + 600), 14, 34, true);
	assert_cut(ipv6(FRAME_TCP, 20 + 1001), 14, 54, false);
}

static void what_is_no_joined_tcp_is_not_cut(void **state)
{
	uint8_t to[sizeof(frame)];
	struct segment segment;
	uint32_t bytes = ipv4(0, 0, FRAME_UDP, 1000);

	assert_false(cut_segment(frame, bytes, 300, 0, to, &segment));
	bytes = ipv4(1, 0, FRAME_TCP, 1000);
	assert_true(cut_segment(frame, bytes, 300, 0, to, &segment));
	assert_false(cut_segment(frame, bytes, 0, 0, to, &segment));
	assert_false(cut_segment(frame, bytes - 1, 300, 0, to, &segment));
	frame[38 + 12] = 4 << 4;
	assert_false(cut_segment(frame, bytes, 300, 0, to, &segment));
	bytes = ipv4(0, 0, FRAME_TCP, 20);	/* no payload */
	assert_false(cut_segment(frame, bytes, 300, 0, to, &segment));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_whole_is_left_alone),
		cmocka_unit_test(a_blank_checksum_is_found_behind_tags_and_options),
		cmocka_unit_test(a_completed_checksum_is_right_for_every_length),
		cmocka_unit_test(ipv6_checksums_are_found_behind_extension_headers),
		cmocka_unit_test(a_checksum_without_a_header_for_it_is_refused),
		cmocka_unit_test(every_truncation_is_survived),
		cmocka_unit_test(segments_are_of_tcp_over_the_right_ip),
		cmocka_unit_test(a_guest_that_completes_checksums_gets_blank_ones),
		cmocka_unit_test(other_guests_get_whole_checksums_and_only_once),
		cmocka_unit_test(a_checksum_that_no_frontend_would_find_is_completed),
		cmocka_unit_test(segments_go_only_to_who_takes_them),
		cmocka_unit_test(behind_a_tag_nothing_is_left_blank_or_joined),
		cmocka_unit_test(joined_segments_are_cut_into_whole_ones),
		cmocka_unit_test(what_is_no_joined_tcp_is_not_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
