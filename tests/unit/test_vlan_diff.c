/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/unit/vlan_world.o vlan/diff.o vlan/making.o vlan/pvid.o vlan/leftover.o vlan/op.o vlan/plan.o vlan/rules.o vlan/format.o vlan/spec.o vlan/complaint.o bridge/vlanset.o bridge/address.o bridge/links.o bridge/netlink.o */
/* libs: -lnl-route-3 -lnl-3 */
/*
 * The differ over systems made by hand: what it does for each line of a plan, in which order, and
 * whom it refuses to cut off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/socket.h>

#include "tests/unit/vlan_world.h"

static void assert_diff(const char *text, const char *wanted)
{
	char all[8192] = "";

	if (compare(text))
		fail_msg("%u: %s", why.line, why.text);
	for (size_t i = 0; i < diff.count; i++) {
		char line[OP_TEXT];

		op_format(&diff.op[i], line);
		strcat(all, diff.op[i].undo_only ? "(undo) " : "");
		strcat(strcat(all, line), diff.op[i].harm[0] ? " !" : "");
		strcat(strcat(all, diff.op[i].harm), "\n");
	}
	assert_string_equal(all, wanted);
}

static void assert_refused(const char *text, unsigned int line, const char *words)
{
	assert_int_not_equal(compare(text), 0);
	if (why.line != line || strstr(why.text, words) == NULL)
		fail_msg("%u: %s", why.line, why.text);
}

static void a_new_bridge_is_made_in_the_order_that_works(void **state)
{
	assert_diff("br52 eth0 52 none\n",
		"~ eth0: up\n"
		"+ eth0.52: new device for VLAN 52 of eth0\n"
		"~ eth0.52: marked as the plan's\n"
		"~ eth0.52: no IPv6 link-local address of its own\n"
		"+ br52: new bridge, STP off, forward delay 0 s\n"
		"~ br52: marked as the plan's\n"
		"~ br52: no IPv6 link-local address of its own\n"
		"+ br52: port eth0.52\n"
		"~ eth0.52: up\n"
		"~ br52: up\n");
	carry_out();
	assert_diff("br52 eth0 52 none\n", "");
}

static void an_aware_bridge_gets_the_trunks_vlans(void **state)
{
	assert_diff("x eth1 1p/100-110 aware",
		"~ eth1: up\n+ x: new VLAN-aware bridge, STP off, forward delay 0 s\n"
		"~ x: marked as the plan's\n+ x: port eth1\n+ eth1: VLANs 100-110\n~ x: up\n");
	carry_out();
	assert_diff("x eth1 1p/100-110 aware", "");
	assert_diff("x eth1 2p/105-112 aware",
		"~ x: VLAN of new ports 1 -> 2\n- eth1: VLANs 100-104\n+ eth1: VLANs 111-112\n");
	carry_out();
	assert_diff("x eth1 2p/105-112 aware", "");
	assert_diff("x eth1 105-112/2u aware",
		"~ x: VLAN of new ports 2 -> 0\n+ eth1: VLAN 2, untagged\n");
}

static void a_vlan_of_the_trunk_becomes_the_untagged_one(void **state)
{
	compare("x eth1 50-53 aware");
	carry_out();
	assert_diff("x eth1 50-52/53p aware",
		"~ x: VLAN of new ports 0 -> 53\n- eth1: VLAN 53\n+ eth1: VLAN 53, PVID\n");
	carry_out();
	assert_diff("x eth1 50-52/53p aware", "");
	assert_diff("x eth1 50/51p/52-53 aware",
		"~ x: VLAN of new ports 53 -> 51\n- eth1: VLAN 51\n- eth1: VLAN 53, PVID\n"
		"+ eth1: VLAN 51, PVID\n+ eth1: VLAN 53\n");
	carry_out();
	assert_diff("x eth1 50/51p/52-53 aware", "");
}

static void stp_and_forward_delay_change_in_the_order_the_kernel_wants(void **state)
{
	compare("b none none");
	carry_out();
	assert_diff("b none none stp=on", "~ b: forward delay 0 s -> 15 s\n~ b: STP off -> on\n");
	carry_out();
	assert_diff("b none none", "~ b: STP on -> off\n~ b: forward delay 15 s -> 0 s\n");
}

static void an_mtu_is_raised_from_the_trunk_upwards(void **state)
{
	assert_diff("b eth0 5 mtu=9000",
		"~ eth0: up\n~ eth0: MTU 1500 -> 9000\n+ eth0.5: new device for VLAN 5 of eth0\n"
		"~ eth0.5: marked as the plan's\n~ eth0.5: no IPv6 link-local address of its own\n"
		"+ b: new bridge, STP off, forward delay 0 s\n~ b: marked as the plan's\n"
		"+ b: port eth0.5\n~ eth0.5: up\n~ b: up\n");
	carry_out();
	assert_diff("b eth0 5 mtu=1400", "~ eth0.5: MTU 9000 -> 1400\n~ b: MTU 9000 -> 1400\n");
}

static void addresses_are_those_of_the_line_and_lifetimes_are_others_business(void **state)
{
	compare("b none none");
	carry_out();
	add_address("b", "fe80::1/64", false);
	add_address("b", "192.0.2.1/24", false);
	add_address("b", "192.0.2.9/24", true);
	add_address("b", "2001:db8::1/64", false);
	assert_diff("b none none", "");
	assert_diff("b none none 192.0.2.1/24", "");
	assert_diff("b none none 192.0.2.2/24",
		"- b: address 192.0.2.9/24\n- b: address 192.0.2.1/24\n"
		"+ b: address 192.0.2.2/24\n+ b: address 192.0.2.9/24\n");
	assert_int_equal(diff.op[3].address.valid, 600);
	links_named(&sys, "b")->promotes = true;
	assert_diff("b none none 192.0.2.2/24",
		"- b: address 192.0.2.1/24\n+ b: address 192.0.2.2/24\n");
	assert_diff("b none none none",
		"~ b: no IPv6 link-local address of its own\n- b: address 2001:db8::1/64\n"
		"- b: address 192.0.2.9/24\n- b: address 192.0.2.1/24\n- b: address fe80::1/64\n");
}

static void an_address_that_falls_with_its_primary_is_given_again(void **state)
{
	compare("b none none");
	carry_out();
	add_address("b", "192.0.2.1/24", false);
	add_address("b", "192.0.2.2/24", false);
	add_address("b", "198.51.100.2/24", false);
	assert_diff("b none none 192.0.2.2/24 198.51.100.2/24",
		"- b: address 192.0.2.2/24\n- b: address 192.0.2.1/24\n+ b: address "
		"192.0.2.2/24\n");
}

static void a_bridge_of_someone_else_is_adopted_not_owned(void **state)
{
	add("br52", LINK_BRIDGE)->up = true;
	links_named(&sys, "br52")->bridge.forward_delay = 1500;
	links_named(&sys, "eth0")->up = true;
	enslave("eth0", "br52");
	add("vif1.0", LINK_OTHER);
	enslave("vif1.0", "br52");
	assert_diff("br52 eth0 native", "~ br52: forward delay 15 s -> 0 s\n");
	carry_out();
	assert_diff("", "");
}

static void what_the_plan_drops_is_deleted_last_and_only_if_it_was_made_for_it(void **state)
{
	compare("br52 eth0 52\nbr53 eth0 53\n");
	carry_out();
	add("docker0", LINK_BRIDGE);
	assert_diff("br53 eth0 53 fd=4",
		"~ br53: forward delay 0 s -> 4 s\n- br52: port eth0.52\n~ br52: down\n"
		"~ br52: no longer marked as the plan's\n- br52\n~ eth0.52: down\n"
		"~ eth0.52: an IPv6 link-local address of its own\n"
		"~ eth0.52: no longer marked as the plan's\n- eth0.52\n");
	assert_int_equal(diff.op[2].line, 0);
	carry_out();
	assert_diff("br53 eth0 53 fd=4", "");
}

static void a_guest_is_only_cut_off_by_marked_operations(void **state)
{
	compare("br52 eth0 52 none\nx eth1 2-9 aware");
	carry_out();
	add("vif3.0", LINK_OTHER);
	enslave("vif3.0", "br52");
	add("tun-of-a-guest", LINK_TUN);
	enslave("tun-of-a-guest", "x");
	/* the bridge goes */
	assert_diff("x eth1 2-9 aware",
		"- br52: port eth0.52 !vif3.0\n- br52: port vif3.0 !vif3.0\n~ br52: down\n"
		"~ br52: an IPv6 link-local address of its own\n"
		"~ br52: no longer marked as the plan's\n- br52\n~ eth0.52: down\n"
		"~ eth0.52: an IPv6 link-local address of its own\n~ eth0.52: no longer marked as "
		"the plan's\n- eth0.52\n");
	/* its VLAN goes to another bridge: its trunk with it */
	compare("br5 eth0 52 none\nx eth1 2-9 aware");
	assert_string_equal(diff.op[3].name, "eth0.52");
	assert_int_equal(diff.op[3].kind, OP_RELEASE);
	assert_string_equal(diff.op[3].harm, "vif3.0");
	/* a VLAN of the trunk goes that the guest is in, or is not in; filtering goes */
	vlan_set_add(
		&links_named(&sys, "tun-of-a-guest")->vlans, (struct vlan_range){ 9, 9, 0, 0 });
	assert_diff("br52 eth0 52 none\nx eth1 3-9 aware", "- eth1: VLAN 2\n");
	assert_diff("br52 eth0 52 none\nx eth1 2-8 aware", "- eth1: VLAN 9 !tun-of-a-guest\n");
	assert_diff("br52 eth0 52 none\nx eth1 native",
		"~ x: VLAN filtering on -> off !tun-of-a-guest\n");
}

