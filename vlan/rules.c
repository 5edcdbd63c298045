/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules for a bridge's addresses and between lines of a plan. Pure. The first line has the
 * right, the second is refused.
 */
#include "vlan/rules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

static int vlans_check(
	const struct plan_bridge *old, const struct plan_bridge *new, struct complaint *why)
{
	unsigned int vlan = old->vlan ? old->vlan : new->vlan;

	if (strcmp(old->trunk, new->trunk) || vlan == 0)
		return 0;
	if (vlan_set_has(&old->vlans, vlan) || vlan_set_has(&new->vlans, vlan) ||
		old->vlan == new->vlan)
		return complain(why, new->line, "VLAN %u of %s is already carried by %s (line %u)",
			vlan, new->trunk, old->name, old->line);
	return 0;
}

static int names_check(
	const struct plan_bridge *old, const struct plan_bridge *new, struct complaint *why)
{
	if (strcmp(old->name, new->name) == 0)
		return complain(why, new->line, "two lines for the bridge %s: the other is line %u",
			new->name, old->line);
	if (new->port[0] && strcmp(old->port, new->port) == 0)
		return complain(why, new->line, "%s is already a port of %s (line %u)", new->port,
			old->name, old->line);
	if (strcmp(old->name, new->port) == 0 || strcmp(old->port, new->name) == 0)
		return complain(why, new->line,
			"%s is a bridge in one line and a port in the other "
			"(line %u)",
			strcmp(old->name, new->port) ? new->name : old->name, old->line);
	return 0;
}

/* What the address is instead of an interface's; NULL: it can be one. */
static const char *unfit_ipv4(const struct address *address)
{
	uint32_t ip, host = address->prefix < 32 ? UINT32_MAX >> address->prefix : 0;

	memcpy(&ip, address->bytes, sizeof(ip));
	ip = ntohl(ip);
	if (ip == INADDR_ANY)
		return "no address in particular";
	if (ip >> 24 == IN_LOOPBACKNET)
		return "a loopback address";
	if (IN_MULTICAST(ip))
		return "a multicast address";
	if (ip == INADDR_BROADCAST || (address->prefix < 31 && (ip & host) == host))
		return "the broadcast address of its network";
	if (address->prefix < 31 && (ip & host) == 0)
		return "the address of the network itself";
	return NULL;
}

static const char *unfit_ipv6(const struct address *address)
{
	struct in6_addr ip;

	memcpy(&ip, address->bytes, sizeof(ip));
	if (IN6_IS_ADDR_UNSPECIFIED(&ip))
		return "no address in particular";
	if (IN6_IS_ADDR_LOOPBACK(&ip))
		return "a loopback address";
	return IN6_IS_ADDR_MULTICAST(&ip) ? "a multicast address" : NULL;
}

/* The kernel refuses such an address, or takes it and is not heard under it. */
static int fit_check(const struct plan_bridge *bridge, struct complaint *why)
{
	for (unsigned int i = 0; i < bridge->addresses; i++) {
		const struct address *address = &bridge->address[i];
		const char *what = address->family == AF_INET ? unfit_ipv4(address)
							      : unfit_ipv6(address);
		char text[ADDRESS_TEXT];

		if (what == NULL)
			continue;
		address_format(address, text);
		return complain(why, bridge->line,
			"%s is %s: write the one that Dom0 has on %s, or none", text, what,
			bridge->name);
	}
	return 0;
}

static bool same_host(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static int twice_check(const struct plan_bridge *bridge, struct complaint *why)
{
	for (unsigned int i = 1; i < bridge->addresses; i++) {
		char text[ADDRESS_TEXT];
		unsigned int j = 0;

		while (!same_host(&bridge->address[i], &bridge->address[j]))
			j++;
		if (j == i)
			continue;
		address_format(&bridge->address[i], text);
		return complain(why, bridge->line, "%s is on %s twice: leave one out", text,
			bridge->name);
	}
	return 0;
}

static int addresses_check(
	const struct plan_bridge *old, const struct plan_bridge *new, struct complaint *why)
{
	for (unsigned int i = 0; i < old->addresses * new->addresses; i++) {
		const struct address *a = &old->address[i / new->addresses];
		const struct address *b = &new->address[i % new->addresses];
		char text[ADDRESS_TEXT];

		if (!same_host(a, b))
			continue;
		address_format(b, text);
		return complain(why, new->line, "%s is already the address of %s (line %u)", text,
			old->name, old->line);
	}
	return 0;
}

int rules_check(const struct plan *plan, const struct plan_bridge *bridge, struct complaint *why)
{
	if (strcmp(bridge->name, bridge->port) == 0 || strcmp(bridge->name, bridge->trunk) == 0)
		return complain(why, bridge->line, "%s cannot be its own trunk", bridge->name);
	if (fit_check(bridge, why) || twice_check(bridge, why))
		return -EINVAL;
	for (size_t i = 0; i < plan->count; i++) {
		int error = names_check(&plan->bridge[i], bridge, why);

		if (error == 0)
			error = vlans_check(&plan->bridge[i], bridge, why);
		if (error == 0)
			error = addresses_check(&plan->bridge[i], bridge, why);
		if (error)
			return error;
	}
	return 0;
}
