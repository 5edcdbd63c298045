/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One control per device: a lock on RUN/lock. xenbackd holds the whole file, a control with a list
 * of one holds the byte that stands for its device. Released by the end of the process.
 */
#ifndef XENBUS_LOCK_H
#define XENBUS_LOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "xenbus/parse.h"

/*
 * Takes the lock; only.kind 0: of all devices. 0; -EBUSY with *holder's pid, and *all whether that
 * one serves every device; -errno.
 */
int lock_take(const char *run, struct device_id only, pid_t *holder, bool *all);

/* After lock_take(): marks a worker's uid as ours among controls with a list of one. False: another has it. */
bool lock_uid(uint32_t uid);

#endif
