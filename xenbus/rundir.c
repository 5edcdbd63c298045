/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of a run directory. Trusts the directory (root's). Sockets are named through
 * /proc/self/fd, because sun_path is shorter than paths may be.
 */
#include "xenbus/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int rundir_open(const char *run, const char *name, int make)
{
	int above, dir;

	if (make && mkdir(run, 0755) && errno != EEXIST)
		return -errno;
	above = open(run, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (above < 0)
		return -errno;
	if (make && mkdirat(above, name, 0755) && errno != EEXIST) {
		dir = -errno;
	} else {
		dir = openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (dir < 0)
			dir = -errno;
	}
	close(above);
	return dir;
}

int rundir_shared(int dir, const char *file, size_t bytes, mode_t mode, int fresh)
{
	int fd, r;

	/* Another inode, not a truncated one: whoever still maps the old one keeps it. */
	if (fresh)
		unlinkat(dir, file, 0);
	fd = openat(dir, file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return -errno;
	r = fchmod(fd, mode) || ftruncate(fd, (off_t)bytes) ? errno : 0;
	/* A file system that is full says so here, or by a signal to whoever writes into the mapping. */
	if (r == 0)
		r = posix_fallocate(fd, 0, (off_t)bytes);
	if (r == 0)
		return fd;
	close(fd);
	return -r;
}

int rundir_write(int dir, const char *file, const void *data, size_t bytes, mode_t mode)
{
	char temporary[32];
	int fd, r = 0;

	snprintf(temporary, sizeof(temporary), ".%s", file);
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return -errno;
	errno = ENOSPC;	/* what a short write means */
	if (write(fd, data, bytes) != (ssize_t)bytes || renameat(dir, temporary, dir, file)) {
		r = -errno;
		unlinkat(dir, temporary, 0);
	}
	close(fd);
	return r;
}

ssize_t rundir_read(int dir, const char *file, void *data, size_t room)
{
	int fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = read(fd, data, room);
	if (got < 0)
		got = -errno;
	close(fd);
	return got;
}

static int socket_at(int dir, const char *file, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un) { .sun_family = AF_UNIX };
	snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s", dir, file);
	return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int rundir_listen(int dir, const char *file)
{
	struct sockaddr_un address;
	int fd = socket_at(dir, file, &address);
	mode_t mask;
	int r;

	if (fd < 0)
		return -errno;
	unlinkat(dir, file, 0);
	mask = umask(0177);	/* 0600 from its first moment; we are one thread that makes files */
	r = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (r || listen(fd, 4)) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

int rundir_connect(int dir, const char *file)
{
	struct sockaddr_un address;
	int fd = socket_at(dir, file, &address);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address))) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}

void rundir_each_device(const char *run, void (*each)(void *arg, struct device_id id, const char *name), void *arg)
{
	DIR *dir = opendir(run);
	const struct dirent *entry;
	struct device_id id;

	while (dir && (entry = readdir(dir)) != NULL) {
		if (parse_device_name(entry->d_name, &id) == 0)
			each(arg, id, entry->d_name);
	}
	if (dir)
		closedir(dir);
}

void rundir_end_connection(int dir)
{
	static const char *const files[] = { "params", "journal", "sock", "pid" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		unlinkat(dir, files[i], 0);
}

void rundir_remove(const char *run, const char *name)
{
	char path[4096];
	int fd = rundir_open(run, name, 0);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir)
		return;
	/* Also what one that was killed in rundir_write() has left. Of "." and ".." nothing is removed. */
	while ((entry = readdir(dir)) != NULL)
		unlinkat(fd, entry->d_name, 0);
	closedir(dir);
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", run, name) < sizeof(path))
		rmdir(path);
}
