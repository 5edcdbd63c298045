/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: netback/train.o netback/offload.o netback/frame.o */
/* Segments that are joined: only those that segmentation gives back byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "netback/frame.h"
#include "netback/offload.h"
#include "netback/train.h"

#define FRAMES 80
#define ROOM 1600
#define PAYLOAD 1448
#define HEADERS 66		/* IPv4 with TCP timestamps */

static uint8_t sent[FRAMES][ROOM], kept[FRAMES][ROOM];
static uint32_t length[FRAMES];
static struct virtio_net_hdr header[FRAMES];
static struct train train;

static void ipv4_complete(uint8_t *ip)
{
	uint32_t sum = 0;

	frame_put_u16(ip + 10, 0);
	for (int i = 0; i < 20; i += 2)
		sum += frame_u16(ip + i);
	sum = (sum & 0xffff) + (sum >> 16);
	frame_put_u16(ip + 10, ~((sum & 0xffff) + (sum >> 16)));
}

static void offload(uint32_t n)
{
	const struct netif_offload blank = { .csum_blank = true };

	assert_int_equal(offload_to_tap(&blank, false, sent[n], length[n], &header[n]), OFFLOAD_GOOD);
	memcpy(kept[n], sent[n], ROOM);
}

/* The n-th segment of a flow, of that payload. */
static uint8_t *segment(uint32_t n, uint32_t payload)
{
	uint8_t *data = sent[n], *ip = data + 14, *tcp = ip + 20;

	memset(data, 0, ROOM);
	memcpy(data, "\x02\0\0\0\0\1\x02\0\0\0\0\2\x08\0\x45", 15);
	frame_put_u16(ip + 2, HEADERS - 14 + payload);
	frame_put_u16(ip + 4, 0xfffe + n);	/* the numbers wrap */
	frame_put_u16(ip + 6, 0x4000);
	memcpy(ip + 8, "\x40\x06", 2);
	memcpy(ip + 12, "\x0a\0\0\1\x0a\0\0\2", 8);
	ipv4_complete(ip);
	frame_put_u16(tcp, 40000);
	frame_put_u16(tcp + 2, 5201);
	frame_put_u32(tcp + 4, 0xfffff000u + n * PAYLOAD);
	frame_put_u32(tcp + 8, 77);
	memcpy(tcp + 12, "\x80\x10\x01\xf5", 4);
	memcpy(tcp + 20, "\1\1\x08\x0a\1\2\3\4\5\6\7\x08", 12);
	memset(data + HEADERS, (int)n + 1, payload);
	length[n] = HEADERS + payload;
	offload(n);
	return data;
}

static void segment_v6(uint32_t n, uint32_t payload)
{
	uint8_t *data = sent[n], *ip = data + 14, *tcp = ip + 40;

	memset(data, 0, ROOM);
	memcpy(data + 12, "\x86\xdd\x60", 3);
	frame_put_u16(ip + 4, 20 + payload);
	memcpy(ip + 6, "\x06\x40", 2);
	ip[8 + 15] = 1;
	ip[24 + 15] = 2;
	frame_put_u32(tcp + 4, 1 + n * payload);
	memcpy(tcp + 12, "\x50\x10\x01\xf5", 4);
	memset(data + 74, (int)n + 1, payload);
	length[n] = 74 + payload;
	offload(n);
}

static bool join(uint32_t n)
{
	return train_join(&train, &header[n], sent[n], length[n]);
}

static void begin(uint32_t n)
{
	train_begin(&train, &header[n], sent[n], length[n]);
}

/* What segmentation makes of the n-th part: the first frame's headers, numbers, lengths and PSH set. */
static void assert_given_back(uint32_t n, uint32_t frames)
{
	uint8_t got[ROOM] = { 0 };
	uint32_t size = (uint32_t)train.part[0].iov_len - train.headers;
	uint32_t from = n ? 0 : train.headers;
	uint32_t payload = (uint32_t)train.part[n].iov_len - from;
	const bool v6 = kept[0][12] == 0x86;
	uint8_t *ip = got + 14, *tcp = got + train.l4;

	memcpy(got, train.part[0].iov_base, train.headers);
	memcpy(got + train.headers, (uint8_t *)train.part[n].iov_base + from, payload);
	frame_put_u32(tcp + 4, ((uint32_t)frame_u16(tcp + 4) << 16 | frame_u16(tcp + 6)) + n * size);
	if (n + 1 < frames)
		tcp[13] &= (uint8_t)~8;
	if (v6) {
		frame_put_u16(ip + 4, train.headers - 14 - 40 + payload);
	} else {
		frame_put_u16(ip + 2, train.headers - 14 + payload);
		frame_put_u16(ip + 4, frame_u16(ip + 4) + n);
		ipv4_complete(ip);
	}
	memcpy(tcp + 16, kept[n] + train.l4 + 16, 2);	/* blank: filled in after segmentation */
	assert_int_equal(train.headers + payload, length[n]);
	assert_memory_equal(got, kept[n], length[n]);
}

