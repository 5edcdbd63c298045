/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Routes are kept as the kernel's messages and given back as they are, as `ip route save` and
 * `restore` do, so that tables, metrics and what later kernels add need not be known here. Trusts
 * the kernel.
 */
#include "bridge/route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#define READ_TRIES 5

struct reading {
	struct routes *routes;
	const char *link;
	int index;
};

/* Whether one of several next hops leads through link `from`, which becomes `to`. */
static bool hops_through(struct nlattr *attr, int from, int to)
{
	struct rtnexthop *hop = nla_data(attr);
	int left = nla_len(attr);
	bool found = false;

	while (left >= (int)sizeof(*hop) && RTNH_OK(hop, left)) {
		found = found || hop->rtnh_ifindex == from;
		if (hop->rtnh_ifindex == from)
			hop->rtnh_ifindex = to;
		hop->rtnh_flags &= RTNH_F_ONLINK; /* the others are states */
		left -= (int)RTNH_ALIGN(hop->rtnh_len);
		hop = RTNH_NEXT(hop);
	}
	return found;
}

/* Whether the route leads through link `from`, which becomes `to`. */
static bool route_through(struct nlattr *attrs[RTA_MAX + 1], int from, int to)
{
	if (attrs[RTA_MULTIPATH])
		return hops_through(attrs[RTA_MULTIPATH], from, to);
	if (attrs[RTA_OIF] == NULL || nla_get_u32(attrs[RTA_OIF]) != (uint32_t)from)
		return false;
	memcpy(nla_data(attrs[RTA_OIF]), &to, sizeof(to));
	return true;
}

static bool kernels_own(const struct rtmsg *info)
{
	return info->rtm_protocol == RTPROT_KERNEL || info->rtm_protocol == RTPROT_RA ||
		info->rtm_protocol == RTPROT_REDIRECT || info->rtm_flags & RTM_F_CLONED;
}

/* Made again while it is still there, it would stay for ever. */
static bool expires(struct nlattr *attr)
{
	struct rta_cacheinfo info = { 0 };

	if (attr)
		nla_memcpy(&info, attr, sizeof(info));
	return info.rta_expires != 0;
}

static int route_keep(const struct reading *reading, struct nlmsghdr *message, bool last)
{
	struct routes *routes = reading->routes;
	struct route route = { .index = reading->index, .message = malloc(message->nlmsg_len) };
	struct route *more = reallocarray(routes->route, routes->count + 1, sizeof(*more));

	if (more)
		routes->route = more;
	if (more == NULL || route.message == NULL) {
		free(route.message);
		return -ENOMEM;
	}
	memcpy(route.message, message, message->nlmsg_len);
	snprintf(route.link, sizeof(route.link), "%s", reading->link);
	if (last) {
		more[routes->count] = route;
	} else {
		memmove(more + 1, more, routes->count * sizeof(*more));
		more[0] = route;
	}
	routes->count++;
	return 0;
}

static int read_route(const struct nlmsghdr *header, void *arg)
{
	struct nlmsghdr *message = (struct nlmsghdr *)header; /* libnl's own copy, ours to change */
	struct rtmsg *info = nlmsg_data(message);
	const struct reading *reading = arg;
	struct nlattr *attrs[RTA_MAX + 1];

	if (info->rtm_family != AF_INET && info->rtm_family != AF_INET6)
		return 0;
	if (nlmsg_parse(message, sizeof(*info), attrs, RTA_MAX, NULL) < 0)
		return -EPROTO;
	if (kernels_own(info) || attrs[RTA_NH_ID] || expires(attrs[RTA_CACHEINFO]) ||
		!route_through(attrs, reading->index, reading->index))
		return 0;
	return route_keep(reading, message,
		attrs[RTA_GATEWAY] || attrs[RTA_VIA] || attrs[RTA_MULTIPATH]);
}

/* Takes away again what a dump that has to be repeated has left. */
static void routes_cut(struct routes *routes, const char *link)
{
	size_t keep = 0;

	for (size_t i = 0; i < routes->count; i++) {
		if (strcmp(routes->route[i].link, link))
			routes->route[keep++] = routes->route[i];
		else
			free(routes->route[i].message);
	}
	routes->count = keep;
}

int routes_read(struct netlink *nl, const char *link, struct routes *routes)
{
	struct reading reading = { routes, link, link_index(link) };
	struct rtmsg all = { .rtm_family = AF_UNSPEC };
	int error = -EAGAIN;

	if (reading.index < 0)
		return netlink_refuse(nl, reading.index);
	for (int tries = 0; error == -EAGAIN && tries < READ_TRIES; tries++) {
		routes_cut(routes, link);
		error = netlink_dump(nl, netlink_request(RTM_GETROUTE, 0, &all, sizeof(all)),
			read_route, &reading);
	}
	return error;
}

void routes_free(struct routes *routes)
{
	for (size_t i = 0; i < routes->count; i++)
		free(routes->route[i].message);
	free(routes->route);
	memset(routes, 0, sizeof(*routes));
}

static int route_ask(struct netlink *nl, const struct route *route, int index, bool source)
{
	struct rtmsg *info = nlmsg_data(route->message);
	struct nlattr *attrs[RTA_MAX + 1];
	struct nl_msg *msg;

	info->rtm_flags &= RTNH_F_ONLINK; /* the others are states */
	/* Beside others to the same destination, if there were others. */
	msg = netlink_request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_APPEND, info,
		(size_t)nlmsg_datalen(route->message));
	if (msg && nlmsg_parse(nlmsg_hdr(msg), sizeof(*info), attrs, RTA_MAX, NULL) == 0) {
		route_through(attrs, route->index, index);
		if (attrs[RTA_PREFSRC] && !source)
			attrs[RTA_PREFSRC]->nla_type = RTA_UNSPEC; /* which nobody reads */
	}
	return netlink_ask(nl, msg);
}

int route_restore(struct netlink *nl, const struct route *route)
{
	int error, index = link_index(route->link);

	if (index < 0)
		return netlink_refuse(nl, index);
	error = route_ask(nl, route, index, true);
	/* Where it said an address to send from that has gone, any is better than none. */
	if (error && error != -EEXIST)
		error = route_ask(nl, route, index, false);
	return error == -EEXIST ? 0 : error;
}

void route_format(const struct route *route, char text[ROUTE_TEXT])
{
	const struct rtmsg *info = nlmsg_data(route->message);
	char to[INET6_ADDRSTRLEN + 4] = "default", via[INET6_ADDRSTRLEN] = "";
	struct nlattr *attrs[RTA_MAX + 1];

	text[0] = 0;
	if (nlmsg_parse(route->message, sizeof(*info), attrs, RTA_MAX, NULL) < 0)
		return;
	if (attrs[RTA_DST]) {
		inet_ntop(info->rtm_family, nla_data(attrs[RTA_DST]), to, INET6_ADDRSTRLEN);
		snprintf(to + strlen(to), sizeof(to) - strlen(to), "/%u", info->rtm_dst_len);
	}
	if (attrs[RTA_GATEWAY])
		inet_ntop(info->rtm_family, nla_data(attrs[RTA_GATEWAY]), via, sizeof(via));
	snprintf(text, ROUTE_TEXT, "%s%s%s of %s", to, via[0] ? " via " : "", via, route->link);
}
