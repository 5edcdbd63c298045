/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words for a set of VLANs, as xl-network-configuration(5) of Xen 4.19 has them for `vlan=`:
 *
 *	N	one VLAN		N-M	all from N to M
 *	N+OxC	N and C more, O apart	A/B	A and B
 *
 * with the suffix u: leaves untagged; p, on a single VLAN: the PVID, which leaves untagged too.
 */
#ifndef VLAN_SPEC_H
#define VLAN_SPEC_H

#include "bridge/vlanset.h"
#include "vlan/complaint.h"

/* Long enough for every set: 4094 times "NNNNu/". */
#define VLAN_SPEC_TEXT 24576

/*
 * Reads a set; a PVID may be missing, more than one is wrong. A VLAN named twice has the flags of
 * both places. -EINVAL: not such a text, the complaint (without line) says why.
 */
int vlan_list_parse(const char *text, struct vlan_set *set, struct complaint *why);

/* Reads a vif's `vlan=`: a lone N is the PVID; otherwise exactly one VLAN has to be marked p. */
int vlan_spec_parse(const char *text, struct vlan_set *set, struct complaint *why);

/* Reads one decimal VLAN id. -EINVAL: not 1 to 4094, or not just that. */
int vlan_id_parse(const char *text, uint16_t *vlan);

/* Writes the shortest list of N and N-M for the set; "" for the empty one. */
void vlan_list_format(const struct vlan_set *set, char *text, size_t bytes);

#endif
