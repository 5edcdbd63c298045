/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network frontend that means harm: connects a vif and then does what its command line says, for a
 * while and as fast as it can. tests/guest/netone sends one exact lie; this sends floods and storms,
 * and holds every answer against what was asked. Trusts the Xen libraries; its exit status says
 * whether the backend kept the protocol.
 */
#include "tests/hostile/nethostile.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

uint64_t now_usec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

void nap_usec(uint32_t usec)
{
	const struct timespec nap = { 0, (long)usec * 1000 };

	nanosleep(&nap, NULL);
}

uint32_t number_next(char **rest, const char *what)
{
	char *word = strsep(rest, ":"), *end;
	unsigned long value;

	if (!word || !*word)
		netdev_die("%s is missing", what);
	value = strtoul(word, &end, 0);
	if (*end || value > UINT32_MAX)
		netdev_die("%s: `%s' is no number", what, word);
	return (uint32_t)value;
}

uint32_t random_next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* --- storms ------------------------------------------------------------------------------------ */

static void kick_all(void)
{
	for (uint32_t q = 0; q < netdev.queues; q++) {
		xenevtchn_notify(netdev.queue[q].events, netdev.queue[q].port[0]);
		xenevtchn_notify(netdev.queue[q].events, netdev.queue[q].port[1]);
	}
	if (netdev.ctrl.events)
		xenevtchn_notify(netdev.ctrl.events, netdev.ctrl.port);
}

/* Kicks all ports without any work, at `rate` in a second (0: as fast as it goes). */
static void do_storm(char *rest)
{
	const uint32_t each = netdev.queues * 2 + (netdev.ctrl.events != NULL);
	const uint32_t msec = number_next(&rest, "milliseconds"), rate = number_next(&rest, "the rate");
	const uint64_t begin = now_usec();
	uint64_t kicks = 0, passed;

	while ((passed = now_usec() - begin) < msec * 1000ull) {
		if (rate && kicks > passed * rate / 1000000) {
			nap_usec(50);
			continue;
		}
		for (int i = 0; i < 32; i++)
			kick_all();
		kicks += 32ull * each;
	}
	printf("storm: %llu kicks, %llu in a second\n", (unsigned long long)kicks,
			(unsigned long long)(kicks * 1000 / (msec ? msec : 1)));
}

static uint64_t burnt_usec(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * 1000000u + (uint64_t)used.tv_nsec / 1000u;
}

/* Kicks a port that nobody hears, with so much of a processor: what the machine is like without the attack. */
static void do_burn(char *rest)
{
	const uint64_t begin = now_usec(), burnt = burnt_usec();
	const uint64_t end = begin + number_next(&rest, "milliseconds") * 1000ull;
	const uint32_t percent = number_next(&rest, "percent");
	xenevtchn_handle *events = netdev.queue[0].events;
	int port = xenevtchn_bind_unbound_port(events, netdev.bus.backend_domid);

	if (port < 0)
		netdev_die("no port to burn time on");
	while (now_usec() < end) {
		if ((burnt_usec() - burnt) * 100 > (now_usec() - begin) * percent) {
			nap_usec(50);
			continue;
		}
		for (int i = 0; i < 32; i++)
			xenevtchn_notify(events, (evtchn_port_t)port);
	}
	printf("burn: done\n");
}

/* --- receive requests -------------------------------------------------------------------------- */

enum rx_lie { RX_NO_GRANT, RX_READ_ONLY, RX_ONE_PAGE, RX_THE_RING, RX_LIES };

static uint32_t rx_gref(enum rx_lie lie, uint32_t i)
{
	const struct netqueue *queue = &netdev.queue[0];

	switch (lie) {
	case RX_NO_GRANT:
		return 4000000 + i;
	case RX_READ_ONLY:
		return queue->tx_page[i].gref;
	case RX_ONE_PAGE:
		return queue->rx_page[0].gref;
	default:
		return queue->ring_page[i % 2].gref;
	}
}

/* Receive requests with such grants (connect with refill=0); takes what comes for so long. */
static void do_rxbad(char *rest)
{
	const uint64_t end = now_usec() + number_next(&rest, "milliseconds") * 1000ull;
	const uint32_t lie = number_next(&rest, "the lie");
	struct netqueue *queue = &netdev.queue[0];

	if (lie >= RX_LIES)
		netdev_die("there are %d lies", RX_LIES);
	for (uint32_t i = 0; i < NETQUEUE_SLOTS; i++)
		queue->rx_page[i].gref = rx_gref(lie, i);
	queue->config.refill = NETQUEUE_SLOTS;
	netqueue_start(queue);
	while (now_usec() < end && !queue->broken) {
		netqueue_event(queue);
		netqueue_work(queue);
		nap_usec(200);
	}
	printf("rxbad: %llu packets, %llu errors, %llu lies\n", (unsigned long long)queue->counts.rx_packets,
			(unsigned long long)queue->counts.rx_errors, (unsigned long long)queue->counts.lies);
}

