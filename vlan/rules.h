/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What two bridges of one plan must not have in common. */
#ifndef VLAN_RULES_H
#define VLAN_RULES_H

#include "vlan/plan.h"

/*
 * Compares one more bridge with those of the plan. -EINVAL: same name, same port, a VLAN of a trunk
 * twice, same address; or a bridge that is its own trunk.
 */
int rules_check(const struct plan *plan, const struct plan_bridge *bridge, struct complaint *why);

#endif
