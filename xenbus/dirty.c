/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The set of devices to look at again. Pure; its owner locks. Linear probing, never full: beyond
 * three quarters it becomes "everything", which is always a correct answer.
 */
#include "xenbus/dirty.h"

#include <string.h>

static unsigned int home_of(struct device_id id)
{
	uint32_t mix = id.kind * 0x9e3779b1u ^ id.domid * 0x85ebca6bu ^ id.devid * 0xc2b2ae35u;

	return (mix ^ mix >> 15) % DIRTY_MAX;
}

static bool same(struct device_id a, struct device_id b)
{
	return a.kind == b.kind && a.domid == b.domid && a.devid == b.devid;
}

void dirty_add(struct dirty *dirty, struct device_id id)
{
	unsigned int at = home_of(id);

	if (dirty->all)
		return;
	for (; dirty->id[at].kind; at = (at + 1) % DIRTY_MAX) {
		if (same(dirty->id[at], id))
			return;
	}
	if (dirty->used >= DIRTY_MAX / 4 * 3) {
		dirty->all = true;
		return;
	}
	dirty->id[at] = id;
	dirty->used++;
}

void dirty_take(struct dirty *from, struct dirty *to)
{
	memcpy(to, from, sizeof(*to));
	memset(from, 0, sizeof(*from));
}
