/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's membership. Pure. The words come from the guest's configuration, written by Dom0's
 * administrator: a mistake there must not put a guest into a VLAN nobody named, so whatever does
 * not fit is refused.
 */
#include "vlan/member.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vlan/making.h"
#include "vlan/spec.h"

static bool bridge_known(const struct plan *plan, const struct links *links, const char *name)
{
	const struct link *link = links_named(links, name);

	return plan_named(plan, name) || (link && link->kind == LINK_BRIDGE);
}

/* Splits NAME.VLAN; false where it is no such thing. */
static bool split(const char *text, char name[IF_NAMESIZE], uint16_t *vlan)
{
	const char *dot = strrchr(text, '.');

	if (dot == NULL || dot - text >= IF_NAMESIZE || vlan_id_parse(dot + 1, vlan))
		return false;
	memcpy(name, text, (size_t)(dot - text));
	name[dot - text] = 0;
	return true;
}

/* A plan that was changed and not applied: the VLANs of guests would be kept apart by nothing. */
static int style_check(const struct member *member, const struct link *link, struct complaint *why)
{
	if (!link || link->kind != LINK_BRIDGE || link->bridge.filtering == member->aware)
		return 0;
	return complain(why, 0, "%s is %sVLAN-aware, unlike line %u of the plan: vlanbr apply makes it so",
		member->bridge, member->aware ? "not " : "", member->planned->line);
}

static int bridge_resolve(const struct plan *plan, const struct links *links, const char *text,
	struct member *member, uint16_t *vlan, struct complaint *why)
{
	const struct link *link;

	*vlan = 0;
	if (bridge_known(plan, links, text))
		snprintf(member->bridge, sizeof(member->bridge), "%s", text);
	else if (!split(text, member->bridge, vlan) || !bridge_known(plan, links, member->bridge))
		return complain(why, 0,
			"no bridge %.40s: it is not there, and no line of the plan makes "
			"it",
			text);
	link = links_named(links, member->bridge);
	member->planned = plan_named(plan, member->bridge);
	member->aware = member->planned ? member->planned->aware : link->bridge.filtering;
	if (*vlan && !member->aware)
		return complain(why, 0, "bridge=%s: %s is not VLAN-aware", text, member->bridge);
	return style_check(member, link, why);
}

static void vlans_only(struct vlan_set *set, uint16_t vlan)
{
	struct vlan_range range = { vlan, vlan, .pvid = true, .untagged = true };

	memset(set, 0, sizeof(*set));
	if (vlan)
		vlan_set_add(set, range);
}

/* What a vif that says nothing gets: the VLAN that the bridge gives to new ports. */
static int vlans_default(const struct links *links, struct member *member, struct complaint *why)
{
	const struct link *link = links_named(links, member->bridge);
	uint16_t vlan = member->planned ? member->planned->vlans.pvid : link->bridge.default_pvid;

	vlans_only(&member->vlans, vlan);
	if (vlan == 0)
		return complain(why, 0,
			"%s is VLAN-aware and has no VLAN for vifs that name none: say "
			"vlan=N or bridge=%s.N",
			member->bridge, member->bridge);
	return 0;
}

/* A bridge of one VLAN: vlan= may only repeat which one that is. */
static int plain_check(const struct member *member, const struct vlan_set *said, const char *vlan,
	struct complaint *why)
{
	uint16_t carried = member->planned ? member->planned->vlan : 0;
	struct vlan_set same;

	vlans_only(&same, carried);
	if (carried && memcmp(said, &same, sizeof(same)) == 0)
		return 0;
	if (carried)
		return complain(why, 0, "vlan=%.40s on %s, which carries VLAN %u only", vlan,
			member->bridge, carried);
	return complain(why, 0, "vlan=%.40s on %s, which is not VLAN-aware", vlan, member->bridge);
}

static int carried_check(const struct member *member, struct complaint *why)
{
	struct vlan_range range;
	struct vlan_set beyond;

	if (member->planned == NULL)
		return 0;
	vlan_set_beyond(&member->vlans, &member->planned->vlans, &beyond);
	if (!vlan_set_next(&beyond, VLAN_FIRST, &range))
		return 0;
	return complain(why, 0, "VLAN %u is not among those that %s carries (line %u of the plan)",
		range.first, member->bridge, member->planned->line);
}

int member_resolve(const struct plan *plan, const struct links *links, const char *bridge,
	const char *vlan, struct member *member, struct complaint *why)
{
	bool said = vlan && *vlan;
	struct vlan_set access;
	uint16_t one;
	int error;

	memset(member, 0, sizeof(*member));
	error = bridge_resolve(plan, links, bridge, member, &one, why);
	if (error == 0 && said)
		error = vlan_spec_parse(vlan, &member->vlans, why);
	if (error)
		return error;
	if (!member->aware)
		return said ? plain_check(member, &member->vlans, vlan, why) : 0;
	vlans_only(&access, one);
	if (said && one && memcmp(&access, &member->vlans, sizeof(access)))
		return complain(why, 0,
			"bridge=%s and vlan=%.40s say different things: leave one out", bridge,
			vlan);
	if (one)
		member->vlans = access;
	else if (!said)
		error = vlans_default(links, member, why);
	return error ? error : carried_check(member, why);
}

static void bare(struct making *m, const char *name)
{
	const struct link *port = links_named(&m->now, name);
	struct op op = op_about(OP_DELETE_ADDRESS, 0, name);
	size_t from = 0;
	const struct link_address *address;

	while (m->error == 0 && (address = address_next(m, port->index, &from))) {
		op.address = address->address;
		emit(m, &op);
		from = 0; /* the table has moved */
	}
	if (port->addrgen != ADDRGEN_NO_IPV6)
		emit_set(m, OP_SET_ADDRGEN, 0, name, port->addrgen, ADDRGEN_NONE);
}

/* Joins while down, so that no frame passes before the port's VLANs are right. */
static void join(struct making *m, const struct member *member, const char *name)
{
	const struct link *port = links_named(&m->now, name);
	const struct link *bridge = links_named(&m->now, member->bridge);
	struct op op = op_pair(OP_ENSLAVE, 0, name, member->bridge);

	if (port->master == bridge->index)
		return;
	emit_set(m, OP_SET_UP, 0, name, port->up, 0);
	if (port->master)
		emit_release(m, 0, name);
	emit_set(m, OP_SET_MTU, 0, name, port->mtu, bridge->mtu);
	emit(m, &op);
}

int member_diff(
	const struct member *member, const char *port, const struct links *links, struct diff *diff)
{
	struct vlan_set gone, new;
	const struct link *link;
	struct making m;

	making_begin(&m, links, diff);
	if (m.error)
		return making_end(&m);
	bare(&m, port);
	join(&m, member, port);
	link = links_named(&m.now, port);
	if (member->aware) {
		vlan_set_changed(&link->vlans, &member->vlans, &gone);
		vlan_set_changed(&member->vlans, &link->vlans, &new);
		emit_vlans(&m, OP_DELETE_VLANS, 0, port, &gone, NULL);
		emit_vlans(&m, OP_ADD_VLANS, 0, port, &new, NULL);
	}
	emit_set(&m, OP_SET_UP, 0, port, link->up, 1);
	return making_end(&m);
}
