/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: vlan/check.o vlan/guests.o vlan/vifinfo.o vlan/member.o vlan/diff.o vlan/making.o vlan/pvid.o vlan/leftover.o vlan/op.o vlan/plan.o vlan/rules.o vlan/format.o vlan/spec.o vlan/complaint.o bridge/vlanset.o bridge/address.o bridge/links.o bridge/netlink.o */
/* libs: -lnl-route-3 -lnl-3 */
/* Guest configurations as xl reads them, and where they, the plan and the system disagree. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "vlan/check.h"
#include "vlan/vifinfo.h"

static struct guest guest;
static struct complaint why;

static void parse(const char *text)
{
	guest_free(&guest);
	if (guest_parse(text, strlen(text), &guest, &why))
		fail_msg("%u: %s", why.line, why.text);
}

static void assert_wrong(const char *text, unsigned int line, const char *words)
{
	guest_free(&guest);
	assert_int_equal(guest_parse(text, strlen(text), &guest, &why), -EINVAL);
	if (why.line != line || strstr(why.text, words) == NULL)
		fail_msg("%u: %s", why.line, why.text);
	guest_free(&guest);
}

static void a_sites_guest_is_read(void **state)
{
	static const uint8_t mac[] = { 0x00, 0x16, 0x3e, 0x05, 0x30, 0x71 };

	parse("# comment with vif = ['mac=zz']\nname = \"pothos\"\nmemory = 64\n"
	      "disk = ['phy:/dev/fc/fc-p1d1p13,hda1,w', 'file:/x=y,hda2,w']\n"
	      "vif = ['mac=00:16:3e:05:30:71, bridge=br53']\nextra = 'vif = [ 1 ]'\n");
	assert_string_equal(guest.name, "pothos");
	assert_int_equal(guest.vifs, 1);
	assert_int_equal(guest.vif[0].line, 5);
	assert_true(guest.vif[0].mac_said);
	assert_memory_equal(guest.vif[0].mac, mac, 6);
	assert_string_equal(guest.vif[0].bridge, "br53");
	assert_int_equal(guest.vif[0].mtu, 0);
	guest_free(&guest);
}

static void lists_over_lines_and_both_quotes_are_read(void **state)
{
	parse("vif = [\n  \"bridge = xenbr0 , vlan=10p/20,mtu=9000\",  # the first\n\n  "
	      "'type=ioemu',\n]\n"
	      "vif += [ 'bridge=br1' ]\nname='x'");
	assert_int_equal(guest.vifs, 3);
	assert_string_equal(guest.vif[0].bridge, "xenbr0");
	assert_string_equal(guest.vif[0].vlan, "10p/20");
	assert_int_equal(guest.vif[0].mtu, 9000);
	assert_int_equal(guest.vif[1].line, 4);
	assert_string_equal(guest.vif[1].bridge, "");
	assert_int_equal(guest.vif[2].line, 6);
	assert_string_equal(guest.name, "x");
	parse("vif = []\n");
	assert_int_equal(guest.vifs, 0);
	parse("vif = [ '' ]\n");
	assert_int_equal(guest.vifs, 1);
	guest_free(&guest);
}

static void vifs_that_cannot_be_read_are_named(void **state)
{
	assert_wrong("vif = ['mac=00:16:3e:05:30']", 1, "mac=00:16:3e:05:30 is no MAC address");
	assert_wrong("\nvif = ['mac=00:16:3e:05:30:7g']", 2, "is no MAC address");
	assert_wrong("vif = ['mac=01:16:3e:05:30:71']", 1, "multicast address");
	assert_wrong("vif = [\n'mtu=abc']", 2, "mtu=abc is no number up to 65535");
	assert_wrong("vif = ['mtu=']", 1, "mtu= is no number");
	assert_wrong("vif = ['mtu=1500x']", 1, "mtu=1500x is no number");
	assert_wrong("vif = ['mtu=-1']", 1, "mtu=-1 is no number");
	assert_wrong("vif = ['mtu=99999999999999999999']", 1, "is no number up to 65535");
	parse("vif = ['mtu= 65535 ']");
	assert_int_equal(guest.vif[0].mtu, 65535);
	guest_free(&guest);
	assert_wrong("vif = 'bridge=br1'", 1, "list of strings");
	assert_wrong("vif = [ 5 ]", 1, "list of strings");
	assert_wrong("\nvif = [ 'bridge=br1',\n", 2, "has no ]");
	assert_wrong("vif = [ 'bridge=br1 ]\n", 1, "without its closing quote");
}

static void any_bytes_are_read_or_refused(void **state)
{
	static const char letters[] = "vif = ['\"mac=0:,bridge]+#\nname";

	srand(2);
	for (int i = 0; i < 20000; i++) {
		size_t bytes = (size_t)rand() % 60;
		char text[60];

		for (size_t n = 0; n < bytes; n++)
			text[n] = rand() % 60 ? letters[(size_t)rand() % (sizeof(letters) - 1)]
					      : (char)rand();
		guest_parse(text, bytes, &guest, &why);
		guest_free(&guest);
	}
}

static void the_default_bridge_is_read_from_xl_conf(void **state)
{
	static const char conf[] =
		"#vif.default.bridge=\"no\"\nautoballoon=0\nvif.default.bridge=\"xenbr1\"\n";
	char value[GUEST_WORD];

	config_value(conf, strlen(conf), "vif.default.bridge", value);
	assert_string_equal(value, "xenbr1");
	config_value(conf, strlen(conf), "vif.default.script", value);
	assert_string_equal(value, "");
}

/* --- checks --- */

