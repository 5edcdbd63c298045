/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes. Trusts /proc. posix_spawn rather than fork: it copies no page tables, and nothing of
 * ours runs in the child.
 */
#include "xenbus/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_FD 3
#define AWAY_FD 64	/* above every number a child is given, so that no dup2 hits another source */

static int actions_fill(posix_spawn_file_actions_t *actions, int *away, unsigned int n)
{
	int r = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	for (unsigned int i = 0; i < n && r == 0; i++) {
		if (away[i] >= 0)
			r = posix_spawn_file_actions_adddup2(actions, away[i], FIRST_FD + (int)i);
	}
	return -r;
}

static int attributes_fill(posix_spawnattr_t *attr)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &all);
	return -posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
			POSIX_SPAWN_SETSID);
}

static pid_t spawn_away(const char *program, char *const argv[], int *away, unsigned int n)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	pid_t pid = 0;
	int r;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	r = actions_fill(&actions, away, n);
	if (r == 0)
		r = attributes_fill(&attr);
	if (r == 0)
		r = -posix_spawn(&pid, program, &actions, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return r ? r : pid;
}

pid_t spawn(const char *program, char *const argv[], const int *fds, unsigned int n)
{
	int away[SPAWN_FDS_MAX];
	pid_t pid = 0;

	for (unsigned int i = 0; i < n; i++) {
		away[i] = fds[i] < 0 ? -1 : fcntl(fds[i], F_DUPFD_CLOEXEC, AWAY_FD);
		if (fds[i] >= 0 && away[i] < 0)
			pid = -errno;
	}
	if (pid == 0)
		pid = spawn_away(program, argv, away, n);
	for (unsigned int i = 0; i < n; i++) {
		if (away[i] >= 0)
			close(away[i]);
	}
	return pid;
}

int process_open(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);	/* close-on-exec by definition */

	return fd < 0 ? -errno : fd;
}

void process_reap(pid_t child)
{
	/* A child's number is not given out again before it is collected. */
	kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		continue;
}

uint64_t process_start_time(pid_t pid)
{
	char path[32], stat[1024], *at;
	unsigned long long ticks = 0;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	got = read(fd, stat, sizeof(stat) - 1);
	close(fd);
	stat[got < 0 ? 0 : got] = 0;
	at = strrchr(stat, ')');	/* the name in parentheses may hold anything */
	if (!at || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d"
			" %*d %*d %*d %llu", &ticks) != 1)
		return 0;
	return ticks;
}

int process_signal(int pidfd, int signal)
{
	return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) ? -errno : 0;
}

int process_descriptor(int pidfd, int number)
{
	int fd = (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);

	return fd < 0 ? -errno : fd;
}

int process_ended(int pidfd, int *status)
{
	struct pollfd poller = { .fd = pidfd, .events = POLLIN };
	siginfo_t info = { 0 };

	*status = -1;
	if (poll(&poller, 1, 0) != 1)
		return 0;
	if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) == 0 && info.si_pid)
		*status = info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
	return 1;
}
