/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/unit/vlan_world.o vlan/diff.o vlan/making.o vlan/pvid.o vlan/leftover.o vlan/op.o vlan/plan.o vlan/rules.o vlan/format.o vlan/spec.o vlan/complaint.o bridge/vlanset.o bridge/address.o bridge/links.o bridge/netlink.o */
/* libs: -lnl-route-3 -lnl-3 */
/*
 * Taking back: the inverses of the differ's operations, the last first, bring the old system back;
 * and, for many random systems, nothing is left to do after the operations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/vlan_world.h"

static void random_plan(char *text, size_t bytes)
{
	static const char *const ends[] = { "", " none", " 10.0.0.1/8", " stp=on", " fd=7 none",
		" mtu=1400", " mtu=9000" };
	static const char *const aware[] = { "2-20", "1p/5-9", "7p/2-9/30u" };
	size_t used = 0;

	text[0] = 0;
	for (int i = 0; i < 4; i++) {
		const char *end = ends[(size_t)rand() % 7];

		if (i == 3)
			used += (size_t)snprintf(text + used, bytes - used, "x eth1 %s aware%s\n",
				aware[(size_t)rand() % 3], rand() % 2 ? " none" : " fd=3");
		else if (rand() % 4)
			used += (size_t)snprintf(text + used, bytes - used, "b%d eth0 %d%s\n", i,
				5 * (rand() % 3) + i + 1, strchr(end, '/') && i ? "" : end);
	}
}

static void random_port(const char *name, enum link_kind kind)
{
	static const char *const bridges[] = { "b0", "b1", "b2", "x", "other" };
	const char *bridge = bridges[(size_t)rand() % 5];

	if (rand() % 2 && links_named(&sys, name) == NULL)
		add(name, kind);
	if (rand() % 2 && links_named(&sys, name) && links_named(&sys, bridge))
		enslave(name, bridge);
}

/* VLANs that somebody gave by hand, or vlanbr attach to a guest. */
static void random_vlans(const char *name)
{
	static const struct vlan_range ranges[] = { { 1, 1, true, true }, { 1, 1, false, false },
		{ 2, 7, false, false }, { 7, 7, true, true }, { 7, 7, false, true },
		{ 30, 30, true, true } };
	struct link *link = links_named(&sys, name);

	if (link == NULL || (link->master == 0 && link->kind != LINK_BRIDGE) || rand() % 2)
		return;
	if (rand() % 2)
		memset(&link->vlans, 0, sizeof(link->vlans));
	for (int i = 0; i < 2; i++)
		vlan_set_add(&link->vlans, ranges[(size_t)rand() % 6]);
}

static void random_disturbance(void)
{
	static const char *const names[] = { "vif1.0", "vif2.0", "eth0.6", "eth1", "x",
		"b1" };

	if (links_named(&sys, "other") == NULL)
		add("other", LINK_BRIDGE)->bridge.default_pvid = 1;
	random_port("vif1.0", LINK_OTHER);
	random_port("vif2.0", LINK_TUN);
	random_port("eth0.6", LINK_OTHER);
	if (links_named(&sys, "eth0.6") && links_named(&sys, "eth0.6")->kind == LINK_OTHER) {
		links_named(&sys, "eth0.6")->kind = LINK_VLAN;
		links_named(&sys, "eth0.6")->vlan = 6;
		links_named(&sys, "eth0.6")->lower = index_of("eth0");
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		random_vlans(names[i]);
	if (links_named(&sys, "b1") && rand() % 2)
		add_address("b1", rand() % 2 ? "172.16.0.1/16" : "2001:db8::7/64", false);
}

static const struct link *named(const struct links *links, int index)
{
	return index ? links_numbered(links, index) : NULL;
}

/*
 * Compares what matters of two pictures: numbers may differ, names and values not. A bridge's MTU
 * goes back by itself where it follows that of the ports.
 */
static void assert_same_system(const struct links *a, const struct links *b)
{
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->addresses, b->addresses);
	for (size_t i = 0; i < a->count; i++) {
		const struct link *one = &a->link[i], *two = links_named(b, one->name);
		const struct link *master, *other;

		assert_non_null(two);
		assert_int_equal(one->kind, two->kind);
		assert_string_equal(one->alias, two->alias);
		assert_int_equal(one->up, two->up);
		assert_int_equal(one->vlan, two->vlan);
		if (one->kind != LINK_BRIDGE)
			assert_int_equal(one->mtu, two->mtu);
		assert_int_equal(one->addrgen, two->addrgen);
		assert_int_equal(one->bridge.stp, two->bridge.stp);
		assert_int_equal(one->bridge.forward_delay, two->bridge.forward_delay);
		assert_int_equal(one->bridge.filtering, two->bridge.filtering);
		assert_int_equal(one->bridge.default_pvid, two->bridge.default_pvid);
		assert_memory_equal(&one->vlans, &two->vlans, sizeof(one->vlans));
		master = named(a, one->master);
		other = named(b, two->master);
		assert_int_equal(master != NULL, other != NULL);
		if (master)
			assert_string_equal(master->name, other->name);
	}
}

