/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frontend's transmit ring, and the network that hears it. Holds the backend to: an answer in each
 * slot's place with its id, one status for a packet, frames whole and in order, none that the filters
 * forbid, and no order to the tap about bytes that are not there.
 */
#include <unistd.h>

#include "tests/fuzz/net/frontend.h"

enum kind { KIND_HEAD, KIND_PLAIN, KIND_LIST, KIND_EXTRA, KIND_PART };

struct front_tx tx;

static union netif_slot *tx_next(uint8_t kind)
{
	union netif_slot *slot = tx_slot(tx.prod);

	tx.kind[tx.prod % NETIF_RING_SLOTS] = kind;
	memset(slot, 0, sizeof(*slot));
	return slot;
}

/* What is in the slot when it is shown is what the answer has to name. */
static void tx_end(const union netif_slot *slot)
{
	tx.id[tx.prod++ % NETIF_RING_SLOTS] = slot->request.id;
}

static void extra_put(struct feed *feed, uint8_t type, bool more)
{
	struct netif_extra_info *extra = &tx_next(KIND_EXTRA)->extra;

	extra->type = type;
	extra->flags = more ? XEN_NETIF_EXTRA_FLAG_MORE : 0;
	if (type == XEN_NETIF_EXTRA_TYPE_GSO) {
		extra->u.gso.size = 1448;
		extra->u.gso.type = XEN_NETIF_GSO_TYPE_TCPV4;
	} else {
		memcpy(extra->u.mcast.addr, "\x01\0\x5e\0\0", 5);
		extra->u.mcast.addr[5] = feed_u8(feed);
	}
	if (wrong(feed))
		extra->type = feed_u8(feed);
	if (wrong(feed))
		extra->flags ^= feed_u8(feed);
	if (wrong(feed))
		feed_bytes(feed, &extra->u, sizeof(extra->u));
	tx_end((const union netif_slot *)extra);
}

static void part_put(struct feed *feed, uint8_t kind, const uint8_t *data, uint32_t bytes, uint32_t size, uint16_t flags)
{
	const uint32_t page = TX_PAGE + tx.prod % NETIF_RING_SLOTS;
	struct netif_tx_request *request = &tx_next(kind)->request;

	request->gref = page;
	request->offset = (uint16_t)(feed_u8(feed) % (4096 - bytes + 1));
	request->flags = flags;
	request->id = (uint16_t)(tx.prod * 3);
	request->size = (uint16_t)size;
	memcpy(fake.page[page] + request->offset, data, bytes);
	if (wrong(feed))
		request->gref = feed_u32(feed);
	if (wrong(feed))
		request->offset = (uint16_t)feed_u32(feed);
	if (wrong(feed))
		request->flags ^= feed_u8(feed);
	if (wrong(feed))
		request->size = (uint16_t)feed_u32(feed);
	tx_end((const union netif_slot *)request);
}

/* A frame in `parts` slots, extra infos after the first of them. */
static void packet_put(struct feed *feed, const uint8_t *frame, uint32_t bytes, uint32_t parts, uint16_t flags,
		uint8_t extra_type)
{
	const uint8_t kind = is_plain(frame, bytes) ? KIND_PLAIN : KIND_HEAD;
	uint32_t done = 0;

	for (uint32_t i = 0; i < parts; i++) {
		uint32_t left = bytes - done, n = (left + parts - i - 1) / (parts - i);
		uint16_t more = i + 1 < parts ? NETTXF_more_data : 0;

		if (i == 0) {
			part_put(feed, kind, frame, n, bytes, flags | more | (extra_type ? NETTXF_extra_info : 0));
			if (extra_type)
				extra_put(feed, extra_type, false);
		} else {
			part_put(feed, KIND_PART, frame + done, n, n, more);
		}
		done += n;
	}
}

