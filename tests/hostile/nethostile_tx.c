/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transmit slots by hand. What it holds every backend to: each slot is answered once, in its place,
 * with its own id and a status that the protocol knows.
 */
#include "tests/hostile/nethostile.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define CHAIN_MAX 21u		/* one more is fatal, in Linux too */
#define WAIT_USEC 5000000u

_Static_assert(sizeof(struct netif_tx_request) == sizeof(union netif_tx_sring_entry), "a slot is a request");

static struct {
	struct netif_tx_request sent[NETQUEUE_SLOTS];	/* by ring index */
	uint64_t answers, okay;
	bool flipping;		/* answers may have been overwritten by our own flipper: they are only counted */
} tx;

static struct netqueue *queue(void)
{
	return &netdev.queue[0];
}

static bool ended(void)
{
	return guestbus_backend_state(&netdev.bus) != XenbusStateConnected;
}

/* --- answers ----------------------------------------------------------------------------------- */

static void answer_check(uint32_t index)
{
	const struct netif_tx_response response = *RING_GET_RESPONSE(&queue()->tx, index);
	const struct netif_tx_request *request = &tx.sent[index % NETQUEUE_SLOTS];

	tx.answers++;
	if (tx.flipping)
		return;
	if (response.id != request->id)
		netdev_die("slot %u: id %u was answered as %u", index, request->id, response.id);
	if (response.status > NETIF_RSP_NULL || response.status < NETIF_RSP_DROPPED)
		netdev_die("slot %u: status %d", index, response.status);
	tx.okay += response.status == NETIF_RSP_OKAY;
}

/* Takes what is there. */
static uint32_t reap(void)
{
	netif_tx_front_ring_t *ring = &queue()->tx;
	const uint32_t prod = ring->sring->rsp_prod, n = prod - ring->rsp_cons;

	xen_rmb();	/* the responses are read after the index that says they are written */
	if (n > ring->req_prod_pvt - ring->rsp_cons)
		netdev_die("%u answers to %u slots", n, ring->req_prod_pvt - ring->rsp_cons);
	while (ring->rsp_cons != prod)
		answer_check(ring->rsp_cons++);
	return n;
}

/* Until `room` slots are free; false: the backend has closed, or is stuck where it may be. */
static bool room_wait(uint32_t room, bool may_end)
{
	const uint64_t end = now_usec() + WAIT_USEC;

	while (reap(), (uint32_t)RING_FREE_REQUESTS(&queue()->tx) < room) {
		if (may_end && ended())
			return false;
		if (now_usec() > end)
			netdev_die("%u slots are not answered", queue()->tx.req_prod_pvt - queue()->tx.rsp_cons);
		nap_usec(50);
	}
	return true;
}

static void show(const struct netif_tx_request *slot, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		tx.sent[(queue()->tx.req_prod_pvt + i) % NETQUEUE_SLOTS] = slot[i];
	netqueue_send_raw(queue(), slot, n);
}

/* --- flood ------------------------------------------------------------------------------------- */

/* Pages whose headers lie: IPv4 and IPv6 with TCP and UDP, one byte of each wrong. */
static void pages_fill_lies(uint32_t *seed)
{
	static const uint8_t v4[] = { 0x08, 0x00, 0x45, 0, 0x05, 0xdc, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 7, 10, 0, 0, 1 };
	static const uint8_t v6[] = { 0x86, 0xdd, 0x60, 0, 0, 0, 0x05, 0, 6, 64 };

	for (uint32_t i = 0; i < NETQUEUE_SLOTS; i++) {
		uint8_t *page = queue()->tx_page[i].at;
		const bool six = i % 2;

		memset(page, 0, 4096);
		memcpy(page, "\x02\0\0\0\0\x09\x02\0\0\0\0\x08", 12);	/* nobody's: the bridge drops it */
		memcpy(page + 12, six ? v6 : v4, six ? sizeof(v6) : sizeof(v4));
		page[12 + random_next(seed) % 60] = (uint8_t)random_next(seed);
	}
}

static uint32_t gref_any(uint32_t *seed)
{
	switch (random_next(seed) % 64) {
	case 0:
		return 0;
	case 1:
		return UINT32_MAX;
	case 2:
		return 4000000 + *seed % 1000;
	case 3:
		return queue()->ring_page[0].gref;	/* the ring as a packet */
	default:
		return queue()->tx_page[random_next(seed) % NETQUEUE_SLOTS].gref;
	}
}

