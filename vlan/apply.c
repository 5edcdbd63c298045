/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations become requests to the kernel here and nowhere else. An answer that only says that the
 * wanted state is there already counts as success. Routes that go with an address are given back,
 * because a Dom0 without its default route may be out of its administrator's reach.
 */
#include "vlan/apply.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bridge/route.h"

static int do_link(struct netlink *nl, const struct op *op, const char *mark)
{
	int error;

	switch (op->kind) {
	case OP_SET_MTU:
		return link_set_mtu(nl, op->name, op->to);
	case OP_SET_UP:
		return link_set_up(nl, op->name, op->to);
	case OP_SET_MARK:
		return link_set_alias(nl, op->name, op->to ? mark : "");
	case OP_SET_ADDRGEN:
		error = link_set_addrgen(nl, op->name, op->to);
		return error == -EAFNOSUPPORT ? 0 : error;
	case OP_ADD_ADDRESS:
		error = address_add(nl, op->name, &op->address);
		return error == -EEXIST ? 0 : error;
	default:
		error = address_delete(nl, op->name, &op->address);
		return error == -EADDRNOTAVAIL ? 0 : error;
	}
}

static int do_op(struct netlink *nl, const struct op *op, const char *mark)
{
	if (op->undo_only)
		return 0;
	switch (op->kind) {
	case OP_CREATE_VLAN:
		return link_create_vlan(nl, op->name, op->peer, (uint16_t)op->to); /* an id */
	case OP_CREATE_BRIDGE:
		return bridge_create(nl, op->name, &op->state);
	case OP_DELETE_VLAN:
	case OP_DELETE_BRIDGE:
		return link_delete(nl, op->name);
	case OP_ENSLAVE:
		return bridge_enslave(nl, op->name, op->peer);
	case OP_RELEASE:
		return bridge_enslave(nl, op->name, NULL);
	case OP_ADD_VLANS:
		return port_vlans_add(nl, op->name, op->to, op->range);
	case OP_DELETE_VLANS:
		return port_vlans_remove(nl, op->name, op->to, op->range);
	case OP_SET_STP:
		return bridge_set_stp(nl, op->name, op->to);
	case OP_SET_FD:
		return bridge_set_forward_delay(nl, op->name, op->to);
	case OP_SET_FILTERING:
		return bridge_set_filtering(nl, op->name, op->to);
	case OP_SET_PVID:
		return bridge_set_default_pvid(nl, op->name, (uint16_t)op->to); /* an id or 0 */
	default:
		return do_link(nl, op, mark);
	}
}

/* What to do about a kernel that lacks what op needs; "" where its own words have to do. */
static const char *remedy(const struct netlink *nl, const struct op *op)
{
	if (nl->error != -EOPNOTSUPP)
		return "";
	if (op->kind == OP_CREATE_VLAN)
		return "; the kernel's VLANs are not loaded: modprobe 8021q";
	if (op->kind == OP_SET_FILTERING || (op->kind == OP_CREATE_BRIDGE && op->state.filtering))
		return "; aware needs a kernel with VLAN filtering (CONFIG_BRIDGE_VLAN_FILTERING)";
	return "";
}

static void complain_op(const struct netlink *nl, const struct op *op, struct complaint *why)
{
	char text[OP_TEXT];

	op_format(op, text);
	complain(why, op->line, "\"%s\" failed: %s%s", text, netlink_said(nl),
		remedy(nl, op));
}

/* Adds what could not be taken back to the complaint; the first such operation is enough. */
static void complain_leftover(const struct netlink *nl, const char *text, struct complaint *why)
{
	size_t used = strlen(why->text);

	snprintf(why->text + used, sizeof(why->text) - used, "; taking back \"%s\" failed too: %s",
		text, netlink_said(nl));
}

static void take_back(struct netlink *nl, const struct diff *diff, size_t done, const char *mark,
	const struct routes *routes, struct complaint *why)
{
	char text[OP_TEXT > ROUTE_TEXT ? OP_TEXT : ROUTE_TEXT];
	bool told = false;

	while (done-- > 0) {
		struct op inverse = op_inverse(&diff->op[done]);

		if (do_op(nl, &inverse, mark) && !told) {
			op_format(&inverse, text);
			complain_leftover(nl, text, why);
			told = true;
		}
	}
	for (size_t i = 0; i < routes->count; i++) {
		if (route_restore(nl, &routes->route[i]) && !told) {
			route_format(&routes->route[i], text);
			complain_leftover(nl, text, why);
			told = true;
		}
	}
}

/* The routes that operations may take along with addresses. */
static int routes_keep(struct netlink *nl, const struct diff *diff, struct routes *routes)
{
	const char *link = "";
	int error = 0;

	for (size_t i = 0; error == 0 && i < diff->count; i++) {
		const struct op *op = &diff->op[i];

		if (op->kind != OP_DELETE_ADDRESS || strcmp(op->name, link) == 0)
			continue;
		link = op->name;
		error = routes_read(nl, link, routes);
	}
	return error;
}

static void complain_route(const struct netlink *nl, const struct diff *diff,
	const struct route *route, struct complaint *why)
{
	char text[ROUTE_TEXT];
	size_t i = 0;

	while (diff->op[i].kind != OP_DELETE_ADDRESS || strcmp(diff->op[i].name, route->link))
		i++; /* the operation for whose sake the route was read */
	route_format(route, text);
	complain(why, diff->op[i].line,
		"the route %s would be lost (%s); --force does it all the same", text,
		netlink_said(nl));
}

static int routes_give_back(struct netlink *nl, const struct diff *diff,
	const struct routes *routes, struct complaint *why)
{
	int first = 0;

	for (size_t i = 0; i < routes->count; i++) {
		int error = route_restore(nl, &routes->route[i]);

		if (error && first == 0) {
			complain_route(nl, diff, &routes->route[i], why);
			first = error;
		}
	}
	return first;
}

int diff_apply(struct netlink *nl, const struct diff *diff, const char *mark, bool force,
	struct complaint *why)
{
	struct routes routes = { 0 };
	int error = routes_keep(nl, diff, &routes);
	size_t done = 0;

	if (error)
		complain(why, 0, "cannot read the routes: %s", netlink_said(nl));
	while (error == 0 && done < diff->count) {
		error = do_op(nl, &diff->op[done], mark);
		if (error)
			complain_op(nl, &diff->op[done], why);
		else
			done++;
	}
	if (error == 0 && routes_give_back(nl, diff, &routes, why) && !force)
		error = -ENETUNREACH;
	if (error)
		take_back(nl, diff, done, mark, &routes, why);
	routes_free(&routes);
	return error;
}

int diff_harmless(const struct diff *diff, struct complaint *why)
{
	for (size_t i = 0; i < diff->count; i++) {
		const struct op *op = &diff->op[i];
		char text[OP_TEXT];

		if (op->harm[0] == 0)
			continue;
		op_format(op, text);
		complain(why, op->line,
			"\"%s\" would cut off the guest behind %s; --force does it all "
			"the same",
			text, op->harm);
		return -EBUSY;
	}
	return 0;
}
