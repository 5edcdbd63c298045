/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carrying a diff out: all of it, or nothing. */
#ifndef VLAN_APPLY_H
#define VLAN_APPLY_H

#include <stdbool.h>

#include "bridge/netlink.h"
#include "vlan/diff.h"

/*
 * Carries out the operations in order, and gives routes back that went with a deleted address.
 * Where one fails, those before it are taken back, the last first. `mark` is the alias for
 * OP_SET_MARK; NULL where the diff was made without one. `force`: routes may be lost.
 * -ENETUNREACH	a route would be lost: the complaint says which
 * Otherwise 0, or the kernel's -errno with a complaint about the line whose operation failed.
 * Should taking back fail as well, the complaint says what is left over.
 */
int diff_apply(struct netlink *nl, const struct diff *diff, const char *mark, bool force,
	struct complaint *why);

/* -EBUSY with a complaint, if an operation would cut a guest off. */
int diff_harmless(const struct diff *diff, struct complaint *why);

#endif
