/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a worker outlives its control, in the run directory `dir`.
 */
#ifndef XENBUS_RECORD_H
#define XENBUS_RECORD_H

#include <stdbool.h>

#include "xenbus/lifecycle.h"

/* Writes down which process it is. 0 or -errno. */
int record_process(int dir, pid_t pid);

/* The process written down there, as a pidfd, and its number; -1 where it has gone. */
int recorded_process(int dir, pid_t *pid);

/* Writes the parameters down. A descriptor for the worker, read-only; -errno. */
int record_params(int dir, const struct device_params *params);

/*
 * The journal of `bytes`, kept where it exists (unless fresh: zeros), for the worker. It is locked
 * for as long as a process has this descriptor or a mapping of it: the caller closes its own when
 * the worker has it. -errno; -EWOULDBLOCK: see record_held().
 */
int record_journal(int dir, size_t bytes, bool fresh);

/*
 * May the last worker of that run directory have I/O under way, or guest's pages mapped? It may
 * while its memory is there, and that may stay when the process has gone: for as long as anybody
 * looks at it, as ps(1) does at /proc/PID/cmdline. The kernel ends AIO with the memory (exit_aio),
 * and only then lets go of the mapped journal, and so of the lock. Also true where nobody can tell.
 */
bool record_held(const char *run, const char *name);

/* Reads them into device->params. False, and zeros: none are there, or another device's. */
bool recorded_params(struct device *device, int dir);

#endif
