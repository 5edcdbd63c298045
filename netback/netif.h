/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network protocol's transmit direction (xen/io/netif.h): ring slots, already copied to private
 * memory, become one packet, or a verdict on why not. Pure: no shared memory, no descriptors, no
 * heap, no clock. Limits and which lie is fatal are those of Linux's backend, so that a frontend
 * that works with it works here.
 */
#ifndef NETBACK_NETIF_H
#define NETBACK_NETIF_H

#include <stdbool.h>
#include <stdint.h>
#include <xen/xen.h>
#include <xen/grant_table.h>
#include <xen/event_channel.h>
#include <xen/io/netif.h>

#include "ring/grants.h"

#define NETIF_RING_SLOTS 256u		/* one page, tx and rx alike */
#define NETIF_SLOTS_MAX 18u		/* data slots of a packet: XEN_NETIF_NR_SLOTS_MIN of Linux */
#define NETIF_SLOTS_FATAL 21u		/* so many are no mistake any more */
#define NETIF_FRAME_MIN 14u		/* bytes: an Ethernet header */
#define NETIF_FRAME_MAX 65535u		/* XEN_NETIF_MAX_TX_SIZE */
#define NETIF_EXTRA_XDP 5		/* Linux has it, Xen's header has not */
#define NETIF_EXTRAS 6			/* types 1..5 are known */

/* One transmit slot as copied: a request or an extra info, which is the shorter one. */
union netif_slot {
	struct netif_tx_request request;
	struct netif_extra_info extra;
};
_Static_assert(sizeof(union netif_slot) == 12, "io/netif.h: a tx slot has 12 bytes");

enum netif_verdict {
	NETIF_GOOD = 0,
	NETIF_LIST,		/* no packet: a change of the multicast list */
	/* The packet is dropped, its slots are answered with an error. */
	NETIF_TOO_MANY_SLOTS,
	NETIF_SIZES_DISAGREE,	/* the parts are more than the whole */
	NETIF_TOO_SHORT,	/* less than an Ethernet header */
	NETIF_EXTRA_TWICE,
	NETIF_LIST_WITH_DATA,
	NETIF_NOT_OFFERED,	/* segmentation that we did not advertise */
	/* Nothing that follows on this ring can be trusted. */
	NETIF_FATAL,
	NETIF_EXTRA_MISSING = NETIF_FATAL,
	NETIF_EXTRA_UNKNOWN,
	NETIF_GSO_IMPOSSIBLE,	/* of size 0, or of an unknown type */
	NETIF_CHAIN_UNFINISHED,
	NETIF_CHAIN_TOO_LONG,
	NETIF_CROSSES_PAGE,
	NETIF_VERDICTS
};

struct netif_part {
	gref_t gref;
	uint16_t offset;	/* in the page, bytes */
	uint16_t bytes;		/* 1..4096, offset + bytes <= 4096 */
};

/* What is still to be done to a frame. */
struct netif_offload {
	bool csum_blank;
	uint8_t gso_type;	/* XEN_NETIF_GSO_TYPE_* */
	uint16_t gso_size;	/* bytes of payload in a segment */
};

struct netif_packet {
	uint32_t slots;		/* ring slots that it takes, all kinds */
	uint32_t extras;	/* of them extra infos: the ones after the first */
	uint32_t bytes;		/* sum of the parts */
	uint32_t parts;
	struct netif_offload offload;
	uint8_t list_change;	/* NETIF_LIST: XEN_NETIF_EXTRA_TYPE_MCAST_ADD or _DEL */
	uint8_t list_address[6];
	struct netif_part part[NETIF_SLOTS_MAX];
};

/*
 * The packet that begins at slot[0]; `count` (at least 1) slots are there, all that the frontend has
 * shown. gso: segmentation was advertised. packet->slots and ->extras hold for every verdict that is
 * not fatal; the rest for NETIF_GOOD and NETIF_LIST. Empty parts are left out: a packet of which
 * nothing but empty parts is left is too short.
 */
enum netif_verdict netif_parse(const union netif_slot *slot, uint32_t count, bool gso,
		struct netif_packet *packet);

/* For a log line: "a part that crosses its page". */
const char *netif_verdict_text(enum netif_verdict verdict);

/* Rx slots that a frame takes in pages that begin with `headroom` unused bytes (below 4096). */
static inline uint32_t netif_rx_slots(uint32_t bytes, uint32_t headroom)
{
	uint32_t room = GRANT_PAGE_BYTES - headroom;

	return (bytes + room - 1) / room;
}

#endif
