/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: xenbus/opening.o xenbus/spawn.o */
/*
 * Opening a disk by a process that does as a script of the test says: it dies, it hangs, it is not there. What the
 * real one answers is met by every integration test that has a disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "xenbus/opening.h"

static char libexec[] = "/tmp/xenback-opening-XXXXXX";
static struct fleet fleet = { .libexec = libexec };
static struct opening opening;
static struct disk disk;
static char why[OPENING_WHY_MAX];

int fleet_watch(struct fleet *of, int fd, enum event_tag tag, uint32_t slot)
{
	assert_int_equal(tag, EVENT_OPENED);
	assert_int_equal(slot, fd);
	return 0;
}

/* The program, from now on. */
static void program(const char *line)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/opendisk", libexec);
	unlink(path);
	if (!line)
		return;
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", line);
	fclose(file);
	assert_int_equal(chmod(path, 0700), 0);
}

static int make(void **state)
{
	(void)state;
	return mkdtemp(libexec) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	program(NULL);
	return rmdir(libexec);
}

static int take(const char *path)
{
	const struct disk_request request = { .path = path, .writable = true };

	return opening_take(&opening, &fleet, &request, &disk, why);
}

static void event(int pidfd)
{
	struct pollfd poller = { .fd = pidfd, .events = POLLIN };

	assert_int_equal(poll(&poller, 1, 5000), 1);
}

static void ended(void)
{
	event(opening.pidfd);
	opening_ended(&opening);
}

/* Without an answer. */
static void ends_by(const char *line, const char *how)
{
	program(line);
	assert_int_equal(take("/disk"), -EINPROGRESS);
	ended();
	assert_int_equal(take("/disk"), -EIO);
	assert_non_null(strstr(why, how));
	assert_non_null(strstr(why, "/disk"));
}

static void a_program_that_is_missing_is_an_error_at_once(void **state)
{
	(void)state;
	program(NULL);
	assert_int_equal(take("/disk"), -ENOENT);
	assert_non_null(strstr(why, "opendisk"));
	assert_non_null(strstr(why, "/disk"));
	assert_int_equal(opening.pidfd, 0);
}

static void a_program_that_dies_is_an_error_of_the_disk(void **state)
{
	(void)state;
	ends_by("kill -9 $$", "signal 9");
}

static void a_program_that_says_nothing_is_an_error_of_the_disk(void **state)
{
	(void)state;
	ends_by("exit 2", "status 2");
}

static void a_program_that_hangs_is_not_waited_for(void **state)
{
	int pidfd;

	(void)state;
	program("exec sleep 100");
	assert_int_equal(take("/disk"), -EINPROGRESS);
	opening_ended(&opening);	/* an event of somebody else's */
	assert_int_equal(take("/disk"), -EINPROGRESS);
	pidfd = opening.pidfd;
	opening_abandon(&opening);
	assert_int_equal(opening.pidfd, 0);
	event(pidfd);
	opening_forget(pidfd);
	assert_int_equal(fcntl(pidfd, F_GETFD), -1);
}

/* One process at a time, however often the device is closed and comes again, and whatever it stands for. */
static void one_that_was_cancelled_ends_before_the_next_begins(void **state)
{
	int first;

	(void)state;
	program("exec sleep 100");
	assert_int_equal(take("/disk"), -EINPROGRESS);
	first = opening.pidfd;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(take(i ? "/disk" : "/other"), -EINPROGRESS);
		opening_cancel(&opening);
		assert_int_equal(opening.pidfd, first);
	}
	event(first);
	opening_ended(&opening);
	assert_int_equal(opening.pidfd, 0);
	assert_int_equal(take("/other"), -EINPROGRESS);
	assert_string_equal(opening.order->path, "/other");
	opening_cancel(&opening);
	ended();
}

static void processes_that_hang_have_a_limit(void **state)
{
	int pidfd[OPENINGS_HUNG_MAX];

	(void)state;
	program("exec sleep 100");
	for (unsigned int i = 0; i < OPENINGS_HUNG_MAX; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/disk%u", i / OPENINGS_HUNG_PATH_MAX);
		assert_int_equal(take(path), -EINPROGRESS);
		pidfd[i] = opening.pidfd;
		opening_abandon(&opening);
		if (i == OPENINGS_HUNG_PATH_MAX - 1)
			assert_int_equal(take(path), -EBUSY);
	}
	assert_int_equal(take("/other"), -EBUSY);
	for (unsigned int i = 0; i < OPENINGS_HUNG_MAX; i++) {
		event(pidfd[i]);
		opening_forget(pidfd[i]);
	}
	assert_int_equal(take("/other"), -EINPROGRESS);
	opening_cancel(&opening);
	ended();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_that_is_missing_is_an_error_at_once),
		cmocka_unit_test(a_program_that_dies_is_an_error_of_the_disk),
		cmocka_unit_test(a_program_that_says_nothing_is_an_error_of_the_disk),
		cmocka_unit_test(a_program_that_hangs_is_not_waited_for),
		cmocka_unit_test(one_that_was_cancelled_ends_before_the_next_begins),
		cmocka_unit_test(processes_that_hang_have_a_limit),
	};

	return cmocka_run_group_tests(tests, make, end);
}
