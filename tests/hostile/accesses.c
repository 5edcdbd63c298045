/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pages are taken away; each access faults, is noted with its place in the pages and in the program, is let
 * through by a single step, and the pages are taken away again.
 */
#include "tests/hostile/accesses.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>
#include <sys/mman.h>

#define TRAP_FLAG 0x100		/* of the processor's flags: a trap after the next instruction */
#define FAULT_WRITE 2		/* of the page fault's error code */

struct access accesses[ACCESSES_MAX];
volatile uint32_t access_count;

static void *watched;
static size_t watched_bytes;

static void pages_protect(int prot)
{
	if (mprotect(watched, watched_bytes, prot))
		_exit(2);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	uintptr_t at = (uintptr_t)info->si_addr - (uintptr_t)watched;

	if (at >= watched_bytes || access_count == ACCESSES_MAX)
		_exit(3);
	accesses[access_count++] = (struct access) {
		.at = (uint32_t)at,
		.write = uc->uc_mcontext.gregs[REG_ERR] & FAULT_WRITE,
		.ip = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP],
	};
	pages_protect(PROT_READ | PROT_WRITE);
	uc->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void on_step(int number, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	uc->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
	pages_protect(PROT_NONE);
}

void accesses_watch(void *from, size_t bytes)
{
	struct sigaction fault = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	struct sigaction step = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO };

	watched = from;
	watched_bytes = bytes;
	sigaction(SIGSEGV, &fault, NULL);
	sigaction(SIGTRAP, &step, NULL);
}

void accesses_begin(void)
{
	access_count = 0;
	pages_protect(PROT_NONE);
}

void accesses_end(void)
{
	pages_protect(PROT_READ | PROT_WRITE);
}

bool access_is_the_rings(const struct access *access)
{
	Dl_info info;

	/* An address in the place of a pointer: the program's own symbols are exported for this. */
	if (!dladdr((void *)access->ip, &info) || !info.dli_sname)
		return false;
	return !strncmp(info.dli_sname, "sring_", 6);
}

int access_complain(const struct access *access, const char *what)
{
	printf("%s: byte %u of the ring's page, by the instruction at %#lx\n", what, access->at,
			(unsigned long)access->ip);
	return 1;
}
