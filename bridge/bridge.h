/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes: VLAN devices, bridges, ports, port VLANs; and a bridge's forwarding database. Links are
 * named by their names. Every function returns 0 or -errno as bridge/netlink.h says; those named
 * below are the ones a caller may want to tell apart. For all:
 * -ENODEV	no link of that name
 * -EPERM	not root in this network namespace
 */
#ifndef BRIDGE_BRIDGE_H
#define BRIDGE_BRIDGE_H

#include "bridge/links.h"

/* A VLAN device `name` on `lower`. -EEXIST: the name, or that VLAN of lower, is taken. */
int link_create_vlan(struct netlink *nl, const char *name, const char *lower, uint16_t vlan);

/* Deletes any link that can be deleted: bridges, VLAN devices. -EOPNOTSUPP: a physical one. */
int link_delete(struct netlink *nl, const char *name);

int link_set_up(struct netlink *nl, const char *name, bool up);

/* -EINVAL, -ERANGE: more or fewer bytes than this link can have */
int link_set_mtu(struct netlink *nl, const char *name, uint32_t bytes);

int link_set_mac(struct netlink *nl, const char *name, const uint8_t mac[MAC_BYTES]);

/* What `ip link` shows as alias; "" takes it away. */
int link_set_alias(struct netlink *nl, const char *name, const char *alias);

/* -EAFNOSUPPORT: this kernel or link has no IPv6 */
int link_set_addrgen(struct netlink *nl, const char *name, enum link_addrgen mode);

/*
 * state->id is not looked at.
 * -EEXIST	the name is taken
 * -EOPNOTSUPP	filtering, and a kernel without it
 */
int bridge_create(struct netlink *nl, const char *name, const struct bridge_state *state);

int bridge_set_stp(struct netlink *nl, const char *name, bool on);

/* In 1/100 s. -ERANGE: with STP on it has to be 200 to 3000. */
int bridge_set_forward_delay(struct netlink *nl, const char *name, uint32_t delay);

/* -EOPNOTSUPP: a kernel without CONFIG_BRIDGE_VLAN_FILTERING */
int bridge_set_filtering(struct netlink *nl, const char *name, bool on);
int bridge_set_default_pvid(struct netlink *nl, const char *name, uint16_t vlan);

/* Makes port a port of bridge; bridge NULL takes it off. -EBUSY: it is a port of something else. */
int bridge_enslave(struct netlink *nl, const char *port, const char *bridge);

/*
 * Adds VLANs to, or takes them from, a port of a VLAN-aware bridge; `self`: the bridge of that name
 * itself. range.pvid and range.untagged are ignored by _remove.
 * -ENOENT	(_remove) the port does not carry them
 * -EOPNOTSUPP	no port of a bridge, or a kernel without VLAN filtering
 */
int port_vlans_add(struct netlink *nl, const char *port, bool self, struct vlan_range range);
int port_vlans_remove(struct netlink *nl, const char *port, bool self, struct vlan_range range);

/* One MAC that a bridge knows. */
struct fdb_entry {
	int port;			/* link number */
	uint16_t vlan;			/* 0: the bridge is not VLAN-aware */
	bool permanent;			/* of the link itself, not learned */
	uint8_t mac[MAC_BYTES];
};

struct fdb {
	struct fdb_entry *entry;
	size_t count;
};

/* Those of all bridges. The caller frees with fdb_free(), also after an error. */
int fdb_read(struct netlink *nl, struct fdb *fdb);
void fdb_free(struct fdb *fdb);

#endif
