/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bridge of the plan written as the line that the parser reads. Pure. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vlan/plan.h"
#include "vlan/spec.h"

static void add(char *text, size_t bytes, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void add(char *text, size_t bytes, const char *fmt, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(text + used, bytes - used, fmt, args);
	va_end(args);
}

static void add_vlans(const struct plan_bridge *bridge, char *text, size_t bytes)
{
	char list[VLAN_SPEC_TEXT];

	if (bridge->aware) {
		vlan_list_format(&bridge->vlans, list, sizeof(list));
		add(text, bytes, " %s", list);
	} else if (bridge->vlan) {
		add(text, bytes, " %u", bridge->vlan);
	} else {
		add(text, bytes, " %s", bridge->trunk[0] ? "native" : "none");
	}
}

static void add_addresses(const struct plan_bridge *bridge, char *text, size_t bytes)
{
	char address[ADDRESS_TEXT];

	if (bridge->addressing == ADDRESSES_NONE)
		add(text, bytes, " none");
	for (unsigned int i = 0; i < bridge->addresses; i++) {
		address_format(&bridge->address[i], address);
		add(text, bytes, " %s", address);
	}
}

void plan_format(const struct plan_bridge *bridge, char *text, size_t bytes)
{
	char device[2 * IF_NAMESIZE];

	snprintf(device, sizeof(device), "%s.%u", bridge->trunk, bridge->vlan);
	text[0] = 0;
	add(text, bytes, "%s %s", bridge->name, bridge->trunk[0] ? bridge->trunk : "none");
	add_vlans(bridge, text, bytes);
	add_addresses(bridge, text, bytes);
	if (bridge->aware)
		add(text, bytes, " aware");
	if (bridge->stp)
		add(text, bytes, " stp=on");
	if (bridge->fd != (bridge->stp ? PLAN_FD_STP : 0))
		add(text, bytes, " fd=%u", bridge->fd);
	if (bridge->mtu)
		add(text, bytes, " mtu=%u", bridge->mtu);
	if (bridge->vlan && strcmp(device, bridge->port))
		add(text, bytes, " device=%s", bridge->port);
}
