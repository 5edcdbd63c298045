/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: xenbus/parse.o */
/*
 * Text that frontends, scripts and the kernel write, into numbers or nothing.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "xenbus/parse.h"

static void decimals_within_their_range_are_taken(void **state)
{
	uint64_t value;

	(void)state;
	assert_int_equal(parse_u64("0", 0, 10, &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(parse_u64("18446744073709551615", 0, UINT64_MAX, &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(parse_u64("0042", 42, 42, &value), 0);
	assert_int_equal(value, 42);
}

static void text_that_is_no_decimal_is_refused(void **state)
{
	static const char *const wrong[] = {
		"", " ", "-1", "+1", "0x10", "1 2", "1 ", " 1", "1\n", "12a", "a12", "1.0", "1e3",
		"18446744073709551616", "99999999999999999999", "000000000000000000001", "\xd9\xa1",
	};
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		value = 77;
		assert_int_equal(parse_u64(wrong[i], 0, UINT64_MAX, &value), -EINVAL);
		assert_int_equal(value, 77);
	}
}

static void decimals_outside_their_range_are_refused(void **state)
{
	uint32_t value = 77;

	(void)state;
	assert_int_equal(parse_u32("0", 1, 4, &value), -ERANGE);
	assert_int_equal(parse_u32("5", 1, 4, &value), -ERANGE);
	assert_int_equal(parse_u32("4294967296", 0, UINT32_MAX, &value), -ERANGE);
	assert_int_equal(parse_u32("4294967297", 0, 4, &value), -ERANGE);
	assert_int_equal(value, 77);
}

static void states_are_0_to_8_and_everything_else_is_nonsense(void **state)
{
	char text[2] = "0";

	(void)state;
	for (; text[0] <= '8'; text[0]++)
		assert_int_equal(parse_state(text), text[0] - '0');
	assert_int_equal(parse_state("9"), BUS_NONSENSE);
	assert_int_equal(parse_state("-1"), BUS_NONSENSE);
	assert_int_equal(parse_state("banana"), BUS_NONSENSE);
	assert_int_equal(parse_state(""), BUS_NONSENSE);
	assert_int_equal(parse_state("4294967300"), BUS_NONSENSE);
}

static void device_numbers_are_hexadecimal(void **state)
{
	uint32_t high, low;

	(void)state;
	assert_int_equal(parse_devnum("fd:1A", &high, &low), 0);
	assert_int_equal(high, 0xfd);
	assert_int_equal(low, 0x1a);
	assert_int_equal(parse_devnum("7:0", &high, &low), 0);
	assert_int_equal(parse_devnum("7:", &high, &low), -EINVAL);
	assert_int_equal(parse_devnum(":0", &high, &low), -EINVAL);
	assert_int_equal(parse_devnum("7", &high, &low), -EINVAL);
	assert_int_equal(parse_devnum("7:0:0", &high, &low), -EINVAL);
	assert_int_equal(parse_devnum("0x7:0", &high, &low), -EINVAL);
	assert_int_equal(parse_devnum("123456789:0", &high, &low), -EINVAL);
	assert_int_equal(parse_devnum("", &high, &low), -EINVAL);
}

static void abis_that_we_speak_are_known(void **state)
{
	enum blkif_abi abi;

	(void)state;
	assert_int_equal(parse_abi("x86_64-abi", &abi), 0);
	assert_int_equal(abi, BLKIF_ABI_X86_64);
	assert_int_equal(parse_abi("x86_32-abi", &abi), 0);
	assert_int_equal(abi, BLKIF_ABI_X86_32);
	assert_int_equal(parse_abi("arm-abi", &abi), -EINVAL);
	assert_int_equal(parse_abi("", &abi), -EINVAL);
	assert_int_equal(parse_abi("x86_64-abi ", &abi), -EINVAL);
}

static void path(const char *text, int expect, uint32_t kind, uint32_t domid, uint32_t devid)
{
	struct device_id id;

	assert_int_equal(parse_device_path("/local/domain/0/backend", text, &id), expect);
	if (expect)
		return;
	assert_int_equal(id.kind, kind);
	assert_int_equal(id.domid, domid);
	assert_int_equal(id.devid, devid);
}

static void a_changed_path_names_the_device_as_far_as_it_goes(void **state)
{
	(void)state;
	path("/local/domain/0/backend/vbd/7/51712/state", 0, DEVICE_VBD, 7, 51712);
	path("/local/domain/0/backend/vbd/7/51712", 0, DEVICE_VBD, 7, 51712);
	path("/local/domain/0/backend/vif/7/0/a/b/c", 0, DEVICE_VIF, 7, 0);
	path("/local/domain/0/backend/vbd/7", 0, DEVICE_VBD, 7, ID_ANY);
	path("/local/domain/0/backend/vbd", 0, DEVICE_VBD, ID_ANY, ID_ANY);
}

static void a_path_that_names_no_device_is_refused(void **state)
{
	(void)state;
	path("/local/domain/0/backend", -EINVAL, 0, 0, 0);
	path("/local/domain/0/backend/qdisk/7/1", -EINVAL, 0, 0, 0);
	path("/local/domain/0/backend/vbd3/7/1", -EINVAL, 0, 0, 0);
	path("/local/domain/0/backend/vbd/x/1", -EINVAL, 0, 0, 0);
	path("/local/domain/0/backend/vbd/7x/1", -EINVAL, 0, 0, 0);
	path("/local/domain/0/backend/vbd/32752/1", -EINVAL, 0, 0, 0);
	path("/local/domain/0/backend/vbd/7/4294967295", -EINVAL, 0, 0, 0);
	path("/local/domain/1/backend/vbd/7/1", -EINVAL, 0, 0, 0);
}

static void a_run_directorys_name_names_a_device_wholly(void **state)
{
	struct device_id id;

	(void)state;
	assert_int_equal(parse_device_name("vbd-7-51712", &id), 0);
	assert_int_equal(id.domid, 7);
	assert_int_equal(id.devid, 51712);
	assert_int_equal(parse_device_name("vif-32751-0", &id), 0);
	assert_int_equal(parse_device_name("vbd-7", &id), -EINVAL);
	assert_int_equal(parse_device_name("vbd", &id), -EINVAL);
	assert_int_equal(parse_device_name("vbd-7-1-1", &id), -EINVAL);
	assert_int_equal(parse_device_name("vbd-7-1/..", &id), -EINVAL);
	assert_int_equal(parse_device_name("vbd/7/1", &id), -EINVAL);
	assert_int_equal(parse_device_name("../etc", &id), -EINVAL);
	assert_int_equal(parse_device_name("", &id), -EINVAL);
}

#define UEVENT(text) (text), sizeof(text)

static void a_resize_of_a_block_device_is_recognised(void **state)
{
	uint32_t high, low;

	(void)state;
	assert_int_equal(parse_resize_uevent(UEVENT("change@/devices/virtual/block/dm-3\0"
			"ACTION=change\0SUBSYSTEM=block\0RESIZE=1\0MAJOR=253\0MINOR=3"),
			&high, &low), 0);
	assert_int_equal(high, 253);
	assert_int_equal(low, 3);
}

static void other_kernel_events_are_no_resize(void **state)
{
	uint32_t high, low;

	(void)state;
	assert_int_equal(parse_resize_uevent(UEVENT("change@/d\0SUBSYSTEM=block\0MAJOR=253\0MINOR=3"),
			&high, &low), -EINVAL);
	assert_int_equal(parse_resize_uevent(UEVENT("change@/d\0SUBSYSTEM=net\0RESIZE=1\0MAJOR=1\0MINOR=3"),
			&high, &low), -EINVAL);
	assert_int_equal(parse_resize_uevent(UEVENT("c@/d\0SUBSYSTEM=block\0RESIZE=1\0MAJOR=x\0MINOR=3"),
			&high, &low), -EINVAL);
	assert_int_equal(parse_resize_uevent("SUBSYSTEM=block", 15, &high, &low), -EINVAL);
	assert_int_equal(parse_resize_uevent("", 0, &high, &low), -EINVAL);
}

static void a_devices_name_is_one_that_toolstacks_give(void **state)
{
	static const char *const disks[] = {
		"xvda", "xvdaa", "xvda1", "xvdtq37", "sda", "sda15", "hda", "hdb1", "d0p0", "d536p37",
		"d0x10p1", "51712", "0xca00",
	};
	static const char *const wrong[] = {
		"", "vif", "vif00", "vif01", "vif-1", "vif0x", "vifa", "vf0", "eth0", "Vif0", "xvd", "xvd0",
		"xvda01", "xvda0", "xvda1p1", "xvdA", "xda", "xd", "hd", "sd1", "sd\303\241", "d", "d0", "d0p",
		"dp0", "d0p0p", "0x", "-1", "51712a", "vif4294967295",
	};
	uint32_t kind;

	(void)state;
	for (size_t i = 0; i < sizeof(disks) / sizeof(disks[0]); i++) {
		assert_int_equal(parse_vdev(disks[i], &kind), 0);
		assert_int_equal(kind, DEVICE_VBD);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_true(parse_vdev(wrong[i], &kind) < 0);
	assert_int_equal(parse_vdev("vif0", &kind), 0);
	assert_int_equal(kind, DEVICE_VIF);
	assert_int_equal(parse_vdev("vif4294967294", &kind), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimals_within_their_range_are_taken),
		cmocka_unit_test(text_that_is_no_decimal_is_refused),
		cmocka_unit_test(decimals_outside_their_range_are_refused),
		cmocka_unit_test(states_are_0_to_8_and_everything_else_is_nonsense),
		cmocka_unit_test(device_numbers_are_hexadecimal),
		cmocka_unit_test(abis_that_we_speak_are_known),
		cmocka_unit_test(a_changed_path_names_the_device_as_far_as_it_goes),
		cmocka_unit_test(a_path_that_names_no_device_is_refused),
		cmocka_unit_test(a_run_directorys_name_names_a_device_wholly),
		cmocka_unit_test(a_devices_name_is_one_that_toolstacks_give),
		cmocka_unit_test(a_resize_of_a_block_device_is_recognised),
		cmocka_unit_test(other_kernel_events_are_no_resize),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
