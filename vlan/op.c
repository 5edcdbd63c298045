/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations: their inverses, their words, and what each does to a picture of the system. Pure. The
 * picture's side effects (a new port gets the bridge's default PVID, a bridge takes the smallest
 * MTU of its ports) are the kernel's, so that the differ can go on from there.
 */
#include "vlan/op.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct op op_inverse(const struct op *op)
{
	struct op inverse = *op;

	inverse.undo_only = false;
	if (op->kind >= OP_SET_STP) {
		inverse.from = op->to;
		inverse.to = op->from;
	} else {
		inverse.kind ^= 1; /* the pairs of enum op_kind begin at even numbers */
	}
	return inverse;
}

_Static_assert((OP_CREATE_VLAN & 1) == 0 && (OP_SET_STP & 1) == 0, "pairs begin at even numbers");

bool op_silent(const struct op *op)
{
	return op->kind == OP_SET_MARK || op->step || op->undo_only;
}

static const char *on(uint32_t value)
{
	return value ? "on" : "off";
}

static void format_set(const struct op *op, char text[OP_TEXT])
{
	switch (op->kind) {
	case OP_SET_STP:
		snprintf(text, OP_TEXT, "~ %s: STP %s -> %s", op->name, on(op->from), on(op->to));
		break;
	case OP_SET_FD:
		snprintf(text, OP_TEXT, "~ %s: forward delay %g s -> %g s", op->name,
			op->from / 100.0, op->to / 100.0);
		break;
	case OP_SET_FILTERING:
		snprintf(text, OP_TEXT, "~ %s: VLAN filtering %s -> %s", op->name, on(op->from),
			on(op->to));
		break;
	case OP_SET_PVID:
		snprintf(text, OP_TEXT, "~ %s: VLAN of new ports %u -> %u", op->name, op->from,
			op->to);
		break;
	case OP_SET_MTU:
		snprintf(text, OP_TEXT, "~ %s: MTU %u -> %u", op->name, op->from, op->to);
		break;
	case OP_SET_UP:
		snprintf(text, OP_TEXT, "~ %s: %s", op->name, op->to ? "up" : "down");
		break;
	case OP_SET_ADDRGEN:
		snprintf(text, OP_TEXT, "~ %s: %s IPv6 link-local address of its own", op->name,
			op->to == ADDRGEN_NONE ? "no" : "an");
		break;
	default:
		snprintf(text, OP_TEXT, "~ %s: %s", op->name,
			op->to ? "marked as the plan's" : "no longer marked as the plan's");
	}
}

static void format_vlans(const struct op *op, char text[OP_TEXT])
{
	const char *sign = op->kind == OP_ADD_VLANS ? "+" : "-";
	const char *flag = op->range.pvid ? ", PVID" : op->range.untagged ? ", untagged" : "";

	if (op->range.first == op->range.last)
		snprintf(text, OP_TEXT, "%s %s: VLAN %u%s", sign, op->name, op->range.first, flag);
	else
		snprintf(text, OP_TEXT, "%s %s: VLANs %u-%u%s", sign, op->name, op->range.first,
			op->range.last, flag);
}

static void format_bridge(const struct op *op, char text[OP_TEXT])
{
	snprintf(text, OP_TEXT, "+ %s: new %sbridge, STP %s, forward delay %g s", op->name,
		op->state.filtering ? "VLAN-aware " : "", on(op->state.stp),
		op->state.forward_delay / 100.0);
}

static void format_address(const struct op *op, char text[OP_TEXT])
{
	char address[ADDRESS_TEXT];

	address_format(&op->address, address);
	snprintf(text, OP_TEXT, "%s %s: address %s", op->kind == OP_ADD_ADDRESS ? "+" : "-",
		op->name, address);
}

void op_format(const struct op *op, char text[OP_TEXT])
{
	switch (op->kind) {
	case OP_CREATE_VLAN:
		snprintf(text, OP_TEXT, "+ %s: new device for VLAN %u of %s", op->name, op->to,
			op->peer);
		break;
	case OP_CREATE_BRIDGE:
		format_bridge(op, text);
		break;
	case OP_DELETE_VLAN:
	case OP_DELETE_BRIDGE:
		snprintf(text, OP_TEXT, "- %s", op->name);
		break;
	case OP_ENSLAVE:
	case OP_RELEASE:
		snprintf(text, OP_TEXT, "%s %s: port %s", op->kind == OP_ENSLAVE ? "+" : "-",
			op->peer, op->name);
		break;
	case OP_ADD_ADDRESS:
	case OP_DELETE_ADDRESS:
		format_address(op, text);
		break;
	case OP_ADD_VLANS:
	case OP_DELETE_VLANS:
		format_vlans(op, text);
		break;
	default:
		format_set(op, text);
	}
}

static int next_index(const struct links *links)
{
	int most = 0;

	for (size_t i = 0; i < links->count; i++)
		most = links->link[i].index > most ? links->link[i].index : most;
	return most + 1;
}

struct vlan_set vlans_of_new(uint16_t vlan)
{
	struct vlan_set set = { 0 };

