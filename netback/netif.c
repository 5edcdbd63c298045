/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parses what a guest has put onto its transmit ring. Trusts nothing in a slot; promises that a part
 * lies within its page, that the parts of a packet add up to its bytes, and that it never looks
 * beyond the slots it was given.
 */
#include "netback/netif.h"

#include <stddef.h>
#include <string.h>

struct cursor {
	const union netif_slot *slot;
	uint32_t count;
	uint32_t at;		/* the next to look at */
};

struct extras {
	const struct netif_extra_info *of[NETIF_EXTRAS];	/* by type; NULL: none */
	bool twice;
};

static enum netif_verdict extras_parse(struct cursor *cursor, struct extras *extras)
{
	const struct netif_extra_info *extra;

	do {
		if (cursor->at == cursor->count)
			return NETIF_EXTRA_MISSING;
		extra = &cursor->slot[cursor->at++].extra;
		if (extra->type == XEN_NETIF_EXTRA_TYPE_NONE || extra->type >= NETIF_EXTRAS)
			return NETIF_EXTRA_UNKNOWN;
		extras->twice |= extras->of[extra->type] != NULL;
		extras->of[extra->type] = extra;
	} while (extra->flags & XEN_NETIF_EXTRA_FLAG_MORE);
	return NETIF_GOOD;
}

/* What the extra infos say of the packet; hash and XDP infos are for the other direction. */
static enum netif_verdict extras_apply(const struct extras *extras, struct netif_packet *packet)
{
	const struct netif_extra_info *gso = extras->of[XEN_NETIF_EXTRA_TYPE_GSO];

	for (uint8_t type = XEN_NETIF_EXTRA_TYPE_MCAST_ADD; type <= XEN_NETIF_EXTRA_TYPE_MCAST_DEL;
			type++) {
		if (!extras->of[type])
			continue;
		packet->list_change = type;
		memcpy(packet->list_address, extras->of[type]->u.mcast.addr, 6);
	}
	if (!gso)
		return NETIF_GOOD;
	if (gso->u.gso.size == 0 || (gso->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV4 &&
			gso->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV6))
		return NETIF_GSO_IMPOSSIBLE;
	packet->offload.gso_type = gso->u.gso.type;
	packet->offload.gso_size = gso->u.gso.size;
	return NETIF_GOOD;
}

/* Keeps a part; an empty one is only answered. Offset and size have 16 bits: the sum has no wrap. */
static enum netif_verdict part_add(const struct netif_tx_request *request, uint32_t bytes,
		struct netif_packet *packet)
{
	if (request->offset + bytes > GRANT_PAGE_BYTES)
		return NETIF_CROSSES_PAGE;
	if (bytes == 0 || packet->parts == NETIF_SLOTS_MAX)
		return NETIF_GOOD;
	packet->part[packet->parts++] = (struct netif_part) {
		.gref = { request->gref },
		.offset = request->offset,
		.bytes = (uint16_t)bytes,
	};
	return NETIF_GOOD;
}

/* Finds where the chain ends, and what is left of the whole for its first slot. */
static enum netif_verdict chain_measure(struct cursor *cursor, uint32_t *data_slots, int64_t *first)
{
	const struct netif_tx_request *request = &cursor->slot[0].request;

	*first = request->size;
	*data_slots = 1;
	while (request->flags & NETTXF_more_data) {
		if (cursor->at == cursor->count)
			return NETIF_CHAIN_UNFINISHED;
		if (*data_slots == NETIF_SLOTS_FATAL)
			return NETIF_CHAIN_TOO_LONG;
		request = &cursor->slot[cursor->at++].request;
		*first -= request->size;
		*data_slots += 1;
	}
	return NETIF_GOOD;
}

static enum netif_verdict parts_parse(const union netif_slot *slot, uint32_t first_bytes,
		struct netif_packet *packet)
{
	enum netif_verdict verdict = part_add(&slot[0].request, first_bytes, packet);

	for (uint32_t i = 1 + packet->extras; i < packet->slots && verdict == NETIF_GOOD; i++)
		verdict = part_add(&slot[i].request, slot[i].request.size, packet);
	return verdict;
}

/* Wrong in a way that leaves the ring usable. */
static enum netif_verdict judge(const struct extras *extras, bool gso, uint32_t data_slots,
		const struct netif_packet *packet)
{
	if (extras->twice)
		return NETIF_EXTRA_TWICE;
	if (packet->list_change)
		return data_slots > 1 ? NETIF_LIST_WITH_DATA : NETIF_LIST;
	if (data_slots > NETIF_SLOTS_MAX)
		return NETIF_TOO_MANY_SLOTS;
	if (packet->bytes < NETIF_FRAME_MIN)
		return NETIF_TOO_SHORT;
	return packet->offload.gso_type && !gso ? NETIF_NOT_OFFERED : NETIF_GOOD;
}

enum netif_verdict netif_parse(const union netif_slot *slot, uint32_t count, bool gso,
		struct netif_packet *packet)
{
	struct cursor cursor = { slot, count, 1 };
	struct extras extras = { 0 };
	enum netif_verdict verdict = NETIF_GOOD;
	uint32_t data_slots;
	int64_t first;

	*packet = (struct netif_packet) {
		.bytes = slot->request.size,
		.offload.csum_blank = slot->request.flags & NETTXF_csum_blank,
	};
	if (slot->request.flags & NETTXF_extra_info)
		verdict = extras_parse(&cursor, &extras);
	if (verdict == NETIF_GOOD)
		verdict = extras_apply(&extras, packet);
	packet->extras = cursor.at - 1;
	if (verdict == NETIF_GOOD)
		verdict = chain_measure(&cursor, &data_slots, &first);
	packet->slots = cursor.at;
	if (verdict)
		return verdict;
	/* A whole of 64 KiB and more has wrapped: buggy frontends do that, it is not fatal in Linux. */
	if (first < 0)
		return NETIF_SIZES_DISAGREE;
	verdict = parts_parse(slot, (uint32_t)first, packet);
	return verdict ? verdict : judge(&extras, gso, data_slots, packet);
}

const char *netif_verdict_text(enum netif_verdict verdict)
{
	static const char *const text[NETIF_VERDICTS] = {
		[NETIF_GOOD] = "a good packet",
		[NETIF_LIST] = "a change of the multicast list",
		[NETIF_TOO_MANY_SLOTS] = "a packet of more than 18 slots",
		[NETIF_SIZES_DISAGREE] = "a packet whose parts are more than the whole",
		[NETIF_TOO_SHORT] = "a frame of less than 14 bytes",
		[NETIF_EXTRA_TWICE] = "the same extra info twice",
		[NETIF_LIST_WITH_DATA] = "a change of the multicast list with data",
		[NETIF_NOT_OFFERED] = "segmentation that was not offered",
		[NETIF_EXTRA_MISSING] = "an extra info that is not there",
		[NETIF_EXTRA_UNKNOWN] = "an extra info of an unknown type",
		[NETIF_GSO_IMPOSSIBLE] = "segmentation of size 0 or of an unknown type",
		[NETIF_CHAIN_UNFINISHED] = "a packet that goes on beyond the ring's requests",
		[NETIF_CHAIN_TOO_LONG] = "a packet of more than 21 slots",
		[NETIF_CROSSES_PAGE] = "a part that crosses its page",
	};

	return text[verdict];
}