static void a_flow_is_joined_and_given_back(void **state)
{
	for (uint32_t n = 0; n < 10; n++)
		segment(n, n < 9 ? PAYLOAD : 100);
	sent[9][34 + 13] |= 8;
	kept[9][34 + 13] |= 8;
	begin(0);
	for (uint32_t n = 1; n < 10; n++)
		assert_true(join(n));
	train_finish(&train);
	assert_int_equal(train.header.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	assert_int_equal(train.header.gso_size, PAYLOAD);
	assert_int_equal(train.header.hdr_len, HEADERS);
	assert_int_equal(train.bytes, HEADERS + 9 * PAYLOAD + 100);
	assert_int_equal(frame_u16(sent[0] + 16), train.bytes - 14);
	for (uint32_t n = 0; n < 10; n++)
		assert_given_back(n, 10);
}

static void a_flow_over_ipv6_is_joined_and_given_back(void **state)
{
	for (uint32_t n = 0; n < 3; n++)
		segment_v6(n, 1000);
	begin(0);
	assert_true(join(1));
	assert_true(join(2));
	train_finish(&train);
	assert_int_equal(train.header.gso_type, VIRTIO_NET_HDR_GSO_TCPV6);
	assert_int_equal(frame_u16(sent[0] + 18), 3020);
	for (uint32_t n = 0; n < 3; n++)
		assert_given_back(n, 3);
}

static void one_frame_stays_as_it_is(void **state)
{
	segment(0, PAYLOAD);
	begin(0);
	train_finish(&train);
	assert_int_equal(train.frames, 1);
	assert_memory_equal(&train.header, &header[0], sizeof(header[0]));
	assert_memory_equal(sent[0], kept[0], ROOM);
}

static void nothing_follows_a_short_segment_or_a_push(void **state)
{
	segment(0, PAYLOAD);
	segment(1, PAYLOAD - 1);
	segment(2, PAYLOAD);
	frame_put_u32(sent[2] + 38, 0xfffff000u + 2 * PAYLOAD - 1);
	begin(0);
	assert_true(join(1));
	assert_false(join(2));
	segment(0, PAYLOAD);
	segment(1, PAYLOAD);
	sent[0][34 + 13] |= 8;
	begin(0);
	assert_false(join(1));
}

static void a_larger_segment_does_not_follow(void **state)
{
	segment(0, PAYLOAD - 1);
	segment(1, PAYLOAD);
	frame_put_u32(sent[1] + 38, 0xfffff000u + PAYLOAD - 1);
	begin(0);
	assert_false(join(1));
}

static void a_frame_never_exceeds_what_a_guest_could_send(void **state)
{
	uint32_t n = 1;

	for (uint32_t i = 0; i < FRAMES; i++)
		segment(i, PAYLOAD);
	begin(0);
	while (join(n))
		n++;
	assert_int_equal(n, (NETIF_FRAME_MAX - HEADERS) / PAYLOAD);
}

static void there_is_a_largest_number_of_frames(void **state)
{
	uint32_t n = 1;

	for (uint32_t i = 0; i < FRAMES; i++)
		segment_v6(i, 100);
	begin(0);
	while (join(n))
		n++;
	assert_int_equal(n, TRAIN_FRAMES_MAX);
}

/* Every byte of the headers that differs, but lengths and the blank checksum, keeps a segment out. */
static void a_header_that_differs_keeps_a_segment_out(void **state)
{
	for (uint32_t at = 0; at < HEADERS; at++) {
		if (at == 34 + 16 || at == 34 + 17)
			continue;
		for (uint32_t bit = 0; bit < 8; bit++) {
			if (at == 34 + 13 && bit == 3)	/* PSH */
				continue;
			segment(0, PAYLOAD);
			segment(1, PAYLOAD)[at] ^= (uint8_t)(1u << bit);
			if (at >= 14 && at < 34 && at != 24 && at != 25)
				ipv4_complete(sent[1] + 14);
			begin(0);
			if (join(1))
				fail_msg("byte %u bit %u differs", at, bit);
			assert_int_equal(train.frames, 1);
			assert_memory_equal(sent[0], kept[0], ROOM);
		}
	}
}

static void a_whole_checksum_keeps_a_segment_out(void **state)
{
	segment(0, PAYLOAD);
	segment(1, PAYLOAD);
	header[1].flags = 0;
	begin(0);
	assert_false(join(1));
	begin(1);
	assert_false(join(0));
}

static void a_wrong_ip_checksum_is_not_put_right(void **state)
{
	segment(0, PAYLOAD)[14 + 10] ^= 1;
	segment(1, PAYLOAD);
	begin(0);
	assert_false(join(1));
	train_finish(&train);
	assert_int_equal(sent[0][14 + 10], kept[0][14 + 10] ^ 1);
}

static void padding_and_bare_acknowledgements_stay_alone(void **state)
{
	segment(0, PAYLOAD);
	segment(1, 100);
	length[1]++;
	begin(0);
	assert_false(join(1));
	segment(1, 0);
	assert_false(join(1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_is_joined_and_given_back),
		cmocka_unit_test(a_flow_over_ipv6_is_joined_and_given_back),
		cmocka_unit_test(one_frame_stays_as_it_is),
		cmocka_unit_test(nothing_follows_a_short_segment_or_a_push),
		cmocka_unit_test(a_larger_segment_does_not_follow),
		cmocka_unit_test(a_frame_never_exceeds_what_a_guest_could_send),
		cmocka_unit_test(there_is_a_largest_number_of_frames),
		cmocka_unit_test(a_header_that_differs_keeps_a_segment_out),
		cmocka_unit_test(a_whole_checksum_keeps_a_segment_out),
		cmocka_unit_test(a_wrong_ip_checksum_is_not_put_right),
		cmocka_unit_test(padding_and_bare_acknowledgements_stay_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
