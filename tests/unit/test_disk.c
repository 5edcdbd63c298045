/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: xenbus/disk.o ring/control.o */
/*
 * Opening and measuring targets, on files in /dev/shm, whose file system takes O_DIRECT. Block
 * devices are met in the lab.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <cmocka.h>

#include "xenbus/disk.h"

static char dir[] = "/dev/shm/xenback-disk-XXXXXX";
static char path[64], why[400];

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/image", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static void image(off_t bytes)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, bytes), 0);
	close(fd);
}

static int open_as(struct disk_request request, struct disk *disk)
{
	return disk_open(&request, disk, why, sizeof(why));
}

static void refused(struct disk_request request, int expect, const char *part)
{
	struct disk disk;

	assert_int_equal(open_as(request, &disk), expect);
	assert_non_null(strstr(why, part));
	assert_non_null(strstr(why, request.path));
}

static void a_file_has_its_whole_sectors(void **state)
{
	struct disk disk;
	int fd;

	(void)state;
	image(1000000);
	fd = open_as((struct disk_request) { .path = path, .writable = true }, &disk);
	assert_true(fd >= 0);
	assert_false(disk.is_device);
	assert_true(disk.sector_bytes == 512 || disk.sector_bytes == 4096);
	assert_int_equal(disk.bytes, 1000000 / disk.sector_bytes * disk.sector_bytes);
	assert_true(fcntl(fd, F_GETFL) & O_DIRECT);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	close(fd);
}

static void a_read_only_disk_is_opened_for_reading_only(void **state)
{
	struct disk disk;
	int fd;

	(void)state;
	image(1 << 20);
	fd = open_as((struct disk_request) { .path = path }, &disk);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_equal(disk.discard_granularity, 0);
	close(fd);
}

static void a_file_can_show_larger_sectors_than_it_needs(void **state)
{
	struct disk disk;
	int fd;

	(void)state;
	image(4096 * 3 + 512);
	fd = open_as((struct disk_request) { .path = path, .sector = 4096 }, &disk);
	assert_true(fd >= 0);
	assert_int_equal(disk.sector_bytes, 4096);
	assert_int_equal(disk.bytes, 4096 * 3);
	close(fd);
}

/* What a CD drive says of itself. Others, a guest could not address. */
static void sectors_of_2048_bytes_are_shown(void **state)
{
	struct disk disk;
	int fd;

	(void)state;
	image(2048 * 5 + 512);
	fd = open_as((struct disk_request) { .path = path, .sector = 2048 }, &disk);
	assert_true(fd >= 0);
	assert_true(disk.sector_bytes == 2048 || disk.sector_bytes == 4096);
	assert_int_equal(disk.bytes, 2048 * 5 / disk.sector_bytes * disk.sector_bytes);
	close(fd);
	refused((struct disk_request) { .path = path, .sector = 8192 }, -EINVAL, "512, 2048 or 4096");
}

static void measuring_changes_nothing(void **state)
{
	struct disk disk;
	struct stat before, after;

	(void)state;
	image(1 << 20);
	stat(path, &before);
	close(open_as((struct disk_request) { .path = path, .writable = true }, &disk));
	stat(path, &after);
	assert_int_equal(before.st_size, after.st_size);
	assert_int_equal(before.st_blocks, after.st_blocks);
}

static void an_empty_drive_is_no_mistake(void **state)
{
	struct disk disk;
	int fd;

	(void)state;
	image(0);
	fd = open_as((struct disk_request) { .path = path, .may_be_empty = true }, &disk);
	assert_true(fd >= 0);
	assert_int_equal(disk.bytes, 0);
	close(fd);
}

static void targets_that_are_no_disks_are_refused_with_their_name(void **state)
{
	(void)state;
	image(511);
	refused((struct disk_request) { .path = path }, -EINVAL, "smaller than one sector");
	refused((struct disk_request) { .path = dir }, -EISDIR, "directory");
	refused((struct disk_request) { .path = "/dev/null" }, -ENOTBLK, "neither");
	unlink(path);
	refused((struct disk_request) { .path = path }, -ENOENT, "no target");
	assert_int_equal(mkfifo(path, 0600), 0);
	refused((struct disk_request) { .path = path }, -ENOTBLK, "neither");
	unlink(path);
}

static void a_file_is_not_taken_for_the_device_that_was_named(void **state)
{
	(void)state;
	image(1 << 20);
	refused((struct disk_request) { .path = path, .device = true, .rdev = makedev(7, 0) }, -ENXIO,
			"7:0");
}

static void a_file_system_without_o_direct_is_refused_unless_buffered(void **state)
{
	/* proc(5) has regular files and takes no O_DIRECT. */
	const struct disk_request request = { .path = "/proc/self/comm" };
	struct disk_request buffered = request;

	(void)state;
	refused(request, -EINVAL, "O_DIRECT");
	assert_non_null(strstr(why, "buffered = yes"));
	buffered.buffered = true;
	/* It opens now, and is found to have no size. */
	refused(buffered, -EINVAL, "size");
}

static void a_grown_file_is_measured_anew(void **state)
{
	uint64_t bytes;
	int fd;

	(void)state;
	image(1 << 20);
	fd = open(path, O_RDONLY);
	assert_int_equal(disk_bytes(fd, 512, true, &bytes), 0);
	assert_int_equal(bytes, 1 << 20);
	assert_int_equal(truncate(path, (2 << 20) + 100), 0);
	for (int ask = 0; ask < 2; ask++) {
		bytes = 0;
		assert_int_equal(disk_bytes(fd, 512, ask, &bytes), 0);
		assert_int_equal(bytes, 2 << 20);
	}
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_has_its_whole_sectors),
		cmocka_unit_test(a_read_only_disk_is_opened_for_reading_only),
		cmocka_unit_test(a_file_can_show_larger_sectors_than_it_needs),
		cmocka_unit_test(sectors_of_2048_bytes_are_shown),
		cmocka_unit_test(measuring_changes_nothing),
		cmocka_unit_test(an_empty_drive_is_no_mistake),
		cmocka_unit_test(targets_that_are_no_disks_are_refused_with_their_name),
		cmocka_unit_test(a_file_is_not_taken_for_the_device_that_was_named),
		cmocka_unit_test(a_file_system_without_o_direct_is_refused_unless_buffered),
		cmocka_unit_test(a_grown_file_is_measured_anew),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
