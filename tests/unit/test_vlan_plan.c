/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: vlan/plan.o vlan/rules.o vlan/format.o vlan/spec.o vlan/complaint.o bridge/vlanset.o bridge/address.o bridge/netlink.o */
/* libs: -lnl-route-3 -lnl-3 */
/* The plan file: what each line means, and one sentence with the line for everything that is wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "vlan/plan.h"

static void assert_wrong(const char *text, unsigned int line, const char *words)
{
	struct complaint why = { 0 };
	struct plan plan;

	assert_int_not_equal(plan_parse(text, strlen(text), &plan, &why), 0);
	plan_free(&plan);
	if (why.line != line || strstr(why.text, words) == NULL)
		fail_msg("\"%s\": line %u: %s", text, why.line, why.text);
	assert_null(strchr(why.text, '\n'));
}

static void plan_of(const char *text, struct plan *plan)
{
	struct complaint why = { 0 };

	if (plan_parse(text, strlen(text), plan, &why))
		fail_msg("\"%s\": line %u: %s", text, why.line, why.text);
}

/* What each line of a text is after reading and writing. */
static void assert_plan(const char *text, const char *written)
{
	char all[8192] = "", line[PLAN_LINE_BYTES];
	struct plan plan;

	plan_of(text, &plan);
	for (size_t i = 0; i < plan.count; i++) {
		plan_format(&plan.bridge[i], line, sizeof(line));
		strcat(strcat(all, line), "\n");
	}
	plan_free(&plan);
	assert_string_equal(all, written);
}

static void a_line_has_the_defaults_of_the_manual(void **state)
{
	struct plan plan;

	plan_of("br* eth0 52\n", &plan);
	assert_int_equal(plan.count, 1);
	assert_string_equal(plan.bridge[0].name, "br52");
	assert_string_equal(plan.bridge[0].trunk, "eth0");
	assert_string_equal(plan.bridge[0].port, "eth0.52");
	assert_int_equal(plan.bridge[0].vlan, 52);
	assert_false(plan.bridge[0].stp);
	assert_false(plan.bridge[0].aware);
	assert_int_equal(plan.bridge[0].fd, 0);
	assert_int_equal(plan.bridge[0].mtu, 0);
	assert_int_equal(plan.bridge[0].addressing, ADDRESSES_LEFT);
	plan_free(&plan);
}

static void a_range_makes_a_bridge_per_vlan(void **state)
{
	assert_plan("br* eth0 52-54/100+10x2 none\n",
		"br52 eth0 52 none\nbr53 eth0 53 none\nbr54 eth0 54 none\n"
		"br100 eth0 100 none\nbr110 eth0 110 none\nbr120 eth0 120 none\n");
	assert_plan("lan*x eth0 7/8 device=v*.t",
		"lan7x eth0 7 device=v7.t\nlan8x eth0 8 device=v8.t\n");
}

static void all_vlans_fit_in_one_line(void **state)
{
	struct plan plan;

	plan_of("br* eth0 1-4094", &plan);
	assert_int_equal(plan.count, 4094);
	assert_string_equal(plan.bridge[4093].port, "eth0.4094");
	plan_free(&plan);
}

static void an_aware_bridge_has_one_line_and_the_trunks_vlans(void **state)
{
	struct plan plan;

	plan_of("xenbr0 eth1 1p/2-100 192.0.2.9/24 aware", &plan);
	assert_int_equal(plan.count, 1);
	assert_true(plan.bridge[0].aware);
	assert_int_equal(plan.bridge[0].vlans.pvid, 1);
	assert_true(vlan_set_has(&plan.bridge[0].vlans, 100));
	assert_string_equal(plan.bridge[0].port, "eth1");
	plan_free(&plan);
	assert_plan("xenbr0 eth1 1p/2-100 aware", "xenbr0 eth1 1p/2-100 aware\n");
}

