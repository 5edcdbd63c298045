/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which VLANs a bridge port carries: the members, which of them leave untagged, and the PVID, the
 * one that an untagged frame coming in belongs to. Plain data, no allocation.
 */
#ifndef BRIDGE_VLANSET_H
#define BRIDGE_VLANSET_H

#include <stdbool.h>
#include <stdint.h>

/* IEEE 802.1Q: 0 means "no VLAN", 4095 is reserved. */
#define VLAN_FIRST 1
#define VLAN_LAST 4094

struct vlan_set {
	uint16_t pvid;			/* 0: none; otherwise a member */
	uint64_t member[64];		/* bit n: VLAN n */
	uint64_t untagged[64];		/* a subset of member */
};

/* VLANs first..last, both included, all with the same flags. pvid only where first == last. */
struct vlan_range {
	uint16_t first;
	uint16_t last;
	bool pvid;
	bool untagged;
};

/* Makes the range's VLANs members with the range's flags, whatever they were before. */
void vlan_set_add(struct vlan_set *set, struct vlan_range range);

/* Takes VLANs first..last out. */
void vlan_set_remove(struct vlan_set *set, struct vlan_range range);

bool vlan_set_has(const struct vlan_set *set, unsigned int vlan);
bool vlan_set_empty(const struct vlan_set *set);

/*
 * The longest run of members with equal flags that begins at or after `from`; the PVID is always a
 * run of its own. Returns false where there is none. Go on with range->last + 1.
 */
bool vlan_set_next(const struct vlan_set *set, unsigned int from, struct vlan_range *range);

/* What is in a and not, or not with the same flags, in b. */
void vlan_set_changed(const struct vlan_set *a, const struct vlan_set *b, struct vlan_set *out);

/* The members of a that are no members of b. */
void vlan_set_beyond(const struct vlan_set *a, const struct vlan_set *b, struct vlan_set *out);

/*
 * What the kernel makes of the VLANs of a port, or of the bridge itself, as the bridge's VLAN for
 * new ports changes, 0 for none: who is not in the old one as such, or is in the new one in any
 * way, keeps what it has.
 */
void vlan_set_default_pvid(struct vlan_set *set, uint16_t from, uint16_t to);

#endif
