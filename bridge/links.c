/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the picture of all links in three dumps: links, port VLANs, addresses. libnl-route knows no
 * forward delay, filtering or address generation, so the attributes are read here by their numbers.
 * Trusts the kernel; a link that vanishes between two dumps is no error.
 */
#include "bridge/links.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#define READ_TRIES 5

struct link *links_named(const struct links *links, const char *name)
{
	for (size_t i = 0; i < links->count; i++) {
		if (strcmp(links->link[i].name, name) == 0)
			return &links->link[i];
	}
	return NULL;
}

struct link *links_numbered(const struct links *links, int index)
{
	for (size_t i = 0; i < links->count; i++) {
		if (links->link[i].index == index)
			return &links->link[i];
	}
	return NULL;
}

struct link *links_add(struct links *links, const struct link *link)
{
	struct link *more = reallocarray(links->link, links->count + 1, sizeof(*more));

	if (more == NULL)
		return NULL;
	links->link = more;
	more[links->count] = *link;
	return &more[links->count++];
}

struct link_address *links_add_address(struct links *links, const struct link_address *address)
{
	struct link_address *more =
		reallocarray(links->address, links->addresses + 1, sizeof(*more));

	if (more == NULL)
		return NULL;
	links->address = more;
	more[links->addresses] = *address;
	return &more[links->addresses++];
}

void links_free(struct links *links)
{
	free(links->link);
	free(links->address);
	memset(links, 0, sizeof(*links));
}

static void read_bridge(struct nlattr *data, struct bridge_state *bridge)
{
	struct nlattr *attrs[IFLA_BR_MAX + 1];

	if (data == NULL || nla_parse_nested(attrs, IFLA_BR_MAX, data, NULL) < 0)
		return;
	if (attrs[IFLA_BR_FORWARD_DELAY])
		bridge->forward_delay = nla_get_u32(attrs[IFLA_BR_FORWARD_DELAY]);
	if (attrs[IFLA_BR_STP_STATE])
		bridge->stp = nla_get_u32(attrs[IFLA_BR_STP_STATE]) != 0;
	if (attrs[IFLA_BR_VLAN_FILTERING])
		bridge->filtering = nla_get_u8(attrs[IFLA_BR_VLAN_FILTERING]);
	if (attrs[IFLA_BR_VLAN_DEFAULT_PVID])
		bridge->default_pvid = nla_get_u16(attrs[IFLA_BR_VLAN_DEFAULT_PVID]);
	if (attrs[IFLA_BR_BRIDGE_ID])
		nla_memcpy(bridge->id, attrs[IFLA_BR_BRIDGE_ID], sizeof(bridge->id));
}

static void read_vlan(struct nlattr *data, struct link *link)
{
	struct nlattr *attrs[IFLA_VLAN_MAX + 1];

	if (data == NULL || nla_parse_nested(attrs, IFLA_VLAN_MAX, data, NULL) < 0)
		return;
	if (attrs[IFLA_VLAN_ID])
		link->vlan = nla_get_u16(attrs[IFLA_VLAN_ID]);
}

static void read_kind(struct nlattr *info, struct link *link)
{
	struct nlattr *attrs[IFLA_INFO_MAX + 1];
	const char *kind;

	if (info == NULL || nla_parse_nested(attrs, IFLA_INFO_MAX, info, NULL) < 0 ||
		attrs[IFLA_INFO_KIND] == NULL)
		return;
	kind = nla_get_string(attrs[IFLA_INFO_KIND]);
	if (strcmp(kind, "bridge") == 0) {
		link->kind = LINK_BRIDGE;
		read_bridge(attrs[IFLA_INFO_DATA], &link->bridge);
	} else if (strcmp(kind, "vlan") == 0) {
		link->kind = LINK_VLAN;
		read_vlan(attrs[IFLA_INFO_DATA], link);
	} else if (strcmp(kind, "tun") == 0) {
		link->kind = LINK_TUN;
	} else if (strcmp(kind, "bond") == 0 || strcmp(kind, "team") == 0) {
		link->kind = LINK_CARD;
	}
}

