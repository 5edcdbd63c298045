/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The differ. Pure: it works on its own copy of the picture and changes that copy by every
 * operation it emits, so that each decision sees what the ones before will have done. It trusts the
 * plan, which has been checked, and nothing about the system: links may have any name and be of any
 * kind.
 */
#include "vlan/making.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the port of a bridge --- */

/* Looks whether the device's name or its VLAN is taken by something else. */
static void port_check(struct making *m, const struct plan_bridge *bridge)
{
	const struct link *trunk = links_named(&m->now, bridge->trunk);

	for (size_t i = 0; i < m->now.count; i++) {
		const struct link *link = &m->now.link[i];
		bool ours = link->kind == LINK_VLAN && link->lower == trunk->index &&
			link->vlan == bridge->vlan;

		if (strcmp(link->name, bridge->port) == 0 && !ours)
			refuse(m,
				complain(m->why, bridge->line,
					"%s is already there, and is not the "
					"device for VLAN %u of %s: remove it, or choose another "
					"name with "
					"device=",
					link->name, bridge->vlan, bridge->trunk));
		else if (strcmp(link->name, bridge->port) && ours)
			refuse(m,
				complain(m->why, bridge->line,
					"VLAN %u of %s already has the device "
					"%s: write device=%s",
					bridge->vlan, bridge->trunk, link->name, link->name));
	}
}

static void mtu_set(struct making *m, const struct plan_bridge *bridge, const char *name)
{
	const struct link *link = links_named(&m->now, name);

	if (m->error == 0 && bridge->mtu)
		emit_set(m, OP_SET_MTU, bridge->line, name, link->mtu, bridge->mtu);
}

static void addrgen_set(struct making *m, unsigned int line, const char *name)
{
	const struct link *link = links_named(&m->now, name);

	if (m->error == 0 && link && link->addrgen != ADDRGEN_NO_IPV6)
		emit_set(m, OP_SET_ADDRGEN, line, name, link->addrgen, ADDRGEN_NONE);
}

static void up_set(struct making *m, unsigned int line, const char *name)
{
	const struct link *link = links_named(&m->now, name);

	if (m->error == 0)
		emit_set(m, OP_SET_UP, line, name, link->up, 1);
}

static void trunk_make(struct making *m, const struct plan_bridge *bridge)
{
	const struct link *trunk = links_named(&m->now, bridge->trunk);

	if (trunk == NULL) {
		refuse(m,
			complain(m->why, bridge->line, "the trunk %s of %s is not there",
				bridge->trunk, bridge->name));
		return;
	}
	up_set(m, bridge->line, bridge->trunk);
	if (bridge->mtu > trunk->mtu)
		mtu_set(m, bridge, bridge->trunk);
}

static void device_make(struct making *m, const struct plan_bridge *bridge)
{
	struct op op = op_pair(OP_CREATE_VLAN, bridge->line, bridge->port, bridge->trunk);

	if (m->error == 0)
		port_check(m, bridge);
	if (m->error)
		return;
	if (links_named(&m->now, bridge->port) == NULL) {
		op.to = bridge->vlan;
		emit(m, &op);
		if (m->mark)
			emit_set(m, OP_SET_MARK, bridge->line, bridge->port, 0, 1);
		addrgen_set(m, bridge->line, bridge->port);
	}
	mtu_set(m, bridge, bridge->port);
}

/* A port with an address of Dom0's would take Dom0 off the network. */
static void enslave_check(
	struct making *m, const struct plan_bridge *bridge, const struct link *port)
{
	const struct link_address *address;
	char text[ADDRESS_TEXT];
	size_t from = 0;

	while ((address = address_next(m, port->index, &from))) {
		if (address_link_local(&address->address))
			continue;
		address_format(&address->address, text);
		refuse(m,
			complain(m->why, bridge->line,
				"%s has the address %s, which no one could "
				"reach once it is a port of %s: give it to the bridge and take it "
				"off %s first",
				port->name, text, bridge->name, port->name));
	}
}