static void comments_blanks_and_ends_of_line_do_not_matter(void **state)
{
	assert_plan("# all of it\r\n\r\n  br1\teth0 1   # the administration\r\n\nbr2 eth0 2",
		"br1 eth0 1\nbr2 eth0 2\n");
	assert_plan("", "");
	assert_plan("\n#", "");
}

static void every_word_is_read_and_written(void **state)
{
	static const char all[] = "br1 eth0 1 192.0.2.1/24 2001:db8::1/64\n"
				  "br2 eth0 2 none stp=on fd=4 mtu=9000 device=v2\nbr3 eth0 3 "
				  "stp=on\nbr4 eth0 4 fd=15\n"
				  "br5 eth1 native none\nlan none none 10.0.0.1/8\n";

	assert_plan(all, all);
	assert_plan("br1 eth0 1 fd=0 stp=off none", "br1 eth0 1 none\n");
	assert_plan("br1 eth0 1 stp=on fd=15", "br1 eth0 1 stp=on\n");
}

static void an_impossible_vlan_is_refused(void **state)
{
	assert_wrong(
		"br1 eth0 1\nbr* eth0 4095\n", 2, "VLAN 4095 is impossible: ids are 1 to 4094");
	assert_wrong("br* eth0 0", 1, "\"0\" is no VLAN list");
	assert_wrong("br* eth0 -5", 1, "no VLAN list");
	assert_wrong("br* eth0 all", 1, "no VLAN list");
	assert_wrong("br* eth0 9-5", 1, "no VLAN list");
	assert_wrong("br* eth0 4090+2x3", 1, "VLAN 4096 is impossible");
}

static void names_too_long_for_the_kernel_are_refused(void **state)
{
	assert_wrong("\n\nbridge-of-vlan-53 eth0 53", 3,
		"the name bridge-of-vlan-53 of the bridge has 17 characters: 15 at most");
	assert_wrong(
		"bridge-of-vla* eth0 531", 1, "bridge-of-vla531 of the bridge has 16 characters");
	assert_plan("bridge-of-vla* eth0 53", "bridge-of-vla53 eth0 53\n");
	assert_wrong("br53 enp129s0f1np1234 53", 1, "of the trunk has 16 characters");
	assert_wrong("br53 enp129s0f1np1 4000", 1, "enp129s0f1np1.4000 would have 18 characters");
	assert_plan(
		"br53 enp129s0f1np1 4000 device=v4000", "br53 enp129s0f1np1 4000 device=v4000\n");
	assert_wrong("br/3 eth0 53", 1, "br/3 cannot be the name of a bridge");
	assert_wrong("br3 eth:0 53", 1, "eth:0 cannot be the name of a trunk");
	assert_wrong(".. eth0 53", 1, ".. cannot be the name");
	assert_wrong("br%d eth0 53", 1, "cannot be the name");
	assert_wrong("br** eth0 53", 1, "cannot be the name");
}

static void two_lines_that_collide_are_refused(void **state)
{
	assert_wrong("br1 eth0 1\nbr2 eth0 2\nbr1 eth0 3", 3,
		"two lines for the bridge br1: the other is line 1");
	assert_wrong("br1 eth0 1\nbr2 eth0 1", 2, "eth0.1 is already a port of br1 (line 1)");
	assert_wrong(
		"br1 eth0 1\nbr2 eth0 1 device=x", 2, "VLAN 1 of eth0 is already carried by br1");
	assert_wrong("br* eth0 1-9\nbr5x eth0 5", 2, "eth0.5 is already a port of br5 (line 1)");
	assert_wrong("x eth0 1-9 aware\nbr5 eth0 5", 2, "VLAN 5 of eth0 is already carried by x");
	assert_wrong("br5 eth0 5\nx eth0 1-9 aware", 2, "VLAN 5 of eth0 is already carried by br5");
	assert_wrong("a eth0 native\nb eth0 native", 2, "eth0 is already a port of a");
	assert_wrong("a b native\nb eth0 native", 2,
		"b is a bridge in one line and a port in the other");
	assert_wrong("a none none 10.0.0.1/8\nb none none 10.0.0.1/24", 2,
		"10.0.0.1/24 is already the address of a (line 1)");
	assert_wrong("a a native", 1, "a cannot be its own trunk");
	assert_wrong("br1 br1 5", 1, "br1 cannot be its own trunk");
}

