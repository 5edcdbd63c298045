/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: vlan/spec.o vlan/complaint.o bridge/vlanset.o */
/*
 * The `vlan=` grammar of xl-network-configuration(5): the manual's examples, every way to be wrong,
 * and every text of up to seven characters against a second reading of the manual made of a regular
 * expression and strtoul().
 */
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "vlan/spec.h"

struct reading {
	bool right;
	uint16_t pvid;
	uint8_t at[VLAN_LAST + 1]; /* 0: not named, 1 tagged, 2 untagged */
};

static regex_t grammar;

#define N "[1-9][0-9]{0,3}"
#define ITEM "(" N "[pu]?|" N "-" N "u?|" N "\\+" N "x" N "u?)"

static int grammar_compile(void **state)
{
	return regcomp(&grammar, "^" ITEM "(/" ITEM ")*$", REG_EXTENDED | REG_NOSUB);
}

static int grammar_free(void **state)
{
	regfree(&grammar);
	return 0;
}

static bool read_item(const char *item, struct reading *to)
{
	char *end;
	unsigned long first = strtoul(item, &end, 10), last = first, step = 1;

	if (*end == '-') {
		last = strtoul(end + 1, &end, 10);
	} else if (*end == '+') {
		step = strtoul(end + 1, &end, 10);
		last = first + step * strtoul(end + 1, &end, 10);
	}
	if (last < first || last > 4094 || (*end == 'p' && to->pvid))
		return false;
	if (*end == 'p')
		to->pvid = (uint16_t)first;
	for (unsigned long n = first; n <= last; n += step) {
		if (to->at[n] < 2)
			to->at[n] = *end ? 2 : 1;
	}
	return true;
}

static void read_second(const char *text, struct reading *to)
{
	char copy[64], *rest = copy, *item;
	bool lone = strpbrk(text, "/-+") == NULL;

	memset(to, 0, sizeof(*to));
	if (regexec(&grammar, text, 0, NULL, 0))
		return;
	strcpy(copy, text);
	while ((item = strsep(&rest, "/"))) {
		if (!read_item(item, to))
			return;
	}
	if (lone) {
		to->pvid = (uint16_t)strtoul(text, NULL, 10);
		to->at[to->pvid] = 2;
	}
	to->right = to->pvid != 0;
}

static void assert_reading(
	const char *text, const struct vlan_set *set, const struct reading *wanted)
{
	for (unsigned int n = VLAN_FIRST; n <= VLAN_LAST; n++) {
		bool untagged = set->untagged[n / 64] >> (n % 64) & 1;

		if (vlan_set_has(set, n) != (wanted->at[n] > 0) || untagged != (wanted->at[n] == 2))
			fail_msg("%s: VLAN %u", text, n);
	}
	if (set->pvid != wanted->pvid)
		fail_msg("%s: PVID %u, not %u", text, set->pvid, wanted->pvid);
}

static void assert_both_agree(const char *text)
{
	struct reading wanted;
	struct complaint why;
	struct vlan_set set;
	int error = vlan_spec_parse(text, &set, &why);

	read_second(text, &wanted);
	if ((error == 0) != wanted.right)
		fail_msg("\"%s\" is %s", text, error ? why.text : "taken, and is wrong");
	if (error == 0)
		assert_reading(text, &set, &wanted);
}

static void every_short_text_is_read_as_the_manual_says(void **state)
{
	static const char alphabet[] = "129-+x/pu";
	unsigned int letters = sizeof(alphabet) - 1, most = 1;

	for (unsigned int length = 1; length <= 7; length++) {
		most *= letters;
		/* the longer, the fewer: every 1st, ... 1st, 11th of them */
		for (unsigned int code = 0; code < most; code += length == 7 ? 11 : 1) {
			char text[8] = { 0 };

			for (unsigned int i = 0, rest = code; i < length; i++, rest /= letters)
				text[i] = alphabet[rest % letters];
			assert_both_agree(text);
		}
	}
}

