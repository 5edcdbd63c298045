/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: vlan/import.o vlan/interfaces.o vlan/export.o vlan/export_ifupdown.o vlan/export_networkd.o vlan/export_netplan.o vlan/plan.o vlan/rules.o vlan/format.o vlan/spec.o vlan/complaint.o bridge/vlanset.o bridge/address.o bridge/netlink.o */
/* libs: -lnl-route-3 -lnl-3 */
/*
 * ifupdown's interfaces become a plan, a plan becomes other tools' files, and a plan that goes out
 * as interfaces comes back as the same plan.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "vlan/export.h"
#include "vlan/import.h"

static struct import import;
static struct complaint why;

static int run_import(const char *text)
{
	struct interfaces interfaces;
	int error = interfaces_parse(text, strlen(text), &interfaces, &why);

	if (error == 0)
		error = import_make(&interfaces, &import);
	interfaces_free(&interfaces);
	return error;
}

static void assert_import(const char *text, const char *wanted)
{
	char all[4096] = "", line[PLAN_LINE_BYTES];

	assert_int_equal(run_import(text), 0);
	if (import.refused)
		fail_msg("%u: %s", import.note[import.notes - 1].line,
			import.note[import.notes - 1].text);
	for (size_t i = 0; i < import.plan.count; i++) {
		plan_format(&import.plan.bridge[i], line, sizeof(line));
		strcat(strcat(all, line), "\n");
	}
	assert_string_equal(all, wanted);
	import_free(&import);
}

static bool noted(unsigned int line, const char *words)
{
	for (size_t i = 0; i < import.notes; i++) {
		if (import.note[i].line == line && strstr(import.note[i].text, words))
			return true;
	}
	return false;
}

static void assert_note(const char *text, bool refused, unsigned int line, const char *words)
{
	assert_int_equal(run_import(text), 0);
	assert_int_equal(import.refused, refused);
	if (!noted(line, words))
		fail_msg("no note \"%s\" but: %s", words,
			import.notes ? import.note[0].text : "none");
	import_free(&import);
}

static void the_universitys_file_becomes_its_plan(void **state)
{
	assert_import(
		"auto lo\niface lo inet loopback\n\nauto eth0\niface eth0 inet manual\n\n"
		"auto br1\niface br1 inet static\n\taddress 192.0.2.17\n\tnetmask 255.255.255.0\n"
		"\tbridge_ports eth0.1\n\n"
		"auto br52\niface br52 inet loopback\n\tbridge_ports eth0.52\n"
		"\tup ip address del 127.0.0.1 dev br52\n\n"
		"auto br53\niface br53 inet loopback\n\tbridge_ports eth0.53\n"
		"\tup ip address del 127.0.0.1 dev br53\n",
		"br1 eth0 1 192.0.2.17/24\nbr52 eth0 52 none\nbr53 eth0 53 none\n");
}

static void the_other_spellings_mean_the_same(void **state)
{
	assert_import(
		"iface br5 inet manual\n bridge-ports eth0.0005\n bridge-stp on\n bridge-fd 4\n",
		"br5 eth0 5 stp=on fd=4 device=eth0.0005\n");
	assert_import("iface b inet manual\n bridge_ports none\n bridge_stp yes\n mtu 9000",
		"b none none stp=on mtu=9000\n");
	assert_import("iface b inet static\n address 10.0.0.1/8\n bridge_ports \\\n  eth1 \n"
		      "iface b inet6 static\n address 2001:db8::1\n netmask 64\n",
		"b eth1 native 10.0.0.1/8 2001:db8::1/64\n");
	assert_import("iface vlan7 inet manual\n vlan_raw_device eth3\niface b inet manual\n "
		      "bridge_ports vlan7",
		"b eth3 7 device=vlan7\n");
	assert_import("iface v inet manual\n vlan-raw-device eth3\n vlan-id 9\n"
		      "iface b inet manual\n bridge_ports v",
		"b eth3 9 device=v\n");
	assert_import("iface b\n bridge-ports eth0\n bridge-vlan-aware yes\n bridge-vids 2-10 30\n "
		      "bridge-pvid 4",
		"b eth0 2-3/4p/5-10/30 aware\n");
	assert_import("# bridge_ports eth9\niface eth0 inet dhcp\n", "");
}

static void what_the_plan_does_not_carry_is_noted(void **state)
{
	assert_note(
		"iface b inet static\n address 10.0.0.1/8\n gateway 10.0.0.254\n bridge_ports eth0",
		false, 3, "\"gateway 10.0.0.254\" is not carried by the plan");
	assert_note("iface b inet dhcp\n bridge_ports eth0", false, 1, "b has its address by dhcp");
	assert_note("iface b inet manual\n bridge_ports eth0\n up iptables -P FORWARD DROP", false,
		3, "\"up iptables -P FORWARD DROP\" is not carried");
	assert_note("\nsource /etc/network/interfaces.d/*\n", false, 2, "are not followed");
	assert_note(
		"iface b inet manual\n bridge_ports eth0\n bridge_fd 2.5", false, 3, "became 3");
}

static void what_no_plan_can_say_is_refused(void **state)
{
	assert_note("iface b inet manual\n bridge_ports eth0 eth1", true, 2,
		"has the ports \"eth0 eth1\"");
	assert_note("iface b inet manual\n bridge_ports regex (eth|vif).*", true, 2, "one trunk");
	assert_note("iface b inet manual\n bridge_ports all", true, 2, "one trunk");
	assert_note("iface bridge-of-vlan-53 inet manual\n bridge_ports eth0.53", true, 1,
		"15 characters");
	assert_note(
		"iface b inet static\n bridge_ports eth0", true, 1, "static and has no address");
	assert_note("iface b inet static\n address 10.0.0.1\n bridge_ports eth0", true, 2,
		"not understood");
	assert_note(
		"iface b inet static\n address 10.0.0.1\n netmask 255.0.255.0\n bridge_ports eth0",
		true, 2, "not understood");
	assert_note("iface b inet manual\n bridge_ports eth0\n bridge_fd 99", true, 3,
		"0 to 30 seconds");
	assert_note("iface b inet manual\n bridge_ports eth0\n bridge_stp on\n bridge_fd 0", true,
		1, "the kernel wants 2 to 30");
	assert_note(
		"iface b inet manual\n bridge_ports eth0\niface b inet6 manual\n bridge_ports eth0",
		true, 3, "two lines for the bridge b");
	assert_note("iface b inet manual\n bridge_ports eth0\n bridge_vlan_aware yes", true, 1,
		"do not name the trunk's VLANs");
	assert_note(
		"iface b inet manual\n bridge_ports eth0.5\n bridge_vlan_aware yes\n bridge_vids 2",
		true, 1, "VLAN-aware on a VLAN device");
	assert_note("iface b inet manual\n bridge_ports eth0\n mtu 9", true, 1,
		"an MTU is 68 to 65535");
}

static void a_text_that_is_no_interfaces_file_is_refused(void **state)
{
	assert_int_equal(run_import("br1 eth0 1\n"), -EINVAL);
	assert_int_equal(why.line, 1);
	assert_int_equal(run_import("\niface\n"), -EINVAL);
	assert_int_equal(why.line, 2);
}

static FILE *begin(struct export *export, const char *file)
{
	fprintf(export->out, "# %s\n", file);
	return export->out;
}

/* Exports a plan into memory; the caller frees. */
static char *run_export(int (*format)(struct export *, const struct plan *, struct complaint *),
	const struct plan *plan, int *error)
{
	char *text = NULL;
	size_t bytes = 0;
	struct export export = { .begin = begin, .out = open_memstream(&text, &bytes) };
	FILE *stream = export.out;

	*error = format(&export, plan, &why);
	fclose(stream);
	return text;
}

