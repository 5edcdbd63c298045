/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tap devices: control makes them and keeps them, a netback worker reads and writes their queues.
 * Every packet on a queue has a struct virtio_net_hdr of TUN_HEADER_BYTES in front of it
 * (linux/virtio_net.h), in the machine's byte order.
 *
 * A tap lives as long as its persistence; it has carrier while a queue is open somewhere and nobody
 * has taken the carrier away. Others may rename it: it is found again by its interface index.
 */
#ifndef RING_TUN_H
#define RING_TUN_H

#include <stdbool.h>
#include <stdint.h>

#define TUN_HEADER_BYTES 10u
#define TUN_NAME_BYTES 16		/* IFNAMSIZ */
#define TUN_QUEUED_BYTES_MAX (16u << 20) /* of one interface, waiting for its guest */

/* What the reader of a tap can take without a checksum, or unsegmented. */
enum tun_offloads {
	TUN_OFFLOAD_CSUM = 1 << 0,	/* TCP and UDP over IPv4 and IPv6 */
	TUN_OFFLOAD_TSO4 = 1 << 1,	/* these two need the first */
	TUN_OFFLOAD_TSO6 = 1 << 2,
};

/*
 * Makes the tap `name`, or takes it over where it exists: persistent, several queues, MAC
 * fe:ff:ff:ff:ff:ff, no IPv6 link-local address, no carrier, no offloads, down. It begins with one
 * queue, whose descriptor (non-blocking, close-on-exec) is returned; -errno (EBUSY: the name is of
 * something else, or is held with other flags; EPERM: not root; ENODEV: no /dev/net/tun).
 */
int tun_make(const char *name, uint32_t *ifindex);

/* Another queue of a tap, of at most QUEUES_MAX. A descriptor or -errno (ENODEV: it is gone). */
int tun_queue(uint32_t ifindex);

/* The name that the interface has now. 0 or -errno (ENODEV). */
int tun_name(uint32_t ifindex, char name[TUN_NAME_BYTES]);

/* The index of the interface of that name; 0: there is none. */
uint32_t tun_index(const char *name);

/* Through any queue. 0 or -errno. */
int tun_carrier(int queue, bool on);
int tun_offloads(int queue, uint32_t offloads);

/*
 * Lets each of `queues` queues hold so many packets that all of them, 64 KiB each, stay within
 * TUN_QUEUED_BYTES_MAX. 0 or -errno.
 */
int tun_limit(uint32_t ifindex, uint32_t queues);

/* Packets that a queue may hold, for tun_limit(). At least 1. */
uint32_t tun_queue_packets(uint32_t queues);

/*
 * Lets a program of bpf(2) choose the queue of each packet; -1: the kernel's own choice again, the queue
 * that a flow was last sent from. Through any queue. 0 or -errno.
 */
int tun_steer(int queue, int program);

/* Throws away what waits in a queue; bounded where packets keep coming. Returns how many. */
uint32_t tun_discard(int queue);

/* Ends the persistence: the interface goes with its last descriptor. 0 or -errno. */
int tun_unmake(int queue);

#endif
