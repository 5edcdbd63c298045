/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's network interface: a userspace netfront whose other side is a tap in the network
 * namespace it is started in, so that a real TCP stack is the guest. Runs as domain D, on the
 * simulation or in a real guest. Ends with SIGTERM (closes as a driver that is unloaded does) and
 * prints what it has counted; SIGUSR1: closes and connects again; SIGUSR2: prints the counts.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/if_tun.h>

#include "tests/guest/guestbus.h"
#include "tests/guest/netctrl.h"
#include "tests/guest/netqueue.h"

#define QUEUES_MAX 8
#define CLOSING_OR_CLOSED (GUESTBUS_STATE(XenbusStateClosing) | GUESTBUS_STATE(XenbusStateClosed))
#define CLOSED_OR_GONE (GUESTBUS_STATE(XenbusStateClosed) | GUESTBUS_STATE(XenbusStateUnknown))

static struct options {
	uint32_t domid, devid, queues, mtu, start, refill, headroom, timeout;
	uint32_t sg, gso, csum, csum6, split, notify, multicast, hash, ctrl, copy;
	char name[IFNAMSIZ];
} options = {
	.domid = GUESTBUS_OWN_DOMID, .queues = 1, .mtu = 1500, .refill = NETQUEUE_SLOTS, .timeout = 10000,
	.sg = 1, .gso = 1, .csum = 1, .csum6 = 1, .split = 1, .notify = 1, .copy = 1, .name = "eth0",
};

static const struct {
	const char *name;
	uint32_t *at;
	uint32_t max;
	const char *text;
} numbers[] = {
	{ "domid", &options.domid, 32767, "the domain this runs in (as xenstore says)" },
	{ "devid", &options.devid, UINT32_MAX, "the vif (0)" },
	{ "queues", &options.queues, QUEUES_MAX, "(1)" },
	{ "mtu", &options.mtu, 65521, "of the tap (1500)" },
	{ "start", &options.start, UINT32_MAX, "first ring index, e.g. 0xffffff00 (0)" },
	{ "refill", &options.refill, NETQUEUE_SLOTS, "receive requests kept outstanding (256)" },
	{ "xdp-headroom", &options.headroom, 65535, "bytes; 0: no key" },
	{ "timeout", &options.timeout, 3600000, "of each wait for the backend, ms" },
	{ "sg", &options.sg, 1, "feature-sg" },
	{ "gso", &options.gso, 1, "feature-gso-tcpv4 and -tcpv6, and TSO on the tap" },
	{ "csum", &options.csum, 1, "0: feature-no-csum-offload, and none on the tap" },
	{ "csum6", &options.csum6, 1, "feature-ipv6-csum-offload" },
	{ "split", &options.split, 1, "split event channels" },
	{ "notify", &options.notify, 1, "feature-rx-notify" },
	{ "multicast", &options.multicast, 1, "request-multicast-control" },
	{ "ctrl", &options.ctrl, 1, "a control ring" },
	{ "hash", &options.hash, 1, "sets up a Toeplitz hash over the control ring" },
	{ "copy", &options.copy, 1, "request-rx-copy" },
};

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static struct guestbus bus;
static struct netqueue queue[QUEUES_MAX];
static struct netctrl ctrl;
static int tap[QUEUES_MAX];
static uint32_t queues;		/* open now */
static int epoll_fd, signal_fd;
static struct netqueue_counts before;	/* of connections that have ended */

__attribute__((format(printf, 1, 2), noreturn))
static void die(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "netfront: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

/* --- the tap ----------------------------------------------------------------------------------- */

static int tap_queue(void)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	memcpy(request.ifr_name, options.name, IFNAMSIZ);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request))
		die("the tap %s cannot be made: %s", options.name, strerror(errno));
	return fd;
}

