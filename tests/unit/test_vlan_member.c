/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: vlan/member.o vlan/making.o vlan/pvid.o vlan/op.o vlan/plan.o vlan/rules.o vlan/format.o vlan/spec.o vlan/complaint.o bridge/vlanset.o bridge/address.o bridge/links.o bridge/netlink.o */
/* libs: -lnl-route-3 -lnl-3 */
/* A vif's bridge= and vlan=: which bridge and VLANs they mean, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "vlan/member.h"
#include "vlan/spec.h"

static struct links sys;
static struct plan plan;

static const char plan_text[] = "br53 eth0 53 none\n"
				"lan none none\n"
				"xenbr0 eth1 1p/2-100 aware\n"
				"strict eth2 2-100 aware\n";

static struct link *add(const char *name, enum link_kind kind)
{
	struct link link = { .index = (int)sys.count + 1, .kind = kind, .mtu = 1500 };

	snprintf(link.name, sizeof(link.name), "%s", name);
	return links_add(&sys, &link);
}

static int setup(void **state)
{
	struct complaint why;

	add("vif5.0", LINK_TUN)->up = true;
	add("plain", LINK_BRIDGE)->bridge.default_pvid = 1;
	add("mine", LINK_BRIDGE)->bridge =
		(struct bridge_state){ .filtering = true, .default_pvid = 7 };
	add("closed", LINK_BRIDGE)->bridge = (struct bridge_state){ .filtering = true };
	add("xenbr0.9", LINK_VLAN);
	add("dotted.5", LINK_BRIDGE);
	return plan_parse(plan_text, strlen(plan_text), &plan, &why);
}

static int teardown(void **state)
{
	links_free(&sys);
	plan_free(&plan);
	return 0;
}

static void assert_member(const char *bridge, const char *vlan, const char *name, const char *vlans)
{
	struct member member;
	struct complaint why;
	char text[VLAN_SPEC_TEXT];

	if (member_resolve(&plan, &sys, bridge, vlan, &member, &why))
		fail_msg("bridge=%s vlan=%s: %s", bridge, vlan ? vlan : "", why.text);
	assert_string_equal(member.bridge, name);
	vlan_list_format(&member.vlans, text, sizeof(text));
	assert_string_equal(member.aware ? text : "plain", vlans);
	assert_ptr_equal(member.planned, plan_named(&plan, name));
}

static void assert_refused(const char *bridge, const char *vlan, const char *words)
{
	struct member member;
	struct complaint why = { 0 };

	assert_int_not_equal(member_resolve(&plan, &sys, bridge, vlan, &member, &why), 0);
	if (strstr(why.text, words) == NULL || why.line)
		fail_msg("bridge=%s vlan=%s: %s", bridge, vlan ? vlan : "", why.text);
}

static void a_bridge_per_vlan_needs_no_vlan(void **state)
{
	assert_member("br53", NULL, "br53", "plain");
	assert_member("br53", "", "br53", "plain");
	assert_member("lan", NULL, "lan", "plain");
	assert_member("plain", NULL, "plain", "plain");
}

static void a_bridge_per_vlan_takes_only_its_own_vlan(void **state)
{
	assert_member("br53", "53", "br53", "plain");
	assert_member("br53", "53p", "br53", "plain");
	assert_refused("br53", "54", "vlan=54 on br53, which carries VLAN 53 only");
	assert_refused("br53", "53p/54", "which carries VLAN 53 only");
	assert_refused("lan", "53", "vlan=53 on lan, which is not VLAN-aware");
	assert_refused("plain", "1", "vlan=1 on plain, which is not VLAN-aware");
}

static void an_aware_bridge_takes_the_vlans_from_the_key(void **state)
{
	assert_member("xenbr0", "53", "xenbr0", "53p");
	assert_member("xenbr0", "10p/20/30-32", "xenbr0", "10p/20/30-32");
	assert_member("xenbr0", "10p/20u", "xenbr0", "10p/20u");
	assert_member("mine", "4000", "mine", "4000p");
}

static void an_aware_bridge_takes_the_vlan_from_the_bridges_name(void **state)
{
	assert_member("xenbr0.53", NULL, "xenbr0", "53p");
	assert_member("xenbr0.53", "53", "xenbr0", "53p");
	assert_member("mine.4000", NULL, "mine", "4000p");
	assert_refused("xenbr0.53", "54", "say different things");
	assert_refused("xenbr0.53", "53p/54", "say different things");
}

static void a_device_of_that_name_that_is_no_bridge_does_not_matter(void **state)
{
	assert_member("xenbr0.9", NULL, "xenbr0", "9p");
	assert_member("dotted.5", NULL, "dotted.5", "plain");
}

static void without_words_a_vif_gets_the_vlan_of_new_ports(void **state)
{
	assert_member("xenbr0", NULL, "xenbr0", "1p");
	assert_member("mine", NULL, "mine", "7p");
	assert_refused("strict", NULL, "say vlan=N or bridge=strict.N");
	assert_refused("closed", NULL, "say vlan=N or bridge=closed.N");
}

static void vlans_that_the_plan_does_not_carry_are_refused(void **state)
{
	assert_refused("xenbr0", "101",
		"VLAN 101 is not among those that xenbr0 carries (line 3 of the plan)");
	assert_refused("xenbr0", "10p/90+10x3", "VLAN 110 is not among");
	assert_refused("strict.1", NULL, "VLAN 1 is not among");
}

static void a_bridge_that_is_not_as_the_plan_has_it_is_refused(void **state)
{
	add("xenbr0", LINK_BRIDGE);
	add("br53", LINK_BRIDGE)->bridge = (struct bridge_state){ .filtering = true, .default_pvid = 1 };
	assert_refused("xenbr0", "53", "xenbr0 is not VLAN-aware, unlike line 3 of the plan");
	assert_refused("xenbr0.53", NULL, "xenbr0 is not VLAN-aware");
	assert_refused("br53", NULL, "br53 is VLAN-aware, unlike line 1 of the plan");
	links_named(&sys, "xenbr0")->bridge.filtering = true;
	links_named(&sys, "br53")->bridge.filtering = false;
	assert_member("xenbr0", "53", "xenbr0", "53p");
	assert_member("br53", NULL, "br53", "plain");
}

static void what_is_no_bridge_is_refused(void **state)
{
	assert_refused("br54", NULL, "no bridge br54");
	assert_refused("", NULL, "no bridge");
	assert_refused("vif5.0", NULL, "no bridge vif5.0");
	assert_refused("br53.53", NULL, "br53 is not VLAN-aware");
	assert_refused("xenbr0.4095", NULL, "no bridge xenbr0.4095");
	assert_refused("xenbr0.05", NULL, "no bridge xenbr0.05");
	assert_refused("xenbr0.", NULL, "no bridge xenbr0.");
	assert_refused("a-very-long-name-for-a-bridge.5", NULL, "no bridge a-very-long");
	assert_refused("xenbr0", "10/20", "marks no VLAN as the PVID");
	assert_refused("xenbr0", "4096", "VLAN 4096 is impossible");
}

static void assert_ops(const char *bridge, const char *vlan, const char *wanted)
{
	char all[2048] = "";
	struct member member;
	struct complaint why;
	struct diff diff;

	assert_int_equal(member_resolve(&plan, &sys, bridge, vlan, &member, &why), 0);
	assert_int_equal(member_diff(&member, "vif5.0", &sys, &diff), 0);
	for (size_t i = 0; i < diff.count; i++) {
		char line[OP_TEXT];

		op_format(&diff.op[i], line);
		strcat(all, diff.op[i].undo_only ? "(undo) " : "");
		strcat(strcat(all, line), "\n");
		op_model(&diff.op[i], &sys);
	}
	diff_free(&diff);
	assert_string_equal(all, wanted);
}

static void a_port_joins_while_down_and_moves_the_same_way(void **state)
{
	assert_ops("mine", "10p/20",
		"~ vif5.0: no IPv6 link-local address of its own\n~ vif5.0: down\n"
		"+ mine: port vif5.0\n- vif5.0: VLAN 7, PVID\n+ vif5.0: VLAN 10, PVID\n+ vif5.0: "
		"VLAN 20\n"
		"~ vif5.0: up\n");
	assert_ops("mine", "10p/20", "");
	assert_ops("mine", "10p/21", "- vif5.0: VLAN 20\n+ vif5.0: VLAN 21\n");
	assert_ops("plain", NULL,
		"~ vif5.0: down\n- vif5.0: VLAN 10, PVID\n- vif5.0: VLAN 21\n(undo) + vif5.0: VLAN 7, PVID\n"
		"- mine: port vif5.0\n"
		"+ plain: port vif5.0\n~ vif5.0: up\n");
}

static void a_port_takes_the_mtu_of_the_bridge_before_it_joins(void **state)
{
	links_named(&sys, "plain")->mtu = 9000;
	assert_ops("plain", NULL,
		"~ vif5.0: no IPv6 link-local address of its own\n~ vif5.0: down\n"
		"~ vif5.0: MTU 1500 -> 9000\n+ plain: port vif5.0\n~ vif5.0: up\n");
}

static void a_port_has_no_address(void **state)
{
	struct link_address address = { .index = links_named(&sys, "vif5.0")->index };

	links_named(&sys, "vif5.0")->addrgen = ADDRGEN_NO_IPV6;
	address_parse("192.0.2.1/24", &address.address);
	links_add_address(&sys, &address);
	assert_ops("plain", NULL,
		"- vif5.0: address 192.0.2.1/24\n~ vif5.0: down\n"
		"+ plain: port vif5.0\n~ vif5.0: up\n");
}

#define with_system(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_system(a_bridge_per_vlan_needs_no_vlan),
		with_system(a_bridge_per_vlan_takes_only_its_own_vlan),
		with_system(an_aware_bridge_takes_the_vlans_from_the_key),
		with_system(an_aware_bridge_takes_the_vlan_from_the_bridges_name),
		with_system(a_device_of_that_name_that_is_no_bridge_does_not_matter),
		with_system(without_words_a_vif_gets_the_vlan_of_new_ports),
		with_system(vlans_that_the_plan_does_not_carry_are_refused),
		with_system(a_bridge_that_is_not_as_the_plan_has_it_is_refused),
		with_system(what_is_no_bridge_is_refused),
		with_system(a_port_joins_while_down_and_moves_the_same_way),
		with_system(a_port_takes_the_mtu_of_the_bridge_before_it_joins),
		with_system(a_port_has_no_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
