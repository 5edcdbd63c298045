/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device's run directory, /run/xenback/vbd-7-51712: what outlives a control and a worker.
 *   params 0600   journal 0600   stats 0644   sock 0600   pid 0644
 * and for people and vlanbr(8), of an interface: name (the guest's), mac, rate 0644
 */
#ifndef XENBUS_RUNDIR_H
#define XENBUS_RUNDIR_H

#include <stddef.h>
#include <sys/types.h>

#include "xenbus/parse.h"

/* Opens the directory `name` below `run`, made if `make`. Returns a descriptor, or -errno. */
int rundir_open(const char *run, const char *name, int make);

/* A shared memory file of `bytes`, all there, kept where it exists (unless fresh: zeros). fd or -errno. */
int rundir_shared(int dir, const char *file, size_t bytes, mode_t mode, int fresh);

/* Replaces a file whole; a reader sees the old or the new. Returns 0 or -errno. */
int rundir_write(int dir, const char *file, const void *data, size_t bytes, mode_t mode);

/* Reads at most `room` bytes. Returns how many, or -errno. */
ssize_t rundir_read(int dir, const char *file, void *data, size_t room);

/* The SOCK_SEQPACKET socket `file`: listening (made anew), or connected to whoever listens. */
int rundir_listen(int dir, const char *file);
int rundir_connect(int dir, const char *file);

/* Calls `each` with every device that has a run directory below `run`, and the directory's name. In no order. */
void rundir_each_device(const char *run, void (*each)(void *arg, struct device_id id, const char *name), void *arg);

/* Removes what belongs to one connection; the figures stay. */
void rundir_end_connection(int dir);

/* Removes the directory and the files in it. */
void rundir_remove(const char *run, const char *name);

#endif
