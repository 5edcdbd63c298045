/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the tap's header and the frontend's features to slots and extra infos. Trusts the kernel's
 * header as far as offload_from_tap() has looked at it; promises that nothing is given in more slots
 * than a frontend takes.
 */
#include "netback/fit.h"

#include <string.h>

#include "netback/cut.h"
#include "netback/tap.h"
#include "netback/txrx.h"

#define HEADROOM_MAX 2048u	/* more than half a page before each frame helps nobody */

static uint32_t headroom_of(const struct queue *queue)
{
	uint32_t headroom = __atomic_load_n(&queue->vif->headroom, __ATOMIC_RELAXED);

	return headroom < HEADROOM_MAX ? headroom : HEADROOM_MAX;
}

/* The least power of two that is no less, at most a page. */
static uint32_t page_share(uint32_t bytes)
{
	uint32_t share = 64;

	while (share < bytes && share < GRANT_PAGE_BYTES)
		share *= 2;
	return share;
}

void arena_keep(struct rx *rx, uint32_t bytes)
{
	const uint32_t share = page_share(bytes);

	rx->arena_used = ((rx->arena_used + 2 * TUN_HEADER_BYTES + bytes + share - 1) & ~(share - 1)) -
		TUN_HEADER_BYTES;
}

static struct netif_extra_info *extra_add(struct fit *fit, uint8_t type)
{
	struct netif_extra_info *extra = &fit->extra[fit->extras++];

	*extra = (struct netif_extra_info) { .type = type };
	return extra;
}

static void extras_make(struct queue *queue, struct fit *fit)
{
	struct netif_extra_info *extra;
	struct hash_value hash;

	if (fit->offload.gso_type) {
		extra = extra_add(fit, XEN_NETIF_EXTRA_TYPE_GSO);
		extra->u.gso.type = fit->offload.gso_type;
		extra->u.gso.size = fit->offload.gso_size;
	}
	if (fit->headroom) {
		extra = extra_add(fit, NETIF_EXTRA_XDP);
		extra->u.pad[0] = (uint16_t)fit->headroom;	/* Linux' u.xdp.headroom */
	}
	if (hash_frame(&queue->vif->note->hash, fit->data, fit->bytes, &hash)) {
		extra = extra_add(fit, XEN_NETIF_EXTRA_TYPE_HASH);
		extra->u.hash.type = hash.type;
		extra->u.hash.algorithm = XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ;
		memcpy(extra->u.hash.value, &hash.value, sizeof(hash.value));
	}
	for (uint32_t i = 0; i + 1 < fit->extras; i++)
		fit->extra[i].flags = XEN_NETIF_EXTRA_FLAG_MORE;
}

/* Segments lie behind the frame that they are cut from. */
static enum fitting segment_fit(struct rx *rx, uint32_t size, struct fit *fit)
{
	const bool begun = rx->held != rx->arena + rx->arena_used;
	struct segment segment;

	if (rx->arena_used + (begun ? 1 : 2) * (TAP_ROOM + GRANT_PAGE_BYTES) > RX_ARENA_BYTES)
		return FIT_LATER;
	if (!begun)
		arena_keep(rx, rx->held_bytes);
	fit->data = rx->arena + rx->arena_used + TUN_HEADER_BYTES;
	if (!cut_segment(rx->held + TUN_HEADER_BYTES, rx->held_bytes, size, rx->cut_bytes, fit->data,
			&segment))
		return FIT_DROP;
	fit->bytes = segment.bytes;
	fit->cut_bytes = segment.payload;
	fit->last = segment.last;
	fit->offload.flags = NETRXF_data_validated;
	return FIT_GIVE;
}

/* What the tap's header asks for. */
static enum fitting offload_fit(struct queue *queue, struct fit *fit)
{
	struct rx *rx = &queue->rx;
	struct virtio_net_hdr header;

	memcpy(&header, rx->held, sizeof(header));
	switch (offload_from_tap(&header, queue->vif->params.vif.flags, fit->data, fit->bytes,
			&fit->offload)) {
	case OFFLOAD_RX_DROP:
		return FIT_DROP;
	case OFFLOAD_RX_CUT:
		return segment_fit(rx, header.gso_size, fit);
	case OFFLOAD_RX_WHOLE:
		break;
	}
	/* It may be looked at again: what has been completed must not be completed twice. */
	memcpy(rx->held, &header, sizeof(header));
	return FIT_GIVE;
}

enum fitting fit_make(struct queue *queue, struct fit *fit)
{
	const uint32_t most = queue->vif->params.vif.flags & VIF_SG ? NETIF_SLOTS_MAX : 1;
	struct rx *rx = &queue->rx;
	enum fitting fitting;

	*fit = (struct fit) {
		.data = rx->held + TUN_HEADER_BYTES,
		.bytes = rx->held_bytes,
		.headroom = headroom_of(queue),
	};
	if (__atomic_load_n(&queue->vif->multicast, __ATOMIC_RELAXED) &&
			!groups_pass(&queue->vif->note->groups, fit->data))
		return FIT_DROP;
	fitting = offload_fit(queue, fit);
	if (fitting != FIT_GIVE)
		return fitting;
	fit->slots = netif_rx_slots(fit->bytes, fit->headroom);
	if (fit->slots > most)
		return FIT_DROP;
	extras_make(queue, fit);
	fit->slots += fit->extras;
	return FIT_GIVE;
}
