/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translates offloads. Trusts frame_parse() for where headers are; promises that a checksum's place
 * lies within the IP packet that it is for, and that a segment is never smaller than TCP allows.
 */
#include "netback/offload.h"

#include <stddef.h>
#include <string.h>

#include "netback/frame.h"
#include "ring/control.h"

/* The least that a Linux peer can be made to send: TCP_MIN_SND_MSS less the options' 40 bytes. */
#define SEGMENT_MIN 8
#define TCP_CHECKSUM 16		/* offsets in the transport header */
#define TCP_DATA_OFFSET 12
#define TCP_HEADER_MIN 20
#define UDP_CHECKSUM 6
#define UDP_HEADER 8

/* --- sums -------------------------------------------------------------------------------------- */

/* The one's complement sum of 16-bit words as they lie in memory, unfolded. An odd byte is padded. */
static uint64_t sum_bytes(uint64_t sum, const uint8_t *data, uint32_t bytes)
{
	uint16_t last = 0;
	uint32_t word;

	for (; bytes >= 4; bytes -= 4, data += 4) {
		memcpy(&word, data, sizeof(word));
		sum += word;
	}
	if (bytes >= 2) {
		memcpy(&last, data, 2);
		sum += last;
		data += 2;
	}
	last = 0;
	if (bytes & 1)
		memcpy(&last, data, 1);
	return sum + last;
}

static uint16_t sum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* In the byte order of the wire, like everything that sum_bytes() has summed. */
static uint16_t pseudo_header_sum(const struct frame *frame)
{
	const uint32_t addresses = frame->version == 4 ? 8 : 32;
	const uint32_t length = frame->end - frame->l4;
	const uint8_t tail[] = { 0, frame->protocol, (uint8_t)(length >> 8), (uint8_t)length };

	return sum_fold(sum_bytes(sum_bytes(0, frame_ip_addresses(frame), addresses), tail, sizeof(tail)));
}

/* Completes the checksum at `place` over data[start..end), whose field holds the pseudo header's. */
static void checksum_complete(uint8_t *data, uint32_t start, uint32_t end, uint32_t place)
{
	uint16_t sum = (uint16_t)~sum_fold(sum_bytes(0, data + start, end - start));

	if (sum == 0)	/* to UDP this says that there is none; to everyone it is the same number */
		sum = 0xffff;
	memcpy(data + place, &sum, sizeof(sum));
}

/* Where the transport's checksum is from its header on; 0: it has none that can be offloaded. */
static uint32_t checksum_offset(const struct frame *frame)
{
	const uint32_t room = frame->end - frame->l4;

	if (frame->version == 0 || frame->fragment)
		return 0;
	if (frame->protocol == FRAME_TCP && room >= TCP_HEADER_MIN)
		return TCP_CHECKSUM;
	if (frame->protocol == FRAME_UDP && room >= UDP_HEADER)
		return UDP_CHECKSUM;
	return 0;
}

/* --- guest to host ----------------------------------------------------------------------------- */

static uint32_t tcp_header_bytes(const struct frame *frame)
{
	return (frame->data[frame->l4 + TCP_DATA_OFFSET] >> 4) * 4u;
}

static enum offload_verdict segments_to_tap(const struct netif_offload *offload,
		const struct frame *frame, struct virtio_net_hdr *header)
{
	const bool v4 = offload->gso_type == XEN_NETIF_GSO_TYPE_TCPV4;
	uint32_t tcp;

	if (frame->protocol != FRAME_TCP || frame->version != (v4 ? 4 : 6))
		return OFFLOAD_NOT_TCP;
	tcp = tcp_header_bytes(frame);
	if (tcp < TCP_HEADER_MIN || tcp > frame->end - frame->l4)
		return OFFLOAD_NOT_TCP;
	if (offload->gso_size < SEGMENT_MIN)
		return OFFLOAD_TINY_SEGMENTS;
	header->gso_type = v4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
	header->gso_size = offload->gso_size;
	header->hdr_len = (uint16_t)(frame->l4 + tcp);
	return OFFLOAD_GOOD;
}