static void a_bridge_whose_vlan_changes_keeps_nothing_of_the_old_one(void **state)
{
	compare("b eth0 52 none");
	carry_out();
	compare("b eth0 53 none");
	carry_out();
	assert_int_equal(links_named(&sys, "eth0.53")->master, index_of("b"));
	assert_null(links_named(&sys, "eth0.52"));
	assert_diff("b eth0 53 none", "");
}

static void a_trunk_that_changes_leaves_the_bridge_and_guests_ports_stay(void **state)
{
	static const char *const ports[] = { "vif1.0", "web0", "veth0" };

	links_named(&sys, "eth0")->kind = LINK_CARD;
	links_named(&sys, "eth1")->kind = LINK_CARD;
	compare("b eth0 native none");
	carry_out();
	add("mynet", LINK_TUN);
	enslave("mynet", "b");
	assert_diff("b eth1 native none", "~ eth1: up\n- b: port eth0 !mynet\n+ b: port eth1\n");
	assert_diff("b none none none", "- b: port eth0 !mynet\n");
	/* The kernel's netback gives a card's look to a guest's port, whatever its name. */
	for (size_t i = 0; i < 3; i++) {
		memcpy(add(ports[i], i < 2 ? LINK_CARD : LINK_OTHER)->mac,
			i == 1 ? "\xfe\xff\xff\xff\xff\xff" : "\2\0\0\0\0\1", 6);
		enslave(ports[i], "b");
	}
	compare("b eth1 native none");
	carry_out();
	assert_diff("b eth1 native none", "");
	assert_int_equal(links_named(&sys, "eth0")->master, 0);
}

