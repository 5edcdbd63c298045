/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network frontend's connection: what it offers, and its walk through the states as Linux's
 * netfront goes. One device in a program; every failure ends the program with a sentence.
 */
#ifndef GUEST_NETDEV_H
#define GUEST_NETDEV_H

#include <net/if.h>
#include <stdint.h>

#include "tests/guest/guestbus.h"
#include "tests/guest/netctrl.h"
#include "tests/guest/netqueue.h"

#define NETDEV_QUEUES_MAX 8

struct netdev_options {
	uint32_t domid, devid, queues, mtu, start, refill, headroom, timeout;
	uint32_t sg, gso, csum, csum6, split, notify, multicast, hash, ctrl, copy, early;
	char name[IFNAMSIZ];	/* of the tap */
};

struct netdev {
	struct netdev_options options;
	struct guestbus bus;
	struct netqueue queue[NETDEV_QUEUES_MAX];
	struct netctrl ctrl;
	int tap[NETDEV_QUEUES_MAX];	/* the caller's; -1: packets go nowhere */
	uint32_t queues;		/* open now */
	struct netqueue_counts before;	/* of connections that have ended */
};

extern struct netdev netdev;

void netdev_die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Takes "NAME=VALUE". */
void netdev_option(char *text);
void netdev_usage(const char *program);

/* Finds the device in xenstore. Then, as often as one likes: connected on both sides; closed. */
void netdev_open(void);
void netdev_connect(void);
void netdev_disconnect(void);

/* All that has happened so far, over all connections. */
struct netqueue_counts netdev_counts(void);
void netdev_counts_print(void);

#endif
