/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One queue of a userspace network frontend: a transmit ring and a receive ring on one side, a queue
 * of a tap on the other. Packets are read from the tap straight into granted pages and written to
 * it straight from them. One thread.
 */
#ifndef GUEST_NETQUEUE_H
#define GUEST_NETQUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <xenctrl.h>
#include <xenevtchn.h>
#include <xen/io/netif.h>
#include <linux/virtio_net.h>

#include "tests/guest/pages.h"

#define NETQUEUE_SLOTS 256u
#define NETQUEUE_PARTS 18u		/* slots of one packet that we send */

struct netqueue_config {
	uint32_t backend_domid;
	uint32_t start_index;	/* where the rings' indices begin */
	uint32_t refill;	/* rx requests kept outstanding at most, 0..256 */
	bool split;		/* event channels of its own for each ring */
	int tap;		/* non-blocking, with struct virtio_net_hdr */
	uint32_t index;		/* of the queue */
	uint32_t hash, queues;	/* see netctrl_hash_queue(); hash 0: none was set up */
};

/* What has happened; only grows. */
struct netqueue_counts {
	uint64_t tx_packets, tx_bytes, tx_errors;	/* errors: slots not answered with okay */
	uint64_t rx_packets, rx_bytes, rx_errors;
	uint64_t rx_gso, rx_hash, rx_xdp;		/* packets with that extra info */
	uint64_t rx_strayed;	/* whose hash belongs to another queue */
	uint64_t tap_refused;	/* packets that the tap did not take */
	uint64_t lies;		/* answers that no honest backend gives */
};

struct netqueue {
	struct netqueue_config config;
	struct pages rings, tx_pages, rx_pages;	/* handles */
	struct page ring_page[2];
	struct page tx_page[NETQUEUE_SLOTS], rx_page[NETQUEUE_SLOTS];
	netif_tx_front_ring_t tx;
	netif_rx_front_ring_t rx;
	xenevtchn_handle *events;
	evtchn_port_t port[2];		/* [0] tx, [1] rx; the same where not split */
	uint16_t tx_free[NETQUEUE_SLOTS];	/* pages that no request uses */
	uint32_t tx_free_count;
	bool tx_busy[NETQUEUE_SLOTS];	/* by id: waits for its answer */
	bool tx_extra[NETQUEUE_SLOTS];	/* by ring index: holds an extra info */
	bool tap_ready;			/* the tap may have more */
	bool broken;			/* the backend lied: nothing more is done */
	struct netqueue_counts counts;
};

/* Makes the rings, pages and event channels. 0 or -errno. netqueue_close() after either. */
int netqueue_open(struct netqueue *queue, const struct netqueue_config *config);
void netqueue_close(struct netqueue *queue);

/* The event channel is readable. */
void netqueue_event(struct netqueue *queue);

/* Moves packets both ways until there is nothing to move. */
void netqueue_work(struct netqueue *queue);

/* Shares all rx buffers that the backend is to have, and kicks it: after both ends are connected. */
void netqueue_start(struct netqueue *queue);

/* Sends `count` slots exactly as they are: for those who speak the protocol by hand. */
void netqueue_send_raw(struct netqueue *queue, const struct netif_tx_request *slot, uint32_t count);

#endif
