/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: vlan/import.o vlan/interfaces.o vlan/plan.o vlan/rules.o vlan/format.o vlan/spec.o vlan/complaint.o bridge/vlanset.o bridge/address.o bridge/netlink.o */
/* libs: -lnl-route-3 -lnl-3 */
/*
 * Plans, words for VLANs and ifupdown's files: every refusal is a sentence, and what was taken comes
 * back the same when it is written and read again.
 */
#include "tests/fuzz/feed.h"
#include "vlan/import.h"
#include "vlan/plan.h"
#include "vlan/spec.h"

static void plan_one(const char *text, size_t bytes)
{
	struct complaint why = { 0 };
	struct plan plan, again;
	char line[PLAN_LINE_BYTES], second[PLAN_LINE_BYTES];

	if (plan_parse(text, bytes, &plan, &why)) {
		HOLDS(why.text[0]);
		plan_free(&plan);
		return;
	}
	for (size_t i = 0; i < plan.count; i++) {
		HOLDS(plan_named(&plan, plan.bridge[i].name) == &plan.bridge[i]);
		HOLDS(plan_using(&plan, plan.bridge[i].name) && plan_using(&plan, plan.bridge[i].trunk));
		plan_format(&plan.bridge[i], line, sizeof(line));
		HOLDS(plan_parse(line, strlen(line), &again, &why) == 0);
		HOLDS(again.count == 1);
		plan_format(&again.bridge[0], second, sizeof(second));
		HOLDS(strcmp(line, second) == 0);
		plan_free(&again);
	}
	plan_free(&plan);
}

static void words(const char *text)
{
	struct complaint why = { 0 };
	struct vlan_set set, again;
	char line[PLAN_LINE_BYTES];
	uint16_t vlan;

	if (vlan_spec_parse(text, &set, &why))
		HOLDS(why.text[0]);
	if (vlan_list_parse(text, &set, &why) == 0) {
		vlan_list_format(&set, line, sizeof(line));
		HOLDS(vlan_list_parse(line, &again, &why) == 0);
		HOLDS(memcmp(&set, &again, sizeof(set)) == 0);
	}
	if (vlan_id_parse(text, &vlan) == 0)
		HOLDS(vlan >= 1 && vlan <= 4094);
}

static void import_one(const char *text, size_t bytes)
{
	struct interfaces interfaces;
	struct complaint why = { 0 };
	struct import import;

	if (interfaces_parse(text, bytes, &interfaces, &why) == 0) {
		import_make(&interfaces, &import);
		import_free(&import);
	}
	interfaces_free(&interfaces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = { data, size };
	const uint8_t which = feed_u8(&feed);
	const size_t bytes = feed.left;
	char *text = feed_text(&feed);

	if (which % 3 == 0)
		plan_one(text, bytes);
	else if (which % 3 == 1)
		words(text);
	else
		import_one(text, bytes);
	free(text);
	return 0;
}
