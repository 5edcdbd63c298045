/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holds another process's memory, as anybody does for a moment who reads /proc/PID/cmdline: `hold
 * PID` reads from it into a page of its own that userfaultfd(2) never fills, says "held", and lets
 * go when it is ended. Until then the kernel keeps that memory, also after the process has gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define PAGE_BYTES 4096u

static char *hole;
static int memory;
static uintptr_t mapped;	/* an address that the process has */

__attribute__((format(printf, 1, 2), noreturn))
static void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, ": %s\n", strerror(errno));
	exit(EXIT_FAILURE);
}

static void *reader(void *arg)
{
	ssize_t got = pread(memory, hole, 1, (off_t)mapped);

	die("nothing was held: %zd bytes", got);
	return arg;
}

static void find(const char *pid)
{
	unsigned long long start = 0;
	char path[64];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "re");
	if (!maps || fscanf(maps, "%llx", &start) != 1)
		die("%s", path);
	fclose(maps);
	mapped = (uintptr_t)start;
	snprintf(path, sizeof(path), "/proc/%s/mem", pid);
	memory = open(path, O_RDONLY | O_CLOEXEC);
	if (memory < 0)
		die("%s", path);
}

static int hole_make(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	hole = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range = (struct uffdio_range) { .start = (uintptr_t)hole, .len = PAGE_BYTES };
	if (fd < 0 || hole == MAP_FAILED || ioctl(fd, UFFDIO_API, &api) ||
			ioctl(fd, UFFDIO_REGISTER, &range))
		die("userfaultfd");
	return fd;
}

int main(int argc, char **argv)
{
	struct pollfd fault = { .events = POLLIN };
	pthread_t thread;

	if (argc != 2)
		return 2;
	find(argv[1]);
	fault.fd = hole_make();
	if (pthread_create(&thread, NULL, reader, NULL) || poll(&fault, 1, -1) != 1)
		die("no reader");
	puts("held");
	fflush(stdout);
	for (;;)
		pause();
}
