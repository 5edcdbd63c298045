/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules between lines of a plan. Pure. The first line has the right, the second is refused. */
#include "vlan/rules.h"

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

static int addresses_check(
	const struct plan_bridge *old, const struct plan_bridge *new, struct complaint *why)
{
	for (unsigned int i = 0; i < old->addresses * new->addresses; i++) {
		const struct address *a = &old->address[i / new->addresses];
		const struct address *b = &new->address[i % new->addresses];
		char text[ADDRESS_TEXT];

		if (a->family != b->family || memcmp(a->bytes, b->bytes, sizeof(a->bytes)))
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