static uint32_t extras_add(struct netif_tx_request *slot, uint32_t *seed)
{
	const uint32_t n = 1 + random_next(seed) % 3;

	for (uint32_t i = 0; i < n; i++) {
		struct netif_extra_info extra = {
			.type = (uint8_t)(1 + random_next(seed) % (XEN_NETIF_EXTRA_TYPE_MAX - 1)),
			.flags = i + 1 < n ? XEN_NETIF_EXTRA_FLAG_MORE : 0,
		};

		if (extra.type == XEN_NETIF_EXTRA_TYPE_GSO) {
			extra.u.gso.size = (uint16_t)(1 + random_next(seed) % 65535);
			extra.u.gso.type = (uint8_t)(1 + random_next(seed) % 2);
		} else {
			for (int b = 0; b < 6; b++)
				extra.u.mcast.addr[b] = (uint8_t)random_next(seed);
		}
		memset(&slot[i], 0, sizeof(slot[i]));
		memcpy(&slot[i], &extra, sizeof(extra));
	}
	return n;
}

/* One packet that may be wrong in any way but a fatal one. Returns its slots. */
static uint32_t packet_make(struct netif_tx_request *slot, uint32_t *seed)
{
	const uint32_t parts = random_next(seed) % 4 ? 1 + random_next(seed) % 3 : 1 + random_next(seed) % CHAIN_MAX;
	uint32_t n = 1, whole = random_next(seed) % 300, rest = 0;

	slot[0] = (struct netif_tx_request) {
		.gref = gref_any(seed), .flags = random_next(seed) & (NETTXF_csum_blank | NETTXF_data_validated),
		.id = (uint16_t)random_next(seed), .offset = (uint16_t)(random_next(seed) % 3700),
	};
	if (random_next(seed) % 4 == 0) {
		slot[0].flags |= NETTXF_extra_info;
		n += extras_add(&slot[1], seed);
	}
	slot[0].flags |= parts > 1 ? NETTXF_more_data : 0;
	for (uint32_t i = 1; i < parts; i++) {
		uint16_t bytes = random_next(seed) % 4 ? (uint16_t)(random_next(seed) % 2000) : 0;

		slot[n++] = (struct netif_tx_request) {
			.gref = gref_any(seed), .flags = i + 1 < parts ? NETTXF_more_data : 0, .size = bytes,
			.id = (uint16_t)random_next(seed), .offset = (uint16_t)(random_next(seed) % 2096),
		};
		rest += bytes;
	}
	/* Less than its parts now and then; never so that the first part would cross its page. */
	slot[0].size = (uint16_t)(random_next(seed) % 16 ? whole + rest : rest / 2);
	return n;
}

void do_flood(char *rest)
{
	const uint64_t end = now_usec() + number_next(&rest, "milliseconds") * 1000ull;
	uint32_t seed = number_next(&rest, "the seed") | 1;
	struct netif_tx_request slot[CHAIN_MAX + 4];
	uint64_t packets = 0;

	pages_fill_lies(&seed);
	while (now_usec() < end) {
		uint32_t n = packet_make(slot, &seed);

		room_wait(n, false);
		queue()->tx.sring->rsp_event = random_next(&seed);	/* whether we are kicked is our affair */
		show(slot, n);
		packets++;
	}
	room_wait(NETQUEUE_SLOTS, false);
	printf("flood: %llu packets, %llu answers, %llu okay\n", (unsigned long long)packets,
			(unsigned long long)tx.answers, (unsigned long long)tx.okay);
}

/* --- fatal ------------------------------------------------------------------------------------- */

/* Each of them Linux calls fatal, too. */
static const struct netif_tx_request fatal[] = {
	{ .size = 1000, .flags = NETTXF_more_data },		/* goes on beyond what is there */
	{ .size = 60, .flags = NETTXF_extra_info },		/* so does this */
	{ .size = 97, .offset = 4000 },				/* crosses its page */
};

#define FATALS (sizeof(fatal) / sizeof(fatal[0]))

/* On all queues at once, behind a ring full of good packets: which of them is seen first is open. */
void do_fatal(char *rest)
{
	const uint32_t kind = number_next(&rest, "the kind") % FATALS;
	struct netif_tx_request slot[NETQUEUE_SLOTS];

	for (uint32_t q = 0; q < netdev.queues; q++) {
		for (uint32_t i = 0; i + 1 < NETQUEUE_SLOTS; i++)
			slot[i] = (struct netif_tx_request) { .gref = netdev.queue[q].tx_page[i].gref, .size = 60 };
		slot[NETQUEUE_SLOTS - 1] = fatal[kind];
		slot[NETQUEUE_SLOTS - 1].gref = slot[0].gref;
		netqueue_send_raw(&netdev.queue[q], slot, NETQUEUE_SLOTS);
	}
	if (guestbus_wait(&netdev.bus, GUESTBUS_STATE(XenbusStateClosing) | GUESTBUS_STATE(XenbusStateClosed)) < 0)
		netdev_die("the backend goes on");
	printf("fatal: closed\n");
}

