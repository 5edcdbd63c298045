/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checksums and segmentation that are still to be done: what netif's flags and extra infos say, and
 * what a tap's struct virtio_net_hdr says. Pure; changes frames in private memory only.
 */
#ifndef NETBACK_OFFLOAD_H
#define NETBACK_OFFLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/virtio_net.h>

#include "netback/netif.h"

enum offload_verdict {
	OFFLOAD_GOOD = 0,
	OFFLOAD_NO_TRANSPORT,	/* a blank checksum or segmentation, and no TCP or UDP header for it */
	OFFLOAD_NOT_TCP,	/* segmentation of what is not TCP over that version of IP */
	OFFLOAD_TINY_SEGMENTS,
	OFFLOAD_VERDICTS
};

/*
 * A guest's frame on its way to the tap: fills the header, and writes the pseudo-header's sum into a
 * blank checksum (guests leave different things there). complete: the administrator wants whole
 * checksums on the bridge, so they are computed here; segmentation was not offered then.
 */
enum offload_verdict offload_to_tap(const struct netif_offload *offload, bool complete, uint8_t *data,
		uint32_t bytes, struct virtio_net_hdr *header);

/* What a frontend takes: enum vif_flags of ring/control.h. What it gets: */
struct offload_rx {
	uint16_t flags;		/* NETRXF_csum_blank, NETRXF_data_validated */
	uint8_t gso_type;	/* XEN_NETIF_GSO_TYPE_* */
	uint16_t gso_size;
};

enum offload_rx_verdict {
	OFFLOAD_RX_DROP,	/* the header is none that the kernel should have made */
	OFFLOAD_RX_WHOLE,	/* as it is now, with what is in struct offload_rx */
	OFFLOAD_RX_CUT,		/* nothing has been changed: it has to be given in segments, netback/cut.h */
};

/*
 * A frame from the tap on its way to the guest. A checksum that this frontend cannot complete is
 * completed here, and the header says so afterwards; so is one behind a VLAN tag, where Linux's
 * frontend looks for none and drops the frame. For both reasons joined segments may have to be cut.
 */
enum offload_rx_verdict offload_from_tap(struct virtio_net_hdr *header, uint32_t vif_flags, uint8_t *data,
		uint32_t bytes, struct offload_rx *rx);

/* "a blank checksum without a TCP or UDP header". */
const char *offload_verdict_text(enum offload_verdict verdict);

#endif
