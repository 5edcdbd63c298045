/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forwarding databases of all bridges, in one dump. Trusts the kernel. */
#include "bridge/bridge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

static int read_entry(const struct nlmsghdr *header, void *arg)
{
	struct nlmsghdr *message = (struct nlmsghdr *)header; /* libnl only reads it */
	struct ndmsg *info = nlmsg_data(message);
	struct nlattr *attrs[NDA_MAX + 1];
	struct fdb_entry entry = { 0 }, *more;
	struct fdb *fdb = arg;

	if (nlmsg_parse(message, sizeof(*info), attrs, NDA_MAX, NULL) < 0)
		return -EPROTO;
	/* Without a master it is an address filter of the device, not a bridge's entry. */
	if (attrs[NDA_MASTER] == NULL || attrs[NDA_LLADDR] == NULL)
		return 0;
	entry.port = info->ndm_ifindex;
	entry.permanent = info->ndm_state & NUD_PERMANENT;
	nla_memcpy(entry.mac, attrs[NDA_LLADDR], MAC_BYTES);
	if (attrs[NDA_VLAN])
		entry.vlan = nla_get_u16(attrs[NDA_VLAN]);
	more = reallocarray(fdb->entry, fdb->count + 1, sizeof(*more));
	if (more == NULL)
		return -ENOMEM;
	fdb->entry = more;
	fdb->entry[fdb->count++] = entry;
	return 0;
}

int fdb_read(struct netlink *nl, struct fdb *fdb)
{
	/* A dump by ndmsg header is what the kernel calls valid for AF_BRIDGE. */
	struct ndmsg all = { .ndm_family = AF_BRIDGE };

	memset(fdb, 0, sizeof(*fdb));
	return netlink_dump(
		nl, netlink_request(RTM_GETNEIGH, 0, &all, sizeof(all)), read_entry, fdb);
}

void fdb_free(struct fdb *fdb)
{
	free(fdb->entry);
	memset(fdb, 0, sizeof(*fdb));
}