/* --- flip -------------------------------------------------------------------------------------- */

static struct {
	bool stop, fatal;
	uint64_t flips;
} flipper;

/* Something else in a slot that was shown, and the honest value again. */
static void flip_one(volatile struct netif_tx_request *slot, uint32_t *seed)
{
	const struct netif_tx_request honest = *slot;

	switch (random_next(seed) % (flipper.fatal ? 7 : 4)) {
	case 0:
		slot->gref = 4000000;
		break;
	case 1:
		slot->size = 13;
		break;
	case 2:
		slot->flags = NETTXF_csum_blank;
		break;
	case 3:
		slot->id = (uint16_t)*seed;
		break;
	case 4:
		slot->size = 65535;
		break;
	case 5:
		slot->offset = 4095;
		break;
	case 6:
		slot->flags = NETTXF_more_data | NETTXF_extra_info;
		break;
	}
	slot->gref = honest.gref;
	slot->size = honest.size;
	slot->flags = honest.flags;
	slot->offset = honest.offset;
	flipper.flips++;
}

static void *flip_thread(void *unused)
{
	volatile struct netif_tx_request *ring = &queue()->tx.sring->ring[0].req;
	uint32_t seed = 77;

	while (!__atomic_load_n(&flipper.stop, __ATOMIC_RELAXED))
		flip_one(&ring[random_next(&seed) % NETQUEUE_SLOTS], &seed);
	return NULL;
}

/* With FATAL 0 the connection must stand; otherwise it may end. */
void do_flip(char *rest)
{
	const uint64_t end = now_usec() + number_next(&rest, "milliseconds") * 1000ull;
	struct netif_tx_request slot = { .size = 60 };
	pthread_t thread;

	flipper.fatal = number_next(&rest, "whether it may be fatal");
	tx.flipping = true;
	if (pthread_create(&thread, NULL, flip_thread, NULL))
		netdev_die("no thread");
	while (now_usec() < end && room_wait(16, flipper.fatal)) {
		slot.gref = queue()->tx_page[++slot.id % NETQUEUE_SLOTS].gref;
		show(&slot, 1);
	}
	__atomic_store_n(&flipper.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	printf("flip: %llu flips, %llu answers, %s\n", (unsigned long long)flipper.flips,
			(unsigned long long)tx.answers, ended() ? "closed" : "connected");
}

/* --- padding ----------------------------------------------------------------------------------- */

/* An answer is 4 bytes in a slot of 12: the other 8 stay what they were. */
static void pad_transmit(void)
{
	struct netif_tx_request slot[2], left;

	memset(slot, 0xa5, sizeof(slot));
	slot[0].gref = slot[1].gref = queue()->tx_page[0].gref;
	slot[0].offset = slot[1].offset = 0;
	slot[0].flags = NETTXF_more_data;
	slot[1].flags = 0;
	slot[0].size = 60;
	slot[1].size = 20;
	show(slot, 2);
	room_wait(NETQUEUE_SLOTS, false);
	for (uint32_t i = 0; i < 2; i++) {
		left = queue()->tx.sring->ring[(queue()->tx.rsp_cons - 2 + i) % NETQUEUE_SLOTS].req;
		if (memcmp((char *)&left + 4, (char *)&slot[i] + 4, sizeof(left) - 4))
			netdev_die("the answer to slot %u changed bytes beyond it", i);
	}
}

/* An answer of 12 bytes in a slot of 16. */
static void pad_control(void)
{
	uint32_t data, last;

	if (!netdev.ctrl.events)
		return;
	netctrl_ask(&netdev.ctrl, XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, 0, 0, 0xa5a5a5a5, &data);
	last = netdev.ctrl.ring.sring->ring[(netdev.ctrl.ring.rsp_cons - 1) % 128].req.data[2];
	if (last != 0xa5a5a5a5)
		netdev_die("a control answer changed bytes beyond it: %#x", last);
}

void do_pad(char *rest)
{
	pad_transmit();
	pad_control();
	printf("pad: nothing of ours was changed\n");
}
