/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/fuzz/net/frames.o tests/fuzz/net/transmit.o tests/fuzz/net/receive.o tests/unit/vif_world.o tests/unit/fake_xen.o netback/queue.o netback/queue_open.o netback/tx.o netback/rx.o netback/fit.o netback/cut.o netback/ctrl.o netback/steer.o netback/tap.o netback/train.o netback/netif.o netback/offload.o netback/frame.o netback/hash.o netback/filter.o netback/bucket.o ring/sring.o ring/slate.o ring/kicks.o ring/life.o ring/log.o ring/tun.o */
/* libs: -Wl,--wrap=clock_gettime */
/*
 * A whole interface: the worker's own queue and control ring over a Xen of plain memory, with the frontend
 * and the network of tests/fuzz/net. The worker sleeps as long as it says, and is woken as its event channels
 * and its tap would wake it. In the end everything is answered and has arrived or was counted as dropped, and
 * nobody sleeps over work; or the rings are halted, and the frontend connects again.
 */
#include <time.h>

#include "ring/log.h"
#include "tests/fuzz/net/frontend.h"

static uint64_t now_usec = 1000000;	/* the only clock that the worker has */

static struct {
	uint32_t prod, pushed, cons;
	struct xen_netif_ctrl_request asked[CTRL_RING_SLOTS];
} ask;

static bool lied;		/* an index that cannot be: the rings are to halt */
static bool deaf;		/* event words were scribbled on: nobody counts on notifications */
static bool over;		/* a successor has looked at a ring that was lied about: there is no more to see */
static bool died;		/* a worker has gone: a frame that it held is lost */
static bool kick[2], kick_ctrl, tap_edge;	/* kick: by enum vif_direction; both rings' port is the first's */
static int sleeps;		/* milliseconds, as queue_rest() said */
static uint32_t notified;

int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	*now = (struct timespec) { (time_t)(now_usec / 1000000), (long)(now_usec % 1000000) * 1000 };
	return 0;
}

/* --- the control ring -------------------------------------------------------------------------- */

static void ctrl_ask(struct feed *feed)
{
	struct xen_netif_ctrl_request *request = &ask.asked[ask.prod % CTRL_RING_SLOTS];
	uint32_t *entry = (uint32_t *)fake.page[NOTE_GREF];

	if (ask.prod - ask.cons == CTRL_RING_SLOTS || !vif.params.vif.ctrl.pages)
		return;
	for (int i = 0; i < 8; i++)
		entry[i] = feed_u8(feed) % VIF_QUEUES;
	*request = (struct xen_netif_ctrl_request) { .id = (uint16_t)(ask.prod * 7), .type = feed_u8(feed) % 8 };
	request->data[0] = request->type == XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM ? 1 : feed_u8(feed) % 129;
	if (request->type == XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS)
		request->data[0] &= 15;
	if (request->type == XEN_NETIF_CTRL_TYPE_SET_HASH_KEY || request->type == XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING)
		request->data[0] = NOTE_GREF;
	request->data[1] = feed_u8(feed) % 41;
	for (int i = 0; i < 3; i++)
		if (wrong(feed))
			request->data[i] = feed_u32(feed);
	if (wrong(feed))
		entry[0] = feed_u32(feed);
	memcpy(ctrl_slot(ask.prod++), request, sizeof(*request));
}

static void ctrl_take(void)
{
	for (; ask.cons != *header_at(CTRL_GREF, 2); ask.cons++) {
		const struct xen_netif_ctrl_request *request = &ask.asked[ask.cons % CTRL_RING_SLOTS];
		struct xen_netif_ctrl_response response;

		HOLDS(ask.cons != ask.pushed);
		memcpy(&response, ctrl_slot(ask.cons), sizeof(response));
		HOLDS(response.id == request->id && response.type == request->type);
		HOLDS(response.status <= XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW);
	}
	*header_at(CTRL_GREF, 3) = ask.cons + 1;
}

/* --- both ends --------------------------------------------------------------------------------- */

/* As a frontend's RING_PUSH_REQUESTS_AND_CHECK_NOTIFY. */
static void show(uint32_t gref, uint32_t prod, uint32_t *pushed, bool *rings)
{
	const uint32_t event = *header_at(gref, 1);

	__atomic_store_n(header_at(gref, 0), prod, __ATOMIC_RELEASE);
	*rings |= prod - event < prod - *pushed || (deaf && prod != *pushed);
	*pushed = prod;
}