static void a_link_that_the_plan_stands_on_is_found(void **state)
{
	struct plan plan;

	plan_of("br1 eth0 1\nbr2 eth1 2 device=two\nlan none none", &plan);
	assert_ptr_equal(plan_using(&plan, "eth0"), &plan.bridge[0]);
	assert_ptr_equal(plan_using(&plan, "eth0.1"), &plan.bridge[0]);
	assert_ptr_equal(plan_using(&plan, "two"), &plan.bridge[1]);
	assert_ptr_equal(plan_using(&plan, "lan"), &plan.bridge[2]);
	assert_null(plan_using(&plan, "eth1.2"));
	assert_null(plan_using(&plan, "vif1.0"));
	plan_free(&plan);
}

static void lines_that_mean_two_things_are_refused(void **state)
{
	assert_wrong("br1 eth0", 1, "at least three words, BRIDGE TRUNK VLANS");
	assert_wrong("br1 eth0 1-3", 1, "one bridge for several VLANs: write br1*");
	assert_wrong("br* eth0 1-3 10.0.0.1/8", 1, "one address for several bridges");
	assert_wrong("br* eth0 1-3 device=x", 1, "one device for several VLANs");
	assert_wrong("br* eth0 1-3 aware", 1, "give it a name without *");
	assert_wrong("br* eth0 native", 1, "the * stands for a VLAN");
	assert_wrong("br1 eth0 native aware", 1, "aware needs the VLANs");
	assert_wrong("br1 eth0 1p", 1, "suffixes p and u are for VLAN-aware bridges");
	assert_wrong("br1 eth0 1u", 1, "suffixes p and u are for VLAN-aware bridges");
	assert_wrong("br1 eth0 2-9 10.0.0.1/8 aware", 1, "mark that one with p");
	assert_wrong("br1 eth0 1 none 10.0.0.1/8", 1, "an address and none");
	assert_wrong("br1 eth0 1 10.0.0.1/8 none", 1, "an address and none");
	assert_wrong(
		"br1 eth0 native device=x", 1, "device= names a VLAN device, and here is none");
	assert_wrong("br1 eth0 1-3 aware device=x", 1, "device= names a VLAN device");
	assert_wrong("br1 none 5", 1, "VLAN 5 without a trunk");
}

static void values_out_of_range_are_refused(void **state)
{
	assert_wrong(
		"br1 eth0 1 stp=on fd=1", 1, "fd=1 with stp=on: the kernel wants 2 to 30 seconds");
	assert_wrong("br1 eth0 1 fd=31", 1, "fd=31: a forward delay is 0 to 30 seconds");
	assert_wrong("br1 eth0 1 fd=", 1, "fd=: a forward delay");
	assert_wrong("br1 eth0 1 fd=-1", 1, "fd=-1: a forward delay");
	assert_wrong("br1 eth0 1 fd=1.5", 1, "fd=1.5: a forward delay");
	assert_wrong("br1 eth0 1 mtu=67", 1, "mtu=67: an MTU is 68 to 65535 bytes");
	assert_wrong("br1 eth0 1 mtu=65536", 1, "mtu=65536");
	assert_wrong("br1 eth0 1 mtu=9000000000000", 1, "mtu=9000000000000");
	assert_wrong("br1 eth0 1 stp=maybe", 1, "stp=maybe is not understood");
	assert_wrong("br1 eth0 1 fast", 1, "fast is not understood");
	assert_wrong("br1 eth0 1 10.0.0.1/33", 1, "10.0.0.1/33 is no address");
	assert_wrong("br1 eth0 1 10.0.0.256/8", 1, "10.0.0.256/8 is no address");
	assert_wrong("br1 eth0 1 2001:db8::1/129", 1, "is no address");
	assert_wrong("br1 eth0 1 10.0.0.1/", 1, "is no address");
	assert_wrong("br1 eth0 1 /24", 1, "is no address");
	assert_wrong("br1 eth0 1 10.0.0.1", 1, "10.0.0.1 is not understood");
}

