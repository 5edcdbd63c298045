/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection of a network frontend. Trusts xenstored; reads the backend's keys as strictly as a
 * backend has to read a guest's.
 */
#include "tests/guest/netdev.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLOSING_OR_CLOSED (GUESTBUS_STATE(XenbusStateClosing) | GUESTBUS_STATE(XenbusStateClosed))
#define CLOSED_OR_GONE (GUESTBUS_STATE(XenbusStateClosed) | GUESTBUS_STATE(XenbusStateUnknown))

struct netdev netdev = {
	.options = {
		.domid = GUESTBUS_OWN_DOMID, .queues = 1, .mtu = 1500, .refill = NETQUEUE_SLOTS,
		.timeout = 10000, .sg = 1, .gso = 1, .csum = 1, .csum6 = 1, .split = 1, .notify = 1,
		.copy = 1, .name = "eth0",
	},
	.tap = { -1, -1, -1, -1, -1, -1, -1, -1 },
};

static const struct {
	const char *name;
	uint32_t *at;
	uint32_t max;
	const char *text;
} numbers[] = {
	{ "domid", &netdev.options.domid, 32767, "the domain this runs in (as xenstore says)" },
	{ "devid", &netdev.options.devid, UINT32_MAX, "the vif (0)" },
	{ "queues", &netdev.options.queues, NETDEV_QUEUES_MAX, "(1)" },
	{ "mtu", &netdev.options.mtu, 65521, "of the tap (1500)" },
	{ "start", &netdev.options.start, UINT32_MAX, "first ring index, e.g. 0xffffff00 (0)" },
	{ "refill", &netdev.options.refill, NETQUEUE_SLOTS, "receive requests kept outstanding (256)" },
	{ "xdp-headroom", &netdev.options.headroom, 65535, "bytes; 0: no key" },
	{ "timeout", &netdev.options.timeout, 3600000, "of each wait for the backend, ms" },
	{ "sg", &netdev.options.sg, 1, "feature-sg" },
	{ "gso", &netdev.options.gso, 1, "feature-gso-tcpv4 and -tcpv6, and TSO on the tap" },
	{ "csum", &netdev.options.csum, 1, "0: feature-no-csum-offload, and none on the tap" },
	{ "csum6", &netdev.options.csum6, 1, "feature-ipv6-csum-offload" },
	{ "split", &netdev.options.split, 1, "split event channels" },
	{ "notify", &netdev.options.notify, 1, "feature-rx-notify" },
	{ "multicast", &netdev.options.multicast, 1, "request-multicast-control" },
	{ "ctrl", &netdev.options.ctrl, 1, "a control ring" },
	{ "hash", &netdev.options.hash, 2, "sets up a Toeplitz hash over the control ring; 2: that leads to the last queue" },
	{ "copy", &netdev.options.copy, 1, "request-rx-copy" },
	{ "early", &netdev.options.early, 1, "connects without waiting for the backend's state 2" },
};

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

