/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operations become requests to the kernel here and nowhere else. An answer that only says that the
 * wanted state is there already counts as success.
 */
#include "vlan/apply.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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
		return port_vlans_add(nl, op->name, op->range);
	case OP_DELETE_VLANS:
		return port_vlans_remove(nl, op->name, op->range);
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

static void complain_op(const struct netlink *nl, const struct op *op, struct complaint *why)
{
	char text[OP_TEXT];

	op_format(op, text);
	complain(why, op->line, "\"%s\" failed: %s", text, netlink_said(nl));
}

/* Adds what could not be taken back to the complaint; the first such operation is enough. */
static void complain_leftover(const struct netlink *nl, const struct op *op, struct complaint *why)
{
	size_t used = strlen(why->text);
	char text[OP_TEXT];

	op_format(op, text);
	snprintf(why->text + used, sizeof(why->text) - used, "; taking back \"%s\" failed too: %s",
		text, netlink_said(nl));
}

static void take_back(struct netlink *nl, const struct diff *diff, size_t done, const char *mark,
	struct complaint *why)
{
	bool told = false;

	while (done-- > 0) {
		struct op inverse = op_inverse(&diff->op[done]);

		if (do_op(nl, &inverse, mark) && !told) {
			complain_leftover(nl, &inverse, why);
			told = true;
		}
	}
}

int diff_apply(struct netlink *nl, const struct diff *diff, const char *mark, struct complaint *why)
{
	for (size_t i = 0; i < diff->count; i++) {
		int error = do_op(nl, &diff->op[i], mark);

		if (error) {
			complain_op(nl, &diff->op[i], why);
			take_back(nl, diff, i, mark, why);
			return error;
		}
	}
	return 0;
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
