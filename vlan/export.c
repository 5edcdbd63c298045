/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the export formats share. Pure. */
#include "vlan/export.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static bool plain(const char *name)
{
	/* isalnum() of the C locale, which is the one we run in */
	for (; *name; name++) {
		if (!isalnum((unsigned char)*name) && !strchr("._-", *name))
			return false;
	}
	return true;
}

int export_names_check(const struct plan *plan, struct complaint *why)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_bridge *bridge = &plan->bridge[i];
		const char *const names[] = { bridge->name, bridge->port, bridge->trunk };

		for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
			if (!plain(names[n]))
				return complain(why, bridge->line,
					"%s cannot be exported: its name has more than letters, "
					"digits, dots, dashes and underscores",
					names[n]);
		}
	}
	return 0;
}

bool export_trunk_here(const struct plan *plan, size_t n)
{
	const char *trunk = plan->bridge[n].trunk;

	if (trunk[0] == 0 || plan_named(plan, trunk))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(plan->bridge[i].trunk, trunk) == 0)
			return false;
	}
	return true;
}

uint32_t export_trunk_mtu(const struct plan *plan, const char *trunk)
{
	uint32_t mtu = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_bridge *bridge = &plan->bridge[i];

		if (strcmp(bridge->trunk, trunk) == 0 && bridge->mtu > mtu)
			mtu = bridge->mtu;
	}
	return mtu > 1500 ? mtu : 0;
}

void export_range(struct vlan_range range, char text[12])
{
	if (range.first == range.last)
		snprintf(text, 12, "%u", range.first);
	else
		snprintf(text, 12, "%u-%u", range.first, range.last);
}