static void port_make(struct making *m, const struct plan_bridge *bridge)
{
	struct op op = op_pair(OP_ENSLAVE, bridge->line, bridge->port, bridge->name);
	const struct link *port, *master;

	if (m->error)
		return;
	port = links_named(&m->now, bridge->port);
	master = links_numbered(&m->now, port->master);
	if (master && strcmp(master->name, bridge->name) == 0)
		return;
	if (master && master->kind != LINK_BRIDGE) {
		refuse(m,
			complain(m->why, bridge->line, "%s belongs to %s, which is no bridge",
				port->name, master->name));
		return;
	}
	enslave_check(m, bridge, port);
	if (master && m->error == 0)
		emit_release(m, bridge->line, bridge->port);
	emit(m, &op);
}

static void port_vlans_make(struct making *m, const struct plan_bridge *bridge)
{
	struct vlan_set gone, new;
	const struct link *port;

	if (m->error || !bridge->aware)
		return;
	port = links_named(&m->now, bridge->port);
	vlan_set_changed(&port->vlans, &bridge->vlans, &gone);
	vlan_set_changed(&bridge->vlans, &port->vlans, &new);
	emit_vlans(m, OP_DELETE_VLANS, bridge->line, bridge->port, &gone, bridge->name);
	emit_vlans(m, OP_ADD_VLANS, bridge->line, bridge->port, &new, NULL);
}

/* --- the bridge itself --- */

static void filtering_set(
	struct making *m, const struct plan_bridge *bridge, const struct link *link)
{
	struct op op = op_about(OP_SET_FILTERING, bridge->line, bridge->name);

	harm_note(&op, guest_of(m, link));
	op.from = link->bridge.filtering;
	op.to = bridge->aware;
	if (op.from != op.to)
		emit(m, &op);
	if (bridge->aware)
		pvid_set(m, bridge);
}

static void bridge_update(
	struct making *m, const struct plan_bridge *bridge, const struct link *link)
{
	struct bridge_state old = link->bridge;

	/* With STP on the kernel wants a forward delay of 2 s or more at every moment. */
	if (!bridge->stp)
		emit_set(m, OP_SET_STP, bridge->line, bridge->name, old.stp, 0);
	emit_set(m, OP_SET_FD, bridge->line, bridge->name, old.forward_delay, bridge->fd * 100);
	if (bridge->stp)
		emit_set(m, OP_SET_STP, bridge->line, bridge->name, old.stp, 1);
	filtering_set(m, bridge, links_named(&m->now, bridge->name));
}

static void bridge_make(struct making *m, const struct plan_bridge *bridge)
{
	const struct link *link = links_named(&m->now, bridge->name);
	struct op op = op_about(OP_CREATE_BRIDGE, bridge->line, bridge->name);

	if (link && link->kind != LINK_BRIDGE) {
		refuse(m,
			complain(m->why, bridge->line, "%s is already there, and is no bridge",
				bridge->name));
	} else if (link) {
		bridge_update(m, bridge, link);
	} else {
		op.state.stp = bridge->stp;
		op.state.forward_delay = bridge->fd * 100;
		op.state.filtering = bridge->aware;
		op.state.default_pvid = bridge->vlans.pvid;
		emit(m, &op);
		if (m->mark)
			emit_set(m, OP_SET_MARK, bridge->line, bridge->name, 0, 1);
	}
	if (bridge->addressing == ADDRESSES_NONE)
		addrgen_set(m, bridge->line, bridge->name);
}

static bool address_planned(const struct plan_bridge *bridge, const struct address *address)
{
	for (unsigned int i = 0; i < bridge->addresses; i++) {
		if (address_equal(&bridge->address[i], address))
			return true;
	}
	return false;
}

static bool address_there(
	const struct making *m, const struct link *link, const struct address *wanted)
{
	const struct link_address *address;
	size_t from = 0;

	while ((address = address_next(m, link->index, &from))) {
		if (address_equal(&address->address, wanted))
			return true;
	}
	return false;
}

