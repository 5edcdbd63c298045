/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Processes held by ptrace(2). Trusts nm(1) for where functions are. */
#include "tests/crash/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#define TRAP 0xccu	/* int3 */

static int ended_by;

int trace_ended_by(void)
{
	return ended_by;
}

void die(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "probe: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}

/* Waits until it stops. Returns the wait status. */
static int stopped(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, __WALL) < 0) {
		if (errno != EINTR)
			die("cannot wait for %d: %s", (int)pid, strerror(errno));
	}
	return status;
}

static bool go(int how, pid_t pid, int signal)
{
	return ptrace(how, pid, NULL, (void *)(long)signal) == 0;
}

void trace_attach(pid_t pid)
{
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL))
		die("cannot hold process %d: %s", (int)pid, strerror(errno));
	if (!WIFSTOPPED(stopped(pid)))
		die("process %d has ended", (int)pid);
}

static void program_of(pid_t pid, char path[256])
{
	char link[32];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	length = readlink(link, path, 255);
	path[length < 0 ? 0 : length] = 0;
}

pid_t trace_start(char **command, const char *program)
{
	char path[256] = "";
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execvp(command[0], command);
		die("cannot run %s: %s", command[0], strerror(errno));
	}
	/* One stop for each execve: scripts on the way come first. */
	for (;;) {
		status = stopped(pid);
		if (!WIFSTOPPED(status))
			die("%s ended before it ran %s", command[0], program);
		program_of(pid, path);
		if (WSTOPSIG(status) == SIGTRAP && strcmp(strrchr(path, '/') + 1, program) == 0)
			return pid;
		go(PTRACE_CONT, pid, WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status));
	}
}

void trace_detach(pid_t pid)
{
	go(PTRACE_DETACH, pid, 0);
}

/* The function's offset in a file, 0 where nm does not know it. */
static uintptr_t offset_in(const char *file, const char *function)
{
	char command[600], line[512], name[256], type;
	unsigned long value, found = 0;
	FILE *nm;

	snprintf(command, sizeof(command), "{ nm '%s'; nm -D '%s'; } 2>/dev/null", file, file);
	nm = popen(command, "r");
	while (nm && fgets(line, sizeof(line), nm)) {
		if (sscanf(line, "%lx %c %255[^@\n]", &value, &type, name) == 3 &&
				(type == 'T' || type == 't') && strcmp(name, function) == 0)
			found = value;
	}
	if (nm)
		pclose(nm);
	return found;
}

uintptr_t trace_symbol(pid_t pid, const char *function)
{
	char path[256], line[512], file[256];
	unsigned long base, offset;
	uintptr_t at = 0;
	FILE *maps;

	program_of(pid, path);
	snprintf(line, sizeof(line), "/proc/%d/maps", (int)pid);
	maps = fopen(line, "r");
	while (maps && !at && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%*x %*4s %lx %*s %*u %255[^\n]", &base, &offset, file) != 3 || offset ||
				(strcmp(file, path) && !strstr(file, "/libxen") && !strstr(file, "/libc.")))
			continue;
		at = offset_in(file, function);
		at += at ? base : 0;
	}
	if (maps)
		fclose(maps);
	if (!at)
		die("no function %s in %s", function, path);
	return at;
}

void trace_program(pid_t pid, uintptr_t *low, uintptr_t *high)
{
	char path[256], line[512], file[256];
	unsigned long from, to;
	FILE *maps;

	program_of(pid, path);
	*low = *high = 0;
	snprintf(line, sizeof(line), "/proc/%d/maps", (int)pid);
	maps = fopen(line, "r");
	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %*4s %*x %*s %*u %255[^\n]", &from, &to, file) != 3 || strcmp(file, path))
			continue;
		*low = *low ? *low : from;
		*high = to;
	}
	if (maps)
		fclose(maps);
	if (!*low)
		die("%s is not in the memory of %d", path, (int)pid);
}

/* Runs until a SIGTRAP of our making; other signals are delivered. False: it has ended. */
static bool until_trap(pid_t pid, int how)
{
	int signal = 0, status;

	for (;;) {
		if (!go(how, pid, signal))
			return false;
		status = stopped(pid);
		if (!WIFSTOPPED(status)) {
			ended_by = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
			return false;
		}
		signal = WSTOPSIG(status);
		if (signal == SIGTRAP && status >> 16 == 0)
			return true;
		if (status >> 16)	/* an event of ptrace, not a signal */
			signal = 0;
	}
}

bool trace_until(pid_t pid, uintptr_t address)
{
	const uint8_t trap = TRAP;
	uint8_t before;
	struct user_regs_struct regs;

	trace_read(pid, address, &before, 1);
	trace_write(pid, address, &trap, 1);
	if (!until_trap(pid, PTRACE_CONT))
		return false;
	trace_write(pid, address, &before, 1);
	regs = trace_regs(pid);
	if (regs.rip != address + 1)
		die("stopped at %llx, not at %lx", regs.rip, (unsigned long)address);
	regs.rip = address;
	trace_set_regs(pid, &regs);
	return true;
}

bool trace_step(pid_t pid)
{
	return until_trap(pid, PTRACE_SINGLESTEP);
}

struct user_regs_struct trace_regs(pid_t pid)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs))
		die("cannot read the registers of %d: %s", (int)pid, strerror(errno));
	return regs;
}

void trace_set_regs(pid_t pid, const struct user_regs_struct *regs)
{
	if (ptrace(PTRACE_SETREGS, pid, NULL, regs))
		die("cannot set the registers of %d: %s", (int)pid, strerror(errno));
}

/* /proc/PID/mem: also writes where the process itself may only read. */
static void memory(pid_t pid, uintptr_t at, void *buffer, size_t bytes, bool write)
{
	static pid_t of;
	static int fd = -1;
	char path[32];
	ssize_t done;

	if (of != pid) {
		snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
		fd = open(path, O_RDWR | O_CLOEXEC);
		of = pid;
	}
	done = write ? pwrite(fd, buffer, bytes, (off_t)at) : pread(fd, buffer, bytes, (off_t)at);
	if (done != (ssize_t)bytes)
		die("cannot reach %zu bytes of %d at %lx: %s", bytes, (int)pid, (unsigned long)at,
				strerror(errno));
}

void trace_read(pid_t pid, uintptr_t from, void *to, size_t bytes)
{
	memory(pid, from, to, bytes, false);
}

void trace_write(pid_t pid, uintptr_t to, const void *from, size_t bytes)
{
	memory(pid, to, (void *)(uintptr_t)from, bytes, true);	/* pwrite does not change it */
}
