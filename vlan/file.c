/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading files of an administrator: bounded, whole. */
#include "vlan/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/file.h>

static int read_all(FILE *file, char **text, size_t *bytes)
{
	size_t room = 4096, got;
	char *more;

	*text = NULL;
	*bytes = 0;
	do {
		room *= 2;
		more = realloc(*text, room + 1);
		if (more == NULL)
			return -ENOMEM;
		*text = more;
		got = fread(*text + *bytes, 1, room - *bytes, file);
		*bytes += got;
	} while (*bytes == room && room <= FILE_BYTES_MAX);
	(*text)[*bytes] = 0;
	if (ferror(file))
		return -errno;
	return *bytes > FILE_BYTES_MAX ? -EFBIG : 0;
}

int file_read(const char *path, char **text, size_t *bytes)
{
	FILE *file = fopen(path, "re");
	int error;

	*text = NULL;
	if (file == NULL)
		return -errno;
	error = read_all(file, text, bytes);
	fclose(file);
	if (error) {
		free(*text);
		*text = NULL;
	}
	return error;
}

int lock_take(void)
{
	sigset_t ending;
	int fd;

	fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX))
		return -errno;
	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	sigprocmask(SIG_BLOCK, &ending, NULL);
	return 0;
}
