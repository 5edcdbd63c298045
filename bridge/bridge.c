/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bridges and the VLANs of their ports. libnl-route has neither STP, forward delay and filtering of
 * a bridge nor the change of port VLANs, so both are written as the kernel's own attributes.
 */
#include "bridge/bridge.h"

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

/* The nests that hold a bridge's own attributes. */
struct bridge_nest {
	struct nlattr *info;
	struct nlattr *data;
};

static struct bridge_nest nest_open(struct nl_msg *msg)
{
	struct bridge_nest nest = { .info = nla_nest_start(msg, IFLA_LINKINFO) };

	nla_put_string(msg, IFLA_INFO_KIND, "bridge");
	nest.data = nla_nest_start(msg, IFLA_INFO_DATA);
	return nest;
}

static int nest_ask(struct netlink *nl, struct nl_msg *msg, struct bridge_nest nest)
{
	nla_nest_end(msg, nest.data);
	nla_nest_end(msg, nest.info);
	return netlink_ask(nl, msg);
}

int bridge_create(struct netlink *nl, const char *name, const struct bridge_state *state)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct nl_msg *msg =
		netlink_request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	struct bridge_nest nest;

	if (msg == NULL)
		return netlink_refuse(nl, -ENOMEM);
	nla_put_string(msg, IFLA_IFNAME, name);
	nest = nest_open(msg);
	nla_put_u32(msg, IFLA_BR_FORWARD_DELAY, state->forward_delay);
	nla_put_u32(msg, IFLA_BR_STP_STATE, state->stp);
	if (state->filtering) {
		nla_put_u8(msg, IFLA_BR_VLAN_FILTERING, 1);
		nla_put_u16(msg, IFLA_BR_VLAN_DEFAULT_PVID, state->default_pvid);
	}
	return nest_ask(nl, msg, nest);
}

/* Changes one attribute of an existing bridge. RTM_NEWLINK, because RTM_SETLINK ignores LINKINFO.
 */
static int bridge_change(
	struct netlink *nl, const char *name, int attr, const void *data, int bytes)
{
	struct nl_msg *msg = link_request(nl, RTM_NEWLINK, name, 0, 0);
	struct bridge_nest nest;

	if (msg == NULL)
		return nl->error;
	nest = nest_open(msg);
	nla_put(msg, attr, bytes, data);
	return nest_ask(nl, msg, nest);
}

int bridge_set_stp(struct netlink *nl, const char *name, bool on)
{
	uint32_t value = on;

	return bridge_change(nl, name, IFLA_BR_STP_STATE, &value, sizeof(value));
}

int bridge_set_forward_delay(struct netlink *nl, const char *name, uint32_t delay)
{
	return bridge_change(nl, name, IFLA_BR_FORWARD_DELAY, &delay, sizeof(delay));
}

int bridge_set_filtering(struct netlink *nl, const char *name, bool on)
{
	uint8_t value = on;

	return bridge_change(nl, name, IFLA_BR_VLAN_FILTERING, &value, sizeof(value));
}

int bridge_set_default_pvid(struct netlink *nl, const char *name, uint16_t vlan)
{
	return bridge_change(nl, name, IFLA_BR_VLAN_DEFAULT_PVID, &vlan, sizeof(vlan));
}

static void vlan_info_put(struct nl_msg *msg, uint16_t vlan, uint16_t flags)
{
	struct bridge_vlan_info info = { .vid = vlan, .flags = flags };

	nla_put(msg, IFLA_BRIDGE_VLAN_INFO, sizeof(info), &info);
}

static int port_vlans_change(
	struct netlink *nl, int type, const char *port, bool self, struct vlan_range range)
{
	struct ifinfomsg info = { .ifi_family = AF_BRIDGE, .ifi_index = link_index(port) };
	uint16_t flags = 0;
	struct nlattr *spec;
	struct nl_msg *msg;

	if (info.ifi_index < 0)
		return netlink_refuse(nl, info.ifi_index);
	msg = netlink_request(type, 0, &info, sizeof(info));
	if (msg == NULL)
		return netlink_refuse(nl, -ENOMEM);
	if (range.untagged)
		flags |= BRIDGE_VLAN_INFO_UNTAGGED;
	if (range.pvid)
		flags |= BRIDGE_VLAN_INFO_PVID;
	spec = nla_nest_start(msg, IFLA_AF_SPEC);
	if (self) /* otherwise the bridge of the link is asked, and a bridge has none */
		nla_put_u16(msg, IFLA_BRIDGE_FLAGS, BRIDGE_FLAGS_SELF);
	if (range.first == range.last) {
		vlan_info_put(msg, range.first, flags);
	} else {
		vlan_info_put(msg, range.first, flags | BRIDGE_VLAN_INFO_RANGE_BEGIN);
		vlan_info_put(msg, range.last, flags | BRIDGE_VLAN_INFO_RANGE_END);
	}
	nla_nest_end(msg, spec);
	return netlink_ask(nl, msg);
}

int port_vlans_add(struct netlink *nl, const char *port, bool self, struct vlan_range range)
{
	return port_vlans_change(nl, RTM_SETLINK, port, self, range);
}

int port_vlans_remove(struct netlink *nl, const char *port, bool self, struct vlan_range range)
{
	range.pvid = range.untagged = false;
	return port_vlans_change(nl, RTM_DELLINK, port, self, range);
}