static void read_addrgen(struct nlattr *families, struct link *link)
{
	struct nlattr *attrs[IFLA_INET6_MAX + 1], *family;

	link->addrgen = ADDRGEN_NO_IPV6;
	family = families ? nla_find(nla_data(families), nla_len(families), AF_INET6) : NULL;
	if (family == NULL || nla_parse_nested(attrs, IFLA_INET6_MAX, family, NULL) < 0)
		return;
	if (attrs[IFLA_INET6_ADDR_GEN_MODE])
		link->addrgen = nla_get_u8(attrs[IFLA_INET6_ADDR_GEN_MODE]);
}

static void read_promotes(struct nlattr *families, struct link *link)
{
	struct nlattr *family = families ? nla_find(nla_data(families), nla_len(families), AF_INET)
					 : NULL;
	struct nlattr *conf = family ? nla_find(nla_data(family), nla_len(family), IFLA_INET_CONF)
				     : NULL;
	uint32_t values[IPV4_DEVCONF_PROMOTE_SECONDARIES] = { 0 };

	if (conf)
		nla_memcpy(values, conf, sizeof(values));
	link->promotes = values[IPV4_DEVCONF_PROMOTE_SECONDARIES - 1]; /* its numbers begin at 1 */
}

static void read_counters(struct nlattr *attr, struct link_counters *counters)
{
	struct rtnl_link_stats64 stats = { 0 };

	if (attr == NULL)
		return;
	nla_memcpy(&stats, attr, sizeof(stats));
	counters->rx_packets = stats.rx_packets;
	counters->tx_packets = stats.tx_packets;
	counters->rx_bytes = stats.rx_bytes;
	counters->tx_bytes = stats.tx_bytes;
}

static int number(struct nlattr *attr)
{
	return attr ? (int)nla_get_u32(attr) : 0; /* link numbers and MTUs are positive ints */
}

static int read_link(const struct nlmsghdr *header, void *arg)
{
	/* libnl's accessors take no const; they only read. */
	struct nlmsghdr *message = (struct nlmsghdr *)header;
	struct ifinfomsg *info = nlmsg_data(message);
	struct nlattr *attrs[IFLA_MAX + 1];
	struct link link = { 0 };

	if (nlmsg_parse(message, sizeof(*info), attrs, IFLA_MAX, NULL) < 0 ||
		attrs[IFLA_IFNAME] == NULL)
		return -EPROTO;
	link.index = info->ifi_index;
	link.up = info->ifi_flags & IFF_UP;
	link.carrier = info->ifi_flags & IFF_LOWER_UP;
	nla_strlcpy(link.name, attrs[IFLA_IFNAME], sizeof(link.name));
	if (attrs[IFLA_IFALIAS])
		nla_strlcpy(link.alias, attrs[IFLA_IFALIAS], sizeof(link.alias));
	if (attrs[IFLA_ADDRESS] && nla_len(attrs[IFLA_ADDRESS]) == MAC_BYTES)
		nla_memcpy(link.mac, attrs[IFLA_ADDRESS], MAC_BYTES);
	link.master = number(attrs[IFLA_MASTER]);
	link.mtu = (uint32_t)number(attrs[IFLA_MTU]);
	if (attrs[IFLA_LINK_NETNSID] == NULL) /* elsewhere the number means another link */
		link.lower = number(attrs[IFLA_LINK]);
	if (attrs[IFLA_PARENT_DEV_BUS_NAME])
		link.kind = LINK_CARD;
	read_kind(attrs[IFLA_LINKINFO], &link);
	read_addrgen(attrs[IFLA_AF_SPEC], &link);
	read_promotes(attrs[IFLA_AF_SPEC], &link);
	read_counters(attrs[IFLA_STATS64], &link.counters);
	return links_add(arg, &link) ? 0 : -ENOMEM;
}

