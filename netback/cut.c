/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cuts joined TCP segments. Trusts frame_parse() for where headers are; promises that what it writes is
 * never longer than what it was given, and that the segments carry the payload once, in order.
 */
#include "netback/cut.h"

#include <string.h>

#include "netback/frame.h"
#include "netback/offload.h"

#define TCP_BYTES 20u
#define TCP_FIN 0x01
#define TCP_PSH 0x08
#define TCP_CWR 0x80

/* Where the payload begins; 0: there is no such header. */
static uint32_t headers_of(const struct frame *frame)
{
	uint32_t headers;

	if (frame->version == 0 || frame->fragment || frame->protocol != FRAME_TCP ||
			frame->end - frame->l4 < TCP_BYTES)
		return 0;
	headers = (frame->data[frame->l4 + 12] >> 4) * 4u;
	return headers < TCP_BYTES || headers > frame->end - frame->l4 ? 0 : frame->l4 + headers;
}

/* The lengths, and IPv4's number and checksum, of the n-th segment. */
static void network_set(const struct frame *frame, uint8_t *ip, uint32_t bytes, uint32_t n)
{
	const uint32_t header = (ip[0] & 15u) * 4;

	if (frame->version == 6) {
		frame_put_u16(ip + 4, bytes - 40);
		return;
	}
	frame_put_u16(ip + 2, bytes);
	frame_put_u16(ip + 4, frame_u16(ip + 4) + n);
	frame_put_u16(ip + 10, 0);
	frame_put_u16(ip + 10, (uint16_t)~frame_ipv4_sum(ip, header));
}

static void tcp_set(uint8_t *tcp, uint32_t done, bool last)
{
	frame_put_u32(tcp + 4, frame_u32(tcp + 4) + done);
	if (done)	/* the congestion window was reduced once */
		tcp[13] &= (uint8_t)~TCP_CWR;
	if (!last)
		tcp[13] &= (uint8_t)~(TCP_FIN | TCP_PSH);
}

bool cut_segment(const uint8_t *data, uint32_t bytes, uint32_t size, uint32_t done, uint8_t *to,
		struct segment *segment)
{
	const struct netif_offload blank = { .csum_blank = true };
	struct virtio_net_hdr header;
	struct frame frame;
	uint32_t headers, left;

	frame_parse(&frame, data, bytes);
	headers = headers_of(&frame);
	if (headers == 0 || size == 0 || done >= frame.end - headers)
		return false;
	left = frame.end - headers - done;
	segment->last = left <= size;
	segment->payload = segment->last ? left : size;
	segment->bytes = headers + segment->payload;
	memcpy(to, data, headers);
	memcpy(to + headers, data + headers + done, segment->payload);
	network_set(&frame, to + frame.l3, segment->bytes - frame.l3, done / size);
	tcp_set(to + frame.l4, done, segment->last);
	/* Completes the checksum. It cannot refuse what has been looked at above. */
	return offload_to_tap(&blank, true, to, segment->bytes, &header) == OFFLOAD_GOOD;
}
