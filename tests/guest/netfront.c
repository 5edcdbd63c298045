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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/if_tun.h>

#include "tests/guest/netdev.h"

static int epoll_fd, signal_fd;

/* --- the tap ----------------------------------------------------------------------------------- */

static int tap_queue(void)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	memcpy(request.ifr_name, netdev.options.name, IFNAMSIZ);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request))
		netdev_die("the tap %s cannot be made: %s", netdev.options.name, strerror(errno));
	return fd;
}

static void interface_set(unsigned long code, struct ifreq *request)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(request->ifr_name, netdev.options.name, IFNAMSIZ);
	if (ioctl(fd, code, request))
		netdev_die("the tap %s cannot be set up: %s", netdev.options.name, strerror(errno));
	close(fd);
}

static void mac_set(void)
{
	char path[GUESTBUS_PATH_BYTES + 8];
	struct ifreq request = { .ifr_hwaddr.sa_family = ARPHRD_ETHER };
	unsigned int byte[6];
	char *text;

	snprintf(path, sizeof(path), "%s/mac", netdev.bus.front);
	text = xs_read(netdev.bus.xs, XBT_NULL, path, NULL);
	if (!text || sscanf(text, "%x:%x:%x:%x:%x:%x", &byte[0], &byte[1], &byte[2], &byte[3], &byte[4],
			&byte[5]) != 6)
		netdev_die("%s is no MAC", path);
	for (int i = 0; i < 6; i++)
		request.ifr_hwaddr.sa_data[i] = (char)byte[i];
	interface_set(SIOCSIFHWADDR, &request);
	free(text);
}

static void tap_make(void)
{
	struct ifreq request = { .ifr_mtu = (int)netdev.options.mtu };

	for (uint32_t q = 0; q < netdev.options.queues; q++)
		netdev.tap[q] = tap_queue();
	mac_set();
	interface_set(SIOCSIFMTU, &request);
}

/* What the backend takes unfinished, and what it does not. */
static void tap_offloads(void)
{
	unsigned long bits = 0;	/* the ioctl takes its argument by value */

	if (netdev.options.csum)
		bits |= TUN_F_CSUM;
	if (netdev.options.csum && netdev.options.gso && netdev.options.sg && guestbus_read(&netdev.bus, "feature-gso-tcpv4", 0))
		bits |= TUN_F_TSO4;
	if (netdev.options.csum6 && netdev.options.gso && netdev.options.sg && guestbus_read(&netdev.bus, "feature-gso-tcpv6", 0))
		bits |= TUN_F_TSO6;
	if (ioctl(netdev.tap[0], TUNSETOFFLOAD, netdev.options.csum ? bits : 0))
		netdev_die("the tap %s has no such offloads: %s", netdev.options.name, strerror(errno));
}

/* --- loop -------------------------------------------------------------------------------------- */

static void watch(int fd, uint32_t tag, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u32 = tag };

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event))
		netdev_die("a descriptor cannot be watched: %s", strerror(errno));
}

enum tag { TAG_TAP = 0, TAG_EVENTS = 100, TAG_BUS = 200, TAG_SIGNAL = 201 };

/* Connects, and watches what this connection has. */
static void connect_now(void)
{
	netdev_connect();
	for (uint32_t q = 0; q < netdev.queues; q++)
		watch(xenevtchn_fd(netdev.queue[q].events), TAG_EVENTS + q, EPOLLIN);
}

/* Returns false at the end. */
static bool signal_take(void)
{
	struct signalfd_siginfo info;

	if (read(signal_fd, &info, sizeof(info)) != sizeof(info))
		return true;
	if (info.ssi_signo == SIGUSR1) {
		netdev_disconnect();
		connect_now();
	} else if (info.ssi_signo == SIGUSR2) {
		netdev_counts_print();
	}
	return info.ssi_signo == SIGUSR1 || info.ssi_signo == SIGUSR2;
}

/* The backend's states: it closes when the device is taken away. */
static bool bus_follow(void)
{
	enum xenbus_state state;

	guestbus_drain(&netdev.bus);
	state = guestbus_backend_state(&netdev.bus);
	return state != XenbusStateClosing && state != XenbusStateClosed && state != XenbusStateUnknown;
}

static bool dispatch(uint32_t tag)
{
	if (tag == TAG_SIGNAL)
		return signal_take();
	if (tag == TAG_BUS)
		return bus_follow();
	if (tag >= TAG_EVENTS)
		netqueue_event(&netdev.queue[tag - TAG_EVENTS]);
	else
		netdev.queue[tag].tap_ready = true;
	return true;
}

static void loop(void)
{
	struct epoll_event events[16];
	bool going = true;

	while (going) {
		int n;

		for (uint32_t q = 0; q < netdev.queues; q++)
			netqueue_work(&netdev.queue[q]);
		n = epoll_wait(epoll_fd, events, 16, -1);
		for (int i = 0; i < n && going; i++)
			going = dispatch(events[i].data.u32);
	}
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
			netdev_usage("netfront [OPTION=VALUE...]");
		netdev_option(argv[i]);
	}
	signals_open();		/* netdev.before xenstore starts its thread, which inherits the mask */
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	netdev_open();
	tap_make();
	tap_offloads();
	connect_now();
	for (uint32_t q = 0; q < netdev.options.queues; q++)
		watch(netdev.tap[q], TAG_TAP + q, EPOLLIN | EPOLLET);
	watch(guestbus_fd(&netdev.bus), TAG_BUS, EPOLLIN);
	watch(signal_fd, TAG_SIGNAL, EPOLLIN);
	loop();
	netdev_disconnect();
	netdev_counts_print();
	guestbus_close(&netdev.bus);
	return netdev.before.lies ? 1 : 0;
}
