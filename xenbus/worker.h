/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process of one connection: start, adopt, drain, succeed. The line between is ring/control.h.
 */
#ifndef XENBUS_WORKER_H
#define XENBUS_WORKER_H

#include <stdbool.h>

#include "xenbus/lifecycle.h"

#define WORKER_START_MSEC 30000		/* to say CONNECTED; then it is killed */
#define WORKER_DRAIN_MSEC 5000		/* to end what is in flight; then it is killed */
#define WORKER_STEADY_MSEC 1000		/* a worker that lived this long did not die of its start */
#define WORKER_DEATHS_MAX 8		/* in a row, or successors that cannot be started; then the device is failed */

/*
 * Starts a process for device->params. fresh: a new connection with an empty journal; otherwise
 * the journal is that of the predecessor, which is gone and all that it had under way.
 * Afterwards the state is STARTING; LOST with device->failed, reported with device_fail(); or, for a
 * successor, LOST or RESTING without: reported, and to be tried again; or RESTING without a deadline, until
 * device_backing_answers().
 */
void worker_start(struct device *device, bool fresh);

/*
 * Finds what a former control has left in the run directory: a live process becomes STARTING (it is
 * asked to say CONNECTED again, with its generation), or DRAINING where the device has none; a dead
 * one of this generation LOST; nothing NONE; DRAINING also where what it had under way goes on.
 */
void worker_adopt(struct device *device);

/* Ends the connection: drains a live process, drops a dead one's. */
void worker_release(struct device *device);

/*
 * Drains a process to put a new one in its place, state nodes untouched; one that was adopted just now, when
 * it has said whose it is. 0, -ENOENT: none runs,
 * -EPROTO: it was adopted without parameters that a successor could be started with.
 */
int worker_replace(struct device *device);

/* The socket is readable, the pidfd is readable, a deadline may have passed. */
void worker_readable(struct device *device);
void worker_exited(struct device *device);
void worker_tick(struct device *device);

/* 0 or -errno (-ENOTCONN: no worker). */
int worker_send(struct device *device, enum control_type type, uint64_t value);

#endif
