/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: xenbus/worker.o xenbus/record.o xenbus/rundir.o xenbus/parse.o xenbus/spawn.o xenbus/device.o ring/control.o ring/log.o */
/*
 * What control makes of a worker's words and of its end, with a process that does nothing, a line of
 * which the test holds the other end, and a clock that the test sets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>
#include <signal.h>
#include <poll.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "xenbus/record.h"
#include "xenbus/rundir.h"
#include "xenbus/spawn.h"
#include "xenbus/worker.h"

static char run[] = "/tmp/xenback-worker-XXXXXX";
static const struct kind kind = { .id = DEVICE_VBD, .worker = "blkback" };
static struct fleet fleet = { .run = run };
static struct device device;
static struct control_line worker_end = { .listen_fd = -1 };
static uint64_t clock_msec;

/* --- what worker.c asks of its neighbours ------------------------------------------------------- */

uint64_t now_msec(void)
{
	return clock_msec;
}

int fleet_watch(struct fleet *of, int fd, enum event_tag tag, uint32_t slot)
{
	return 0;
}

void device_wake_in(struct device *of, unsigned int msec)
{
	of->wake_at = clock_msec + msec;
}

void device_fail(struct device *of, int err, const char *fmt, ...)
{
	of->failed = true;
}

void device_let_go(struct device *of)
{
}

void device_error_clear(struct device *of)
{
}

int cgroup_join(struct cgroups *groups, const char *name, pid_t pid, const struct settings *settings)
{
	return 0;
}

void cgroup_leave(const struct cgroups *groups, const char *name)
{
}

/* --- a worker ---------------------------------------------------------------------------------- */

static int make(void **state)
{
	(void)state;
	return mkdtemp(run) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	return rmdir(run);
}

/* A connected guest's, just started. */
static int worker_make(void **state)
{
	int line[2];

	(void)state;
	device = (struct device) { .kind = &kind, .fleet = &fleet, .generation = 5, .published = true,
			.name = "vbd 7/51712", .run_name = "vbd-7-51712" };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, line))
		return -1;
	worker_end.fd = line[1];
	clock_msec = 1000;
	device.worker = (struct worker) { .state = WORKER_STARTING, .started = clock_msec,
			.deadline = clock_msec + WORKER_START_MSEC,
			.line = { .listen_fd = -1, .fd = line[0] } };
	device.worker.pid = fork();
	if (device.worker.pid == 0)
		for (;;)
			pause();
	device.worker.pidfd = process_open(device.worker.pid);
	return device.worker.pidfd < 0 ? -1 : 0;
}

static void process_unmake(void)
{
	if (device.worker.pidfd < 0)
		return;
	process_reap(device.worker.pid);
	close(device.worker.pidfd);
	device.worker.pidfd = -1;
}

static int worker_unmake(void **state)
{
	(void)state;
	process_unmake();
	if (device.worker.line.fd >= 0)
		close(device.worker.line.fd);
	close(worker_end.fd);
	rundir_remove(run, device.run_name);
	return 0;
}

static bool ends_within(int msec)
{
	struct pollfd poller = { .fd = device.worker.pidfd, .events = POLLIN };

	return poll(&poller, 1, msec) == 1;
}

/* --- its words --------------------------------------------------------------------------------- */

static void a_word_that_lies_unread_when_the_time_to_say_it_is_over_counts(void **state)
{
	(void)state;
	assert_int_equal(control_send(&worker_end, CONTROL_CONNECTED, device.generation, NULL), 0);
	clock_msec += WORKER_START_MSEC + 1;
	worker_tick(&device);
	assert_int_equal(device.worker.state, WORKER_RUNNING);
	assert_false(ends_within(50));
}

static void a_worker_that_says_nothing_in_time_is_killed(void **state)
{
	(void)state;
	clock_msec += WORKER_START_MSEC + 1;
	worker_tick(&device);
	assert_true(ends_within(5000));
}