void netdev_die(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "netfront: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

void netdev_open(void)
{
	if (guestbus_open(&netdev.bus, "vif", netdev.options.domid, netdev.options.devid))
		netdev_die("%s", netdev.bus.error);
	netdev.bus.timeout_ms = (int)netdev.options.timeout;
}

/* --- keys -------------------------------------------------------------------------------------- */

static void queue_keys(struct guestbus_txn *txn, uint32_t q, const char *prefix)
{
	const struct netqueue *of = &netdev.queue[q];
	char key[48];
	const struct {
		const char *name;
		uint32_t value;
		bool wanted;
	} keys[] = {
		{ "tx-ring-ref", of->ring_page[0].gref, true },
		{ "rx-ring-ref", of->ring_page[1].gref, true },
		{ "event-channel", of->port[0], !netdev.options.split },
		{ "event-channel-tx", of->port[0], netdev.options.split },
		{ "event-channel-rx", of->port[1], netdev.options.split },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		snprintf(key, sizeof(key), "%s%s", prefix, keys[i].name);
		if (keys[i].wanted)
			guestbus_put(txn, key, "%u", keys[i].value);
		else
			guestbus_remove(txn, key);
	}
}

static void feature_keys(struct guestbus_txn *txn)
{
	const struct {
		const char *name;
		uint32_t value;
	} keys[] = {
		{ "request-rx-copy", netdev.options.copy },
		{ "feature-rx-notify", netdev.options.notify },
		{ "feature-sg", netdev.options.sg },
		{ "feature-gso-tcpv4", netdev.options.gso },
		{ "feature-gso-tcpv6", netdev.options.gso },
		{ "feature-no-csum-offload", !netdev.options.csum },
		{ "feature-ipv6-csum-offload", netdev.options.csum6 },
		{ "request-multicast-control", netdev.options.multicast },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].value)
			guestbus_put(txn, keys[i].name, "%u", keys[i].value);
		else
			guestbus_remove(txn, keys[i].name);
	}
	guestbus_remove(txn, "xdp-headroom");
	if (netdev.options.headroom)
		guestbus_put(txn, "xdp-headroom", "%u", netdev.options.headroom);
	guestbus_remove(txn, "ctrl-ring-ref");
	guestbus_remove(txn, "event-channel-ctrl");
	if (netdev.ctrl.events) {
		guestbus_put(txn, "ctrl-ring-ref", "%u", netdev.ctrl.page.gref);
		guestbus_put(txn, "event-channel-ctrl", "%u", netdev.ctrl.port);
	}
}

static void connection_keys(struct guestbus_txn *txn, void *unused)
{
	char prefix[24];

	/* What an earlier connection with other features may have left behind. */
	guestbus_remove(txn, "multi-queue-num-queues");
	if (netdev.queues == 1) {
		queue_keys(txn, 0, "");
	} else {
		guestbus_put(txn, "multi-queue-num-queues", "%u", netdev.queues);
		for (uint32_t q = 0; q < netdev.queues; q++) {
			snprintf(prefix, sizeof(prefix), "queue-%u/", q);
			queue_keys(txn, q, prefix);
		}
	}
	feature_keys(txn);
}

/* --- connecting -------------------------------------------------------------------------------- */

static void queues_make(void)
{
	for (netdev.queues = 0; netdev.queues < netdev.options.queues; netdev.queues++) {
		const struct netqueue_config config = {
			.backend_domid = netdev.bus.backend_domid, .start_index = netdev.options.start,
			.refill = netdev.options.refill, .split = netdev.options.split, .tap = netdev.tap[netdev.queues],
			.index = netdev.queues, .hash = netdev.options.hash, .queues = netdev.options.queues,
		};
		int rc = netqueue_open(&netdev.queue[netdev.queues], &config);

		if (rc)
			netdev_die("queue %u cannot be made: %s", netdev.queues, strerror(-rc));
	}
	if (netdev.options.ctrl || netdev.options.hash)
		netctrl_open(&netdev.ctrl, netdev.bus.backend_domid);
}

void netdev_connect(void)
{
	if (guestbus_front_state(&netdev.bus) != XenbusStateInitialising)
		guestbus_switch(&netdev.bus, XenbusStateInitialising);
	if (!netdev.options.early && guestbus_wait(&netdev.bus, GUESTBUS_STATE(XenbusStateInitWait)) < 0)
		netdev_die("%s", netdev.bus.error);
	if (!netdev.options.early && netdev.options.queues > guestbus_read(&netdev.bus, "multi-queue-max-queues", 1))
		netdev_die("the backend offers fewer queues than %u", netdev.options.queues);
	queues_make();
	if (guestbus_write(&netdev.bus, connection_keys, NULL) || guestbus_switch(&netdev.bus, XenbusStateConnected))
		netdev_die("%s", netdev.bus.error);
	for (uint32_t q = 0; q < netdev.queues; q++)
		netqueue_start(&netdev.queue[q]);
	switch (guestbus_wait(&netdev.bus, GUESTBUS_STATE(XenbusStateConnected) | CLOSING_OR_CLOSED)) {
	case XenbusStateConnected:
		break;
	case XenbusStateClosing:
	case XenbusStateClosed:
		guestbus_switch(&netdev.bus, XenbusStateClosed);
		netdev_die("the backend refused");
	default:
		netdev_die("%s", netdev.bus.error);
	}
	if (netdev.options.hash && netctrl_hash_setup(&netdev.ctrl, netdev.options.hash, netdev.queues))
		netdev_die("the backend refused the hash");
	printf("connected, %u queues\n", netdev.queues);
	fflush(stdout);
}

