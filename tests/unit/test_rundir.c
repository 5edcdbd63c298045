/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: xenbus/rundir.o xenbus/parse.o */
/*
 * Run directories: whatever happened to those who wrote into one, it goes whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "xenbus/rundir.h"

static char run[] = "/tmp/xenback-rundir-XXXXXX";
static int dir;

static int make(void **state)
{
	(void)state;
	dir = mkdtemp(run) ? rundir_open(run, "vbd-7-51712", 1) : -1;
	return dir < 0 ? -1 : 0;
}

static int end(void **state)
{
	(void)state;
	close(dir);
	return rmdir(run);
}

static void a_write_that_fails_leaves_nothing_behind(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(dir, "pid", 0755), 0);
	assert_true(rundir_write(dir, "pid", "1 2\n", 4, 0644) < 0);
	assert_int_equal(faccessat(dir, ".pid", F_OK, 0), -1);
	assert_int_equal(unlinkat(dir, "pid", AT_REMOVEDIR), 0);
}

static void a_shared_file_is_there_with_all_its_memory(void **state)
{
	int fd = rundir_shared(dir, "journal", 256 << 10, 0600, 1);
	struct stat st;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 256 << 10);
	assert_true(st.st_blocks * 512 >= 256 << 10);
	close(fd);
}

/* As one that was killed between writing and renaming leaves it. */
static void the_directory_goes_with_files_that_were_half_written(void **state)
{
	(void)state;
	close(openat(dir, ".params", O_WRONLY | O_CREAT, 0600));
	assert_int_equal(rundir_write(dir, "rate", "1", 1, 0644), 0);
	rundir_remove(run, "vbd-7-51712");
	assert_int_equal(rundir_open(run, "vbd-7-51712", 0), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_write_that_fails_leaves_nothing_behind),
		cmocka_unit_test(a_shared_file_is_there_with_all_its_memory),
		cmocka_unit_test(the_directory_goes_with_files_that_were_half_written),
	};

	return cmocka_run_group_tests(tests, make, end);
}
