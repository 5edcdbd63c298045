/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of the differ that takes away: ports that must not stay, links the plan has dropped.
 * Pure. */
#include "vlan/making.h"

#include <string.h>

static bool is_trunk(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (strcmp(plan->bridge[i].trunk, name) == 0)
			return true;
	}
	return false;
}

/*
 * A VLAN device or trunk, also one of an earlier plan: of that one only its kind can be known. A
 * guest's port is none of them, whatever it is made of.
 */
static bool joins(const struct making *m, const struct link *link)
{
	if (link->kind == LINK_VLAN || is_trunk(m->plan, link->name))
		return true;
	return link->kind == LINK_CARD && !link_is_guest(link);
}

/* A second VLAN or trunk in a bridge would join what the plan keeps apart. */
void strangers_release(struct making *m, const struct plan_bridge *bridge)
{
	const struct link *master = links_named(&m->now, bridge->name);
	int index = master ? master->index : -1;

	for (size_t i = 0; m->error == 0 && i < m->now.count; i++) {
		const struct link *link = &m->now.link[i];
		char name[IF_NAMESIZE];

		if (link->master != index || strcmp(link->name, bridge->port) == 0)
			continue;
		if (!joins(m, link))
			continue;
		strcpy(name, link->name);
		emit_release(m, bridge->line, name);
	}
}

static bool planned(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (!strcmp(plan->bridge[i].name, name) || !strcmp(plan->bridge[i].port, name))
			return true;
	}
	return false;
}

static const struct link *leftover(const struct making *m, enum link_kind kind)
{
	for (size_t i = 0; i < m->now.count; i++) {
		const struct link *link = &m->now.link[i];

		if (link->kind == kind && strcmp(link->alias, m->mark) == 0 &&
			!planned(m->plan, link->name))
			return link;
	}
	return NULL;
}

static void bridge_empty(struct making *m, const struct link *bridge)
{
	struct op op = op_about(OP_DELETE_ADDRESS, 0, bridge->name);
	const struct link_address *address;
	size_t from = 0;

	for (size_t i = 0; m->error == 0 && i < m->now.count; i++) {
		char name[IF_NAMESIZE];

		strcpy(name, m->now.link[i].name);
		if (m->now.link[i].master == bridge->index)
			emit_release(m, 0, name);
	}
	while (m->error == 0 && (address = address_next(m, bridge->index, &from))) {
		op.address = address->address;
		if (!address_link_local(&op.address)) {
			emit(m, &op);
			from = 0; /* the table has moved */
		}
	}
}

/* Sets back what creating the link again would not give it, so that the inverse of all this does.
 */
static void leftover_reset(struct making *m, const char *name, uint32_t born_mtu)
{
	const struct link *link = links_named(&m->now, name);

	emit_set(m, OP_SET_UP, 0, name, link->up, 0);
	emit_set(m, OP_SET_MTU, 0, name, link->mtu, born_mtu);
	if (link->addrgen != ADDRGEN_NO_IPV6)
		emit_set(m, OP_SET_ADDRGEN, 0, name, link->addrgen, ADDRGEN_EUI64);
	emit_set(m, OP_SET_MARK, 0, name, 1, 0);
}

static void leftover_delete(struct making *m, const struct link *link)
{
	bool bridge = link->kind == LINK_BRIDGE;
	struct op op = op_about(bridge ? OP_DELETE_BRIDGE : OP_DELETE_VLAN, 0, link->name);
	struct vlan_set born = vlans_of_new(link->bridge.default_pvid);
	const struct link *trunk = links_numbered(&m->now, link->lower);
	uint32_t born_mtu = 1500;

	op.state = link->bridge;
	op.to = link->vlan;
	if (trunk && !bridge) {
		strcpy(op.peer, trunk->name);
		born_mtu = trunk->mtu;
	}
	if (bridge)
		bridge_empty(m, link);
	else if (link->master)
		emit_release(m, 0, op.name);
	if (m->error == 0)
		leftover_reset(m, op.name, born_mtu);
	if (m->error == 0 && bridge)
		emit_vlans_on_undo(m, 0, op.name, &born);
	emit(m, &op);
}

void leftovers_delete(struct making *m)
{
	const struct link *link;

	while (m->error == 0 && m->mark && (link = leftover(m, LINK_BRIDGE)))
		leftover_delete(m, link);
	while (m->error == 0 && m->mark && (link = leftover(m, LINK_VLAN)))
		leftover_delete(m, link);
}
