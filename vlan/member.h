/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which bridge a vif belongs to, and in which of its VLANs. */
#ifndef VLAN_MEMBER_H
#define VLAN_MEMBER_H

#include "bridge/links.h"
#include "vlan/diff.h"
#include "vlan/plan.h"

struct member {
	char bridge[IF_NAMESIZE];
	const struct plan_bridge *planned;	/* NULL: the bridge is not in the plan */
	bool aware;
	struct vlan_set vlans;			/* aware: never empty */
};

/*
 * Decides from a vif's `bridge=` (NAME, or NAME.VLAN for one VLAN of a VLAN-aware bridge) and its
 * `vlan=` (NULL or "": none said). Only plan and picture are looked at; links may lack the bridge
 * if the plan has it. -EINVAL: the complaint (without line) says why.
 */
int member_resolve(const struct plan *plan, const struct links *links, const char *bridge,
	const char *vlan, struct member *member, struct complaint *why);

/*
 * The operations that make `port` such a member, and nothing else: no address, no IPv6 of its own,
 * the bridge's MTU, in the VLANs, up. Bridge and port have to be in links. The caller frees diff
 * with diff_free(), also after an error. -ENOMEM: no memory.
 */
int member_diff(const struct member *member, const char *port, const struct links *links,
	struct diff *diff);

#endif
