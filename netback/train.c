/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Joins TCP segments. Trusts frame_parse() for where headers are; promises that segmentation of what
 * it has joined gives each frame back: same headers, numbers that count up, equal sizes but the last,
 * PSH on the last only, and no IP header whose checksum was wrong.
 */
#include "netback/train.h"

#include <string.h>

#include "netback/frame.h"
#include "netback/offload.h"

#define SEGMENT_MIN 8		/* as in offload.c: less is refused as segmentation */
#define IPV4_BYTES 20u
#define IPV6_BYTES 40u
#define TCP_BYTES 20u
#define TCP_PSH 0x08
#define TCP_ACK 0x10

static bool network_plain(const struct frame *frame)
{
	if (frame->version == 6)
		return frame->l4 == frame->l3 + IPV6_BYTES;
	return frame->l4 == frame->l3 + IPV4_BYTES &&
		frame_ipv4_sum(frame->data + frame->l3, IPV4_BYTES) == 0xffff;
}

/* Where the payload of a plain TCP segment begins; 0: it is none, or has no payload. */
static uint32_t segment_headers(const struct virtio_net_hdr *header, const struct frame *frame)
{
	const uint8_t *tcp = frame->data + frame->l4;
	uint32_t headers;

	if (header->flags != VIRTIO_NET_HDR_F_NEEDS_CSUM || header->gso_type != VIRTIO_NET_HDR_GSO_NONE)
		return 0;
	/* With a blank checksum there is a whole TCP or UDP header, as offload_to_tap() has found. */
	if (frame->protocol != FRAME_TCP || frame->end != frame->bytes || !network_plain(frame))
		return 0;
	headers = (tcp[12] >> 4) * 4u;
	if (headers < TCP_BYTES || headers >= frame->end - frame->l4 || (tcp[13] & ~TCP_PSH) != TCP_ACK)
		return 0;
	return frame->l4 + headers;
}

void train_begin(struct train *train, const struct virtio_net_hdr *header, uint8_t *data, uint32_t bytes)
{
	struct frame frame;

	frame_parse(&frame, data, bytes);
	train->header = *header;
	train->frames = 1;
	train->part[0] = (struct iovec) { data, bytes };
	train->bytes = bytes;
	train->headers = segment_headers(header, &frame);
	train->l3 = frame.l3;
	train->l4 = frame.l4;
	train->open = train->headers && bytes - train->headers >= SEGMENT_MIN &&
		!(data[frame.l4 + 13] & TCP_PSH);
	if (train->open)
		train->next = frame_u32(data + frame.l4 + 4) + bytes - train->headers;
}

static bool same(const uint8_t *a, const uint8_t *b, uint32_t at, uint32_t bytes)
{
	return memcmp(a + at, b + at, bytes) == 0;
}

/* All but the lengths, and IPv4's numbers, which count up. */
static bool network_follows(const struct train *train, const uint8_t *first, const struct frame *frame)
{
	const uint32_t l3 = train->l3;
	const uint8_t *data = frame->data;

	if (frame->l3 != l3 || frame->l4 != train->l4 || !same(first, data, 0, l3))
		return false;
	if (frame->version == 6)
		return same(first, data, l3, 4) && same(first, data, l3 + 6, IPV6_BYTES - 6);
	return same(first, data, l3, 2) && same(first, data, l3 + 6, 4) && same(first, data, l3 + 12, 8) &&
		frame_u16(data + l3 + 4) == (uint16_t)(frame_u16(first + l3 + 4) + train->frames);
}

/* All but the sequence number, PSH and the checksum. */
static bool tcp_follows(const struct train *train, const uint8_t *first, const uint8_t *data)
{
	const uint32_t l4 = train->l4;

	return same(first, data, l4, 4) && frame_u32(data + l4 + 4) == train->next && same(first, data, l4 + 8, 5) &&
		same(first, data, l4 + 14, 2) && same(first, data, l4 + 18, train->headers - l4 - 18);
}

bool train_join(struct train *train, const struct virtio_net_hdr *header, uint8_t *data, uint32_t bytes)
{
	uint8_t *first = train->part[0].iov_base;
	uint32_t payload, size;
	struct frame frame;

	if (train->frames == 0 || !train->open || train->frames == TRAIN_FRAMES_MAX)
		return false;
	frame_parse(&frame, data, bytes);
	if (segment_headers(header, &frame) != train->headers)
		return false;
	payload = bytes - train->headers;
	size = (uint32_t)train->part[0].iov_len - train->headers;
	if (payload > size || train->bytes + payload > NETIF_FRAME_MAX)
		return false;
	if (!network_follows(train, first, &frame) || !tcp_follows(train, first, data))
		return false;
	train->part[train->frames++] = (struct iovec) { data + train->headers, payload };
	train->bytes += payload;
	train->next += payload;
	train->open = payload == size && !(data[train->l4 + 13] & TCP_PSH);
	first[train->l4 + 13] |= data[train->l4 + 13] & TCP_PSH;
	return true;
}

void train_finish(struct train *train)
{
	uint8_t *first = train->part[0].iov_base, *ip = first + train->l3;
	struct netif_offload offload = { .csum_blank = true };

	if (train->frames < 2)
		return;
	offload.gso_size = (uint16_t)(train->part[0].iov_len - train->headers);
	if (ip[0] >> 4 == 6) {
		offload.gso_type = XEN_NETIF_GSO_TYPE_TCPV6;
		frame_put_u16(ip + 4, train->bytes - train->l3 - IPV6_BYTES);
	} else {
		offload.gso_type = XEN_NETIF_GSO_TYPE_TCPV4;
		frame_put_u16(ip + 2, train->bytes - train->l3);
		frame_put_u16(ip + 10, 0);
		frame_put_u16(ip + 10, (uint16_t)~frame_ipv4_sum(ip, IPV4_BYTES));
	}
	/* It looks at headers only, which are all in the first frame. It cannot refuse what passed above. */
	offload_to_tap(&offload, false, first, train->bytes, &train->header);
}