static void counts_add(struct netqueue_counts *sum, const struct netqueue_counts *of)
{
	uint64_t *to = (uint64_t *)sum;		/* the struct is nothing but counters */
	const uint64_t *from = (const uint64_t *)of;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

struct netqueue_counts netdev_counts(void)
{
	struct netqueue_counts sum = netdev.before;

	for (uint32_t q = 0; q < netdev.queues; q++)
		counts_add(&sum, &netdev.queue[q].counts);
	return sum;
}

void netdev_counts_print(void)
{
	struct netqueue_counts c = netdev_counts();

	printf("tx=%llu tx_bytes=%llu tx_errors=%llu rx=%llu rx_bytes=%llu rx_errors=%llu rx_gso=%llu "
			"rx_hash=%llu rx_strayed=%llu rx_xdp=%llu tap_refused=%llu lies=%llu\n",
			(unsigned long long)c.tx_packets, (unsigned long long)c.tx_bytes,
			(unsigned long long)c.tx_errors, (unsigned long long)c.rx_packets,
			(unsigned long long)c.rx_bytes, (unsigned long long)c.rx_errors,
			(unsigned long long)c.rx_gso, (unsigned long long)c.rx_hash,
			(unsigned long long)c.rx_strayed,
			(unsigned long long)c.rx_xdp, (unsigned long long)c.tap_refused,
			(unsigned long long)c.lies);
	printf("queues");	/* what each of this connection's queues has received */
	for (uint32_t q = 0; q < netdev.queues; q++)
		printf(" %llu", (unsigned long long)netdev.queue[q].counts.rx_packets);
	printf("\n");
	fflush(stdout);
}

/* The driver is unloaded: 5, 6, and everything of ours is ours again. */
void netdev_disconnect(void)
{
	netdev.before = netdev_counts();
	guestbus_switch(&netdev.bus, XenbusStateClosing);
	guestbus_wait(&netdev.bus, CLOSED_OR_GONE | GUESTBUS_STATE(XenbusStateClosing));
	guestbus_switch(&netdev.bus, XenbusStateClosed);
	if (guestbus_wait(&netdev.bus, CLOSED_OR_GONE) < 0)
		fprintf(stderr, "netfront: %s\n", netdev.bus.error);
	while (netdev.queues)
		netqueue_close(&netdev.queue[--netdev.queues]);
	netctrl_close(&netdev.ctrl);
}

/* --- options ----------------------------------------------------------------------------------- */

void netdev_option(char *text)
{
	char *value = text, *name = strsep(&value, "="), *end;

	if (!value)
		netdev_die("%s: an option is NAME=VALUE", name);
	if (strcmp(name, "tap") == 0) {
		snprintf(netdev.options.name, sizeof(netdev.options.name), "%s", value);
		return;
	}
	for (size_t i = 0; i < NUMBERS; i++) {
		unsigned long number;

		if (strcmp(name, numbers[i].name))
			continue;
		number = strtoul(value, &end, 0);
		if (*end || !*value || number > numbers[i].max)
			netdev_die("%s=%s: a number up to %u", name, value, numbers[i].max);
		*numbers[i].at = (uint32_t)number;
		return;
	}
	netdev_die("%s: no such option", name);
}

void netdev_usage(const char *program)
{
	fprintf(stderr, "usage: %s\noptions, NAME=VALUE:\n  tap=NAME  (eth0)\n", program);
	for (size_t i = 0; i < NUMBERS; i++)
		fprintf(stderr, "  %s=N  %s\n", numbers[i].name, numbers[i].text);
	exit(2);
}
