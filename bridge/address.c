/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses: text is checked here, everything else is libnl-route's and the kernel's. */
#include "bridge/address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netlink/addr.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>

static unsigned int address_bits(const struct address *address)
{
	return address->family == AF_INET ? 32 : 128;
}

int address_parse(const char *text, struct address *address)
{
	const char *slash = strchr(text, '/');
	char host[ADDRESS_TEXT], *end;
	unsigned long prefix;

	if (slash == NULL || (size_t)(slash - text) >= sizeof(host) ||
		!isdigit((unsigned char)slash[1]))
		return -EINVAL;
	memset(address, 0, sizeof(*address));
	memcpy(host, text, (size_t)(slash - text));
	host[slash - text] = 0;
	address->family = strchr(host, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(address->family, host, address->bytes) != 1)
		return -EINVAL;
	prefix = strtoul(slash + 1, &end, 10);
	if (*end || end - slash > 4 || prefix > address_bits(address))
		return -EINVAL;
	address->prefix = (uint8_t)prefix; /* at most 128 */
	return 0;
}

void address_format(const struct address *address, char text[ADDRESS_TEXT])
{
	char host[INET6_ADDRSTRLEN] = "";

	inet_ntop(address->family, address->bytes, host, sizeof(host));
	snprintf(text, ADDRESS_TEXT, "%s/%u", host, address->prefix);
}

bool address_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family && a->prefix == b->prefix &&
		memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static int request_build(const char *link, const struct address *address, struct rtnl_addr *to)
{
	int index = link_index(link);
	struct nl_addr *local;

	if (index < 0)
		return index;
	local = nl_addr_build(address->family, address->bytes, address_bits(address) / 8);
	if (local == NULL)
		return -ENOMEM;
	nl_addr_set_prefixlen(local, address->prefix);
	rtnl_addr_set_ifindex(to, index);
	rtnl_addr_set_local(to, local);
	rtnl_addr_set_prefixlen(to, address->prefix);
	if (address->valid) {
		rtnl_addr_set_valid_lifetime(to, address->valid);
		rtnl_addr_set_preferred_lifetime(to, address->preferred);
	}
	nl_addr_put(local);
	return 0;
}

static int address_ask(
	struct netlink *nl, const char *link, const struct address *address, bool add)
{
	struct rtnl_addr *to = rtnl_addr_alloc();
	struct nl_msg *msg = NULL;
	int error = to ? request_build(link, address, to) : -ENOMEM;

	if (error == 0) {
		if (add)
			rtnl_addr_build_add_request(to, NLM_F_CREATE | NLM_F_EXCL, &msg);
		else
			rtnl_addr_build_delete_request(to, 0, &msg);
		error = netlink_ask(nl, msg);
	} else {
		netlink_refuse(nl, error);
	}
	if (to)
		rtnl_addr_put(to);
	return error;
}

int address_add(struct netlink *nl, const char *link, const struct address *address)
{
	return address_ask(nl, link, address, true);
}

int address_delete(struct netlink *nl, const char *link, const struct address *address)
{
	return address_ask(nl, link, address, false);
}
