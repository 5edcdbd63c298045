/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The limit that a network backend is measured against: copies packets between a tap in its own
 * network namespace and one in another, with one read and one write each and nothing between.
 * usage: tapcopy NAME NAMESPACE-FILE NAME
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/if_tun.h>

static int tap_open(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) ||
			ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)) {
		perror(name);
		exit(1);
	}
	return fd;
}

static void copy(int from, int to)
{
	static char packet[70000];
	ssize_t got;

	for (int i = 0; i < 64; i++) {
		got = read(from, packet, sizeof(packet));
		if (got <= 0)
			return;
		if (write(to, packet, (size_t)got) < 0)
			continue;	/* that interface is down: the packet is lost, as on a wire */
	}
}

int main(int argc, char **argv)
{
	struct pollfd polled[2] = { { .events = POLLIN }, { .events = POLLIN } };
	int namespace;

	if (argc != 4) {
		fputs("usage: tapcopy NAME NAMESPACE-FILE NAME\n", stderr);
		return 2;
	}
	polled[0].fd = tap_open(argv[1]);
	namespace = open(argv[2], O_RDONLY | O_CLOEXEC);
	if (namespace < 0 || setns(namespace, CLONE_NEWNET)) {
		perror(argv[2]);
		return 1;
	}
	polled[1].fd = tap_open(argv[3]);
	while (poll(polled, 2, -1) >= 0 || errno == EINTR) {
		copy(polled[0].fd, polled[1].fd);
		copy(polled[1].fd, polled[0].fd);
	}
	return 1;
}
