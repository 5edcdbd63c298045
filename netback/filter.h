/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which frames pass: the guest's own addresses on the way out, the multicast groups it asked for on
 * the way in. Pure but for the list, whose entries are atomics: any thread may change and read it.
 */
#ifndef NETBACK_FILTER_H
#define NETBACK_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "ring/control.h"

#define FILTER_GROUPS_MAX 64	/* XEN_NETBK_MCAST_MAX of Linux */

struct groups {
	uint64_t address[FILTER_GROUPS_MAX];	/* 48 bits, and bit 48: this entry is used */
};

/* 0; also when it is there already. -ENOSPC: the list is full. */
int groups_add(struct groups *groups, const uint8_t address[6]);
void groups_remove(struct groups *groups, const uint8_t address[6]);

/* Does a frame with this destination go to a guest that asked for multicast control? */
bool groups_pass(const struct groups *groups, const uint8_t *destination);

enum filter_verdict {
	FILTER_PASS = 0,
	FILTER_SOURCE_MAC,	/* not the vif's address */
	FILTER_SOURCE_IP,	/* not one of the vif's addresses */
	FILTER_PROTOCOL,	/* neither IP nor ARP, from a vif that is bound to addresses */
};

/*
 * May the guest send this? As vif->flags ask: VIF_ANTI_SPOOF_MAC looks at the Ethernet source (and
 * at the sender in ARP), VIF_ANTI_SPOOF_IP at IPv4, IPv6, ARP and neighbour discovery. A guest without
 * an address yet may ask for one (DHCP, DAD), and its link-local address is its own.
 * bytes: at least 14.
 */
enum filter_verdict filter_from_guest(const struct vif_params *vif, const uint8_t *data, uint32_t bytes);

/* "a source MAC that is not the vif's". */
const char *filter_verdict_text(enum filter_verdict verdict);

#endif
