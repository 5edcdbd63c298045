/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where plan, running system and guests' configurations disagree. */
#ifndef VLAN_CHECK_H
#define VLAN_CHECK_H

#include "bridge/links.h"
#include "vlan/guests.h"
#include "vlan/plan.h"

struct config {
	const char *file;
	struct guest guest;
};

struct finding {
	const char *file;		/* a config's, the plan's, or NULL: the running system */
	struct complaint complaint;
};

struct findings {
	struct finding *finding;
	size_t count;
	int error;			/* -ENOMEM: some are missing */
};

/* Every difference between plan and system. `mark` as for diff_make(). */
void check_system(const struct plan *plan, const char *plan_file, const struct links *links,
	const char *mark, struct findings *findings);

/*
 * Every vif whose bridge= or vlan= does not fit, whose MAC another vif or a link of Dom0 has, or
 * whose mtu= is not its bridge's. `fallback` is the bridge of a vif that names none.
 */
void check_guests(const struct config *configs, size_t count, const struct plan *plan,
	const struct links *links, const char *fallback, struct findings *findings);

/* Every port of a planned bridge whose MTU is not the bridge's. */
void check_mtus(const struct plan *plan, const struct links *links, struct findings *findings);

void findings_free(struct findings *findings);

#endif