static struct links sys;
static struct plan plan;
static struct findings findings;
static struct config config[2];

static struct link *add(const char *name, enum link_kind kind, int master)
{
	struct link link = {
		.index = (int)sys.count + 1, .kind = kind, .mtu = 1500, .master = master
	};

	link.up = true;
	snprintf(link.name, sizeof(link.name), "%s", name);
	return links_add(&sys, &link);
}

static int setup(void **state)
{
	static const char text[] = "br53 eth0 native\nxenbr0 eth1 1p/2-9 aware\n";

	memcpy(add("eth0", LINK_OTHER, 2)->mac, "\0\x16\x3e\1\1\1", 6);
	add("br53", LINK_BRIDGE, 0);
	return plan_parse(text, strlen(text), &plan, &why);
}

static int teardown(void **state)
{
	links_free(&sys);
	plan_free(&plan);
	findings_free(&findings);
	guest_free(&config[0].guest);
	guest_free(&config[1].guest);
	return 0;
}

static void check(const char *one, const char *two)
{
	config[0].file = "one";
	config[1].file = "two";
	assert_int_equal(guest_parse(one, strlen(one), &config[0].guest, &why), 0);
	assert_int_equal(guest_parse(two, strlen(two), &config[1].guest, &why), 0);
	check_guests(config, 2, &plan, &sys, "xenbr0", &findings);
}

static void assert_finding(size_t n, const char *file, unsigned int line, const char *text)
{
	assert_true(n < findings.count);
	assert_string_equal(findings.finding[n].complaint.text, text);
	assert_int_equal(findings.finding[n].complaint.line, line);
	assert_string_equal(findings.finding[n].file ? findings.finding[n].file : "-", file);
}

static void guests_that_fit_are_not_mentioned(void **state)
{
	check("vif=['mac=00:16:3e:00:00:01,bridge=br53,mtu=1500', 'bridge=xenbr0.5']",
		"vif=['mac=00:16:3e:00:00:02', 'bridge=xenbr0,vlan=2p/3']");
	assert_int_equal(findings.count, 0);
}

static void a_bridge_that_is_not_there_is_found(void **state)
{
	check("\nvif=['bridge=br54']", "vif=['bridge=xenbr0,vlan=10']");
	assert_int_equal(findings.count, 2);
	assert_finding(
		0, "one", 2, "no bridge br54: it is not there, and no line of the plan makes it");
	assert_finding(
		1, "two", 1, "VLAN 10 is not among those that xenbr0 carries (line 2 of the plan)");
}

