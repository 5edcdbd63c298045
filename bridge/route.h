/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes through a link, kept while its addresses change: the kernel drops the IPv4 ones together
 * with the link's last address, or with the address that they send from, and all with the link.
 */
#ifndef BRIDGE_ROUTE_H
#define BRIDGE_ROUTE_H

#include <stddef.h>
#include <net/if.h>

#include "bridge/netlink.h"

#define ROUTE_TEXT 160

struct route {
	char link[IF_NAMESIZE];		/* that it leads through */
	int index;			/* the link's number when the route was read */
	struct nlmsghdr *message;	/* the kernel's own, of this route */
};

struct routes {
	struct route *route;
	size_t count;
};

/*
 * Adds the routes of both families that lead through the link; those without a gateway come before
 * the others, which need them. Not those that the kernel makes by itself, of addresses and of
 * router advertisements, nor those that expire or belong to a nexthop object. The caller frees with
 * routes_free(), also after an error.
 * -ENODEV	no such link
 * -EAGAIN	routes come and go faster than they can be read
 * -ENOMEM	no memory
 */
int routes_read(struct netlink *nl, const char *link, struct routes *routes);

void routes_free(struct routes *routes);

/*
 * Makes the route again, through the link of that name, whatever its number is by now; without the
 * address to send from where that has gone. That it is still there is no error.
 * -ENODEV	no such link
 * Otherwise the kernel's -errno, where no address reaches the gateway any more for instance.
 */
int route_restore(struct netlink *nl, const struct route *route);

/* "default via 192.0.2.254 of br1" */
void route_format(const struct route *route, char text[ROUTE_TEXT]);

#endif
