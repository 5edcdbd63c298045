/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: bridge/vlanset.o */
/* Sets of VLANs: what is in, in which runs, and what differs, against a plain table of flags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bridge/vlanset.h"

/* The same set as a table: 0 no member, 1 tagged, 2 untagged, 3 PVID (untagged). */
struct table {
	uint8_t at[VLAN_LAST + 1];
};

static struct vlan_range range(unsigned int first, unsigned int last, unsigned int flags)
{
	return (struct vlan_range){ (uint16_t)first, (uint16_t)last, flags == 3, flags >= 2 };
}

static void table_add(struct table *table, struct vlan_range r)
{
	for (unsigned int n = 1; r.pvid && n <= VLAN_LAST; n++)
		table->at[n] = table->at[n] == 3 ? 2 : table->at[n];
	for (unsigned int n = r.first; n <= r.last; n++)
		table->at[n] = r.pvid ? 3 : r.untagged ? 2 : 1;
}

static unsigned int flags_of(struct vlan_range r)
{
	return r.pvid ? 3 : r.untagged ? 2 : 1;
}

static void assert_same(const struct vlan_set *set, const struct table *table)
{
	struct table seen = { 0 };
	struct vlan_range r;
	unsigned int before = 0, before_flags = 0;

	for (unsigned int n = VLAN_FIRST; vlan_set_next(set, n, &r); n = r.last + 1u) {
		/* a run is the longest: its neighbour differs, or one of them is the PVID */
		assert_false(
			r.first == before + 1 && before_flags == flags_of(r) && before_flags != 3);
		memset(seen.at + r.first, (int)flags_of(r), r.last - r.first + 1u);
		before = r.last;
		before_flags = flags_of(r);
	}
	assert_memory_equal(seen.at, table->at, sizeof(seen.at));
	for (unsigned int n = 0; n <= VLAN_LAST + 2; n++)
		assert_int_equal(vlan_set_has(set, n), n <= VLAN_LAST && table->at[n]);
}

static void random_change(struct vlan_set *set, struct table *table)
{
	unsigned int first = 1 + (unsigned int)rand() % VLAN_LAST;
	unsigned int flags = (unsigned int)rand() % 4;
	unsigned int last = first + (unsigned int)rand() % 200;

	last = flags == 3 ? first : last > VLAN_LAST ? VLAN_LAST : last;
	if (flags == 0) {
		vlan_set_remove(set, range(first, last, 1));
		memset(table->at + first, 0, last - first + 1);
	} else {
		vlan_set_add(set, range(first, last, flags));
		table_add(table, range(first, last, flags));
	}
}

static void an_empty_set_has_no_run(void **state)
{
	struct vlan_set set = { 0 };
	struct vlan_range r;

	assert_true(vlan_set_empty(&set));
	assert_false(vlan_set_next(&set, VLAN_FIRST, &r));
	vlan_set_add(&set, range(4094, 4094, 1));
	assert_false(vlan_set_empty(&set));
}

static void the_whole_range_is_one_run(void **state)
{
	struct vlan_set set = { 0 };
	struct vlan_range r;

	vlan_set_add(&set, range(VLAN_FIRST, VLAN_LAST, 1));
	assert_true(vlan_set_next(&set, VLAN_FIRST, &r));
	assert_int_equal(r.first, 1);
	assert_int_equal(r.last, 4094);
	vlan_set_add(&set, range(100, 100, 3));
	assert_true(vlan_set_next(&set, VLAN_FIRST, &r));
	assert_int_equal(r.last, 99);
	assert_true(vlan_set_next(&set, 100, &r));
	assert_int_equal(r.last, 100);
	assert_true(r.pvid && r.untagged);
}

static void random_changes_agree_with_a_table(void **state)
{
	srand(52);
	for (int i = 0; i < 100; i++) {
		struct vlan_set set = { 0 };
		struct table table = { 0 };

		for (int n = 0; n < 40; n++)
			random_change(&set, &table);
		assert_same(&set, &table);
	}
}

static void differences_agree_with_a_table(void **state)
{
	srand(53);
	for (int i = 0; i < 100; i++) {
		struct vlan_set a = { 0 }, b = { 0 }, changed, beyond;
		struct table at = { 0 }, bt = { 0 }, changed_t = { 0 }, beyond_t = { 0 };

		for (int n = 0; n < 30; n++)
			random_change(&a, &at);
		b = a;
		bt = at;
		for (int n = 0; n < 5; n++)
			random_change(&b, &bt);
		for (unsigned int n = 1; n <= VLAN_LAST; n++) {
			changed_t.at[n] = at.at[n] != bt.at[n] ? at.at[n] : 0;
			beyond_t.at[n] = bt.at[n] ? 0 : at.at[n];
		}
		vlan_set_changed(&a, &b, &changed);
		assert_same(&changed, &changed_t);
		vlan_set_beyond(&a, &b, &beyond);
		assert_same(&beyond, &beyond_t);
	}
}

/* As br_vlan.c of Linux has it, in __br_vlan_set_default_pvid() and br_vlan_disable_default_pvid(). */
static void the_vlan_of_new_ports_changes_as_in_the_kernel(void **state)
{
	/* Flags of VLAN 1 and 2 on a port, as in struct table, before and after. */
	static const struct {
		uint8_t from, to, before[2], after[2];
	} cases[] = {
		{ 0, 2, { 0, 0 }, { 0, 3 } },
		{ 0, 2, { 3, 0 }, { 2, 3 } }, /* whatever PVID it had */
		{ 0, 2, { 1, 1 }, { 1, 1 } }, /* in it already, be it tagged */
		{ 0, 2, { 3, 2 }, { 3, 2 } },
		{ 1, 2, { 3, 0 }, { 0, 3 } },
		{ 1, 2, { 3, 1 }, { 3, 1 } },
		{ 1, 2, { 2, 0 }, { 2, 0 } }, /* not in the old one as a new port was */
		{ 1, 2, { 0, 0 }, { 0, 0 } },
		{ 1, 0, { 3, 1 }, { 0, 1 } },
		{ 1, 0, { 2, 3 }, { 2, 3 } },
		{ 1, 1, { 3, 1 }, { 3, 1 } },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct table after = { 0 };
		struct vlan_set set = { 0 };

		for (unsigned int n = 1; n <= 2; n++) {
			if (cases[i].before[n - 1])
				vlan_set_add(&set, range(n, n, cases[i].before[n - 1]));
			after.at[n] = cases[i].after[n - 1];
		}
		vlan_set_default_pvid(&set, cases[i].from, cases[i].to);
		assert_same(&set, &after);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_set_has_no_run),
		cmocka_unit_test(the_whole_range_is_one_run),
		cmocka_unit_test(random_changes_agree_with_a_table),
		cmocka_unit_test(differences_agree_with_a_table),
		cmocka_unit_test(the_vlan_of_new_ports_changes_as_in_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
