/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes to links of every kind: one request each, nothing remembered between them. */
#include "bridge/bridge.h"

#include <errno.h>
#include <string.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/vlan.h>

int link_create_vlan(struct netlink *nl, const char *name, const char *lower, uint16_t vlan)
{
	struct rtnl_link *link = rtnl_link_vlan_alloc();
	int index = link_index(lower);
	struct nl_msg *msg = NULL;
	int error;

	if (index < 0) {
		error = netlink_refuse(nl, index);
	} else {
		if (link) {
			rtnl_link_set_name(link, name);
			rtnl_link_set_link(link, index);
			rtnl_link_vlan_set_id(link, vlan);
			rtnl_link_build_add_request(link, NLM_F_CREATE | NLM_F_EXCL, &msg);
		}
		error = netlink_ask(nl, msg);
	}
	rtnl_link_put(link);
	return error;
}

/* Changes one attribute of an existing link. */
static int link_change(
	struct netlink *nl, const char *name, int attr, const void *data, size_t bytes)
{
	struct nl_msg *msg = link_request(nl, RTM_SETLINK, name, 0, 0);

	if (msg == NULL)
		return nl->error;
	nla_put(msg, attr, (int)bytes, data);
	return netlink_ask(nl, msg);
}

int link_delete(struct netlink *nl, const char *name)
{
	struct nl_msg *msg = link_request(nl, RTM_DELLINK, name, 0, 0);

	return msg ? netlink_ask(nl, msg) : nl->error;
}

int link_set_up(struct netlink *nl, const char *name, bool up)
{
	struct nl_msg *msg = link_request(nl, RTM_SETLINK, name, up ? IFF_UP : 0, IFF_UP);

	return msg ? netlink_ask(nl, msg) : nl->error;
}

int link_set_mtu(struct netlink *nl, const char *name, uint32_t bytes)
{
	return link_change(nl, name, IFLA_MTU, &bytes, sizeof(bytes));
}

int link_set_mac(struct netlink *nl, const char *name, const uint8_t mac[MAC_BYTES])
{
	return link_change(nl, name, IFLA_ADDRESS, mac, MAC_BYTES);
}

int link_set_alias(struct netlink *nl, const char *name, const char *alias)
{
	return link_change(nl, name, IFLA_IFALIAS, alias, strlen(alias));
}

int link_set_addrgen(struct netlink *nl, const char *name, enum link_addrgen mode)
{
	struct nl_msg *msg = link_request(nl, RTM_SETLINK, name, 0, 0);
	struct nlattr *families, *family;

	if (msg == NULL)
		return nl->error;
	families = nla_nest_start(msg, IFLA_AF_SPEC);
	family = nla_nest_start(msg, AF_INET6);
	nla_put_u8(msg, IFLA_INET6_ADDR_GEN_MODE, (uint8_t)mode); /* 0 or 1 */
	nla_nest_end(msg, family);
	nla_nest_end(msg, families);
	return netlink_ask(nl, msg);
}

int bridge_enslave(struct netlink *nl, const char *port, const char *bridge)
{
	int master = bridge ? link_index(bridge) : 0;

	if (master < 0)
		return netlink_refuse(nl, master);
	return link_change(nl, port, IFLA_MASTER, &master, sizeof(master));
}
