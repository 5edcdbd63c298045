/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network frontend's control ring: one request at a time, and its answer.
 */
#ifndef GUEST_NETCTRL_H
#define GUEST_NETCTRL_H

#include <stdint.h>
#include <xenctrl.h>
#include <xenevtchn.h>
#include <xen/io/netif.h>

#include "tests/guest/pages.h"

struct netctrl {
	struct pages pages, data_pages;
	struct page page, data;	/* the ring; what requests name */
	xen_netif_ctrl_front_ring_t ring;
	xenevtchn_handle *events;	/* NULL: closed */
	evtchn_port_t port;
	uint16_t id;
};

/* Ends the program where it fails. netctrl_close() is legal on a zeroed struct. */
void netctrl_open(struct netctrl *ctrl, uint32_t domid);
void netctrl_close(struct netctrl *ctrl);

/* Sends a request and waits for its answer, 5 s at most. The status; *data filled. -1: no answer. */
int netctrl_ask(struct netctrl *ctrl, uint16_t type, uint32_t a, uint32_t b, uint32_t c, uint32_t *data);

/*
 * Toeplitz with Microsoft's example key, all four types. hash 1: a mapping to the queues in turn; 2: all
 * to the last. 0, or the step that failed.
 */
int netctrl_hash_setup(struct netctrl *ctrl, uint32_t hash, uint32_t queues);

/* The queue that it gives to packets of that hash value. */
uint32_t netctrl_hash_queue(uint32_t hash, uint32_t queues, uint32_t value);

#endif
