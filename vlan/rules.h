/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a bridge of a plan must not have, and what two of them must not have in common. */
#ifndef VLAN_RULES_H
#define VLAN_RULES_H

#include "vlan/plan.h"

/*
 * Compares one more bridge with those of the plan. -EINVAL: same name, same port, a VLAN of a trunk
 * twice, same address; a bridge that is its own trunk, or has an address twice or one that no
 * interface can have.
 */
int rules_check(const struct plan *plan, const struct plan_bridge *bridge, struct complaint *why);

#endif
