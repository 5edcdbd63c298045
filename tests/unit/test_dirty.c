/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: xenbus/dirty.o */
/*
 * The set of devices to look at again: however many events, one entry; never unbounded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "xenbus/dirty.h"

static struct dirty dirty, taken;

static int empty(void **state)
{
	(void)state;
	memset(&dirty, 0, sizeof(dirty));
	return 0;
}

static struct device_id vbd(uint32_t domid, uint32_t devid)
{
	return (struct device_id) { DEVICE_VBD, domid, devid };
}

static bool holds(const struct dirty *set, struct device_id id)
{
	for (unsigned int i = 0; i < DIRTY_MAX; i++) {
		if (set->id[i].kind == id.kind && set->id[i].domid == id.domid &&
				set->id[i].devid == id.devid)
			return true;
	}
	return false;
}

static void a_device_that_changes_a_million_times_is_one_entry(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 1000000; i++)
		dirty_add(&dirty, vbd(7, 51712));
	assert_int_equal(dirty.used, 1);
	assert_false(dirty.all);
	assert_true(holds(&dirty, vbd(7, 51712)));
}

static void every_device_is_kept_up_to_three_quarters(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < DIRTY_MAX / 4 * 3; i++)
		dirty_add(&dirty, vbd(i % 32, 51712 + i));
	assert_false(dirty.all);
	for (uint32_t i = 0; i < DIRTY_MAX / 4 * 3; i++)
		assert_true(holds(&dirty, vbd(i % 32, 51712 + i)));
}

static void more_than_fits_means_everything(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 100000; i++)
		dirty_add(&dirty, vbd(1, i));
	assert_true(dirty.all);
	assert_true(dirty.used <= DIRTY_MAX / 4 * 3);
}

static void disks_interfaces_and_whole_domains_are_different_entries(void **state)
{
	(void)state;
	dirty_add(&dirty, vbd(7, 0));
	dirty_add(&dirty, (struct device_id) { DEVICE_VIF, 7, 0 });
	dirty_add(&dirty, vbd(7, ID_ANY));
	dirty_add(&dirty, vbd(ID_ANY, ID_ANY));
	assert_int_equal(dirty.used, 4);
}

static void taking_leaves_nothing_behind(void **state)
{
	(void)state;
	dirty.released = true;
	dirty_add(&dirty, vbd(7, 1));
	dirty_take(&dirty, &taken);
	assert_int_equal(dirty.used, 0);
	assert_false(dirty.released);
	assert_false(holds(&dirty, vbd(7, 1)));
	assert_true(taken.released);
	assert_true(holds(&taken, vbd(7, 1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_device_that_changes_a_million_times_is_one_entry, empty),
		cmocka_unit_test_setup(every_device_is_kept_up_to_three_quarters, empty),
		cmocka_unit_test_setup(more_than_fits_means_everything, empty),
		cmocka_unit_test_setup(disks_interfaces_and_whole_domains_are_different_entries, empty),
		cmocka_unit_test_setup(taking_leaves_nothing_behind, empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
