/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: netback/train.o netback/cut.o netback/offload.o netback/frame.o */
/*
 * TCP segments that mostly follow one another, joined: what is joined, cut again as a kernel does it, gives
 * each frame back byte for byte, but for its checksum, which was blank.
 */
#include "netback/cut.h"
#include "netback/frame.h"
#include "netback/offload.h"
#include "netback/train.h"
#include "tests/fuzz/feed.h"

#define FRAMES 12
#define FRAME_ROOM 512u
#define L3 14u

/* What the frames have in common, and what the next one is like. */
struct flow {
	bool v6;
	uint32_t l4, headers, payload, sequence;
	uint16_t number;
};

static uint8_t frame[FRAMES][FRAME_ROOM], given[FRAMES][FRAME_ROOM];
static uint32_t bytes_of[FRAMES];

static void ipv4_sum_set(uint8_t *ip)
{
	uint32_t sum = 0;

	frame_put_u16(ip + 10, 0);
	for (uint32_t i = 0; i < 20; i += 2)
		sum += frame_u16(ip + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	frame_put_u16(ip + 10, ~sum & 0xffff);
}

/* Wrong once in 64 times. */
static bool wrong(struct feed *feed)
{
	return feed_u8(feed) > 251;
}

static uint32_t frame_make(struct feed *feed, struct flow *flow, uint8_t *data)
{
	const uint32_t payload = feed_u8(feed) < 240 ? flow->payload : feed_u8(feed);
	const uint32_t bytes = flow->headers + payload;

	memset(data, 0x11, bytes);
	frame_put_u16(data + 12, flow->v6 ? 0x86dd : 0x0800);
	if (flow->v6) {
		memcpy(data + L3, "\x60\0\0\0\0\0\x06\x40", 8);
		frame_put_u16(data + L3 + 4, bytes - flow->l4);
	} else {
		memcpy(data + L3, "\x45\0\0\0\0\0\x40\0\x40\x06\0\0", 12);
		frame_put_u16(data + L3 + 2, bytes - L3);
		frame_put_u16(data + L3 + 4, flow->number++);
	}
	frame_put_u32(data + flow->l4 + 4, flow->sequence);
	data[flow->l4 + 12] = (uint8_t)((flow->headers - flow->l4) << 2);
	data[flow->l4 + 13] = wrong(feed) ? 0x18 : 0x10;
	for (uint32_t i = flow->headers; i < bytes; i++)
		data[i] = (uint8_t)(flow->sequence + i);
	flow->sequence += payload;
	if (wrong(feed))
		data[feed_u8(feed) % flow->headers] ^= feed_u8(feed);
	if (!flow->v6 && !wrong(feed))
		ipv4_sum_set(data + L3);
	return bytes;
}

/* Frame `k` of the train as its receiver gets it. */
static uint32_t cut(const struct train *train, const uint8_t *whole, uint32_t k, uint8_t *data)
{
	const uint32_t size = (uint32_t)train->part[0].iov_len - train->headers;
	const uint32_t left = train->bytes - train->headers - k * size, payload = left < size ? left : size;
	const uint32_t bytes = train->headers + payload, l4 = train->l4;

	memcpy(data, whole, train->headers);
	memcpy(data + train->headers, whole + train->headers + k * size, payload);
	frame_put_u32(data + l4 + 4, frame_u32(data + l4 + 4) + k * size);
	if (k + 1 < train->frames)
		data[l4 + 13] &= (uint8_t)~0x08;
	if (data[train->l3] >> 4 == 6) {
		frame_put_u16(data + train->l3 + 4, bytes - train->l3 - 40);
		return bytes;
	}
	frame_put_u16(data + train->l3 + 2, bytes - train->l3);
	frame_put_u16(data + train->l3 + 4, frame_u16(data + train->l3 + 4) + k);
	ipv4_sum_set(data + train->l3);
	return bytes;
}

/* And as the product cuts it for a guest. */
static void segment_holds(const struct train *train, const uint8_t *whole, uint32_t k,
		const uint8_t *want, uint32_t bytes)
{
	const uint32_t size = train->header.gso_size;
	static uint8_t data[FRAMES * FRAME_ROOM];
	struct segment segment;

	HOLDS(cut_segment(whole, train->bytes, size, k * size, data, &segment));
	HOLDS(segment.bytes == bytes && segment.last == (k + 1 == train->frames));
	memcpy(data + train->l4 + 16, want + train->l4 + 16, 2);
	HOLDS(memcmp(data, want, bytes) == 0);
}

static void train_holds(struct train *train, uint32_t first)
{
	static uint8_t whole[FRAMES * FRAME_ROOM], data[FRAME_ROOM];
	uint32_t bytes = 0;

	train_finish(train);
	for (uint32_t i = 0; i < train->frames; i++) {
		memcpy(whole + bytes, train->part[i].iov_base, train->part[i].iov_len);
		bytes += (uint32_t)train->part[i].iov_len;
	}
	HOLDS(bytes == train->bytes);
	if (train->frames == 1) {
		HOLDS(bytes == bytes_of[first] && memcmp(whole, given[first], bytes) == 0);
		return;
	}
	HOLDS(train->header.flags == VIRTIO_NET_HDR_F_NEEDS_CSUM && train->header.csum_start == train->l4);
	HOLDS(train->header.gso_size == bytes_of[first] - train->headers && train->header.hdr_len == train->headers);
	for (uint32_t k = 0; k < train->frames; k++) {
		HOLDS(cut(train, whole, k, data) == bytes_of[first + k]);
		memcpy(data + train->l4 + 16, given[first + k] + train->l4 + 16, 2);
		HOLDS(memcmp(data, given[first + k], bytes_of[first + k]) == 0);
		segment_holds(train, whole, k, given[first + k], bytes_of[first + k]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const struct netif_offload blank = { .csum_blank = true };
	struct feed feed = { bytes, size };
	const uint8_t knobs = feed_u8(&feed);
	struct flow flow = { .v6 = knobs & 1, .l4 = knobs & 1 ? 54 : 34, .payload = feed_u8(&feed), .sequence = feed_u32(&feed) };
	struct virtio_net_hdr header;
	struct train train = { 0 };
	uint32_t first = 0;

	flow.headers = flow.l4 + 20 + (knobs >> 1) % 11 * 4;
	flow.number = (uint16_t)feed_u32(&feed);
	for (uint32_t i = 0; i < FRAMES; i++) {
		bytes_of[i] = frame_make(&feed, &flow, frame[i]);
		if (offload_to_tap(&blank, false, frame[i], bytes_of[i], &header) != OFFLOAD_GOOD)
			memset(&header, 0, sizeof(header));
		memcpy(given[i], frame[i], bytes_of[i]);
		if (train_join(&train, &header, frame[i], bytes_of[i]))
			continue;
		if (train.frames)
			train_holds(&train, first);
		first = i;
		train_begin(&train, &header, frame[i], bytes_of[i]);
	}
	train_holds(&train, first);
	return 0;
}