	if (vlan) {
		struct vlan_range range = { vlan, vlan, .pvid = true, .untagged = true };

		vlan_set_add(&set, range);
	}
	return set;
}

static int model_create(const struct op *op, struct links *links)
{
	const struct link *any = links_named(links, op->kind == OP_CREATE_VLAN ? op->peer : "lo");
	struct link link = { .index = next_index(links), .mtu = 1500 };

	strcpy(link.name, op->name);
	link.addrgen = any && any->addrgen == ADDRGEN_NO_IPV6 ? ADDRGEN_NO_IPV6 : ADDRGEN_EUI64;
	if (op->kind == OP_CREATE_VLAN) {
		assert(any);
		link.kind = LINK_VLAN;
		link.lower = any->index;
		link.vlan = (uint16_t)op->to; /* a VLAN id */
		link.mtu = any->mtu;
		memcpy(link.mac, any->mac, sizeof(link.mac));
	} else {
		link.kind = LINK_BRIDGE;
		link.bridge = op->state;
		link.vlans = vlans_of_new(op->state.default_pvid);
	}
	return links_add(links, &link) ? 0 : -ENOMEM;
}

/* The link itself, its ports' master and its addresses go. */
static void model_delete(struct link *link, struct links *links)
{
	int index = link->index;
	size_t keep = 0;

	*link = links->link[--links->count];
	for (size_t i = 0; i < links->count; i++) {
		if (links->link[i].master == index)
			links->link[i].master = 0;
	}
	for (size_t i = 0; i < links->addresses; i++) {
		if (links->address[i].index != index)
			links->address[keep++] = links->address[i];
	}
	links->addresses = keep;
}

static void model_enslave(struct link *port, struct links *links, const char *name)
{
	struct link *bridge = links_named(links, name);
	bool first = true;

	assert(bridge);
	for (size_t i = 0; i < links->count; i++)
		first = first && links->link[i].master != bridge->index;
	port->master = bridge->index;
	port->vlans = vlans_of_new(bridge->bridge.default_pvid);
	if (first || port->mtu < bridge->mtu)
		bridge->mtu = port->mtu;
}

static int model_address(const struct op *op, const struct link *link, struct links *links)
{
	struct link_address address = {
		.index = link->index,
		.dynamic = op->address.valid != 0,
		.address = op->address,
	};

	if (op->kind == OP_ADD_ADDRESS)
		return links_add_address(links, &address) ? 0 : -ENOMEM;
	for (size_t i = 0; i < links->addresses; i++) {
		struct link_address *at = &links->address[i];

		if (at->index != link->index || !address_equal(&at->address, &op->address))
			continue;
		links->addresses--;
		memmove(at, at + 1, (links->addresses - i) * sizeof(*at)); /* keeps the order */
		break;
	}
	return 0;
}

static void model_pvid(const struct op *op, struct link *bridge, struct links *links)
{
	bridge->bridge.default_pvid = (uint16_t)op->to; /* a VLAN id or 0 */
	for (size_t i = 0; i < links->count; i++) {
		struct link *link = &links->link[i];

		if (link == bridge || link->master == bridge->index)
			vlan_set_default_pvid(&link->vlans, (uint16_t)op->from, (uint16_t)op->to);
	}
}

static void model_set(const struct op *op, struct link *link, struct links *links)
{
	switch (op->kind) {
	case OP_SET_STP:
		link->bridge.stp = op->to;
		break;
	case OP_SET_FD:
		link->bridge.forward_delay = op->to;
		break;
	case OP_SET_FILTERING:
		link->bridge.filtering = op->to;
		break;
	case OP_SET_PVID:
		model_pvid(op, link, links);
		break;
	case OP_SET_MTU:
		link->mtu = op->to;
		break;
	case OP_SET_UP:
		link->up = op->to;
		break;
	case OP_SET_ADDRGEN:
		link->addrgen = (uint8_t)op->to; /* enum link_addrgen */
		break;
	default:
		break; /* a mark matters to the next reading only */
	}
}

int op_model(const struct op *op, struct links *links)
{
	struct link *link;

	if (op->undo_only)
		return 0;
	if (op->kind == OP_CREATE_VLAN || op->kind == OP_CREATE_BRIDGE)
		return model_create(op, links);
	link = links_named(links, op->name);
	assert(link);
	switch (op->kind) {
	case OP_DELETE_VLAN:
	case OP_DELETE_BRIDGE:
		model_delete(link, links);
		return 0;
	case OP_ENSLAVE:
		model_enslave(link, links, op->peer);
		return 0;
	case OP_RELEASE:
		link->master = 0;
		memset(&link->vlans, 0, sizeof(link->vlans));
		return 0;
	case OP_ADD_ADDRESS:
	case OP_DELETE_ADDRESS:
		return model_address(op, link, links);
	case OP_ADD_VLANS:
		vlan_set_add(&link->vlans, op->range);
		return 0;
	case OP_DELETE_VLANS:
		vlan_set_remove(&link->vlans, op->range);
		return 0;
	default:
		model_set(op, link, links);
		return 0;
	}
}