static void what_is_in_the_way_is_named(void **state)
{
	assert_refused("\nbr52 eth7 52", 2, "the trunk eth7 of br52 is not there");
	assert_refused("eth1 eth0 52", 1, "eth1 is already there, and is no bridge");
	assert_refused("b eth0 52 device=eth1", 1,
		"eth1 is already there, and is not the device for VLAN 52");
	add_vlan("v52", "eth0", 52);
	assert_refused(
		"b eth0 52", 1, "VLAN 52 of eth0 already has the device v52: write device=v52");
	assert_int_equal(compare("b eth0 52 device=v52"), 0);
	add("bond0", LINK_OTHER);
	enslave("eth1", "bond0");
	assert_refused("b eth1 native", 1, "eth1 belongs to bond0, which is no bridge");
	add_address("eth0", "192.0.2.1/24", false);
	assert_refused("b eth0 native", 1, "eth0 has the address 192.0.2.1/24");
	assert_int_equal(compare("b eth0 52 device=v52"), 0);
}

static void one_bridge_alone_can_be_made(void **state)
{
	compare("br1 eth0 1\nbr2 eth0 2\n");
	carry_out();
	forget();
	plan_parse("br2 eth0 2 fd=2\nbr3 eth0 3 fd=3\n", 32, &plan, &why);
	assert_int_equal(diff_make(&plan, &sys, MARK, "br2", &diff, &why), 0);
	assert_int_equal(diff.count, 1);
	assert_int_equal(diff.op[0].kind, OP_SET_FD);
}

#define with_system(test) cmocka_unit_test_setup_teardown(test, system_new, system_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_system(a_new_bridge_is_made_in_the_order_that_works),
		with_system(an_aware_bridge_gets_the_trunks_vlans),
		with_system(a_vlan_of_the_trunk_becomes_the_untagged_one),
		with_system(stp_and_forward_delay_change_in_the_order_the_kernel_wants),
		with_system(an_mtu_is_raised_from_the_trunk_upwards),
		with_system(addresses_are_those_of_the_line_and_lifetimes_are_others_business),
		with_system(an_address_that_falls_with_its_primary_is_given_again),
		with_system(a_bridge_of_someone_else_is_adopted_not_owned),
		with_system(what_the_plan_drops_is_deleted_last_and_only_if_it_was_made_for_it),
		with_system(a_guest_is_only_cut_off_by_marked_operations),
		with_system(a_bridge_whose_vlan_changes_keeps_nothing_of_the_old_one),
		with_system(a_trunk_that_changes_leaves_the_bridge_and_guests_ports_stay),
		with_system(what_is_in_the_way_is_named),
		with_system(one_bridge_alone_can_be_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
