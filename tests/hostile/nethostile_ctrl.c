/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control requests that mean harm. What it holds a backend to: the status that the protocol asks for. */
#include "tests/hostile/nethostile.h"

#include <stdio.h>
#include <string.h>

#define MAPPING_MAX 128u
#define KEY_MAX 40u
#define CTRL_SLOTS 128u		/* of the ring */

static void expect(uint32_t wanted, uint16_t type, uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t data = 0;
	int got = netctrl_ask(&netdev.ctrl, type, a, b, c, &data);

	if (got != (int)wanted)
		netdev_die("control request %u (%u, %u, %u): status %d, not %u", type, a, b, c, got, wanted);
}

/* --- the grid ---------------------------------------------------------------------------------- */

static uint32_t mapping_wanted(uint32_t count, uint32_t offset)
{
	if (count > MAPPING_MAX)
		return XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW;
	return offset > MAPPING_MAX - count ? XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER :
		XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static void mapping_grid(uint32_t gref)
{
	static const uint32_t corner[] = { 0, 1, 64, 127, 128, 129, 1024, 0x7fffffff, 0x80000000,
		0xffffff80, 0xfffffffe, 0xffffffff };
	const size_t corners = sizeof(corner) / sizeof(corner[0]);

	for (size_t i = 0; i < corners * corners; i++) {
		uint32_t count = corner[i / corners], offset = corner[i % corners];

		expect(mapping_wanted(count, offset), XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, gref, count, offset);
	}
}

static void mapping_entries(uint32_t gref)
{
	static const uint32_t beyond[] = { 0x7fffffff, 0x80000000, 0xffffffff };
	uint32_t *mapping = netdev.ctrl.data.at;

	for (uint32_t i = 0; i < 3 + 1; i++) {
		mapping[MAPPING_MAX - 1] = i ? beyond[i - 1] : netdev.queues;
		expect(XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, gref,
				MAPPING_MAX, 0);
	}
	mapping[MAPPING_MAX - 1] = 0;
}

void do_hashgrid(char *rest)
{
	const uint32_t gref = netdev.ctrl.data.gref;

	memset(netdev.ctrl.data.at, 0, 4096);
	expect(0, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 1, 0, 0);
	expect(0, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, MAPPING_MAX, 0, 0);
	mapping_grid(gref);
	mapping_entries(gref);
	expect(XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, 129, 0, 0);
	expect(XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, UINT32_MAX, 0, 0);
	expect(XEN_NETIF_CTRL_STATUS_SUCCESS, XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, gref, KEY_MAX, 0);
	expect(XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW, XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, gref, KEY_MAX + 1, 0);
	expect(XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW, XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, gref, UINT32_MAX, 0);
	expect(XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER, XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, 4000000, KEY_MAX, 0);
	expect(XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, 4000000, 1, 0);
	expect(XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 2, 0, 0);
	expect(XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER, XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, 0x10, 0, 0);
	for (uint32_t type = 0; type < 0x10000; type += type < 16 ? 1 : 4095) {
		if (type == 0 || type > XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM)
			expect(XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED, (uint16_t)type, gref, UINT32_MAX, UINT32_MAX);
	}
	printf("hashgrid: every status as the protocol says\n");
}

/* --- while packets come in --------------------------------------------------------------------- */

void do_hashloop(char *rest)
{
	const uint64_t end = now_usec() + number_next(&rest, "milliseconds") * 1000ull;
	const uint32_t gref = netdev.ctrl.data.gref;
	uint64_t rounds = 0;

	while (now_usec() < end) {
		if (netctrl_hash_setup(&netdev.ctrl, 1, netdev.queues))
			netdev_die("the hash was refused");
		netqueue_work(&netdev.queue[0]);
		expect(0, XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, gref, 0, 0);
		expect(0, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, 0, 0, 0);
		expect(0, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 0, 0, 0);
		netqueue_work(&netdev.queue[0]);
		rounds++;
	}
	printf("hashloop: %llu rounds, %llu packets, %llu hashed, %llu lies\n", (unsigned long long)rounds,
			(unsigned long long)netdev.queue[0].counts.rx_packets,
			(unsigned long long)netdev.queue[0].counts.rx_hash,
			(unsigned long long)netdev.queue[0].counts.lies);
}

/* --- flood ------------------------------------------------------------------------------------- */

static void request_put(uint16_t id, uint32_t *seed)
{
	xen_netif_ctrl_front_ring_t *ring = &netdev.ctrl.ring;

	*RING_GET_REQUEST(ring, ring->req_prod_pvt) = (struct xen_netif_ctrl_request) {
		.id = id, .type = (uint16_t)(random_next(seed) % 10), .data = {
			random_next(seed) % 4 ? netdev.ctrl.data.gref : random_next(seed),
			random_next(seed) % 2 ? random_next(seed) % 130 : random_next(seed),
			random_next(seed) % 2 ? random_next(seed) % 130 : random_next(seed),
		},
	};
	ring->req_prod_pvt++;
}

/* Answers in order, each once. Returns how many there were. */
static uint32_t answers_take(uint16_t *next)
{
	xen_netif_ctrl_front_ring_t *ring = &netdev.ctrl.ring;
	const uint32_t prod = ring->sring->rsp_prod, n = prod - ring->rsp_cons;

	xen_rmb();	/* the responses are read after the index that says they are written */
	if (n > ring->req_prod_pvt - ring->rsp_cons)
		netdev_die("%u control answers to %u requests", n, ring->req_prod_pvt - ring->rsp_cons);
	for (; ring->rsp_cons != prod; ring->rsp_cons++) {
		if (RING_GET_RESPONSE(ring, ring->rsp_cons)->id != (*next)++)
			netdev_die("a control answer has another request's id");
	}
	return n;
}

void do_ctrlflood(char *rest)
{
	const uint64_t end = now_usec() + number_next(&rest, "milliseconds") * 1000ull;
	uint32_t seed = number_next(&rest, "the seed") | 1;
	uint16_t asked = 0, next = 0;
	uint64_t answers = 0, patience = end + 5000000;
	int notify;

	while (now_usec() < end || asked != next) {
		while (now_usec() < end && (uint16_t)(asked - next) < CTRL_SLOTS)
			request_put(asked++, &seed);
		RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&netdev.ctrl.ring, notify);
		if (notify)
			xenevtchn_notify(netdev.ctrl.events, netdev.ctrl.port);
		answers += answers_take(&next);
		if (now_usec() > patience)
			netdev_die("%u control requests are not answered", (uint16_t)(asked - next));
	}
	printf("ctrlflood: %llu answers\n", (unsigned long long)answers);
}
