/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holding another process by ptrace(2): the product itself carries no test code. One thread of it is
 * held, the first; x86-64. Every function here ends the program with a sentence where it fails.
 */
#ifndef TESTS_CRASH_TRACE_H
#define TESTS_CRASH_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

__attribute__((format(printf, 1, 2), noreturn)) void die(const char *fmt, ...);

/* Takes hold of a running process and stops it. */
void trace_attach(pid_t pid);

/* Starts a command held, stopped at its execve of the program called `program`. Returns its pid. */
pid_t trace_start(char **command, const char *program);

/* Lets go: the process runs on. */
void trace_detach(pid_t pid);

/* The address of a function in the program, in one of its Xen libraries, or in the C library. */
uintptr_t trace_symbol(pid_t pid, const char *function);

/* Where the program itself lies in memory, its libraries left out: from low up to high. */
void trace_program(pid_t pid, uintptr_t *low, uintptr_t *high);

/* Runs until it enters the function at that address. False: it has ended instead. */
bool trace_until(pid_t pid, uintptr_t address);

/* One instruction. False: it has ended instead. */
bool trace_step(pid_t pid);

/* The signal that has ended it, 0: none. */
int trace_ended_by(void);

struct user_regs_struct trace_regs(pid_t pid);
void trace_set_regs(pid_t pid, const struct user_regs_struct *regs);
void trace_read(pid_t pid, uintptr_t from, void *to, size_t bytes);
void trace_write(pid_t pid, uintptr_t to, const void *from, size_t bytes);

#endif
