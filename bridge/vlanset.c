/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of VLANs. Pure: bitmaps and nothing else. Callers promise VLAN ids of 1 to 4094; a wrong one
 * is our mistake and ends the program.
 */
#include "bridge/vlanset.h"

#include <assert.h>
#include <string.h>

static bool bit(const uint64_t *map, unsigned int n)
{
	return map[n / 64] >> (n % 64) & 1;
}

static void bit_put(uint64_t *map, unsigned int n, bool value)
{
	uint64_t mask = UINT64_C(1) << (n % 64);

	map[n / 64] = value ? map[n / 64] | mask : map[n / 64] & ~mask;
}

static void range_check(struct vlan_range range)
{
	assert(range.first >= VLAN_FIRST && range.first <= range.last && range.last <= VLAN_LAST);
	assert(!range.pvid || range.first == range.last);
}

void vlan_set_add(struct vlan_set *set, struct vlan_range range)
{
	range_check(range);
	for (unsigned int n = range.first; n <= range.last; n++) {
		bit_put(set->member, n, true);
		bit_put(set->untagged, n, range.untagged);
		if (set->pvid == n)
			set->pvid = 0;
	}
	if (range.pvid)
		set->pvid = range.first;
}

void vlan_set_remove(struct vlan_set *set, struct vlan_range range)
{
	range.pvid = false;
	range_check(range);
	for (unsigned int n = range.first; n <= range.last; n++) {
		bit_put(set->member, n, false);
		bit_put(set->untagged, n, false);
		if (set->pvid == n)
			set->pvid = 0;
	}
}

bool vlan_set_has(const struct vlan_set *set, unsigned int vlan)
{
	return vlan <= VLAN_LAST && bit(set->member, vlan);
}

bool vlan_set_empty(const struct vlan_set *set)
{
	struct vlan_range range;

	return !vlan_set_next(set, VLAN_FIRST, &range);
}

static bool same_flags(const struct vlan_set *a, const struct vlan_set *b, unsigned int n)
{
	return bit(a->untagged, n) == bit(b->untagged, n) && (a->pvid == n) == (b->pvid == n);
}

bool vlan_set_next(const struct vlan_set *set, unsigned int from, struct vlan_range *range)
{
	unsigned int first = from, last;

	while (first <= VLAN_LAST && !bit(set->member, first))
		first++;
	if (first > VLAN_LAST)
		return false;
	range->pvid = set->pvid == first;
	range->untagged = bit(set->untagged, first);
	last = first;
	while (!range->pvid && last < VLAN_LAST && bit(set->member, last + 1) &&
		bit(set->untagged, last + 1) == range->untagged && set->pvid != last + 1)
		last++;
	range->first = (uint16_t)first; /* both at most VLAN_LAST */
	range->last = (uint16_t)last;
	return true;
}

void vlan_set_changed(const struct vlan_set *a, const struct vlan_set *b, struct vlan_set *out)
{
	memset(out, 0, sizeof(*out));
	for (unsigned int n = VLAN_FIRST; n <= VLAN_LAST; n++) {
		if (!bit(a->member, n) || (bit(b->member, n) && same_flags(a, b, n)))
			continue;
		bit_put(out->member, n, true);
		bit_put(out->untagged, n, bit(a->untagged, n));
		if (a->pvid == n)
			out->pvid = a->pvid;
	}
}

void vlan_set_beyond(const struct vlan_set *a, const struct vlan_set *b, struct vlan_set *out)
{
	*out = *a;
	for (unsigned int i = 0; i < 64; i++) {
		out->member[i] &= ~b->member[i];
		out->untagged[i] &= out->member[i];
	}
	if (out->pvid && !bit(out->member, out->pvid))
		out->pvid = 0;
}

void vlan_set_default_pvid(struct vlan_set *set, uint16_t from, uint16_t to)
{
	struct vlan_range old = { from, from, false, false }, new = { to, to, true, true };
	bool follows = from == 0 || (set->pvid == from && bit(set->untagged, from));

	if (from == to || !follows || (to && bit(set->member, to)))
		return;
	if (to)
		vlan_set_add(set, new);
	if (from)
		vlan_set_remove(set, old);
}
