/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Talking to the kernel's routing socket through libnl. libnl folds errnos together and drops the
 * kernel's extended acknowledgement; both are what an administrator needs, so the error callback
 * here keeps them. Trusts the kernel's messages as far as libnl's parser has checked them.
 */
#include "bridge/netlink.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

struct visit {
	netlink_visit call;
	void *arg;
	int error;
};

static void said_keep(struct netlink *nl, struct nlmsgerr *answer)
{
	/* libnl hands over the payload; its header, which has the flags, is just before it. */
	struct nlmsghdr *header = (struct nlmsghdr *)((char *)answer - NLMSG_HDRLEN);
	struct nlattr *attrs[NLMSGERR_ATTR_MAX + 1];
	size_t skip = sizeof(*answer);

	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(header->nlmsg_flags & NLM_F_CAPPED))
		skip += answer->msg.nlmsg_len - NLMSG_HDRLEN;
	if (nlmsg_parse(header, (int)skip, attrs, NLMSGERR_ATTR_MAX, NULL) < 0)
		return;
	if (attrs[NLMSGERR_ATTR_MSG])
		nla_strlcpy(nl->said, attrs[NLMSGERR_ATTR_MSG], sizeof(nl->said));
}

static int error_keep(struct sockaddr_nl *from, struct nlmsgerr *answer, void *arg)
{
	struct netlink *nl = arg;

	nl->error = answer->error;
	said_keep(nl, answer);
	return NL_STOP;
}

int netlink_open(struct netlink *nl)
{
	int one = 1;

	memset(nl, 0, sizeof(*nl));
	nl->sock = nl_socket_alloc();
	if (nl->sock == NULL)
		return -ENOMEM;
	if (nl_connect(nl->sock, NETLINK_ROUTE) < 0) {
		netlink_close(nl);
		return -EPROTONOSUPPORT;
	}
	/* Without these two a kernel before 4.12 says less; nothing else changes. */
	setsockopt(nl_socket_get_fd(nl->sock), SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(nl_socket_get_fd(nl->sock), SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	nl_socket_modify_err_cb(nl->sock, NL_CB_CUSTOM, error_keep, nl);
	return 0;
}

void netlink_close(struct netlink *nl)
{
	nl_socket_free(nl->sock);
	nl->sock = NULL;
}

const char *netlink_said(const struct netlink *nl)
{
	return nl->said[0] ? nl->said : strerror(-nl->error);
}

int netlink_refuse(struct netlink *nl, int error)
{
	nl->said[0] = 0;
	nl->error = error;
	return error;
}

static int send_request(struct netlink *nl, struct nl_msg *msg)
{
	int sent;

	nl->error = 0;
	nl->said[0] = 0;
	if (msg == NULL)
		return netlink_refuse(nl, -ENOMEM);
	sent = nl_send_auto(nl->sock, msg);
	nlmsg_free(msg);
	return sent < 0 ? netlink_refuse(nl, -EIO) : 0;
}

int netlink_ask(struct netlink *nl, struct nl_msg *msg)
{
	int error = send_request(nl, msg);

	if (error)
		return error;
	error = nl_wait_for_ack(nl->sock);
	if (nl->error)
		return nl->error;
	return error < 0 ? netlink_refuse(nl, -EIO) : 0;
}

static int visit_one(struct nl_msg *msg, void *arg)
{
	struct visit *visit = arg;

	if (visit->error == 0)
		visit->error = visit->call(nlmsg_hdr(msg), visit->arg);
	return NL_OK;
}

int netlink_dump(struct netlink *nl, struct nl_msg *msg, netlink_visit call, void *arg)
{
	struct visit visit = { .call = call, .arg = arg };
	int error;

	if (msg)
		nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_DUMP;
	nl_socket_modify_cb(nl->sock, NL_CB_VALID, NL_CB_CUSTOM, visit_one, &visit);
	error = send_request(nl, msg);
	if (error == 0) {
		error = nl_recvmsgs_default(nl->sock);
		if (nl->error)
			error = nl->error;
		else if (error == -NLE_DUMP_INTR)
			error = netlink_refuse(nl, -EAGAIN);
		else if (error < 0)
			error = netlink_refuse(nl, -EIO);
	}
	nl_socket_modify_cb(nl->sock, NL_CB_VALID, NL_CB_DEFAULT, NULL, NULL);
	return error < 0 || visit.error == 0 ? error : netlink_refuse(nl, visit.error);
}

struct nl_msg *netlink_request(int type, int flags, const void *header, size_t bytes)
{
	struct nl_msg *msg = nlmsg_alloc_simple(type, flags);

	/* libnl does not write to what it appends; its parameter only lacks the const. */
	if (msg && nlmsg_append(msg, (void *)header, bytes, NLMSG_ALIGNTO) < 0) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

struct nl_msg *link_request(
	struct netlink *nl, int type, const char *name, unsigned int flags, unsigned int change)
{
	struct ifinfomsg info = { .ifi_flags = flags, .ifi_change = change };
	struct nl_msg *msg;

	info.ifi_index = link_index(name);
	if (info.ifi_index < 0) {
		netlink_refuse(nl, info.ifi_index);
		return NULL;
	}
	msg = netlink_request(type, 0, &info, sizeof(info));
	if (msg == NULL)
		netlink_refuse(nl, -ENOMEM);
	return msg;
}

int link_index(const char *name)
{
	unsigned int index = if_nametoindex(name);

	return index ? (int)index : -ENODEV;
}