static void an_address_that_no_interface_can_have_is_refused(void **state)
{
	static const char *const wrong[][2] = {
		{ "0.0.0.0/0", "no address in particular" },
		{ "0.0.0.0/32", "no address in particular" },
		{ "::/64", "no address in particular" },
		{ "127.0.0.1/8", "a loopback address" },
		{ "127.255.0.1/32", "a loopback address" },
		{ "::1/128", "a loopback address" },
		{ "224.0.0.1/24", "a multicast address" },
		{ "239.255.255.255/32", "a multicast address" },
		{ "ff02::1/64", "a multicast address" },
		{ "10.0.0.0/8", "the address of the network itself" },
		{ "10.0.0.4/30", "the address of the network itself" },
		{ "10.0.0.7/30", "the broadcast address of its network" },
		{ "192.0.2.255/24", "the broadcast address of its network" },
		{ "255.255.255.255/32", "the broadcast address of its network" },
	};
	char line[100], sentence[200];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(line, sizeof(line), "lan none none\nbr1 eth0 1 %s", wrong[i][0]);
		snprintf(sentence, sizeof(sentence),
			"%s is %s: write the one that Dom0 has on br1, or none", wrong[i][0],
			wrong[i][1]);
		assert_wrong(line, 2, sentence);
	}
	assert_plan("a none none 10.0.0.0/31 10.0.0.3/31 10.0.1.0/32 10.1.0.255/16 10.0.0.5/30",
		"a none none 10.0.0.0/31 10.0.0.3/31 10.0.1.0/32 10.1.0.255/16 10.0.0.5/30\n");
	assert_plan("a none none 126.0.0.1/8 223.255.255.254/24 10.9.9.9/0 ::2/128 fe80::1/64 1::/64",
		"a none none 126.0.0.1/8 223.255.255.254/24 10.9.9.9/0 ::2/128 fe80::1/64 1::/64\n");
}

static void what_is_on_a_line_twice_is_refused(void **state)
{
	assert_wrong("a none none 10.0.0.1/8 10.0.0.2/8 10.0.0.1/8", 1,
		"10.0.0.1/8 is on a twice: leave one out");
	assert_wrong("\na none none 10.0.0.1/8 10.0.0.1/24", 2, "10.0.0.1/24 is on a twice");
	assert_wrong("a none none 1::1/64 10.0.0.1/24 1:0::1/64", 1, "1::1/64 is on a twice");
	assert_wrong("a eth0 1 stp=on stp=off", 1, "stp=on and stp=off on one line: leave one out");
	assert_wrong("a eth0 1 mtu=1500 none mtu=1400", 1, "mtu=1500 and mtu=1400 on one line");
	assert_wrong("a eth0 1 fd=2 fd=2", 1, "fd=2 and fd=2 on one line");
	assert_wrong("a eth0 1 device=b device=c", 1, "device=b and device=c on one line");
	assert_plan("mtu=1 fd=2 native mtu=1400 fd=3", "mtu=1 fd=2 native fd=3 mtu=1400\n");
}

static void ipv6_and_a_small_mtu_are_refused(void **state)
{
	assert_wrong("a none none 10.0.0.1/8 1::1/64 mtu=1279", 1,
		"mtu=1279 with the address 1::1/64: IPv6 needs an MTU of 1280 at least");
	assert_wrong("a none none mtu=68 1::1/64", 1, "mtu=68 with the address 1::1/64");
	assert_plan("a none none 1::1/64 mtu=1280\nb none none 10.0.0.1/8 mtu=68",
		"a none none 1::1/64 mtu=1280\nb none none 10.0.0.1/8 mtu=68\n");
}