static void long_texts_are_read_as_the_manual_says(void **state)
{
	static const char *const texts[] = { "10", "10p/20", "10p/100+10x4", "1-4094/5p",
		"4094p/1u", "100+10x4u/5p", "1+1x4093/7p", "1+1x4094/7p", "1-4095/2p", "4095", "0",
		"00", "010", "4094", "4095p/2", "1p/2p", "1p/1p", "10u", "10-20", "10-20p",
		"20-10/3p", "10p/10-20", "10-20/15p", "10p/", "/10p", "10p//20", "10 p", " 10",
		"10\n", "10p,20", "10P", "10p/20+0x4", "10p/20+4x0", "10p/20+4", "10p/20x4",
		"10p/20+4x", "10pu", "10up", "-1", "+1", "1e1", "10000", "99999",
		"18446744073709551626", "10p/4294967306", "1p/4090+1x4", "1p/4090+1x5",
		"1p/9999+9999x9999" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_both_agree(texts[i]);
	assert_both_agree("");
}

static void the_manuals_offset_range_has_five_vlans(void **state)
{
	struct complaint why;
	struct vlan_set set;
	char text[VLAN_SPEC_TEXT];

	assert_int_equal(vlan_spec_parse("10p/100+10x4", &set, &why), 0);
	vlan_list_format(&set, text, sizeof(text));
	assert_string_equal(text, "10p/100/110/120/130/140");
}

static void a_lone_vlan_is_the_pvid_and_untagged(void **state)
{
	struct complaint why;
	struct vlan_set set;
	char text[VLAN_SPEC_TEXT];

	assert_int_equal(vlan_spec_parse("53", &set, &why), 0);
	vlan_list_format(&set, text, sizeof(text));
	assert_string_equal(text, "53p");
}

static void a_list_for_a_trunk_needs_no_pvid(void **state)
{
	struct complaint why;
	struct vlan_set set;

	assert_int_equal(vlan_list_parse("2-100", &set, &why), 0);
	assert_int_equal(set.pvid, 0);
	assert_int_not_equal(vlan_list_parse("2p/3p", &set, &why), 0);
}

static void what_is_written_reads_back(void **state)
{
	srand(4);
	for (int i = 0; i < 500; i++) {
		struct vlan_set set = { 0 }, back;
		char text[VLAN_SPEC_TEXT];
		struct complaint why;

		for (int n = rand() % 8 + 1; n; n--) {
			unsigned int first = 1 + (unsigned int)rand() % 4000,
				     kind = (unsigned int)rand() % 3;
			unsigned int last = kind == 2 ? first : first + (unsigned int)rand() % 90;
			struct vlan_range range = { (uint16_t)first, (uint16_t)last, kind == 2,
				kind > 0 };

			vlan_set_add(&set, range);
		}
		vlan_list_format(&set, text, sizeof(text));
		assert_int_equal(vlan_list_parse(text, &back, &why), 0);
		assert_memory_equal(&set, &back, sizeof(set));
	}
}

static void the_longest_list_fits(void **state)
{
	struct vlan_set set = { 0 };
	char text[VLAN_SPEC_TEXT];

	for (unsigned int n = VLAN_FIRST; n <= VLAN_LAST; n += 1)
		vlan_set_add(&set, (struct vlan_range){ (uint16_t)n, (uint16_t)n, false, n % 2 });
	vlan_list_format(&set, text, sizeof(text));
	assert_string_equal(text + strlen(text) - 10, "4093u/4094");
}

static void complaints_are_sentences_with_the_value(void **state)
{
	struct complaint why;
	struct vlan_set set;

	vlan_spec_parse("4095p", &set, &why);
	assert_string_equal(why.text, "VLAN 4095 is impossible: ids are 1 to 4094");
	vlan_spec_parse("10p/20p", &set, &why);
	assert_string_equal(
		why.text, "VLANs 10 and 20 are both marked p: only one can be the PVID");
	vlan_spec_parse("10/20", &set, &why);
	assert_non_null(strstr(why.text, "marks no VLAN as the PVID"));
	vlan_spec_parse("red", &set, &why);
	assert_non_null(strstr(why.text, "\"red\" is no VLAN list"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_short_text_is_read_as_the_manual_says),
		cmocka_unit_test(long_texts_are_read_as_the_manual_says),
		cmocka_unit_test(the_manuals_offset_range_has_five_vlans),
		cmocka_unit_test(a_lone_vlan_is_the_pvid_and_untagged),
		cmocka_unit_test(a_list_for_a_trunk_needs_no_pvid),
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(the_longest_list_fits),
		cmocka_unit_test(complaints_are_sentences_with_the_value),
	};

	return cmocka_run_group_tests(tests, grammar_compile, grammar_free);
}
