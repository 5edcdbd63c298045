/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One change of the system, small enough that it happens or does not, with what it needs to be
 * taken back: every operation has an inverse of the same shape.
 */
#ifndef VLAN_OP_H
#define VLAN_OP_H

#include <net/if.h>

#include "bridge/bridge.h"

enum op_kind {
	OP_CREATE_VLAN,		/* name: device, peer: trunk, to: VLAN */
	OP_DELETE_VLAN,
	OP_CREATE_BRIDGE,	/* name: bridge, state */
	OP_DELETE_BRIDGE,
	OP_ENSLAVE,		/* name: port, peer: bridge */
	OP_RELEASE,
	OP_ADD_ADDRESS,		/* name: link, address */
	OP_DELETE_ADDRESS,
	OP_ADD_VLANS,		/* name: port, range; to: 1 if it is the bridge itself */
	OP_DELETE_VLANS,
	/* name: link; from and to: the value before and after */
	OP_SET_STP,
	OP_SET_FD,		/* 1/100 s */
	OP_SET_FILTERING,
	OP_SET_PVID,
	OP_SET_MTU,
	OP_SET_UP,
	OP_SET_ADDRGEN,
	OP_SET_MARK,		/* 1: the link's alias says that it is the plan's */
};

struct op {
	enum op_kind kind;
	unsigned int line;		/* of the plan; 0: what the plan no longer has */
	char name[IF_NAMESIZE];
	char peer[IF_NAMESIZE];
	uint32_t from, to;
	struct bridge_state state;
	struct address address;
	struct vlan_range range;
	bool step;			/* on the way to another one: of no interest to a person */
	bool undo_only;			/* nothing happens before it is taken back */
	char harm[IF_NAMESIZE];		/* a guest's port that this cuts off; "": none */
};

#define OP_TEXT 160

/* The operation that undoes op. */
struct op op_inverse(const struct op *op);

/* Whether it is nothing that a person is told: a mark, a step, what only its taking back does. */
bool op_silent(const struct op *op);

/* The VLANs that a new port gets of its bridge, whose VLAN for them is `vlan`; 0: none. */
struct vlan_set vlans_of_new(uint16_t vlan);

/* One line for a person: "+ br52: new bridge, STP off, forward delay 0 s". Without a newline. */
void op_format(const struct op *op, char text[OP_TEXT]);

/*
 * What the kernel's tables look like after op. 0, or -ENOMEM. The link has to be there: the differ
 * makes no other operation.
 */
int op_model(const struct op *op, struct links *links);

#endif
