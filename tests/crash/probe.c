/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does to a running worker or control what chance would do too seldom: kills it after a given store of
 * the journal's protocol, or at the door of a given function; or makes it do what one who has taken it
 * over would try.
 *
 *   probe store PID FUNCTION N [GUEST]   kills PID after the N-th store of a call of FUNCTION into what
 *             outlives it: the journal's file or the ring's page. N 0: before the first. A call with fewer
 *             stores passes; after CALLS_MAX of them exit status 3, and PID runs on. GUEST is stopped
 *             meanwhile, so that the page is PID's alone.
 *   probe enter PID FUNCTION N           kills PID at its N-th entry of FUNCTION, and prints its user and
 *             the state of its sandbox
 *   probe start PROGRAM FUNCTION N COMMAND...   the same for a COMMAND that is, or becomes, PROGRAM.
 *             Status 3: it ended before
 *   probe return PID FUNCTION N          makes PID's next call of FUNCTION return N at once; PID runs on
 *   probe call PID AT FUNCTION ARG...    at PID's next entry of AT calls FUNCTION instead, prints "returned N
 *             errno N" or "killed by N", and kills PID. ARG: a number, or `first' for AT's first argument
 *   probe system PID NUMBER ARG...       makes PID call the kernel, prints "returned N" or "killed by N".
 *             ARG: a number or @TEXT
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "ring/control.h"
#include "ring/sring.h"
#include "tests/crash/trace.h"

#define CALLS_MAX 300
#define STEPS_MAX 100000
#define PAGE_BYTES 4096u

static long number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 0);

	if (*end || end == text)
		die("`%s' is no number", text);
	return value;
}

/* --- store ------------------------------------------------------------------------------------- */

/* What outlives the worker. */
struct shared {
	pid_t pid;
	const uint8_t *journal;
	size_t bytes;
	uintptr_t page;		/* in the worker's memory; 0: the function has no ring */
	uint8_t *seen;		/* journal, then page, as they were */
	uintptr_t low, high;	/* where its program lies */
};

static bool in_program(const struct shared *shared, uintptr_t at)
{
	return at >= shared->low && at < shared->high;
}

static void journal_map(struct shared *shared)
{
	char path[64];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)shared->pid, WORKER_FD_JOURNAL);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		die("cannot open the journal of %d: %s", (int)shared->pid, strerror(errno));
	shared->bytes = (size_t)st.st_size;
	shared->journal = mmap(NULL, shared->bytes, PROT_READ, MAP_SHARED, fd, 0);
	shared->seen = malloc(shared->bytes + PAGE_BYTES);
	if (shared->journal == MAP_FAILED || !shared->seen)
		die("cannot map the journal of %d", (int)shared->pid);
}

/* The ring is sring_*()'s first argument and slate_show()'s second. */
static uintptr_t page_of(pid_t pid, const char *function)
{
	const struct user_regs_struct regs = trace_regs(pid);
	struct sring ring;

	if (strncmp(function, "sring_", 6) && strncmp(function, "slate_", 6))
		return 0;
	trace_read(pid, function[1] == 'r' ? regs.rdi : regs.rsi, &ring, sizeof(ring));
	return (uintptr_t)ring.page;
}

/* Has any of it changed since the last time? */
static bool changed(struct shared *shared)
{
	uint8_t page[PAGE_BYTES], *seen_page = shared->seen + shared->bytes;
	bool differs = memcmp(shared->seen, shared->journal, shared->bytes) != 0;

	if (differs)
		memcpy(shared->seen, shared->journal, shared->bytes);
	if (shared->page == 0)
		return differs;
	trace_read(shared->pid, shared->page, page, sizeof(page));
	differs |= memcmp(seen_page, page, sizeof(page)) != 0;
	memcpy(seen_page, page, sizeof(page));
	return differs;
}

