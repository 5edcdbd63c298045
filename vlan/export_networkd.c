/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan as systemd-networkd's files: a .netdev and a .network for each device. */
#include <errno.h>
#include <string.h>

#include "vlan/export.h"

static FILE *begin(struct export *export, const char *name, const char *suffix)
{
	char file[IF_NAMESIZE + 32];

	snprintf(file, sizeof(file), "50-%s.%s", name, suffix);
	export->out = export->begin(export, file);
	return export->out;
}

static int write_device(struct export *export, const struct plan_bridge *bridge)
{
	FILE *out = begin(export, bridge->port, "netdev");

	if (out == NULL)
		return -EIO;
	fprintf(out, "[NetDev]\nName=%s\nKind=vlan\n", bridge->port);
	if (bridge->mtu)
		fprintf(out, "MTUBytes=%u\n", bridge->mtu);
	fprintf(out, "\n[VLAN]\nId=%u\n", bridge->vlan);
	out = begin(export, bridge->port, "network");
	if (out == NULL)
		return -EIO;
	fprintf(out, "[Match]\nName=%s\n\n[Network]\nBridge=%s\nLinkLocalAddressing=no\n",
		bridge->port, bridge->name);
	return 0;
}

static int write_bridge(struct export *export, const struct plan_bridge *bridge)
{
	FILE *out = begin(export, bridge->name, "netdev");

	if (out == NULL)
		return -EIO;
	fprintf(out, "[NetDev]\nName=%s\nKind=bridge\n", bridge->name);
	if (bridge->mtu)
		fprintf(out, "MTUBytes=%u\n", bridge->mtu);
	fprintf(out, "\n[Bridge]\nSTP=%s\nForwardDelaySec=%u\n", bridge->stp ? "yes" : "no",
		bridge->fd);
	if (bridge->aware && bridge->vlans.pvid)
		fprintf(out, "VLANFiltering=yes\nDefaultPVID=%u\n", bridge->vlans.pvid);
	else if (bridge->aware)
		fprintf(out, "VLANFiltering=yes\nDefaultPVID=none\n");
	return 0;
}

static int write_addresses(
	struct export *export, const struct plan *plan, const struct plan_bridge *bridge)
{
	FILE *out = begin(export, bridge->name, "network");
	char text[ADDRESS_TEXT];

	if (out == NULL)
		return -EIO;
	fprintf(out, "[Match]\nName=%s\n\n[Network]\nConfigureWithoutCarrier=yes\n", bridge->name);
	if (bridge->addressing == ADDRESSES_NONE)
		fprintf(out, "LinkLocalAddressing=no\n");
	for (unsigned int i = 0; i < bridge->addresses; i++) {
		address_format(&bridge->address[i], text);
		fprintf(out, "Address=%s\n", text);
	}
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->bridge[i].vlan && strcmp(plan->bridge[i].trunk, bridge->name) == 0)
			fprintf(out, "VLAN=%s\n", plan->bridge[i].port);
	}
	return 0;
}

static void write_trunk_vlans(FILE *out, const struct plan_bridge *bridge)
{
	struct vlan_range range;

	for (unsigned int n = VLAN_FIRST; vlan_set_next(&bridge->vlans, n, &range);
		n = range.last + 1u) {
		char text[12];

		export_range(range, text);
		fprintf(out, "\n[BridgeVLAN]\nVLAN=%s\n", text);
		if (range.pvid)
			fprintf(out, "PVID=%s\n", text);
		if (range.untagged)
			fprintf(out, "EgressUntagged=%s\n", text);
	}
}

/* The trunk's one file: it may carry VLAN devices and be a port at once. */
static int write_trunk(struct export *export, const struct plan *plan, const char *trunk)
{
	const struct plan_bridge *whole = NULL;
	uint32_t mtu = export_trunk_mtu(plan, trunk);
	FILE *out = begin(export, trunk, "network");

	if (out == NULL)
		return -EIO;
	for (size_t i = 0; i < plan->count; i++) {
		if (strcmp(plan->bridge[i].trunk, trunk) == 0 && plan->bridge[i].vlan == 0)
			whole = &plan->bridge[i];
	}
	fprintf(out, "[Match]\nName=%s\n", trunk);
	if (mtu)
		fprintf(out, "\n[Link]\nMTUBytes=%u\n", mtu);
	fprintf(out, "\n[Network]\nLinkLocalAddressing=no\n");
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->bridge[i].vlan && strcmp(plan->bridge[i].trunk, trunk) == 0)
			fprintf(out, "VLAN=%s\n", plan->bridge[i].port);
	}
	if (whole)
		fprintf(out, "Bridge=%s\n", whole->name);
	if (whole && whole->aware)
		write_trunk_vlans(out, whole);
	return 0;
}

int export_networkd(struct export *export, const struct plan *plan, struct complaint *why)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_bridge *bridge = &plan->bridge[i];
		int error = 0;

		if (export_trunk_here(plan, i))
			error = write_trunk(export, plan, bridge->trunk);
		if (error == 0 && bridge->vlan)
			error = write_device(export, bridge);
		if (error == 0)
			error = write_bridge(export, bridge);
		if (error == 0)
			error = write_addresses(export, plan, bridge);
		if (error)
			return error;
	}
	return 0;
}
