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

/* Reads them into device->params. False, and zeros: there are none, or they are not this device's. */
bool recorded_params(struct device *device, int dir);

#endif
