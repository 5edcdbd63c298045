/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plan in the words of other tools that set up networks. */
#ifndef VLAN_EXPORT_H
#define VLAN_EXPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "vlan/plan.h"

/*
 * Where an export goes: `begin` is called before each file's text with the name that the tool
 * expects, and returns the stream for it, or NULL after it has said why not.
 */
struct export {
	FILE *(*begin)(struct export *export, const char *file);
	const char *into;		/* for begin: a directory, or NULL for stdout */
	FILE *out;			/* what begin returned last */
};

/*
 * -EINVAL	the format cannot say it: the complaint has the line of the plan
 * -EIO		begin failed
 */
int export_ifupdown(struct export *export, const struct plan *plan, struct complaint *why);
int export_networkd(struct export *export, const struct plan *plan, struct complaint *why);
int export_netplan(struct export *export, const struct plan *plan, struct complaint *why);

/*
 * -EINVAL: a name has characters that another tool or a shell would take for something else; the
 * complaint has the line of the plan.
 */
int export_names_check(const struct plan *plan, struct complaint *why);

/* Whether bridge n is the first of the plan with its trunk, which is no bridge of the plan. */
bool export_trunk_here(const struct plan *plan, size_t n);

/* The MTU that a trunk needs for its bridges; 0: the usual one will do. */
uint32_t export_trunk_mtu(const struct plan *plan, const char *trunk);

/* "N" or "N-M". */
void export_range(struct vlan_range range, char text[12]);

#endif