static void interface_set(unsigned long code, struct ifreq *request)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(request->ifr_name, options.name, IFNAMSIZ);
	if (ioctl(fd, code, request))
		die("the tap %s cannot be set up: %s", options.name, strerror(errno));
	close(fd);
}

static void mac_set(void)
{
	char path[GUESTBUS_PATH_BYTES + 8];
	struct ifreq request = { .ifr_hwaddr.sa_family = ARPHRD_ETHER };
	unsigned int byte[6];
	char *text;

	snprintf(path, sizeof(path), "%s/mac", bus.front);
	text = xs_read(bus.xs, XBT_NULL, path, NULL);
	if (!text || sscanf(text, "%x:%x:%x:%x:%x:%x", &byte[0], &byte[1], &byte[2], &byte[3], &byte[4],
			&byte[5]) != 6)
		die("%s is no MAC", path);
	for (int i = 0; i < 6; i++)
		request.ifr_hwaddr.sa_data[i] = (char)byte[i];
	interface_set(SIOCSIFHWADDR, &request);
	free(text);
}

static void tap_make(void)
{
	struct ifreq request = { .ifr_mtu = (int)options.mtu };

	for (uint32_t q = 0; q < options.queues; q++)
		tap[q] = tap_queue();
	mac_set();
	interface_set(SIOCSIFMTU, &request);
}

/* What the backend takes unfinished, and what it does not. */
static void tap_offloads(void)
{
	unsigned long bits = 0;	/* the ioctl takes its argument by value */

	if (options.csum)
		bits |= TUN_F_CSUM;
	if (options.csum && options.gso && options.sg && guestbus_read(&bus, "feature-gso-tcpv4", 0))
		bits |= TUN_F_TSO4;
	if (options.csum6 && options.gso && options.sg && guestbus_read(&bus, "feature-gso-tcpv6", 0))
		bits |= TUN_F_TSO6;
	if (ioctl(tap[0], TUNSETOFFLOAD, options.csum ? bits : 0))
		die("the tap %s has no such offloads: %s", options.name, strerror(errno));
}

/* --- connecting -------------------------------------------------------------------------------- */

static void queue_keys(struct guestbus_txn *txn, uint32_t q, const char *prefix)
{
	const struct netqueue *of = &queue[q];
	char key[48];
	const struct {
		const char *name;
		uint32_t value;
		bool wanted;
	} keys[] = {
		{ "tx-ring-ref", of->ring_page[0].gref, true },
		{ "rx-ring-ref", of->ring_page[1].gref, true },
		{ "event-channel", of->port[0], !options.split },
		{ "event-channel-tx", of->port[0], options.split },
		{ "event-channel-rx", of->port[1], options.split },
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
		{ "request-rx-copy", options.copy },
		{ "feature-rx-notify", options.notify },
		{ "feature-sg", options.sg },
		{ "feature-gso-tcpv4", options.gso },
		{ "feature-gso-tcpv6", options.gso },
		{ "feature-no-csum-offload", !options.csum },
		{ "feature-ipv6-csum-offload", options.csum6 },
		{ "request-multicast-control", options.multicast },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].value)
			guestbus_put(txn, keys[i].name, "%u", keys[i].value);
		else
			guestbus_remove(txn, keys[i].name);
	}
	if (options.headroom)
		guestbus_put(txn, "xdp-headroom", "%u", options.headroom);
	if (ctrl.events) {
		guestbus_put(txn, "ctrl-ring-ref", "%u", ctrl.page.gref);
		guestbus_put(txn, "event-channel-ctrl", "%u", ctrl.port);
	}
}

static void connection_keys(struct guestbus_txn *txn, void *unused)
{
	char prefix[24];

	/* What an earlier connection with other features may have left behind. */
	guestbus_remove(txn, "multi-queue-num-queues");
	if (queues == 1) {
		queue_keys(txn, 0, "");
	} else {
		guestbus_put(txn, "multi-queue-num-queues", "%u", queues);
		for (uint32_t q = 0; q < queues; q++) {
			snprintf(prefix, sizeof(prefix), "queue-%u/", q);
			queue_keys(txn, q, prefix);
		}
	}
	feature_keys(txn);
}