static void names_of_the_kernels_own_settings_are_refused(void **state)
{
	assert_wrong("lan none none\nall none none", 2,
		"all cannot be the name of a bridge: the kernel's settings for every device are called so");
	assert_wrong("default none none", 1, "default cannot be the name of a bridge");
	assert_wrong("br1 eth0 1 device=all", 1, "all cannot be the name of a VLAN device");
	assert_plan("all* eth0 1", "all1 eth0 1\n");
}

static void a_byte_order_mark_is_named(void **state)
{
	assert_wrong("\xef\xbb\xbf# plan\nbr1 eth0 1", 1,
		"the file begins with a byte order mark (UTF-8): save it without");
	assert_wrong(" \xef\xbb\xbf" "br1 eth0 1", 1, "cannot be the name of a bridge");
}

static void a_line_without_end_or_with_zero_bytes_is_refused(void **state)
{
	static const char zero[] = "br1 eth0 1\nbr2\0 eth0 2";
	struct complaint why = { 0 };
	char *longest = malloc(40001);
	struct plan plan;

	assert_int_not_equal(plan_parse(zero, sizeof(zero) - 1, &plan, &why), 0);
	plan_free(&plan);
	assert_int_equal(why.line, 2);
	assert_non_null(longest);
	memset(longest, 'x', 40000);
	longest[40000] = 0;
	assert_wrong(longest, 1, "too long");
	memset(longest, ' ', 40000);
	for (int i = 0; i < 30; i++)
		longest[2 * i] = 'x';
	longest[60] = 0;
	assert_wrong(longest, 1, "more than 24 words");
	free(longest);
}

static void any_bytes_are_either_a_plan_or_a_sentence(void **state)
{
	static const char letters[] = "br1* eth0 \n\t#=/-+xpu.:none aware52fdstpmu";
	struct plan plan;

	srand(1);
	for (int i = 0; i < 20000; i++) {
		struct complaint why = { 0 };
		char text[60];
		size_t bytes = (size_t)rand() % sizeof(text);

		for (size_t n = 0; n < bytes; n++)
			text[n] = rand() % 50 ? letters[(size_t)rand() % (sizeof(letters) - 1)]
					      : (char)rand();
		if (plan_parse(text, bytes, &plan, &why))
			assert_true(why.line > 0 && why.text[0]);
		plan_free(&plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_the_defaults_of_the_manual),
		cmocka_unit_test(a_range_makes_a_bridge_per_vlan),
		cmocka_unit_test(all_vlans_fit_in_one_line),
		cmocka_unit_test(an_aware_bridge_has_one_line_and_the_trunks_vlans),
		cmocka_unit_test(comments_blanks_and_ends_of_line_do_not_matter),
		cmocka_unit_test(every_word_is_read_and_written),
		cmocka_unit_test(an_impossible_vlan_is_refused),
		cmocka_unit_test(names_too_long_for_the_kernel_are_refused),
		cmocka_unit_test(two_lines_that_collide_are_refused),
		cmocka_unit_test(a_link_that_the_plan_stands_on_is_found),
		cmocka_unit_test(lines_that_mean_two_things_are_refused),
		cmocka_unit_test(values_out_of_range_are_refused),
		cmocka_unit_test(an_address_that_no_interface_can_have_is_refused),
		cmocka_unit_test(what_is_on_a_line_twice_is_refused),
		cmocka_unit_test(ipv6_and_a_small_mtu_are_refused),
		cmocka_unit_test(names_of_the_kernels_own_settings_are_refused),
		cmocka_unit_test(a_byte_order_mark_is_named),
		cmocka_unit_test(a_line_without_end_or_with_zero_bytes_is_refused),
		cmocka_unit_test(any_bytes_are_either_a_plan_or_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
