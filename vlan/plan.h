/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan: which bridge carries which VLAN of which trunk. The grammar is in vlanbr.plan(5):
 *
 *	BRIDGE TRUNK VLANS [ADDRESS... | none] [aware] [stp=on|off] [fd=SECONDS] [mtu=BYTES]
 *	[device=NAME]
 */
#ifndef VLAN_PLAN_H
#define VLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <net/if.h>

#include "bridge/address.h"
#include "bridge/vlanset.h"
#include "vlan/complaint.h"

#define PLAN_FILE "/etc/xenback/vlanbr.plan"
#define PLAN_ADDRESSES 8
#define PLAN_LINE_BYTES 32768	/* more than the longest line that plan_format() writes */
#define PLAN_FD_STP 15		/* seconds, with STP and no fd=: the kernel's own */

/* What the plan says about Dom0's addresses on a bridge. */
enum plan_addressing {
	ADDRESSES_LEFT,		/* nothing: they are somebody else's, DHCP's for instance */
	ADDRESSES_NONE,		/* a pure switch: no address, no IPv6 link-local either */
	/* Of the families given exactly these, beside link-local ones and those with a lifetime. */
	ADDRESSES_GIVEN,
};

struct plan_bridge {
	unsigned int line;
	char name[IF_NAMESIZE];
	char trunk[IF_NAMESIZE];	/* "": none */
	char port[IF_NAMESIZE];		/* "": none; the trunk itself where vlan is 0 */
	uint16_t vlan;			/* port is a VLAN device of this id; 0: it is the trunk */
	bool aware;			/* a VLAN-aware bridge: the trunk carries `vlans` tagged */
	bool stp;
	unsigned int fd;		/* forward delay, seconds */
	uint32_t mtu;			/* bytes; 0: nothing said */
	enum plan_addressing addressing;
	unsigned int addresses;
	struct address address[PLAN_ADDRESSES];
	struct vlan_set vlans;		/* aware: what the trunk carries; otherwise empty */
};

struct plan {
	struct plan_bridge *bridge;
	size_t count;
};

/*
 * Reads a plan's text, which need not end in a newline or 0. The caller frees with plan_free(),
 * also after an error.
 * -EINVAL	the complaint says what is wrong, and in which line
 * -ENOMEM	no memory; the complaint says so
 */
int plan_parse(const char *text, size_t bytes, struct plan *plan, struct complaint *why);

void plan_free(struct plan *plan);

/* The bridge of that name, or NULL. */
const struct plan_bridge *plan_named(const struct plan *plan, const char *name);

/* A bridge that has that name, trunk or port; or NULL. */
const struct plan_bridge *plan_using(const struct plan *plan, const char *link);

/*
 * Adds one bridge behind the others.
 * -EINVAL	it does not go together with one of them: the complaint says why
 * -ENOMEM	no memory; the complaint says so
 */
int plan_add(struct plan *plan, const struct plan_bridge *bridge, struct complaint *why);

/* Writes the line of one bridge as plan_parse() reads it, without a newline. */
void plan_format(const struct plan_bridge *bridge, char *text, size_t bytes);

/* Whether it can be a link's name: 1 to 15 bytes, no '/', ':', '%', '*', blank; not . or .. */
bool link_name_valid(const char *name);

/* Copies a valid name; returns false for any other. */
bool link_name_copy(char to[IF_NAMESIZE], const char *name);

#endif