static void watch(int fd, uint32_t tag, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u32 = tag };

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event))
		die("a descriptor cannot be watched: %s", strerror(errno));
}

enum tag { TAG_TAP = 0, TAG_EVENTS = 100, TAG_BUS = 200, TAG_SIGNAL = 201 };

static void queues_make(void)
{
	for (queues = 0; queues < options.queues; queues++) {
		const struct netqueue_config config = {
			.backend_domid = bus.backend_domid, .start_index = options.start,
			.refill = options.refill, .split = options.split, .tap = tap[queues],
		};
		int rc = netqueue_open(&queue[queues], &config);

		if (rc)
			die("queue %u cannot be made: %s", queues, strerror(-rc));
		watch(xenevtchn_fd(queue[queues].events), TAG_EVENTS + queues, EPOLLIN);
	}
	if (options.ctrl || options.hash)
		netctrl_open(&ctrl, bus.backend_domid);
}

static void connect_now(void)
{
	if (guestbus_front_state(&bus) != XenbusStateInitialising)
		guestbus_switch(&bus, XenbusStateInitialising);
	if (guestbus_wait(&bus, GUESTBUS_STATE(XenbusStateInitWait)) < 0)
		die("%s", bus.error);
	if (options.queues > guestbus_read(&bus, "multi-queue-max-queues", 1))
		die("the backend offers fewer queues than %u", options.queues);
	queues_make();
	tap_offloads();
	if (guestbus_write(&bus, connection_keys, NULL) || guestbus_switch(&bus, XenbusStateConnected))
		die("%s", bus.error);
	for (uint32_t q = 0; q < queues; q++)
		netqueue_start(&queue[q]);
	switch (guestbus_wait(&bus, GUESTBUS_STATE(XenbusStateConnected) | CLOSING_OR_CLOSED)) {
	case XenbusStateConnected:
		break;
	case XenbusStateClosing:
	case XenbusStateClosed:
		guestbus_switch(&bus, XenbusStateClosed);
		die("the backend refused");
	default:
		die("%s", bus.error);
	}
	if (options.hash && netctrl_hash_setup(&ctrl, queues))
		die("the backend refused the hash");
	printf("connected, %u queues\n", queues);
	fflush(stdout);
}

