/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frontend's receive ring, and the network that sends. Holds the backend to: an answer in each request's
 * place, packets whole and in order with their extra infos after the first slot, and not a byte of a page
 * written but what the answer says.
 */
#include <unistd.h>

#include "tests/fuzz/net/frontend.h"

struct front_rx rx;

bool wire_send(struct feed *feed)
{
	static uint8_t frame[TUN_HEADER_BYTES + TAP_FRAME_MAX];
	struct virtio_net_hdr header = { 0 };
	const uint8_t kind = feed_u8(feed);
	uint32_t bytes = frame_bytes(feed);

	frame_make(feed, frame + TUN_HEADER_BYTES, bytes, kind, rx.serial + 1);
	if (kind % 8 >= 4 && kind & 16)
		header = (struct virtio_net_hdr) {
			.flags = kind & 32 ? VIRTIO_NET_HDR_F_NEEDS_CSUM : VIRTIO_NET_HDR_F_DATA_VALID,
			.csum_start = kind & 1 ? 54 : 34, .csum_offset = kind & 64 ? 16 : 6,
			.gso_type = kind & 128 ? kind & 1 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4 : 0,
			.gso_size = 1400,
		};
	memcpy(frame, &header, sizeof(header));
	if (wrong(feed)) {	/* no frame at all; nobody misses it */
		rx.odd++;
		return write(wire, frame, 1 + bytes % (TUN_HEADER_BYTES + NETIF_FRAME_MIN - 1)) > 0;
	}
	if (write(wire, frame, TUN_HEADER_BYTES + bytes) < 0)
		return false;	/* the kernel's bound on what waits */
	if (header.gso_type)
		rx.odd += bytes / header.gso_size;
	rx.bytes[++rx.serial % 4096] = bytes;
	rx.sent++;
	return true;
}

void rx_post(struct feed *feed, uint32_t n)
{
	for (; n > 0 && rx.prod - rx.cons < NETIF_RING_SLOTS; n--, rx.prod++) {
		const uint32_t at = rx.prod % NETIF_RING_SLOTS;
		struct netif_rx_request request = { .id = (uint16_t)(rx.prod * 5), .gref = RX_PAGE + at };

		rx.mine[at] = !feed || !wrong(feed);
		if (!rx.mine[at])
			request.gref = feed_u32(feed);
		rx.id[at] = request.id;
		memcpy(rx_slot(rx.prod), &request, sizeof(request));
	}
}

/* The bytes of one slot; its page holds them, and around them what it held before. */
static uint32_t rx_part(uint32_t index, const struct netif_rx_response *response, uint8_t *to, uint32_t room)
{
	uint8_t *page = fake.page[RX_PAGE + index % NETIF_RING_SLOTS];
	const uint32_t bytes = response->status > 0 ? (uint32_t)response->status : 0;

	HOLDS(response->id == rx.id[index % NETIF_RING_SLOTS]);
	HOLDS(response->status > 0 || (tainted && response->status == NETIF_RSP_ERROR));
	HOLDS(response->offset + bytes <= 4096 && bytes <= room);
	memcpy(to, page + response->offset, bytes);
	if (!tainted && rx.mine[index % NETIF_RING_SLOTS]) {
		for (uint32_t i = 0; i < 4096; i++)
			HOLDS(page[i] == PAINT || i - response->offset < bytes);
	}
	memset(page + response->offset, PAINT, bytes);
	return bytes;
}

/* The extra infos after a packet's first slot, in the places of requests. Returns where they end. */
static uint32_t rx_extras(uint32_t index)
{
	struct netif_extra_info extra;

	do {
		HOLDS(index != *header_at(RX_GREF, 2));
		memcpy(&extra, rx_slot(index++), sizeof(extra));
		HOLDS(extra.type == XEN_NETIF_EXTRA_TYPE_GSO || extra.type == XEN_NETIF_EXTRA_TYPE_HASH ||
				extra.type == NETIF_EXTRA_XDP);
	} while (extra.flags & XEN_NETIF_EXTRA_FLAG_MORE);
	return index;
}

/* One packet, which begins at rx.cons and is there whole. */
static void rx_take_one(void)
{
	static uint8_t frame[TAP_FRAME_MAX];
	struct netif_rx_response response;
	uint32_t at = rx.cons, bytes = 0;

	do {
		HOLDS(at != *header_at(RX_GREF, 2) && at != rx.pushed);
		memcpy(&response, rx_slot(at), sizeof(response));
		bytes += rx_part(at, &response, frame + bytes, (uint32_t)sizeof(frame) - bytes);
		at++;
		if (response.flags & NETRXF_extra_info) {
			HOLDS(at - 1 == rx.cons);
			at = rx_extras(at);
		}
	} while (response.flags & NETRXF_more_data);
	rx.cons = at;
	rx.got++;
	if (tainted || !is_plain(frame, bytes))
		return;
	plain_holds(frame, bytes, rx.bytes[plain_serial(frame) % 4096], &rx.heard);
}

void rx_take(void)
{
	while (rx.cons != *header_at(RX_GREF, 2))
		rx_take_one();
	*header_at(RX_GREF, 3) = rx.cons + 1;
}
