/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: netback/netif.o netback/cut.o netback/offload.o netback/frame.o */
/*
 * A chain of transmit slots with its extra infos, and the frame that comes of it: parts lie inside of
 * their pages and add up, and what is said to the tap about checksums and segments is about bytes
 * that are there.
 */
#include "netback/cut.h"
#include "netback/frame.h"
#include "netback/netif.h"
#include "netback/offload.h"
#include "ring/control.h"
#include "tests/fuzz/feed.h"

static void packet_holds(const struct netif_packet *packet)
{
	uint64_t bytes = 0;

	HOLDS(packet->parts >= 1 && packet->parts <= NETIF_SLOTS_MAX);
	HOLDS(packet->bytes >= NETIF_FRAME_MIN && packet->bytes <= NETIF_FRAME_MAX);
	for (uint32_t i = 0; i < packet->parts; i++) {
		HOLDS(packet->part[i].bytes >= 1);
		HOLDS(packet->part[i].offset + packet->part[i].bytes <= 4096);
		bytes += packet->part[i].bytes;
	}
	HOLDS(bytes == packet->bytes);
}

/* Segments are no longer than what they are cut from, and their payload stays within its. */
static void segments_hold(const uint8_t *frame, uint32_t bytes, uint32_t size)
{
	static uint8_t to[NETIF_FRAME_MAX];
	struct segment segment = { .last = false };
	uint32_t done = 0;

	if (!cut_segment(frame, bytes, size, 0, to, &segment))
		return;
	while (!segment.last && done < 4 * size) {
		HOLDS(cut_segment(frame, bytes, size, done, to, &segment));
		HOLDS(segment.bytes <= bytes && segment.payload >= 1 && segment.payload <= size);
		done += segment.payload;
		HOLDS(done < bytes);
	}
}

static void frame_check(struct feed *feed, const struct netif_packet *packet, bool complete)
{
	static uint8_t frame[NETIF_FRAME_MAX];
	struct virtio_net_hdr header;
	enum offload_verdict verdict;
	struct offload_rx rx;

	feed_bytes(feed, frame, packet->bytes);
	HOLDS(!frame_is_multicast(frame) || frame[0] & 1);
	verdict = offload_to_tap(&packet->offload, complete, frame, packet->bytes, &header);
	HOLDS(verdict < OFFLOAD_VERDICTS && offload_verdict_text(verdict)[0]);
	if (verdict != OFFLOAD_GOOD)
		return;
	if (header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		HOLDS((uint32_t)header.csum_start + header.csum_offset + 2 <= packet->bytes);
	HOLDS(header.hdr_len <= packet->bytes);
	HOLDS(!complete || !(header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM));
	/* And back, to a guest that takes what the input says; also with a header that no kernel makes. */
	offload_from_tap(&header, feed_u8(feed), frame, packet->bytes, &rx);
	feed_bytes(feed, &header, sizeof(header));
	switch (offload_from_tap(&header, feed_u8(feed), frame, packet->bytes, &rx)) {
	case OFFLOAD_RX_DROP:
		break;
	case OFFLOAD_RX_WHOLE:
		HOLDS(rx.gso_type <= XEN_NETIF_GSO_TYPE_TCPV6);
		break;
	case OFFLOAD_RX_CUT:
		HOLDS(rx.gso_type == 0);
		segments_hold(frame, packet->bytes, header.gso_size);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = { data, size };
	const uint8_t knobs = feed_u8(&feed);
	const uint32_t count = feed_u8(&feed) % 24 + 1;
	union netif_slot slot[24];
	struct netif_packet packet;
	enum netif_verdict verdict;

	/* As many as the call says: what it reads beyond is found by the address sanitizer. */
	union netif_slot *exact = malloc(count * sizeof(slot[0]));

	feed_bytes(&feed, slot, sizeof(slot));
	memcpy(exact, slot, count * sizeof(slot[0]));
	verdict = netif_parse(exact, count, knobs & 1, &packet);
	free(exact);
	HOLDS(verdict < NETIF_VERDICTS && netif_verdict_text(verdict)[0]);
	if (verdict < NETIF_FATAL)
		HOLDS(packet.slots >= 1 && packet.slots <= count && packet.extras < packet.slots);
	if (verdict == NETIF_GOOD) {
		packet_holds(&packet);
		HOLDS((knobs & 1) || packet.offload.gso_type == 0);
		frame_check(&feed, &packet, knobs & 2);
	}
	return 0;
}
