/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is written down of a worker, for the control that comes after this one: which process it is,
 * with which parameters, and, by a lock, whether all of it has ended. Trusts the run directory
 * (root's) after checking whose generation it is: numbers of processes are given out again.
 */
#include "xenbus/record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "xenbus/rundir.h"
#include "xenbus/spawn.h"

int record_process(int dir, pid_t pid)
{
	char text[48];
	int length = snprintf(text, sizeof(text), "%d %" PRIu64 "\n", (int)pid,
			process_start_time(pid));

	return rundir_write(dir, "pid", text, (size_t)length, 0644);
}

int recorded_process(int dir, pid_t *pid)
{
	unsigned long long ticks;
	char text[64];
	ssize_t got = rundir_read(dir, "pid", text, sizeof(text) - 1);
	int number, fd;

	text[got < 0 ? 0 : got] = 0;
	if (sscanf(text, "%d %llu", &number, &ticks) != 2 || number <= 1)
		return -1;
	fd = process_open(number);
	/* Its start time after the pidfd is open: what we compare is what we hold. */
	if (fd >= 0 && process_start_time(number) != ticks) {
		close(fd);
		fd = -1;
	}
	*pid = number;
	return fd < 0 ? -1 : fd;
}

int record_params(int dir, const struct device_params *params)
{
	int r = rundir_write(dir, "params", params, sizeof(*params), 0600);

	if (r)
		return r;
	r = openat(dir, "params", O_RDONLY | O_CLOEXEC);
	return r < 0 ? -errno : r;
}

int record_journal(int dir, size_t bytes, bool fresh)
{
	int fd = rundir_shared(dir, "journal", bytes, 0600, fresh);
	int r;

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

bool record_held(const char *run, const char *name)
{
	int dir = rundir_open(run, name, 0);
	int fd = dir < 0 ? dir : openat(dir, "journal", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool held = dir < 0 ? dir != -ENOENT : fd < 0 && errno != ENOENT;

	if (fd >= 0) {
		held = flock(fd, LOCK_EX | LOCK_NB) != 0;
		close(fd);
	}
	if (dir >= 0)
		close(dir);
	return held;
}

bool recorded_params(struct device *device, int dir)
{
	struct device_params *params = &device->params;

	if (rundir_read(dir, "params", params, sizeof(*params)) == sizeof(*params) &&
			params_check(params, device->id.kind) == NULL &&
			params->generation == device->generation &&
			params->domid == device->id.domid && params->devid == device->id.devid)
		return true;
	*params = (struct device_params) { 0 };	/* a successor could not be started with it */
	return false;
}