static void guest_stop(pid_t guest)
{
	char path[32], text[256];

	if (!guest || kill(guest, SIGSTOP))
		return;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)guest);
	for (int tries = 0; tries < 1000; tries++) {
		int fd = open(path, O_RDONLY);
		ssize_t got = read(fd, text, sizeof(text) - 1);

		close(fd);
		text[got < 0 ? 0 : got] = 0;
		if (strstr(text, ") T"))
			return;
		usleep(100);
	}
	die("the guest does not stop");
}

/* One instruction; a library's function is one, too: it may copy a whole packet. */
static void step(const struct shared *shared)
{
	struct user_regs_struct regs;
	uintptr_t back;
	bool lives = trace_step(shared->pid);

	if (lives) {
		regs = trace_regs(shared->pid);
		trace_read(shared->pid, regs.rsp, &back, sizeof(back));
		if (!in_program(shared, regs.rip) && in_program(shared, back))
			lives = trace_until(shared->pid, back);
	}
	if (!lives)
		die("it has ended by itself");
}

/* Steps through one call. True: the n-th store is done; false: it returned before. */
static bool call_store(struct shared *shared, long n)
{
	const struct user_regs_struct entry = trace_regs(shared->pid);

	changed(shared);
	for (long steps = 0; n > 0 && steps < STEPS_MAX; steps++) {
		step(shared);
		n -= changed(shared);
		if (n && trace_regs(shared->pid).rsp > entry.rsp)
			return false;
	}
	return n == 0;
}

static int do_store(pid_t pid, const char *function, long n, pid_t guest)
{
	struct shared shared = { .pid = pid };
	uintptr_t address;
	bool reached = false;

	trace_attach(pid);
	journal_map(&shared);
	trace_program(pid, &shared.low, &shared.high);
	address = trace_symbol(pid, function);
	for (int calls = 0; calls < CALLS_MAX && !reached; calls++) {
		if (!trace_until(pid, address))
			die("it has ended by itself");
		guest_stop(guest);
		shared.page = page_of(pid, function);
		reached = call_store(&shared, n);
		if (reached)
			kill(pid, SIGKILL);
		if (guest)
			kill(guest, SIGCONT);
	}
	if (!reached)
		trace_detach(pid);
	return reached ? 0 : 3;
}

/* --- enter ------------------------------------------------------------------------------------- */

/* What the process may still do: its filter's mode (2: closed) and its user. */
static void sandbox_say(pid_t pid)
{
	char path[32], line[256];
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	status = fopen(path, "re");
	while (status && fgets(line, sizeof(line), status)) {
		if (!strncmp(line, "Seccomp:", 8) || !strncmp(line, "Uid:", 4))
			printf("%s", line);
	}
	if (status)
		fclose(status);
}

static int enter(pid_t pid, const char *function, long n)
{
	uintptr_t address = trace_symbol(pid, function);

	while (trace_until(pid, address)) {
		if (--n == 0) {
			sandbox_say(pid);
			kill(pid, SIGKILL);
			waitpid(pid, NULL, __WALL);	/* its locks have gone with it */
			return 0;
		}
		if (!trace_step(pid))
			break;
	}
	return 3;
}

/* --- return ------------------------------------------------------------------------------------ */

static int do_return(pid_t pid, const char *function, long value)
{
	struct user_regs_struct regs;
	uintptr_t back;

	if (!trace_until(pid, trace_symbol(pid, function)))
		die("it has ended by itself");
	regs = trace_regs(pid);
	trace_read(pid, regs.rsp, &back, sizeof(back));
	regs.rsp += sizeof(back);
	regs.rip = back;
	regs.rax = (unsigned long long)value;
	trace_set_regs(pid, &regs);
	trace_detach(pid);
	return 0;
}

/* --- call, system ------------------------------------------------------------------------------ */

static unsigned long long *argument(struct user_regs_struct *regs, int i, bool kernel)
{
	unsigned long long *all[] = { &regs->rdi, &regs->rsi, &regs->rdx,
		kernel ? &regs->r10 : &regs->rcx, &regs->r8, &regs->r9 };

	if (i >= 6)
		die("at most 6 arguments");
	return all[i];
}