enum offload_verdict offload_to_tap(const struct netif_offload *offload, bool complete, uint8_t *data,
		uint32_t bytes, struct virtio_net_hdr *header)
{
	enum offload_verdict verdict = OFFLOAD_GOOD;
	struct frame frame;
	uint32_t place;
	uint16_t pseudo;

	memset(header, 0, sizeof(*header));
	if (!offload->csum_blank && !offload->gso_type)
		return OFFLOAD_GOOD;
	frame_parse(&frame, data, bytes);
	place = checksum_offset(&frame);
	if (!place)
		return OFFLOAD_NO_TRANSPORT;
	if (offload->gso_type)
		verdict = segments_to_tap(offload, &frame, header);
	if (verdict)
		return verdict;
	pseudo = pseudo_header_sum(&frame);
	memcpy(data + frame.l4 + place, &pseudo, sizeof(pseudo));
	if (complete) {
		checksum_complete(data, frame.l4, frame.end, frame.l4 + place);
		return OFFLOAD_GOOD;
	}
	header->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	header->csum_start = (uint16_t)frame.l4;
	header->csum_offset = (uint16_t)place;
	return OFFLOAD_GOOD;
}

/* --- host to guest ----------------------------------------------------------------------------- */

/* Frontends look for IP right behind the addresses. */
static bool ip_follows(const uint8_t *data)
{
	const uint16_t type = frame_u16(data + 12);

	return type == FRAME_IPV4 || type == FRAME_IPV6;
}

/* A frontend finds the place of a blank checksum by itself: it has to be where it will look. */
static bool frontend_finds(const struct virtio_net_hdr *header, uint32_t vif_flags,
		const uint8_t *data, uint32_t bytes)
{
	struct frame frame;

	if (!ip_follows(data))
		return false;
	frame_parse(&frame, data, bytes);
	if (!(vif_flags & (frame.version == 6 ? VIF_CSUM_V6 : VIF_CSUM_V4)))
		return false;
	return checksum_offset(&frame) == header->csum_offset && frame.l4 == header->csum_start &&
		header->csum_offset;
}

/* Does the frontend take these segments joined? */
static bool segments_from_tap(const struct virtio_net_hdr *header, uint32_t vif_flags,
		const uint8_t *data, struct offload_rx *rx)
{
	const uint8_t type = header->gso_type & ~VIRTIO_NET_HDR_GSO_ECN;

	if (!ip_follows(data))
		return false;
	if (type == VIRTIO_NET_HDR_GSO_TCPV4 && vif_flags & VIF_GSO_TCPV4)
		rx->gso_type = XEN_NETIF_GSO_TYPE_TCPV4;
	else if (type == VIRTIO_NET_HDR_GSO_TCPV6 && vif_flags & VIF_GSO_TCPV6)
		rx->gso_type = XEN_NETIF_GSO_TYPE_TCPV6;
	else
		return false;
	rx->gso_size = header->gso_size;
	return true;
}

enum offload_rx_verdict offload_from_tap(struct virtio_net_hdr *header, uint32_t vif_flags, uint8_t *data,
		uint32_t bytes, struct offload_rx *rx)
{
	const uint32_t place = (uint32_t)header->csum_start + header->csum_offset;

	*rx = (struct offload_rx) { 0 };
	if (header->gso_type != VIRTIO_NET_HDR_GSO_NONE &&
			!segments_from_tap(header, vif_flags, data, rx))
		return OFFLOAD_RX_CUT;
	if (header->flags & VIRTIO_NET_HDR_F_DATA_VALID)
		rx->flags = NETRXF_data_validated;
	if (!(header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return OFFLOAD_RX_WHOLE;
	if (place + 2 > bytes)
		return OFFLOAD_RX_DROP;
	if (rx->gso_type || frontend_finds(header, vif_flags, data, bytes)) {
		rx->flags = NETRXF_csum_blank | NETRXF_data_validated;
		return OFFLOAD_RX_WHOLE;
	}
	checksum_complete(data, header->csum_start, bytes, place);
	header->flags = VIRTIO_NET_HDR_F_DATA_VALID;
	rx->flags = NETRXF_data_validated;
	return OFFLOAD_RX_WHOLE;
}

const char *offload_verdict_text(enum offload_verdict verdict)
{
	static const char *const text[OFFLOAD_VERDICTS] = {
		[OFFLOAD_GOOD] = "a good frame",
		[OFFLOAD_NO_TRANSPORT] = "a blank checksum without a TCP or UDP header",
		[OFFLOAD_NOT_TCP] = "segmentation of something else than TCP",
		[OFFLOAD_TINY_SEGMENTS] = "segments of less than 8 bytes",
	};

	return text[verdict];
}