static void plan_of(const char *text, struct plan *plan)
{
	if (plan_parse(text, strlen(text), plan, &why))
		fail_msg("%u: %s", why.line, why.text);
}

static void assert_round_trip(const char *text)
{
	struct plan plan;
	char *out;
	int error;

	plan_of(text, &plan);
	out = run_export(export_ifupdown, &plan, &error);
	assert_int_equal(error, 0);
	assert_import(out, text);
	free(out);
	plan_free(&plan);
}

static void a_plan_survives_the_way_through_ifupdown(void **state)
{
	assert_round_trip(
		"br1 eth0 1 192.0.2.17/24 2001:db8::5/64\nbr52 eth0 52 none\nbr53 eth0 53\n"
		"b eth0 7 stp=on mtu=9000 device=v7\nc eth1 native none fd=3\nd none none "
		"10.0.0.1/8 10.0.0.2/8\n"
		"x eth2 1p/100/110/200-300 none aware\ny eth3 5-9 aware stp=on fd=2\n");
	assert_round_trip("br1 eth0 1\nbr53 br1 53\n");
}

/* One line of a plan, in the form that plan_format() writes. */
static void random_line(int n, char *to)
{
	static const char *const ends[] = { "", " none", " 10.0.0.1/8", " stp=on", " fd=7",
		" mtu=9000", " none stp=on fd=9 mtu=1400" };
	const char *end = ends[n ? (size_t)rand() % 7 : 2];
	bool aware = n % 2;
	struct plan plan;
	char line[128];

	end = n && strchr(end, '/') ? "" : end; /* one bridge has that address */
	snprintf(line, sizeof(line), "b%d eth%d %s%s%s", n, n, aware ? "10p/30-40" : "77", end,
		aware ? " aware" : "");
	plan_of(line, &plan);
	plan_format(&plan.bridge[0], to, 128);
	plan_free(&plan);
}

