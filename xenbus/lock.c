/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lock between controls. POSIX record locks: they say who holds them, workers do not inherit
 * them, and a control that was killed leaves none behind.
 */
#include "xenbus/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define UIDS 3		/* where enum device_kind has no kind */

static int lock_fd = -1;	/* stays open as long as we live */

/* The place in the file that stands for a device, or for a uid. */
static off_t place(uint32_t kind, uint32_t domid, uint32_t number)
{
	return (off_t)kind << 48 | (off_t)domid << 32 | number;
}

bool lock_uid(uint32_t uid)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = place(UIDS, 0, uid), .l_len = 1 };

	return fcntl(lock_fd, F_SETLK, &lock) == 0;
}

int lock_take(const char *run, struct device_id only, pid_t *holder, bool *all)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[PATH_MAX];

	if (only.kind) {
		lock.l_start = place(only.kind, only.domid, only.devid);
		lock.l_len = 1;
	}
	if (mkdir(run, 0755) && errno != EEXIST)
		return -errno;
	snprintf(path, sizeof(path), "%s/lock", run);
	if (lock_fd < 0)
		lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock_fd < 0)
		return -errno;
	if (fcntl(lock_fd, F_SETLK, &lock) == 0)
		return 0;
	if (errno != EACCES && errno != EAGAIN)
		return -errno;
	if (fcntl(lock_fd, F_GETLK, &lock) || lock.l_type == F_UNLCK)
		return -EAGAIN;
	*holder = lock.l_pid;
	*all = lock.l_start == 0 && lock.l_len == 0;
	return -EBUSY;
}