static void a_mac_twice_is_found(void **state)
{
	check("vif=['mac=00:16:3e:00:00:01,bridge=br53',\n'mac=00:16:3e:01:01:01,bridge=br53']",
		"\n\nvif=['mac=00:16:3E:00:00:01,bridge=br53']");
	assert_int_equal(findings.count, 2);
	assert_finding(0, "one", 2, "the MAC 00:16:3e:01:01:01 is also that of eth0 in Dom0");
	assert_finding(1, "two", 3, "the MAC 00:16:3e:00:00:01 is also that of one:1");
}

static void mtus_that_differ_are_found(void **state)
{
	add("vif1.0", LINK_TUN, 2)->mtu = 9000;
	check_mtus(&plan, &sys, &findings);
	check("vif=['mtu=9000,bridge=br53']", "");
	assert_int_equal(findings.count, 2);
	assert_finding(0, "-", 0, "vif1.0 has the MTU 9000, and its bridge br53 1500");
	assert_finding(1, "one", 1, "mtu=9000 on br53, whose MTU is 1500");
}

static void what_the_system_lacks_is_found(void **state)
{
	plan_free(&plan);
	assert_int_equal(plan_parse("br53 eth0 native\nx eth7 3\n", 25, &plan, &why), 0);
	check_system(&plan, "plan", &sys, NULL, &findings);
	assert_finding(0, "plan", 2, "the trunk eth7 of x is not there");
	findings_free(&findings);
	plan_free(&plan);
	assert_int_equal(plan_parse("br53 eth0 native fd=3\n", 22, &plan, &why), 0);
	check_system(&plan, "plan", &sys, NULL, &findings);
	assert_int_equal(findings.count, 1);
	assert_finding(0, "plan", 1, "not yet so: ~ br53: forward delay 0 s -> 3 s");
	findings_free(&findings);
	plan_free(&plan);
	assert_int_equal(plan_parse("br53 eth0 native\nbr7 eth0 7 none\n", 33, &plan, &why), 0);
	check_system(&plan, "plan", &sys, "mark", &findings);
	assert_int_equal(findings.count, 2);
	assert_finding(0, "plan", 2, "not yet so: + eth0.7: new device for VLAN 7 of eth0");
	assert_finding(1, "plan", 2, "not yet so: + br7: new bridge, STP off, forward delay 0 s");
}

static void a_rate_is_shown_per_second(void **state)
{
	char text[VIFINFO_BYTES];

	rate_format("62500,50000", text);
	assert_string_equal(text, "1.25 MB/s");
	rate_format("10,1000000", text);
	assert_string_equal(text, "10 B/s");
	rate_format("unlimited", text);
	assert_string_equal(text, "unlimited");
	rates_format("", "", text);
	assert_string_equal(text, "");
	rates_format("", "5000,50000", text);
	assert_string_equal(text, "rx 100 KB/s");
	rates_format("62500,50000", "5000,50000", text);
	assert_string_equal(text, "1.25 MB/s, rx 100 KB/s");
	rate_format("5,0", text);
	assert_string_equal(text, "5,0");
}

#define with_system(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sites_guest_is_read),
		cmocka_unit_test(lists_over_lines_and_both_quotes_are_read),
		cmocka_unit_test(vifs_that_cannot_be_read_are_named),
		cmocka_unit_test(any_bytes_are_read_or_refused),
		cmocka_unit_test(the_default_bridge_is_read_from_xl_conf),
		with_system(guests_that_fit_are_not_mentioned),
		with_system(a_bridge_that_is_not_there_is_found),
		with_system(a_mac_twice_is_found),
		with_system(mtus_that_differ_are_found),
		with_system(what_the_system_lacks_is_found),
		cmocka_unit_test(a_rate_is_shown_per_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
