/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes: starting one with exactly the descriptors it is to have, and telling one process from
 * another that got its number later.
 */
#ifndef XENBUS_SPAWN_H
#define XENBUS_SPAWN_H

#include <stdint.h>
#include <sys/types.h>

#define SPAWN_FDS_MAX 16

/*
 * Runs `program` as argv with descriptor fds[i] as number 3 + i (-1: that number stays closed),
 * standard input /dev/null, our standard output and error, our environment, no other descriptor
 * (all of ours are close-on-exec), a session of its own, default signals. Returns the pid or -errno.
 */
pid_t spawn(const char *program, char *const argv[], const int *fds, unsigned int n);

/* A pidfd of a live process; -errno (-ESRCH: there is none). */
int process_open(pid_t pid);

/* Kernel ticks after boot at which the process started (proc(5), field 22); 0: there is none. */
uint64_t process_start_time(pid_t pid);

/* Kills a child of ours that has no pidfd, and collects its end. */
void process_reap(pid_t child);

/* Sends a signal through a pidfd. 0 or -errno. */
int process_signal(int pidfd, int signal);

/* A duplicate of its descriptor `number`, close-on-exec; needs CAP_SYS_PTRACE. -errno. */
int process_descriptor(int pidfd, int number);

/* Has the process ended? Collects its exit status where it is our child: *status as of wait(2), or
 * -1 where it is not. */
int process_ended(int pidfd, int *status);

#endif
