/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What to do next with one device: a pure function of what can be seen of it. xenstore is the only
 * memory of our own state: the toolstack writes it too, and its 5 is an order.
 */
#ifndef XENBUS_DEVICE_H
#define XENBUS_DEVICE_H

#include <stdbool.h>

#include "xenbus/parse.h"

/* What stands behind the device: a disk, or a bridge port. */
enum backing {
	BACKING_ABSENT,		/* the hotplug script has not spoken */
	BACKING_NAMED,		/* it has; nobody has looked at what it named */
	BACKING_LOOKING,	/* somebody is looking, and will say so */
	BACKING_READY,		/* looked at, and good */
	BACKINGS,
};

enum worker_state {
	WORKER_NONE,		/* no process and no connection */
	WORKER_STARTING,	/* it has not said CONNECTED yet */
	WORKER_RUNNING,
	WORKER_BROKEN,		/* it has halted: the frontend broke the protocol */
	WORKER_DRAINING,	/* told to end the connection, or to make way for a successor */
	WORKER_LOST,		/* the process is gone, the connection stands: start a successor */
	WORKER_RESTING,		/* the same, but successors died too fast: wait */
	WORKER_STATES,
};

struct device_view {
	enum bus_state ours;	/* BUS_UNKNOWN: the backend directory is gone */
	enum bus_state theirs;	/* BUS_UNKNOWN: the frontend directory or its domain is gone */
	bool online;		/* false: the toolstack takes the device away */
	bool reborn;		/* the directory is another device's by now: not our generation */
	bool foreign;		/* the directory carries no generation: we never introduced it */
	bool failed;		/* our last try ended in an error, which has been reported */
	bool published;		/* state 4 has been written for the present connection */
	bool confirmed;		/* and the frontend has answered it with its own 4 */
	bool early;		/* of this kind: a frontend asks for its connection with state 3 */
	bool reconfigures;	/* of this kind: state 7 is answered with 8 */
	enum backing backing;
	enum worker_state worker;
};

enum device_action {
	DEVICE_REST,		/* nothing until something changes */
	DEVICE_INTRODUCE,	/* publish what a frontend reads first, and state 2 */
	DEVICE_PREPARE,		/* look at what the script has named */
	DEVICE_CONNECT,		/* read the frontend's keys, start a worker */
	DEVICE_RESTART,		/* start a successor for the same connection */
	DEVICE_PUBLISH,		/* publish what a connected device has, and state 4 */
	DEVICE_RECONFIGURE,	/* read what the frontend changed, and state 8 */
	DEVICE_RELEASE,		/* begin to end the connection: drain the worker */
	DEVICE_TO_CLOSING,	/* state 5 */
	DEVICE_TO_CLOSED,	/* state 6: nothing of the guest's is mapped, the disk is closed */
	DEVICE_FORGET,		/* drop the device: its directory is gone */
	DEVICE_ACTIONS,
};

/*
 * Total over all inputs. Repeating it after each action comes to DEVICE_REST.
 * Source: xen/io/xenbus.h's states as Linux' frontends and libxl walk through them.
 */
enum device_action device_next(const struct device_view *view);

/* Is there a process? */
bool worker_alive(enum worker_state worker);

/* For log lines: "introduce". */
const char *device_action_name(enum device_action action);

#endif
