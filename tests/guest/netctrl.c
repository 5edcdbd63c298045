/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control requests of a network frontend. Trusts the Xen libraries.
 */
#include "tests/guest/netctrl.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES 4096u
#define WAIT_MS 5000
#define MAPPING_SIZE 128u

static const uint8_t example_key[40] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0,
	0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c,
	0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

void netctrl_open(struct netctrl *ctrl, uint32_t domid)
{
	xen_netif_ctrl_sring_t *sring;
	int port = -1;

	memset(ctrl, 0, sizeof(*ctrl));
	if (pages_open(&ctrl->pages, domid) || pages_share(&ctrl->pages, &ctrl->page, 1, true) ||
			pages_open(&ctrl->data_pages, domid) ||
			pages_share(&ctrl->data_pages, &ctrl->data, 1, false)) {
		perror("netfront: the control ring has no pages");
		exit(1);
	}
	sring = ctrl->page.at;
	SHARED_RING_INIT(sring);
	FRONT_RING_INIT(&ctrl->ring, sring, PAGE_BYTES);
	ctrl->events = xenevtchn_open(NULL, 0);
	if (ctrl->events)
		port = xenevtchn_bind_unbound_port(ctrl->events, domid);
	if (port < 0) {
		perror("netfront: the control ring has no event channel");
		exit(1);
	}
	ctrl->port = (evtchn_port_t)port;
}

void netctrl_close(struct netctrl *ctrl)
{
	if (!ctrl->events)
		return;
	xenevtchn_close(ctrl->events);
	pages_unshare(&ctrl->pages, &ctrl->page, 1);
	pages_unshare(&ctrl->data_pages, &ctrl->data, 1);
	pages_close(&ctrl->pages);
	pages_close(&ctrl->data_pages);
	memset(ctrl, 0, sizeof(*ctrl));
}

static int answer_wait(struct netctrl *ctrl)
{
	struct pollfd pollfd = { .fd = xenevtchn_fd(ctrl->events), .events = POLLIN };
	xenevtchn_port_or_error_t port;
	int more;

	for (;;) {
		RING_FINAL_CHECK_FOR_RESPONSES(&ctrl->ring, more);
		if (more)
			return 0;
		if (poll(&pollfd, 1, WAIT_MS) != 1)
			return -1;
		port = xenevtchn_pending(ctrl->events);
		if (port >= 0)
			xenevtchn_unmask(ctrl->events, (evtchn_port_t)port);
	}
}

int netctrl_ask(struct netctrl *ctrl, uint16_t type, uint32_t a, uint32_t b, uint32_t c, uint32_t *data)
{
	struct xen_netif_ctrl_response response;
	int notify;

	*RING_GET_REQUEST(&ctrl->ring, ctrl->ring.req_prod_pvt) = (struct xen_netif_ctrl_request) {
		.id = ++ctrl->id, .type = type, .data = { a, b, c },
	};
	ctrl->ring.req_prod_pvt++;
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&ctrl->ring, notify);
	if (notify)
		xenevtchn_notify(ctrl->events, ctrl->port);
	if (answer_wait(ctrl))
		return -1;
	response = *RING_GET_RESPONSE(&ctrl->ring, ctrl->ring.rsp_cons);
	ctrl->ring.rsp_cons++;
	if (response.id != ctrl->id || response.type != type)
		return -1;
	*data = response.data;
	return (int)response.status;
}

uint32_t netctrl_hash_queue(uint32_t hash, uint32_t queues, uint32_t value)
{
	return hash == 2 ? queues - 1 : value % MAPPING_SIZE % queues;
}

int netctrl_hash_setup(struct netctrl *ctrl, uint32_t hash, uint32_t queues)
{
	uint32_t *mapping = ctrl->data.at, data;

	if (netctrl_ask(ctrl, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM,
			XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, 0, 0, &data))
		return 1;
	if (netctrl_ask(ctrl, XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, 0, 0, 0, &data) ||
			netctrl_ask(ctrl, XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, data, 0, 0, &data))
		return 2;
	memcpy(ctrl->data.at, example_key, sizeof(example_key));
	if (netctrl_ask(ctrl, XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, ctrl->data.gref, sizeof(example_key), 0,
			&data))
		return 3;
	if (netctrl_ask(ctrl, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, MAPPING_SIZE, 0, 0, &data))
		return 4;
	for (uint32_t i = 0; i < MAPPING_SIZE; i++)
		mapping[i] = netctrl_hash_queue(hash, queues, i);
	return netctrl_ask(ctrl, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, ctrl->data.gref, MAPPING_SIZE, 0, &data) ?
		5 : 0;
}