/* Runs a function in its place until it returns; the caller of AT is where that is. */
static long long called(pid_t pid, struct user_regs_struct regs, const char *function)
{
	uintptr_t back;

	regs.rip = trace_symbol(pid, function);
	trace_set_regs(pid, &regs);
	trace_read(pid, regs.rsp, &back, sizeof(back));
	if (!trace_until(pid, back)) {
		printf("killed by %d\n", trace_ended_by());
		exit(0);
	}
	return (long long)trace_regs(pid).rax;
}

static int do_call(pid_t pid, const char *at, const char *function, char **arg)
{
	struct user_regs_struct regs, entry;
	uintptr_t address;
	long long result;
	int error;

	trace_attach(pid);
	address = trace_symbol(pid, at);
	if (!trace_until(pid, address))
		die("it has ended by itself");
	entry = regs = trace_regs(pid);
	for (int i = 0; arg[i]; i++)
		*argument(&regs, i, false) = strcmp(arg[i], "first") ? (unsigned long long)number(arg[i]) :
				entry.rdi;
	result = called(pid, regs, function);
	trace_read(pid, (uintptr_t)called(pid, entry, "__errno_location"), &error, sizeof(error));
	printf("returned %lld errno %d\n", result, error);
	kill(pid, SIGKILL);
	return 0;
}

static int do_system(pid_t pid, const char *which, char **arg)
{
	static const uint8_t call[] = { 0x0f, 0x05 };	/* syscall */
	struct user_regs_struct regs, before;
	uintptr_t strings;
	uint8_t code[2];

	trace_attach(pid);
	before = regs = trace_regs(pid);
	strings = regs.rsp - 4096;
	for (int i = 0; arg[i]; i++) {
		if (arg[i][0] != '@') {
			*argument(&regs, i, true) = (unsigned long long)number(arg[i]);
			continue;
		}
		trace_write(pid, strings, arg[i] + 1, strlen(arg[i]));
		*argument(&regs, i, true) = strings;
		strings += strlen(arg[i]) + 1;
	}
	regs.rax = (unsigned long long)number(which);
	regs.orig_rax = (unsigned long long)-1;	/* no call to restart */
	trace_read(pid, regs.rip, code, sizeof(code));
	trace_write(pid, regs.rip, call, sizeof(call));
	trace_set_regs(pid, &regs);
	if (!trace_step(pid)) {
		printf("killed by %d\n", trace_ended_by());
		return 0;
	}
	printf("returned %lld\n", (long long)trace_regs(pid).rax);
	trace_write(pid, before.rip, code, sizeof(code));
	trace_set_regs(pid, &before);
	trace_detach(pid);
	return 0;
}

static int held_run(pid_t pid, char **argv)
{
	if (strcmp(argv[1], "enter") == 0) {
		trace_attach(pid);
		return enter(pid, argv[3], number(argv[4]));
	}
	if (strcmp(argv[1], "return") == 0) {
		trace_attach(pid);
		return do_return(pid, argv[3], number(argv[4]));
	}
	if (strcmp(argv[1], "call") == 0)
		return do_call(pid, argv[3], argv[4], argv + 5);
	if (strcmp(argv[1], "system") == 0)
		return do_system(pid, argv[3], argv + 4);
	die("no such command: %s", argv[1]);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		die("usage: see the head of tests/crash/probe.c");
	if (strcmp(argv[1], "start") == 0 && argc > 5)
		return enter(trace_start(argv + 5, argv[2]), argv[3], number(argv[4]));
	if (strcmp(argv[1], "store") == 0 && argc > 4)
		return do_store((pid_t)number(argv[2]), argv[3], number(argv[4]),
				argc > 5 ? (pid_t)number(argv[5]) : 0);
	if (argc < 5 && strcmp(argv[1], "system"))
		die("usage: see the head of tests/crash/probe.c");
	return held_run((pid_t)number(argv[2]), argv);
}
