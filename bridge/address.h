/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of Dom0 on a link: read from text, written as text, added and deleted. */
#ifndef BRIDGE_ADDRESS_H
#define BRIDGE_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "bridge/netlink.h"

#define ADDRESS_TEXT 50		/* the longest IPv6 address, "/128" and the final 0 */

struct address {
	uint8_t family;		/* AF_INET or AF_INET6 */
	uint8_t prefix;		/* bits */
	uint8_t bytes[16];	/* network order; the rest 0 for IPv4 */
	uint32_t valid;		/* seconds from now; 0: for ever */
	uint32_t preferred;	/* of them, for connections that begin then */
};

/* Reads "192.0.2.1/24" or "2001:db8::1/64"; the prefix has to be there. -EINVAL: anything else. */
int address_parse(const char *text, struct address *address);

void address_format(const struct address *address, char text[ADDRESS_TEXT]);

/* Lifetimes may differ. */
bool address_equal(const struct address *a, const struct address *b);

/*
 * -EEXIST	the link has it already
 * -ENODEV	no such link
 */
int address_add(struct netlink *nl, const char *link, const struct address *address);

/*
 * -EADDRNOTAVAIL	the link does not have it
 * -ENODEV	no such link
 */
int address_delete(struct netlink *nl, const char *link, const struct address *address);

#endif
