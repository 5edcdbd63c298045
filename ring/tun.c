/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only file that knows linux/if_tun.h. Trusts the kernel; promises that a tap it made is silent
 * (no address, no carrier, down) until its guest is connected and the administrator's scripts have
 * spoken.
 */
#include "ring/tun.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/if_tun.h>

#define DISCARD_MAX 4096	/* packets: more than any queue of ours holds */

static void name_put(struct ifreq *request, const char *name)
{
	memset(request, 0, sizeof(*request));
	snprintf(request->ifr_name, sizeof(request->ifr_name), "%s", name);
}

/* An ioctl on an interface needs a socket, any socket, of its network namespace. */
static int interface_ioctl(unsigned long code, struct ifreq *request)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return -errno;
	r = ioctl(fd, code, request) ? -errno : 0;
	close(fd);
	return r;
}

static int queue_open(const char *name)
{
	const int header = TUN_HEADER_BYTES;
	struct ifreq request;
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	name_put(&request, name);
	request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE;
	if (ioctl(fd, TUNSETIFF, &request) || ioctl(fd, TUNSETVNETHDRSZ, &header)) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

/* Like a bridge port of Xen's own: its address never wins an election for the bridge's. */
static int address_set(const char *name)
{
	struct ifreq request;

	name_put(&request, name);
	request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(request.ifr_hwaddr.sa_data, "\xfe\xff\xff\xff\xff\xff", 6);
	return interface_ioctl(SIOCSIFHWADDR, &request);
}

/* Before the interface is up for the first time, so that there is never an address. */
static int link_local_never(const char *name)
{
	char path[80];
	int fd, r;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/addr_gen_mode", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)	/* a kernel without IPv6 has no such file, and no such address */
		return errno == ENOENT ? 0 : -errno;
	r = write(fd, "1", 1) == 1 ? 0 : -errno;
	close(fd);
	return r;
}

static int tap_prepare(int fd, const char *name)
{
	int r = tun_carrier(fd, false);

	if (r == 0)
		r = tun_offloads(fd, 0);
	if (r == 0)
		r = address_set(name);
	if (r == 0)
		r = link_local_never(name);
	if (r == 0 && ioctl(fd, TUNSETPERSIST, 1))
		r = -errno;
	return r;
}

int tun_make(const char *name, uint32_t *ifindex)
{
	int fd = queue_open(name);
	int r;

	if (fd < 0)
		return fd;
	r = tap_prepare(fd, name);
	*ifindex = if_nametoindex(name);
	if (r == 0 && *ifindex == 0)
		r = -errno;
	if (r) {
		close(fd);
		return r;
	}
	return fd;
}

int tun_queue(uint32_t ifindex)
{
	char name[TUN_NAME_BYTES];
	int r = tun_name(ifindex, name);

	return r ? r : queue_open(name);
}

int tun_name(uint32_t ifindex, char name[TUN_NAME_BYTES])
{
	_Static_assert(TUN_NAME_BYTES == IFNAMSIZ, "if_indextoname() fills IFNAMSIZ");
	return if_indextoname(ifindex, name) ? 0 : -ENODEV;
}

uint32_t tun_index(const char *name)
{
	return if_nametoindex(name);
}

int tun_carrier(int queue, bool on)
{
	const int carrier = on;

	return ioctl(queue, TUNSETCARRIER, &carrier) ? -errno : 0;
}

int tun_offloads(int queue, uint32_t offloads)
{
	unsigned long bits = 0;	/* the ioctl takes its argument by value */

	bits |= offloads & TUN_OFFLOAD_CSUM ? TUN_F_CSUM : 0;
	bits |= offloads & TUN_OFFLOAD_TSO4 ? TUN_F_TSO4 : 0;
	bits |= offloads & TUN_OFFLOAD_TSO6 ? TUN_F_TSO6 : 0;
	return ioctl(queue, TUNSETOFFLOAD, bits) ? -errno : 0;
}

uint32_t tun_queue_packets(uint32_t queues)
{
	uint32_t packets = TUN_QUEUED_BYTES_MAX / (64u << 10) / (queues ? queues : 1);

	return packets ? packets : 1;
}

int tun_limit(uint32_t ifindex, uint32_t queues)
{
	char name[TUN_NAME_BYTES];
	struct ifreq request;
	int r = tun_name(ifindex, name);

	if (r)
		return r;
	name_put(&request, name);
	request.ifr_qlen = (int)tun_queue_packets(queues);
	return interface_ioctl(SIOCSIFTXQLEN, &request);
}

int tun_steer(int queue, int program)
{
	return ioctl(queue, TUNSETSTEERINGEBPF, &program) ? -errno : 0;
}

uint32_t tun_discard(int queue)
{
	uint8_t packet[64];	/* the kernel throws away what does not fit */
	uint32_t n = 0;

	while (n < DISCARD_MAX && read(queue, packet, sizeof(packet)) > 0)
		n++;
	return n;
}

int tun_unmake(int queue)
{
	return ioctl(queue, TUNSETPERSIST, 0) ? -errno : 0;
}