/* Which port rings for the receive ring. */
static enum vif_direction rx_port(void)
{
	return vif.params.vif.flags & VIF_SPLIT ? VIF_RX : VIF_TX;
}

static void show_all(void)
{
	if (lied)
		return;
	show(TX_GREF, tx.prod, &tx.pushed, &kick[VIF_TX]);
	show(RX_GREF, rx.prod, &rx.pushed, &kick[rx_port()]);
	show(CTRL_GREF, ask.prod, &ask.pushed, &kick_ctrl);
}

/* The frontend sleeps until it is notified. */
static void take_all(void)
{
	wire_take();
	if (notified == fake.notified && !deaf)
		return;
	notified = fake.notified;
	tx_take();
	rx_take();
	ctrl_take();
}

static bool hears_port(enum vif_direction direction, bool masked)
{
	if (!kick[direction] || masked)
		return false;
	fake.pending = 1u << direction;
	queue_event(&queue);
	kick[direction] = false;
	HOLDS(direction == VIF_TX ? queue.tx.unmask_due : queue.rx.unmask_due);
	return true;
}

static void kick_all(void)
{
	kick[VIF_TX] = kick[rx_port()] = kick_ctrl = true;
}

/* What wakes the worker reaches it, if its ports are not masked. */
static bool hears(void)
{
	bool any = sleeps == 0 || tap_edge;

	any |= hears_port(VIF_TX, queue.tx.unmask_due);
	any |= hears_port(VIF_RX, queue.rx.unmask_due);
	if (kick_ctrl && ctrl.open && !ctrl.unmask_due) {
		fake.pending = any = true;
		ctrl_event(&ctrl);
		ctrl_event(&ctrl);	/* there is no other */
		kick_ctrl = false;
	}
	queue.rx.tap_ready |= tap_edge;
	tap_edge = false;
	return any;
}

/* One turn of netback's main loop. */
static void turn(void)
{
	const bool more = queue_work(&queue);

	if (ctrl_work(&ctrl, queue.now_usec))
		HOLDS(lied);
	sleeps = more ? 0 : queue_rest(&queue, ctrl_rest(&ctrl, queue.now_usec));
	take_all();
}

static bool halted(void)
{
	return queue.life.state == QUEUE_HALTED || (vif.params.vif.ctrl.pages && !ctrl.open);
}

static void awake(void)
{
	fake.pending = 0;
	kick_all();	/* a port is pending when it is bound */
	sleeps = 0;
}

/* Killed, or told to end; its successor goes on on the same rings. */
static void succeed(bool told)
{
	if (lied || halted())
		return;
	if (told) {
		vif.draining = true;
		queue_work(&queue);
		if (halted())
			return;
		HOLDS(queue.life.state == QUEUE_DRAINED);
	}
	vif_worker_die();
	HOLDS(!vif_worker_start());
	died = true;
	awake();
}

/* What a successor finds where its predecessor's answers should be is the guest's, too. */
static void lie_to_successor(struct feed *feed)
{
	vif_worker_die();
	*header_at(TX_GREF + feed_u8(feed) % 2, 2) = feed_u32(feed);
	if (!vif_worker_start())
		queue_work(&queue);
	over = true;
}

static void lie(struct feed *feed)
{
	const uint32_t gref = TX_GREF + feed_u8(feed) % (2 + vif.params.vif.ctrl.pages), shown = *header_at(gref, 2);
	const uint32_t far = feed_u32(feed) % 0x40000000;

	lied = tainted = true;
	*header_at(gref, 0) = feed_u8(feed) & 1 ? shown + NETIF_RING_SLOTS + 1 + far : shown - 1 - far;
	kick_all();
}

static void scribble(struct feed *feed)
{
	deaf = tainted = true;
	*header_at(TX_GREF + feed_u8(feed) % 3, feed_u8(feed) & 1 ? 1 : 3) = feed_u32(feed);
}

static void credit_set(struct feed *feed)
{
	bucket_set(&vif.rate[feed_u8(feed) & 1], feed_u8(feed) % 4 * 50000u, 1000 + feed_u8(feed) * 1000u);
}

