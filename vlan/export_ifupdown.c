/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan as interfaces(5) with Debian's bridge-utils. What bridge-utils cannot say itself is said
 * by `up` commands; vlanbr import reads both back.
 */
#include <errno.h>
#include <string.h>

#include "vlan/export.h"
#include "vlan/spec.h"

static void write_trunk(FILE *out, const char *trunk, uint32_t mtu)
{
	fprintf(out, "\nauto %s\niface %s inet manual\n", trunk, trunk);
	if (mtu)
		fprintf(out, "\tmtu %u\n", mtu);
}

/* A VLAN device whose name does not say trunk and VLAN is made by a command. */
static void write_device(FILE *out, const struct plan_bridge *bridge)
{
	char usual[2 * IF_NAMESIZE];

	snprintf(usual, sizeof(usual), "%s.%u", bridge->trunk, bridge->vlan);
	if (bridge->vlan == 0 || strcmp(usual, bridge->port) == 0)
		return;
	fprintf(out, "\nauto %s\niface %s inet manual\n", bridge->port, bridge->port);
	fprintf(out, "\tpre-up ip link set dev %s up\n", bridge->trunk);
	fprintf(out, "\tpre-up ip link add link %s name %s type vlan id %u\n", bridge->trunk,
		bridge->port, bridge->vlan);
	fprintf(out, "\tpost-down ip link delete dev %s\n", bridge->port);
}

static void write_aware(FILE *out, const struct plan_bridge *bridge)
{
	struct vlan_set tagged = bridge->vlans;
	char list[VLAN_SPEC_TEXT];
	struct vlan_range range;

	if (tagged.pvid)
		vlan_set_remove(&tagged, (struct vlan_range){ tagged.pvid, tagged.pvid, 0, 0 });
	vlan_list_format(&tagged, list, sizeof(list));
	for (char *c = list; *c; c++)
		*c = *c == '/' ? ' ' : *c;
	fprintf(out, "\tbridge_vlan_aware yes\n\tbridge_pvid %u\n", bridge->vlans.pvid);
	if (list[0])
		fprintf(out, "\tbridge_vids %s\n", list);
	fprintf(out, "\tup ip link set dev $IFACE type bridge vlan_default_pvid %u\n",
		bridge->vlans.pvid);
	for (unsigned int n = VLAN_FIRST; vlan_set_next(&tagged, n, &range); n = range.last + 1u) {
		char text[12];

		export_range(range, text);
		fprintf(out, "\tup bridge vlan add dev %s vid %s\n", bridge->port, text);
	}
}

static void write_options(FILE *out, const struct plan_bridge *bridge)
{
	fprintf(out, "\tbridge_ports %s\n", bridge->port[0] ? bridge->port : "none");
	fprintf(out, "\tbridge_stp %s\n\tbridge_fd %u\n", bridge->stp ? "on" : "off", bridge->fd);
	if (!bridge->stp)
		fprintf(out, "\tbridge_maxwait 0\n");
	if (bridge->mtu)
		fprintf(out, "\tmtu %u\n", bridge->mtu);
	if (bridge->aware)
		write_aware(out, bridge);
	if (bridge->addressing == ADDRESSES_NONE)
		fprintf(out,
			"\tup ip link set dev $IFACE addrgenmode none\n"
			"\tup ip address flush dev $IFACE\n");
}

/* One stanza per address; the first has the bridge's options. */
static void write_bridge(FILE *out, const struct plan_bridge *bridge)
{
	char text[ADDRESS_TEXT];

	fprintf(out, "\nauto %s\n", bridge->name);
	if (bridge->addresses == 0) {
		fprintf(out, "iface %s inet manual\n", bridge->name);
		write_options(out, bridge);
	}
	for (unsigned int i = 0; i < bridge->addresses; i++) {
		address_format(&bridge->address[i], text);
		fprintf(out, "iface %s %s static\n\taddress %s\n", bridge->name,
			strchr(text, ':') ? "inet6" : "inet", text);
		if (i == 0)
			write_options(out, bridge);
	}
}

static bool expressible(const struct plan_bridge *bridge, struct complaint *why)
{
	struct vlan_set tagged = bridge->vlans;
	struct vlan_range range;

	if (tagged.pvid)
		vlan_set_remove(&tagged, (struct vlan_range){ tagged.pvid, tagged.pvid, 0, 0 });
	for (unsigned int n = VLAN_FIRST; vlan_set_next(&tagged, n, &range); n = range.last + 1u) {
		if (!range.untagged)
			continue;
		complain(why, bridge->line,
			"ifupdown has no words for VLAN %u untagged beside the PVID", range.first);
		return false;
	}
	return true;
}

int export_ifupdown(struct export *export, const struct plan *plan, struct complaint *why)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (!expressible(&plan->bridge[i], why))
			return -EINVAL;
	}
	export->out = export->begin(export, "interfaces");
	if (export->out == NULL)
		return -EIO;
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_bridge *bridge = &plan->bridge[i];

		if (export_trunk_here(plan, i))
			write_trunk(
				export->out, bridge->trunk, export_trunk_mtu(plan, bridge->trunk));
		write_device(export->out, bridge);
		write_bridge(export->out, bridge);
	}
	return 0;
}