static bool family_planned(const struct plan_bridge *bridge, uint8_t family)
{
	for (unsigned int i = 0; i < bridge->addresses; i++) {
		if (bridge->address[i].family == family)
			return true;
	}
	return false;
}

static bool address_stays(const struct plan_bridge *bridge, const struct link_address *address)
{
	if (bridge->addressing == ADDRESSES_NONE)
		return false;
	return address_planned(bridge, &address->address) || address->dynamic ||
		address_link_local(&address->address) ||
		!family_planned(bridge, address->address.family);
}

static bool same_subnet(const struct address *a, const struct address *b)
{
	unsigned int whole = a->prefix / 8, rest = a->prefix % 8;

	if (a->family != b->family || a->prefix != b->prefix)
		return false;
	if (memcmp(a->bytes, b->bytes, whole))
		return false;
	return rest == 0 || (a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0;
}

/* The kernel drops an IPv4 address together with an earlier one of its subnet, unless promoted. */
static bool address_goes(const struct making *m, const struct plan_bridge *bridge, size_t at)
{
	const struct link_address *address = &m->now.address[at];

	if (!address_stays(bridge, address))
		return true;
	if (links_numbered(&m->now, address->index)->promotes)
		return false;
	for (size_t i = 0; address->address.family == AF_INET && i < at; i++) {
		const struct link_address *before = &m->now.address[i];

		if (before->index == address->index &&
			same_subnet(&before->address, &address->address) &&
			!address_stays(bridge, before))
			return true;
	}
	return false;
}

static void addresses_make(struct making *m, const struct plan_bridge *bridge)
{
	const struct link *link = links_named(&m->now, bridge->name);
	struct op op = op_about(OP_DELETE_ADDRESS, bridge->line, bridge->name);
	size_t first = m->diff->count, last;

	if (m->error || bridge->addressing == ADDRESSES_LEFT)
		return;
	for (size_t i = m->now.addresses; i-- > 0;) {
		if (m->now.address[i].index != link->index || !address_goes(m, bridge, i))
			continue;
		op.address = m->now.address[i].address;
		emit(m, &op);
	}
	last = m->diff->count;
	op.kind = OP_ADD_ADDRESS;
	for (unsigned int i = 0; i < bridge->addresses; i++) {
		op.address = bridge->address[i];
		if (!address_there(m, link, &op.address))
			emit(m, &op);
	}
	/* Whoever set an address with a lifetime counts on it. */
	while (bridge->addressing == ADDRESSES_GIVEN && last-- > first) {
		op.address = m->diff->op[last].address;
		if (op.address.valid && !address_there(m, link, &op.address))
			emit(m, &op);
	}
}

/* --- all of it --- */

static void bridge_diff(struct making *m, const struct plan_bridge *bridge)
{
	/* One that is there and up gets its link-local address as soon as a port has carrier. */
	if (bridge->addressing == ADDRESSES_NONE)
		addrgen_set(m, bridge->line, bridge->name);
	if (bridge->trunk[0])
		trunk_make(m, bridge);
	if (m->error == 0 && bridge->vlan)
		device_make(m, bridge);
	if (m->error == 0)
		bridge_make(m, bridge);
	if (m->error == 0)
		strangers_release(m, bridge);
	if (bridge->port[0]) {
		port_make(m, bridge);
		port_vlans_make(m, bridge);
	}
	mtu_set(m, bridge, bridge->name);
	if (bridge->vlan)
		up_set(m, bridge->line, bridge->port);
	up_set(m, bridge->line, bridge->name);
	addresses_make(m, bridge);
}

int diff_make(const struct plan *plan, const struct links *links, const char *mark,
	const char *only, struct diff *diff, struct complaint *why)
{
	struct making m;

	making_begin(&m, links, diff);
	m.plan = plan;
	m.mark = mark;
	m.why = why;
	for (size_t i = 0; m.error == 0 && i < plan->count; i++) {
		if (only == NULL || strcmp(only, plan->bridge[i].name) == 0)
			bridge_diff(&m, &plan->bridge[i]);
	}
	if (only == NULL)
		leftovers_delete(&m);
	return making_end(&m);
}
