/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the differ that changes a bridge's VLAN for new ports. To the kernel this is more
 * than one number: it changes VLANs of ports that are there, in ways that setting the number back
 * does not undo. Pure.
 */
#include "vlan/making.h"

#include <string.h>

static bool concerned(const struct link *link, const struct link *bridge)
{
	return link == bridge || link->master == bridge->index;
}

/*
 * A bridge that had no such VLAN gives the new one to every port that is not in it, as PVID. A port
 * with VLANs of its own is put into it, tagged, for that moment, and so keeps its PVID.
 */
static void ports_guard(
	struct making *m, const struct plan_bridge *bridge, const struct link *link, uint16_t vlan)
{
	for (size_t i = 0; i < m->now.count; i++) {
		const struct link *port = &m->now.link[i];
		struct op op = op_about(OP_ADD_VLANS, bridge->line, port->name);

		op.step = true;
		op.range.first = op.range.last = vlan;
		if (port->master == link->index && strcmp(port->name, bridge->port) &&
			!vlan_set_empty(&port->vlans) && !vlan_set_has(&port->vlans, vlan))
			emit(m, &op);
	}
}

static void ports_restore_on_undo(struct making *m, const struct op *op, const struct link *bridge)
{
	uint16_t from = (uint16_t)op->from, to = (uint16_t)op->to; /* VLAN ids or 0 */

	for (size_t i = 0; i < m->now.count; i++) {
		const struct link *port = &m->now.link[i];
		struct vlan_set back = port->vlans;

		if (!concerned(port, bridge))
			continue;
		vlan_set_default_pvid(&back, from, to);
		vlan_set_default_pvid(&back, to, from);
		emit_vlans_on_undo(m, op->line, port->name, &back);
	}
}

void pvid_set(struct making *m, const struct plan_bridge *bridge)
{
	const struct link *link = links_named(&m->now, bridge->name);
	struct op op = op_about(OP_SET_PVID, bridge->line, bridge->name);
	size_t first = m->diff->count, last;

	op.from = link->bridge.default_pvid;
	op.to = bridge->vlans.pvid;
	if (op.from == op.to)
		return;
	if (op.from == 0)
		ports_guard(m, bridge, link, bridge->vlans.pvid);
	else
		harm_note(&op, guest_of(m, link));
	last = m->diff->count;
	ports_restore_on_undo(m, &op, link);
	emit(m, &op);
	while (last-- > first) {
		struct op inverse = op_inverse(&m->diff->op[last]);

		emit(m, &inverse);
	}
}