void packet_send(struct feed *feed)
{
	static uint8_t frame[65536];
	const uint8_t kind = feed_u8(feed);
	uint32_t bytes = frame_bytes(feed);
	uint32_t parts = (bytes + 4095) / 4096 + (kind >> 6);
	const bool offloads = kind % 8 >= 4 && kind & 16;
	uint8_t extra = 0;

	if (parts > NETIF_SLOTS_MAX)
		parts = NETIF_SLOTS_MAX;
	if (tx.prod - tx.cons + parts + 1 > NETIF_RING_SLOTS)
		return;
	frame_make(feed, frame, bytes, kind, ++tx.serial);
	tx.bytes[tx.serial % (2 * NETIF_RING_SLOTS)] = bytes;
	if (offloads && kind % 8 == 4 && frame[23] == 6 && !(vif.params.vif.flags & VIF_TX_CSUM_OFF))
		extra = XEN_NETIF_EXTRA_TYPE_GSO;
	packet_put(feed, frame, bytes, parts, offloads ? NETTXF_csum_blank | NETTXF_data_validated : 0, extra);
}

void list_send(struct feed *feed)
{
	const uint8_t what = feed_u8(feed);

	if (tx.prod - tx.cons + 2 > NETIF_RING_SLOTS)
		return;
	part_put(feed, KIND_LIST, (const uint8_t *)"", 0, 0, NETTXF_extra_info);
	extra_put(feed, what & 1 ? XEN_NETIF_EXTRA_TYPE_MCAST_DEL : XEN_NETIF_EXTRA_TYPE_MCAST_ADD, false);
}

/* A packet's slots have one status, its extra infos have none. */
static void tx_judge(uint32_t index, int16_t result)
{
	const uint8_t kind = tx.kind[index % NETIF_RING_SLOTS];
	static int16_t whole;

	if (kind == KIND_EXTRA)
		HOLDS(result == NETIF_RSP_NULL);
	else if (kind == KIND_PART)
		HOLDS(result == whole);
	else
		whole = result;
	HOLDS(result == NETIF_RSP_OKAY || result == NETIF_RSP_DROPPED || result == NETIF_RSP_NULL ||
			kind == KIND_LIST);
	tx.okay += kind == KIND_PLAIN && result == NETIF_RSP_OKAY;
}

void tx_take(void)
{
	for (; tx.cons != *header_at(TX_GREF, 2); tx.cons++) {
		struct netif_tx_response response;

		HOLDS(tx.cons != tx.pushed);
		memcpy(&response, tx_slot(tx.cons), sizeof(response));
		HOLDS(response.id == tx.id[tx.cons % NETIF_RING_SLOTS]);
		HOLDS(response.status >= NETIF_RSP_DROPPED && response.status <= NETIF_RSP_NULL);
		if (!tainted)
			tx_judge(tx.cons, response.status);
	}
	*header_at(TX_GREF, 3) = tx.cons + 1;
}

static void frame_holds(const struct virtio_net_hdr *header, const uint8_t *frame, uint32_t bytes)
{
	const uint32_t flags = vif.params.vif.flags;
	const uint32_t type = (uint32_t)frame[12] << 8 | frame[13];

	HOLDS(bytes >= NETIF_FRAME_MIN && bytes <= NETIF_FRAME_MAX);
	if (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		HOLDS((uint32_t)header->csum_start + header->csum_offset + 2 <= bytes);
	if (flags & VIF_TX_CSUM_OFF)
		HOLDS(header->flags == 0 && header->gso_type == 0);
	if (flags & (VIF_ANTI_SPOOF_MAC | VIF_ANTI_SPOOF_IP))
		HOLDS(memcmp(frame + 6, vif.params.vif.mac, 6) == 0);
	if (flags & VIF_ANTI_SPOOF_IP)
		HOLDS(type == 0x0800 || type == 0x0806 || type == 0x86dd);
	if (tainted || !is_plain(frame, bytes))
		return;
	plain_holds(frame, bytes, tx.bytes[plain_serial(frame) % (2 * NETIF_RING_SLOTS)], &tx.heard);
	tx.arrived++;
}

/* What the worker has sent to the network. */
void wire_take(void)
{
	static uint8_t got[TUN_HEADER_BYTES + 65536];
	struct virtio_net_hdr header;
	ssize_t n;

	while ((n = read(wire, got, sizeof(got))) > 0) {
		HOLDS(n >= (ssize_t)(TUN_HEADER_BYTES + NETIF_FRAME_MIN));
		memcpy(&header, got, sizeof(header));
		frame_holds(&header, got + TUN_HEADER_BYTES, (uint32_t)n - TUN_HEADER_BYTES);
	}
}