static void a_successor_that_lacks_something_of_the_host_dies_of_it(void **state)
{
	(void)state;
	assert_int_equal(control_send(&worker_end, CONTROL_BROKEN, ENOMEM, "cannot map"), 0);
	worker_readable(&device);
	assert_false(device.failed);
	assert_true(ends_within(5000));
	worker_exited(&device);
	assert_int_equal(device.worker.state, WORKER_LOST);
	assert_int_equal(device.worker.deaths, 1);
	assert_false(device.failed);
}

static void a_lie_of_the_guest_ends_its_connection_at_once(void **state)
{
	(void)state;
	assert_int_equal(control_send(&worker_end, CONTROL_BROKEN, 0, "an index"), 0);
	worker_readable(&device);
	assert_int_equal(device.worker.state, WORKER_BROKEN);
	assert_true(device.failed);
}

static void a_first_connection_that_cannot_be_made_is_refused_at_once(void **state)
{
	(void)state;
	device.published = false;
	assert_int_equal(control_send(&worker_end, CONTROL_BROKEN, ENOMEM, "cannot map"), 0);
	worker_readable(&device);
	assert_int_equal(device.worker.state, WORKER_BROKEN);
	assert_true(device.failed);
}

/* --- its end ----------------------------------------------------------------------------------- */

/* As a worker's mapping of the journal that outlives it. */
static int journal_hold(void)
{
	int dir = rundir_open(run, device.run_name, 1);
	int fd = record_journal(dir, 4096, true);

	close(dir);
	return fd;
}

static void a_worker_ends_when_it_has_let_go_of_its_journal(void **state)
{
	int journal = journal_hold();

	(void)state;
	assert_true(journal >= 0);
	device.worker.state = WORKER_RUNNING;
	process_signal(device.worker.pidfd, SIGKILL);
	assert_true(ends_within(5000));
	worker_exited(&device);
	assert_int_equal(device.worker.pidfd, -1);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(device.worker.state, WORKER_RUNNING);
		assert_true(device.wake_at > clock_msec && device.wake_at <= clock_msec + 10);
		clock_msec = device.wake_at;
		worker_tick(&device);
	}
	close(journal);
	worker_tick(&device);
	assert_int_equal(device.worker.state, WORKER_LOST);
	assert_int_equal(device.worker.deaths, 1);
	assert_int_equal(device.worker.status, SIGKILL);
}

static void one_that_died_while_no_control_ran_ends_no_sooner(void **state)
{
	int journal = journal_hold();

	(void)state;
	process_unmake();
	device.worker.state = WORKER_NONE;
	worker_adopt(&device);
	assert_int_equal(device.worker.state, WORKER_DRAINING);
	close(journal);
	worker_tick(&device);
	assert_int_equal(device.worker.state, WORKER_NONE);
}

static void no_second_journal_is_given_out_while_one_is_held(void **state)
{
	int journal = journal_hold(), dir = rundir_open(run, device.run_name, 0);

	(void)state;
	assert_true(record_held(run, device.run_name));
	assert_int_equal(record_journal(dir, 4096, false), -EWOULDBLOCK);
	close(journal);
	assert_false(record_held(run, device.run_name));
	close(dir);
}

#define worker_test(f) cmocka_unit_test_setup_teardown(f, worker_make, worker_unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		worker_test(a_word_that_lies_unread_when_the_time_to_say_it_is_over_counts),
		worker_test(a_worker_that_says_nothing_in_time_is_killed),
		worker_test(a_successor_that_lacks_something_of_the_host_dies_of_it),
		worker_test(a_lie_of_the_guest_ends_its_connection_at_once),
		worker_test(a_first_connection_that_cannot_be_made_is_refused_at_once),
		worker_test(a_worker_ends_when_it_has_let_go_of_its_journal),
		worker_test(one_that_died_while_no_control_ran_ends_no_sooner),
		worker_test(no_second_journal_is_given_out_while_one_is_held),
	};

	log_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, make, end);
}
