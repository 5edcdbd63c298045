/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan as one netplan file. netplan has no words for VLAN-aware bridges: such a plan is
 * refused. */
#include <errno.h>
#include <string.h>

#include "vlan/export.h"

static void write_trunks(FILE *out, const struct plan *plan)
{
	bool any = false;

	for (size_t i = 0; i < plan->count; i++) {
		uint32_t mtu = export_trunk_mtu(plan, plan->bridge[i].trunk);

		if (!export_trunk_here(plan, i))
			continue;
		if (!any)
			fprintf(out, "  ethernets:\n");
		any = true;
		fprintf(out, "    %s:\n      dhcp4: false\n      link-local: []\n",
			plan->bridge[i].trunk);
		if (mtu)
			fprintf(out, "      mtu: %u\n", mtu);
	}
}

static void write_devices(FILE *out, const struct plan *plan)
{
	bool any = false;

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_bridge *bridge = &plan->bridge[i];

		if (bridge->vlan == 0)
			continue;
		if (!any)
			fprintf(out, "  vlans:\n");
		any = true;
		fprintf(out, "    %s:\n      id: %u\n      link: %s\n      link-local: []\n",
			bridge->port, bridge->vlan, bridge->trunk);
		if (bridge->mtu)
			fprintf(out, "      mtu: %u\n", bridge->mtu);
	}
}

static void write_bridge(FILE *out, const struct plan_bridge *bridge)
{
	char text[ADDRESS_TEXT];

	fprintf(out, "    %s:\n      interfaces: [%s]\n", bridge->name, bridge->port);
	if (bridge->addressing != ADDRESSES_LEFT)
		fprintf(out, "      dhcp4: false\n");
	if (bridge->addressing == ADDRESSES_NONE)
		fprintf(out, "      link-local: []\n");
	for (unsigned int i = 0; i < bridge->addresses; i++) {
		address_format(&bridge->address[i], text);
		fprintf(out, "%s        - \"%s\"\n", i ? "" : "      addresses:\n", text);
	}
	if (bridge->mtu)
		fprintf(out, "      mtu: %u\n", bridge->mtu);
	fprintf(out, "      parameters:\n        stp: %s\n        forward-delay: %u\n",
		bridge->stp ? "true" : "false", bridge->fd);
}

int export_netplan(struct export *export, const struct plan *plan, struct complaint *why)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->bridge[i].aware)
			return complain(why, plan->bridge[i].line,
				"netplan has no words for the VLAN-aware "
				"bridge %s: use --format networkd",
				plan->bridge[i].name);
	}
	export->out = export->begin(export, "60-vlanbr.yaml");
	if (export->out == NULL)
		return -EIO;
	fprintf(export->out, "network:\n  version: 2\n");
	write_trunks(export->out, plan);
	write_devices(export->out, plan);
	if (plan->count)
		fprintf(export->out, "  bridges:\n");
	for (size_t i = 0; i < plan->count; i++)
		write_bridge(export->out, &plan->bridge[i]);
	return 0;
}