static void random_plans_survive_the_way_through_ifupdown(void **state)
{
	srand(3);
	for (int round = 0; round < 300; round++) {
		char text[1024] = "", line[128];

		for (int n = 0; n < 6; n++) {
			random_line(n, line);
			strcat(strcat(text, line), "\n");
		}
		assert_round_trip(text);
	}
}

static void networkd_gets_a_file_per_device(void **state)
{
	struct plan plan;
	char *out;
	int error;

	plan_of("br1 eth0 1 192.0.2.17/24\nbr2 eth0 2 none mtu=9000\nx eth1 5p/7-9 aware\n", &plan);
	out = run_export(export_networkd, &plan, &error);
	assert_int_equal(error, 0);
	assert_non_null(strstr(out,
		"# 50-eth0.network\n[Match]\nName=eth0\n\n[Link]\nMTUBytes=9000\n\n"
		"[Network]\nLinkLocalAddressing=no\nVLAN=eth0.1\nVLAN=eth0.2\n"));
	assert_non_null(strstr(
		out, "# 50-eth0.1.netdev\n[NetDev]\nName=eth0.1\nKind=vlan\n\n[VLAN]\nId=1\n"));
	assert_non_null(strstr(
		out, "# 50-eth0.1.network\n[Match]\nName=eth0.1\n\n[Network]\nBridge=br1\n"));
	assert_non_null(strstr(out,
		"Name=br1\n\n[Network]\nConfigureWithoutCarrier=yes\nAddress=192.0.2.17/24\n"));
	assert_non_null(strstr(out, "VLANFiltering=yes\nDefaultPVID=5\n"));
	assert_non_null(strstr(
		out, "[BridgeVLAN]\nVLAN=5\nPVID=5\nEgressUntagged=5\n\n[BridgeVLAN]\nVLAN=7-9\n"));
	free(out);
	plan_free(&plan);
}

static void netplan_says_what_it_can_and_refuses_the_rest(void **state)
{
	struct plan plan;
	char *out;
	int error;

	plan_of("br1 eth0 1 192.0.2.17/24\n", &plan);
	out = run_export(export_netplan, &plan, &error);
	assert_int_equal(error, 0);
	assert_non_null(strstr(out, "  vlans:\n    eth0.1:\n      id: 1\n      link: eth0\n"));
	assert_non_null(strstr(out,
		"    br1:\n      interfaces: [eth0.1]\n      dhcp4: false\n"
		"      addresses:\n        - \"192.0.2.17/24\"\n      parameters:\n        stp: "
		"false\n"
		"        forward-delay: 0\n"));
	free(out);
	plan_free(&plan);
	plan_of("br1 eth0 1\nx eth1 5 aware\n", &plan);
	out = run_export(export_netplan, &plan, &error);
	assert_int_equal(error, -EINVAL);
	assert_int_equal(why.line, 2);
	free(out);
	plan_free(&plan);
}

static void names_that_other_tools_would_misread_are_not_exported(void **state)
{
	static const char *const wrong[] = { "b,c eth0 1", "b eth[0] 1", "a none none\nb$x eth0 1",
		"b eth0 1 device=v;1", "b! eth0 1", "\"b eth0 1" };
	struct plan plan;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		plan_of(wrong[i], &plan);
		assert_int_equal(export_names_check(&plan, &why), -EINVAL);
		assert_int_equal(why.line, i == 2 ? 2 : 1);
		assert_non_null(strstr(why.text, "cannot be exported"));
		plan_free(&plan);
	}
	plan_of("Br_1-x.y eth0 1\nlan none none\n", &plan);
	assert_int_equal(export_names_check(&plan, &why), 0);
	plan_free(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_universitys_file_becomes_its_plan),
		cmocka_unit_test(the_other_spellings_mean_the_same),
		cmocka_unit_test(what_the_plan_does_not_carry_is_noted),
		cmocka_unit_test(what_no_plan_can_say_is_refused),
		cmocka_unit_test(a_text_that_is_no_interfaces_file_is_refused),
		cmocka_unit_test(a_plan_survives_the_way_through_ifupdown),
		cmocka_unit_test(random_plans_survive_the_way_through_ifupdown),
		cmocka_unit_test(networkd_gets_a_file_per_device),
		cmocka_unit_test(netplan_says_what_it_can_and_refuses_the_rest),
		cmocka_unit_test(names_that_other_tools_would_misread_are_not_exported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
