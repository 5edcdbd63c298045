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

int lock_take(const char *run, struct device_id only, pid_t *holder, bool *all)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[PATH_MAX];
	int fd;

	if (only.kind) {
		lock.l_start = (off_t)only.kind << 48 | (off_t)only.domid << 32 | only.devid;
		lock.l_len = 1;
	}
	if (mkdir(run, 0755) && errno != EEXIST)
		return -errno;
	snprintf(path, sizeof(path), "%s/lock", run);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (fcntl(fd, F_SETLK, &lock) == 0)
		return 0;	/* the descriptor stays open as long as we live */
	if (errno != EACCES && errno != EAGAIN)
		return -errno;
	if (fcntl(fd, F_GETLK, &lock) || lock.l_type == F_UNLCK)
		return -EAGAIN;
	*holder = lock.l_pid;
	*all = lock.l_start == 0 && lock.l_len == 0;
	return -EBUSY;
}