static void happen(struct feed *feed)
{
	const uint8_t what = feed_u8(feed);

	if (what < 70)
		packet_send(feed);
	else if (what < 78)
		list_send(feed);
	else if (what < 95)
		rx_post(feed, feed_u8(feed) % 32);
	else if (what < 140)
		tap_edge |= wire_send(feed);
	else if (what < 155)
		ctrl_ask(feed);
	else if (what < 180)
		show_all();
	else if (what < 220 && hears())
		turn();
	else if (what < 232)
		now_usec += feed_u8(feed) * (what & 1 ? 100u : 400000u);
	else if (what < 236)
		fake.copy_refused[RX_PAGE + feed_u8(feed)] = tainted = true;
	else if (what < 240)
		credit_set(feed);
	else if (what < 244)
		vif.headroom = feed_u8(feed) * 16u;
	else if (what < 247)
		succeed(what & 1);
	else if (what == 247 && !lied)
		lie_to_successor(feed);
	else if (what < 254)
		kick_all();
	else if (what == 254)
		scribble(feed);
	else if (what == 255)
		lie(feed);
}

/* --- from the beginning to the end -------------------------------------------------------------- */

/* No such port, pages that a ring of an interface does not have, no descriptors, or no grant. */
static void ring_spoil(uint32_t gref, uint8_t how)
{
	struct ring_params *ring = gref == CTRL_GREF ? &vif.params.vif.ctrl : &vif.params.queue[0].ring[gref - TX_GREF];

	if (how % 4 == 0)
		fake.unbound = true;
	else if (how % 4 == 1 && ring->pages)
		ring->pages = 2;
	else if (how % 4 == 2)
		fake.no_handle = 1 + how / 4 % (vif.params.vif.ctrl.pages ? 4 : 2);
	else
		fake.map_refused[gref] = true;
}

/* A ring that cannot be, or whose index cannot be, is refused before anything is taken. */
static bool refused(struct feed *feed)
{
	const uint8_t which = feed_u8(feed);
	const uint32_t gref = TX_GREF + which % 3;
	const bool spoilt = wrong(feed), index = wrong(feed), there = gref != CTRL_GREF || vif.params.vif.ctrl.pages;

	if (spoilt)
		ring_spoil(gref, which / 3);
	if (index)
		*header_at(gref, 0) += NETIF_RING_SLOTS + 1 + feed_u8(feed);
	if (!vif_worker_start()) {
		HOLDS(!there || !(spoilt || index));
		return false;
	}
	HOLDS(spoilt || index);
	vif_worker_die();
	return true;
}

/* False: there is no connection. */
static bool connect_new(struct feed *feed)
{
	const uint32_t index = 0xffffff00u + feed_u8(feed);

	log_level(LOG_ERROR);
	memset(fake.copy_refused, 0, sizeof(fake.copy_refused));
	memset(fake.map_refused, 0, sizeof(fake.map_refused));
	for (uint32_t gref = TX_GREF; gref <= CTRL_GREF; gref++)
		fake.copy_refused[gref] = true;		/* a ring's page as data harms its guest alone */
	memset(&tx, 0, sizeof(tx));
	memset(&rx, 0, sizeof(rx));
	tx.prod = tx.pushed = tx.cons = rx.prod = rx.pushed = rx.cons = index;
	ask.prod = ask.pushed = ask.cons = index;
	tainted = lied = deaf = died = tap_edge = over = fake.unbound = false;
	fake.no_handle = 0;
	memset(fake.page[RX_PAGE], PAINT, NETIF_RING_SLOTS * 4096);
	kick[VIF_RX] = false;
	vif_connect(feed_u32(feed) & (2 * VIF_SPLIT - 1), feed_u8(feed) % 8 != 0, index);
	if (refused(feed))
		return false;
	notified = fake.notified;
	awake();
	return true;
}

/* The frontend goes on honestly until the worker has nothing left to wake up for. */
static void settle(struct feed *feed)
{
	if (lied)
		tap_edge |= wire_send(feed);
	for (int tries = 0; tries < 5000 && !halted(); tries++) {
		rx_post(NULL, NETIF_RING_SLOTS);
		show_all();
		if (!hears()) {
			if (sleeps < 0)
				return;
			now_usec += (uint64_t)sleeps * 1000;
			sleeps = 0;
		}
		turn();
	}
	HOLDS(halted());
}

static void end_holds(void)
{
	uint64_t done;

	HOLDS(tainted || !halted());
	HOLDS(!lied || halted());
	if (halted())
		return;
	HOLDS(tx.cons == tx.prod && ask.cons == ask.prod);
	done = rx.got + figures.packet_drops[VIF_RX];
	HOLDS(done <= rx.sent + rx.odd && (died || done >= rx.sent));
	HOLDS(tainted || tx.okay == tx.arrived);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = { data, size };

	if (!connect_new(&feed))
		return 0;
	while (feed.left && !halted() && !over)
		happen(&feed);
	if (!over) {
		settle(&feed);
		end_holds();
	}
	vif_worker_die();
	return 0;
}
