/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A system made by hand, in memory, and the differ over it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/vlan_world.h"

struct links sys;
struct plan plan;
struct diff diff;
struct complaint why;

struct link *add(const char *name, enum link_kind kind)
{
	struct link link = { .kind = kind, .mtu = 1500 };

	for (size_t i = 0; i < sys.count; i++)
		link.index = sys.link[i].index > link.index ? sys.link[i].index : link.index;
	link.index++;
	snprintf(link.name, sizeof(link.name), "%s", name);
	return links_add(&sys, &link);
}

int index_of(const char *name)
{
	return links_named(&sys, name)->index;
}

void add_vlan(const char *name, const char *trunk, uint16_t vlan)
{
	int lower = index_of(trunk);
	struct link *link = add(name, LINK_VLAN);

	link->lower = lower;
	link->vlan = vlan;
}

void enslave(const char *port, const char *bridge)
{
	struct op op = { .kind = OP_ENSLAVE };

	strcpy(op.name, port);
	strcpy(op.peer, bridge);
	assert_int_equal(op_model(&op, &sys), 0);
}

void add_address(const char *link, const char *text, bool dynamic)
{
	struct link_address address = { .index = index_of(link), .dynamic = dynamic };

	assert_int_equal(address_parse(text, &address.address), 0);
	address.address.valid = address.address.preferred = dynamic ? 600 : 0;
	links_add_address(&sys, &address);
}

int system_new(void **state)
{
	add("lo", LINK_OTHER)->up = true;
	add("eth0", LINK_OTHER);
	add("eth1", LINK_OTHER);
	return 0;
}

void forget(void)
{
	plan_free(&plan);
	diff_free(&diff);
	memset(&why, 0, sizeof(why));
}

int system_end(void **state)
{
	forget();
	links_free(&sys);
	return 0;
}

int compare(const char *text)
{
	forget();
	if (plan_parse(text, strlen(text), &plan, &why))
		fail_msg("%u: %s", why.line, why.text);
	return diff_make(&plan, &sys, MARK, NULL, &diff, &why);
}

void carry_out(void)
{
	for (size_t i = 0; i < diff.count; i++) {
		struct link *link;

		assert_int_equal(op_model(&diff.op[i], &sys), 0);
		link = links_named(&sys, diff.op[i].name);
		if (link && diff.op[i].kind == OP_SET_MARK)
			snprintf(link->alias, sizeof(link->alias), "%s", diff.op[i].to ? MARK : "");
	}
}