static void copy_system(struct links *to)
{
	memset(to, 0, sizeof(*to));
	for (size_t i = 0; i < sys.count; i++)
		links_add(to, &sys.link[i]);
	for (size_t i = 0; i < sys.addresses; i++)
		links_add_address(to, &sys.address[i]);
}

static void take_back(void)
{
	for (size_t i = diff.count; i-- > 0;) {
		struct op inverse = op_inverse(&diff.op[i]);
		struct link *link;

		assert_int_equal(op_model(&inverse, &sys), 0);
		link = links_named(&sys, inverse.name);
		if (link && inverse.kind == OP_SET_MARK)
			snprintf(link->alias, sizeof(link->alias), "%s", inverse.to ? MARK : "");
	}
}

static void give(const char *name, uint16_t vlan, bool pvid)
{
	vlan_set_add(&links_named(&sys, name)->vlans,
		(struct vlan_range){ vlan, vlan, pvid, pvid });
}

static void assert_undone(const char *text)
{
	struct links before;

	copy_system(&before);
	assert_int_equal(compare(text), 0);
	assert_true(diff.count);
	carry_out();
	take_back();
	assert_same_system(&before, &sys);
	links_free(&before);
}

static void a_port_that_comes_back_is_in_its_own_vlans_only(void **state)
{
	compare("x eth1 1p/54 aware");
	carry_out();
	add("vif1.0", LINK_TUN);
	enslave("vif1.0", "x");
	memset(&links_named(&sys, "vif1.0")->vlans, 0, sizeof(struct vlan_set));
	give("vif1.0", 54, true);
	assert_undone("");
	assert_undone("y eth1 1p/54 aware");
}

static void a_change_of_the_untagged_vlan_leaves_no_trace_when_it_is_taken_back(void **state)
{
	compare("x eth1 50-53 aware");
	carry_out();
	add("vif1.0", LINK_TUN);
	add("vif2.0", LINK_TUN);
	enslave("vif1.0", "x");
	enslave("vif2.0", "x");
	give("vif1.0", 53, true);
	give("vif2.0", 50, true);
	give("x", 53, true); /* Dom0's own */
	assert_undone("x eth1 50-52/53p aware");
	assert_undone("x eth1 50-51/52p/53 aware");
}

/* The kernel would make 53 the PVID of a port that is in 50 only. */
static void a_guest_keeps_its_vlan_as_others_get_one(void **state)
{
	struct vlan_set old;

	compare("x eth1 50-53 aware");
	carry_out();
	add("vif2.0", LINK_TUN);
	enslave("vif2.0", "x");
	give("vif2.0", 50, true);
	old = links_named(&sys, "vif2.0")->vlans;
	compare("x eth1 50-52/53p aware");
	for (size_t i = 0; i < diff.count; i++) {
		const struct vlan_set *now = &links_named(&sys, "vif2.0")->vlans;

		op_model(&diff.op[i], &sys);
		assert_int_equal(now->pvid, 50);
		assert_string_equal(diff.op[i].harm, "");
	}
	assert_memory_equal(&links_named(&sys, "vif2.0")->vlans, &old, sizeof(old));
	assert_int_equal(links_named(&sys, "x")->vlans.pvid, 53);
}

static void after_any_diff_nothing_is_left_and_its_inverse_brings_all_back(void **state)
{
	int changed = 0;

	srand(7);
	for (int round = 0; round < 3000; round++) {
		struct links before;
		char text[512];

		if (round % 10 == 0) {
			links_free(&sys);
			system_new(NULL);
		}
		random_disturbance();
		random_plan(text, sizeof(text));
		if (compare(text))
			fail_msg("%s%u: %s", text, why.line, why.text);
		copy_system(&before);
		carry_out();
		changed += diff.count > 0;
		if (rand() % 2) {
			take_back();
			assert_same_system(&before, &sys);
		}
		links_free(&before);
		compare(text);
		carry_out();
		compare(text);
		if (diff.count)
			fail_msg("%s still %s", text, diff.op[0].name);
	}
	assert_true(changed > 2000);
}

#define with_system(test) cmocka_unit_test_setup_teardown(test, system_new, system_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_system(a_port_that_comes_back_is_in_its_own_vlans_only),
		with_system(a_change_of_the_untagged_vlan_leaves_no_trace_when_it_is_taken_back),
		with_system(a_guest_keeps_its_vlan_as_others_get_one),
		with_system(after_any_diff_nothing_is_left_and_its_inverse_brings_all_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
