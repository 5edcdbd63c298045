/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A picture of the network namespace at one moment: every link, what bridges and VLAN devices are,
 * who is whose port, addresses, port VLANs. Plain data that pure code and tests can make by hand.
 */
#ifndef BRIDGE_LINKS_H
#define BRIDGE_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <net/if.h>

#include "bridge/address.h"
#include "bridge/netlink.h"
#include "bridge/vlanset.h"

#define LINK_ALIAS_BYTES 256	/* IFALIASZ, linux/if.h */
#define MAC_BYTES 6

/* LINK_CARD: hardware, or a bond or team of it. Before Linux 5.14 hardware is LINK_OTHER. */
enum link_kind { LINK_OTHER, LINK_BRIDGE, LINK_VLAN, LINK_TUN, LINK_CARD };

/* IN6_ADDR_GEN_MODE_* of linux/if_link.h, and a value for links without IPv6. */
enum link_addrgen { ADDRGEN_EUI64 = 0, ADDRGEN_NONE = 1, ADDRGEN_NO_IPV6 = 255 };

struct bridge_state {
	bool stp;
	bool filtering;			/* VLAN-aware */
	uint16_t default_pvid;		/* of a new port; 0: none */
	uint32_t forward_delay;		/* 1/100 s */
	uint8_t id[8];			/* priority (2 bytes, big endian) and MAC */
};

struct link_counters {
	uint64_t rx_packets, tx_packets, rx_bytes, tx_bytes;
};

struct link {
	int index;
	enum link_kind kind;
	char name[IF_NAMESIZE];
	char alias[LINK_ALIAS_BYTES];
	int master;			/* the bridge (or bond, ...) it is a port of; 0: none */
	int lower;			/* LINK_VLAN: the trunk's index */
	uint16_t vlan;			/* LINK_VLAN: its id */
	uint8_t addrgen;		/* enum link_addrgen, or another of the kernel's modes */
	bool promotes;			/* an IPv4 address outlives the first one of its subnet */
	bool up;			/* set up by the administrator */
	bool carrier;
	uint32_t mtu;			/* bytes */
	uint8_t mac[MAC_BYTES];
	struct bridge_state bridge;	/* LINK_BRIDGE */
	struct vlan_set vlans;		/* of a bridge port, or of the bridge itself */
	struct link_counters counters;
};

struct link_address {
	int index;			/* of its link */
	bool dynamic;			/* with a lifetime: DHCP's or a router advertisement's */
	struct address address;
};

struct links {
	struct link *link;
	size_t count;
	struct link_address *address;
	size_t addresses;
};

/*
 * Reads everything. The caller frees with links_free(), also after an error.
 * -EAGAIN	links come and go faster than they can be read
 * -ENOMEM	no memory
 */
int links_read(struct netlink *nl, struct links *links);

void links_free(struct links *links);

/* The link of that name or number, or NULL. Belongs to links. */
struct link *links_named(const struct links *links, const char *name);
struct link *links_numbered(const struct links *links, int index);

/* Adds a link or an address and returns it; NULL without memory. Moves the others. */
struct link *links_add(struct links *links, const struct link *link);
struct link_address *links_add_address(struct links *links, const struct link_address *address);

#endif
