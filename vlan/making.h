/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The differ's inside: a diff that is being made, and the steps that its parts share. */
#ifndef VLAN_MAKING_H
#define VLAN_MAKING_H

#include "vlan/diff.h"

/*
 * `now` is the picture as the operations emitted so far leave it. Once `error` is set, nothing is
 * emitted any more. Emitting an OP_CREATE_ or OP_DELETE_ operation moves the links of `now`.
 */
struct making {
	const struct plan *plan;
	const char *mark;
	struct links now;
	struct diff *diff;
	struct complaint *why;
	int error;
};

/* Copies the picture and empties the diff; the caller then sets plan, mark and why. */
void making_begin(struct making *m, const struct links *links, struct diff *diff);

/* Frees the copy. Returns the making's error, or 0. */
int making_end(struct making *m);

struct op op_about(enum op_kind kind, unsigned int line, const char *name);

/* An operation that names a second link. */
struct op op_pair(enum op_kind kind, unsigned int line, const char *name, const char *peer);

/* Notes who is cut off by op; "" for nobody. */
void harm_note(struct op *op, const char *guest);

void emit(struct making *m, const struct op *op);

/* Emits one of OP_SET_..., if from and to differ. */
void emit_set(struct making *m, enum op_kind kind, unsigned int line, const char *name,
	uint32_t from, uint32_t to);

/*
 * The VLANs of a set as operations on a port. `bridge`, where they are deleted from its trunk: harm
 * is noted for guests in them. NULL: no guest depends on this port.
 */
void emit_vlans(struct making *m, enum op_kind kind, unsigned int line, const char *port,
	const struct vlan_set *set, const char *bridge);

/*
 * The port, or the bridge itself, has these VLANs after what follows has been taken back: then it
 * gets those that it has now. Nothing happens before.
 */
void emit_vlans_on_undo(
	struct making *m, unsigned int line, const char *name, const struct vlan_set *then);

/* Makes the VLAN of new ports of a VLAN-aware bridge the plan's; other ports keep their own. */
void pvid_set(struct making *m, const struct plan_bridge *bridge);

/* Takes a port off its bridge, in steps that can all be undone. */
void emit_release(struct making *m, unsigned int line, const char *port);

/* Keeps the first error. */
void refuse(struct making *m, int error);

/* The first guest's port of a bridge, or "". */
const char *guest_of(const struct making *m, const struct link *bridge);

/* The next address of a link from position *from on, which moves behind it; NULL: no more. */
const struct link_address *address_next(const struct making *m, int index, size_t *from);

bool address_link_local(const struct address *address);

/* Releases ports that would join two VLANs of the plan, or a VLAN with an untagged trunk. */
void strangers_release(struct making *m, const struct plan_bridge *bridge);

/* Deletes what carries the plan's mark and is no longer in the plan. */
void leftovers_delete(struct making *m);

#endif