static void read_vlan_entry(
	const struct bridge_vlan_info *entry, uint16_t *begin, struct vlan_set *to)
{
	struct vlan_range range = {
		.first = entry->vid,
		.last = entry->vid,
		.pvid = entry->flags & BRIDGE_VLAN_INFO_PVID,
		.untagged = entry->flags & BRIDGE_VLAN_INFO_UNTAGGED,
	};

	if (entry->flags & BRIDGE_VLAN_INFO_RANGE_BEGIN) {
		*begin = entry->vid;
		return;
	}
	if (entry->flags & BRIDGE_VLAN_INFO_RANGE_END)
		range.first = *begin;
	if (range.first >= VLAN_FIRST && range.first <= range.last && range.last <= VLAN_LAST)
		vlan_set_add(to, range);
}

static int read_port_vlans(const struct nlmsghdr *header, void *arg)
{
	struct nlmsghdr *message = (struct nlmsghdr *)header; /* read only, as above */
	struct ifinfomsg *info = nlmsg_data(message);
	struct link *link = links_numbered(arg, info->ifi_index);
	struct nlattr *spec, *attr;
	uint16_t begin = 0;
	int left;

	spec = nlmsg_find_attr(message, sizeof(*info), IFLA_AF_SPEC);
	if (link == NULL || spec == NULL)
		return 0;
	nla_for_each_nested(attr, spec, left)
	{
		struct bridge_vlan_info entry;

		if (nla_type(attr) != IFLA_BRIDGE_VLAN_INFO)
			continue;
		nla_memcpy(&entry, attr, sizeof(entry));
		read_vlan_entry(&entry, &begin, &link->vlans);
	}
	return 0;
}

static int read_address(const struct nlmsghdr *header, void *arg)
{
	struct nlmsghdr *message = (struct nlmsghdr *)header; /* read only, as above */
	struct ifaddrmsg *info = nlmsg_data(message);
	struct nlattr *attrs[IFA_MAX + 1], *bytes;
	struct ifa_cacheinfo life = { 0 };
	struct link_address to = {
		.index = (int)info->ifa_index,
		.dynamic = !(info->ifa_flags & IFA_F_PERMANENT),
	};

	if (nlmsg_parse(message, sizeof(*info), attrs, IFA_MAX, NULL) < 0)
		return -EPROTO;
	bytes = attrs[IFA_LOCAL] ? attrs[IFA_LOCAL] : attrs[IFA_ADDRESS];
	if (bytes == NULL || (info->ifa_family != AF_INET && info->ifa_family != AF_INET6))
		return 0;
	to.address.family = info->ifa_family;
	to.address.prefix = info->ifa_prefixlen;
	nla_memcpy(to.address.bytes, bytes, sizeof(to.address.bytes));
	if (to.dynamic && attrs[IFA_CACHEINFO]) {
		nla_memcpy(&life, attrs[IFA_CACHEINFO], sizeof(life));
		to.address.valid = life.ifa_valid;
		to.address.preferred = life.ifa_prefered;
	}
	return links_add_address(arg, &to) ? 0 : -ENOMEM;
}

static int read_once(struct netlink *nl, struct links *links)
{
	struct ifinfomsg all = { .ifi_family = AF_UNSPEC }, ports = { .ifi_family = AF_BRIDGE };
	struct ifaddrmsg addresses = { .ifa_family = AF_UNSPEC };
	struct nl_msg *msg;
	int error;

	error = netlink_dump(
		nl, netlink_request(RTM_GETLINK, 0, &all, sizeof(all)), read_link, links);
	if (error)
		return error;
	msg = netlink_request(RTM_GETLINK, 0, &ports, sizeof(ports));
	if (msg)
		nla_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN_COMPRESSED);
	error = netlink_dump(nl, msg, read_port_vlans, links);
	if (error)
		return error;
	msg = netlink_request(RTM_GETADDR, 0, &addresses, sizeof(addresses));
	return netlink_dump(nl, msg, read_address, links);
}

int links_read(struct netlink *nl, struct links *links)
{
	int error = -EAGAIN;

	memset(links, 0, sizeof(*links));
	for (int tries = 0; error == -EAGAIN && tries < READ_TRIES; tries++) {
		links_free(links);
		error = read_once(nl, links);
	}
	return error;
}
