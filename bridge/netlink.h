/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One rtnetlink socket and what the kernel last said on it. Every function of this room that asks
 * the kernel for something takes a struct netlink and returns 0 or the kernel's -errno, with the
 * kernel's own sentence, where it gave one, in netlink_said().
 */
#ifndef BRIDGE_NETLINK_H
#define BRIDGE_NETLINK_H

#include <stddef.h>

struct nl_sock;
struct nl_msg;
struct nlmsghdr;

#define NETLINK_SAID_BYTES 128

struct netlink {
	struct nl_sock *sock;
	int error;			/* -errno of the last answer */
	char said[NETLINK_SAID_BYTES];	/* the kernel's extended acknowledgement, or "" */
};

/*
 * Opens the socket, in the network namespace of the caller.
 * -ENOMEM	no memory
 * -EPROTONOSUPPORT	no rtnetlink in this kernel
 */
int netlink_open(struct netlink *nl);

void netlink_close(struct netlink *nl);

/* Why the last call failed: the kernel's sentence, or the text of its errno. */
const char *netlink_said(const struct netlink *nl);

/*
 * Sends a request and waits for its acknowledgement. Takes msg over; NULL gives -ENOMEM, so that a
 * builder's result can be passed on as it is. Otherwise the kernel's -errno, or -EIO.
 */
int netlink_ask(struct netlink *nl, struct nl_msg *msg);

/* Called for each message of a dump; the message is only valid during the call. 0 or -errno. */
typedef int (*netlink_visit)(const struct nlmsghdr *header, void *arg);

/*
 * Sends a dump request (NLM_F_DUMP is set here) and visits each answer. Takes msg over.
 * -EAGAIN	the table changed under the dump: ask again
 * Otherwise what visit returned, or the kernel's -errno.
 */
int netlink_dump(struct netlink *nl, struct nl_msg *msg, netlink_visit visit, void *arg);

/* Records an error found before the kernel was asked, for netlink_said(). Returns it. */
int netlink_refuse(struct netlink *nl, int error);

/* A request of that rtnetlink type with `bytes` of fixed header, or NULL without memory. */
struct nl_msg *netlink_request(int type, int flags, const void *header, size_t bytes);

/*
 * A request of type RTM_SETLINK, RTM_NEWLINK or RTM_DELLINK about an existing link, that sets those
 * of its IFF_ flags that are in `change`, ready for attributes. NULL: the error is in nl->error.
 */
struct nl_msg *link_request(struct netlink *nl, int type, const char *name, unsigned int flags,
	unsigned int change);

/* The number of a link, or -ENODEV. */
int link_index(const char *name);

#endif