static void counts_add(struct netqueue_counts *sum, const struct netqueue_counts *of)
{
	uint64_t *to = (uint64_t *)sum;		/* the struct is nothing but counters */
	const uint64_t *from = (const uint64_t *)of;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

static struct netqueue_counts counts_now(void)
{
	struct netqueue_counts sum = before;

	for (uint32_t q = 0; q < queues; q++)
		counts_add(&sum, &queue[q].counts);
	return sum;
}

static void counts_print(void)
{
	struct netqueue_counts c = counts_now();

	printf("tx=%llu tx_bytes=%llu tx_errors=%llu rx=%llu rx_bytes=%llu rx_errors=%llu rx_gso=%llu "
			"rx_hash=%llu rx_xdp=%llu tap_refused=%llu lies=%llu\n",
			(unsigned long long)c.tx_packets, (unsigned long long)c.tx_bytes,
			(unsigned long long)c.tx_errors, (unsigned long long)c.rx_packets,
			(unsigned long long)c.rx_bytes, (unsigned long long)c.rx_errors,
			(unsigned long long)c.rx_gso, (unsigned long long)c.rx_hash,
			(unsigned long long)c.rx_xdp, (unsigned long long)c.tap_refused,
			(unsigned long long)c.lies);
	fflush(stdout);
}

/* The driver is unloaded: 5, 6, and everything of ours is ours again. */
static void disconnect(void)
{
	before = counts_now();
	guestbus_switch(&bus, XenbusStateClosing);
	guestbus_wait(&bus, CLOSED_OR_GONE | GUESTBUS_STATE(XenbusStateClosing));
	guestbus_switch(&bus, XenbusStateClosed);
	if (guestbus_wait(&bus, CLOSED_OR_GONE) < 0)
		fprintf(stderr, "netfront: %s\n", bus.error);
	while (queues)
		netqueue_close(&queue[--queues]);
	netctrl_close(&ctrl);
}

/* --- loop -------------------------------------------------------------------------------------- */

/* Returns false at the end. */
static bool signal_take(void)
{
	struct signalfd_siginfo info;

	if (read(signal_fd, &info, sizeof(info)) != sizeof(info))
		return true;
	if (info.ssi_signo == SIGUSR1) {
		disconnect();
		connect_now();
	} else if (info.ssi_signo == SIGUSR2) {
		counts_print();
	}
	return info.ssi_signo == SIGUSR1 || info.ssi_signo == SIGUSR2;
}

/* The backend's states: it closes when the device is taken away. */
static bool bus_follow(void)
{
	enum xenbus_state state;

	guestbus_drain(&bus);
	state = guestbus_backend_state(&bus);
	return state != XenbusStateClosing && state != XenbusStateClosed && state != XenbusStateUnknown;
}

static bool dispatch(uint32_t tag)
{
	if (tag == TAG_SIGNAL)
		return signal_take();
	if (tag == TAG_BUS)
		return bus_follow();
	if (tag >= TAG_EVENTS)
		netqueue_event(&queue[tag - TAG_EVENTS]);
	else
		queue[tag].tap_ready = true;
	return true;
}

static void loop(void)
{
	struct epoll_event events[16];
	bool going = true;

	while (going) {
		int n;

		for (uint32_t q = 0; q < queues; q++)
			netqueue_work(&queue[q]);
		n = epoll_wait(epoll_fd, events, 16, -1);
		for (int i = 0; i < n && going; i++)
			going = dispatch(events[i].data.u32);
	}
}

static void option_set(char *text)
{
	char *value = text, *name = strsep(&value, "="), *end;

	if (!value)
		die("%s: an option is NAME=VALUE", name);
	if (strcmp(name, "tap") == 0) {
		snprintf(options.name, sizeof(options.name), "%s", value);
		return;
	}
	for (size_t i = 0; i < NUMBERS; i++) {
		unsigned long number;

		if (strcmp(name, numbers[i].name))
			continue;
		number = strtoul(value, &end, 0);
		if (*end || !*value || number > numbers[i].max)
			die("%s=%s: a number up to %u", name, value, numbers[i].max);
		*numbers[i].at = (uint32_t)number;
		return;
	}
	die("%s: no such option", name);
}

static void usage(void)
{
	fputs("usage: netfront [OPTION=VALUE...]\n  tap=NAME  (eth0)\n", stderr);
	for (size_t i = 0; i < NUMBERS; i++)
		fprintf(stderr, "  %s=N  %s\n", numbers[i].name, numbers[i].text);
	exit(2);
}

static void signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0)
			usage();
		option_set(argv[i]);
	}
	signals_open();		/* before xenstore starts its thread, which inherits the mask */
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (guestbus_open(&bus, "vif", options.domid, options.devid))
		die("%s", bus.error);
	bus.timeout_ms = (int)options.timeout;
	tap_make();
	connect_now();
	for (uint32_t q = 0; q < options.queues; q++)
		watch(tap[q], TAG_TAP + q, EPOLLIN | EPOLLET);
	watch(guestbus_fd(&bus), TAG_BUS, EPOLLIN);
	watch(signal_fd, TAG_SIGNAL, EPOLLIN);
	loop();
	disconnect();
	counts_print();
	guestbus_close(&bus);
	return before.lies ? 1 : 0;
}