/* All receive requests have the same id (connect with refill=0): so have their answers, as they come. */
static void do_rxids(char *rest)
{
	const uint32_t count = number_next(&rest, "how many");
	const uint64_t end = now_usec() + 10000000;
	netif_rx_sring_t *ring = netdev.queue[0].rx.sring;
	uint32_t start = netdev.queue[0].rx.req_prod_pvt;

	for (uint32_t i = 0; i < NETQUEUE_SLOTS; i++)
		ring->ring[(start + i) % NETQUEUE_SLOTS].req = (netif_rx_request_t) {
			.id = 0xa5a5, .gref = netdev.queue[0].rx_page[i].gref,
		};
	xen_wmb();	/* the requests are written before they are shown */
	ring->req_prod = start + NETQUEUE_SLOTS;
	kick_all();
	while (ring->rsp_prod - start < count) {
		if (now_usec() > end)
			netdev_die("%u of %u answers", ring->rsp_prod - start, count);
		nap_usec(200);
	}
	for (uint32_t i = 0; i < count; i++) {
		if (ring->ring[(start + i) % NETQUEUE_SLOTS].rsp.id != 0xa5a5)
			netdev_die("answer %u has an id that nobody used", i);
	}
	printf("rxids: %u answers\n", count);
}

/* Takes back every receive request that the backend has not taken yet: legal as an index, and nothing is left. */
static void do_rxback(char *rest)
{
	netif_rx_sring_t *ring = netdev.queue[0].rx.sring;

	ring->req_prod = ring->rsp_prod;
	kick_all();
	printf("rxback: at %u\n", ring->rsp_prod);
}

/* --- life -------------------------------------------------------------------------------------- */

/* Walks through the states at random, slots in flight, and waits for nobody. */
static void do_states(char *rest)
{
	uint32_t times = number_next(&rest, "how often"), seed = number_next(&rest, "the seed") | 1;
	struct netif_tx_request slot = { .gref = netdev.queue[0].tx_page[0].gref, .size = 60 };

	for (uint32_t i = 0; i < times; i++) {
		slot.id = (uint16_t)i;
		netdev.queue[0].tx.rsp_cons = netdev.queue[0].tx.sring->rsp_prod;
		if (RING_FREE_REQUESTS(&netdev.queue[0].tx) > 0)
			netqueue_send_raw(&netdev.queue[0], &slot, 1);
		guestbus_switch(&netdev.bus, (enum xenbus_state)(1 + random_next(&seed) % 6));
	}
	printf("states: done\n");
}

/* Writes keys of the frontend's directory, the same values again and again. */
static void write_keys(char *rest, const char *const key[3])
{
	const uint64_t end = now_usec() + number_next(&rest, "milliseconds") * 1000ull;
	char path[GUESTBUS_PATH_BYTES + 32];
	uint64_t writes = 0;

	for (; now_usec() < end; writes++) {
		const char *name = key[writes % 3];

		snprintf(path, sizeof(path), "%s/%s", netdev.bus.front, name);
		if (!xs_write(netdev.bus.xs, XBT_NULL, path, *name == 's' ? "4" : "0", 1))
			netdev_die("xenstore does not take %s", path);
	}
	printf("write: %llu writes\n", (unsigned long long)writes);
}

static void do_write(char *rest)
{
	static const char *const watched[] = { "state", "request-multicast-control", "xdp-headroom" };

	write_keys(rest, watched);
}

/* What xenstored does for do_write(), without anybody who watches. */
static void do_scribble(char *rest)
{
	static const char *const unwatched[] = { "scrib", "request-unheard", "nobodys-room" };

	write_keys(rest, unwatched);
}

/* Ends here, with everything as it is: a guest's kernel that stops in the middle. */
static void do_vanish(char *rest)
{
	fflush(stdout);
	_Exit(0);
}

static void do_sleep(char *rest)
{
	poll(NULL, 0, (int)number_next(&rest, "milliseconds"));
}

static const struct {
	const char *name, *usage;
	void (*run)(char *rest);
} operations[] = {
	{ "storm", ":MS:RATE", do_storm }, { "burn", ":MS:PERCENT", do_burn },
	{ "flood", ":MS:SEED", do_flood }, { "flip", ":MS:FATAL", do_flip }, { "pad", "", do_pad },
	{ "fatal", ":KIND", do_fatal },
	{ "rxbad", ":MS:LIE  0 no grant, 1 read-only, 2 the same page, 3 the ring itself", do_rxbad },
	{ "rxids", ":COUNT", do_rxids }, { "rxback", "", do_rxback }, { "hashgrid", "", do_hashgrid }, { "hashloop", ":MS", do_hashloop },
	{ "ctrlflood", ":MS:SEED", do_ctrlflood }, { "splits", "", do_splits },
	{ "ping", ":COUNT", do_ping }, { "states", ":TIMES:SEED", do_states },
	{ "write", ":MS", do_write }, { "scribble", ":MS", do_scribble }, { "vanish", "", do_vanish }, { "sleep", ":MS", do_sleep },
};

#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static void operation_run(char *text)
{
	char *rest = text, *name = strsep(&rest, ":");

	for (size_t i = 0; i < OPERATIONS; i++) {
		if (strcmp(name, operations[i].name))
			continue;
		operations[i].run(rest);
		fflush(stdout);
		return;
	}
	netdev_die("%s: no such operation", name);
}

int main(int argc, char **argv)
{
	int i = 1;

	if (argc == 1) {
		for (size_t o = 0; o < OPERATIONS; o++)
			printf("  %s%s\n", operations[o].name, operations[o].usage);
		netdev_usage("nethostile [OPTION=VALUE...] OPERATION...");
	}
	for (; i < argc && strchr(argv[i], '='); i++)
		netdev_option(argv[i]);
	netdev.tap[0] = open("/dev/null", O_RDWR | O_CLOEXEC);	/* what comes in is thrown away */
	netdev_open();
	netdev_connect();
	for (; i < argc; i++)
		operation_run(argv[i]);
	netdev_disconnect();
	return 0;
}
