/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has to happen so that the system is as the plan says. */
#ifndef VLAN_DIFF_H
#define VLAN_DIFF_H

#include "bridge/links.h"
#include "vlan/op.h"
#include "vlan/plan.h"

struct diff {
	struct op *op;
	size_t count;
};

/*
 * Compares plan and links; links is read only. The operations are in an order in which each is
 * possible; those that delete what the plan no longer has come last. What the plan does not name is
 * left alone, except links whose alias is `mark`: those were made for an earlier state of the same
 * plan. A guest's port, and the trunk of a bridge with guests, is only taken away by an operation
 * with `harm` set. `only` (NULL: all) limits the comparison to one bridge of the plan and deletes
 * nothing. The caller frees with diff_free(), also after an error.
 * -EINVAL	plan and system cannot go together: the complaint says why
 * -ENOMEM	no memory
 */
int diff_make(const struct plan *plan, const struct links *links, const char *mark,
	const char *only, struct diff *diff, struct complaint *why);

void diff_free(struct diff *diff);

/* As Xen's drivers and scripts have it: the largest MAC, so that no bridge takes it for its own. */
extern const uint8_t guest_port_mac[MAC_BYTES];

/* Whether a link is a guest's: a tap, named vif... or tap..., or with a guest port's MAC. */
bool link_is_guest(const struct link *link);

#endif
