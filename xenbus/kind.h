/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs between a disk and a network interface. Everything else about a device (states,
 * generations, workers, removal) is lifecycle.c and the same for both.
 *
 * Every hook that can fail returns 0 or -errno. One that fails for good has reported it with
 * device_fail() before; -EAGAIN is not reported, and the hook is called again a little later;
 * -EINPROGRESS, of prepare() and open(), nor that: device_backing_answers() will be called first.
 * Hooks marked "txn" run inside store_transact() and may run several times: they change nothing
 * but xenstore and what they fill.
 */
#ifndef XENBUS_KIND_H
#define XENBUS_KIND_H

#include <stdbool.h>
#include <stddef.h>

#include "ring/control.h"

struct device;

/* One disk, or one tap queue per queue of the interface and the page of ring/steer.h. */
#define BACKING_FDS_MAX (QUEUES_MAX + 1)
#define WRONG_KEY_MAX 32

struct kind {
	uint32_t id;		/* enum device_kind */
	const char *worker;	/* program in the libexec directory */
	const char *driver;	/* the kernel module that would serve the same devices */
	bool early;		/* see struct device_view */
	bool reconfigures;
	size_t bytes;		/* of the struct that embeds struct device as its first member */

	/* Makes what has to exist before state 2 (a tap). NULL: nothing. */
	int (*arrive)(struct device *device);
	/* txn: writes the keys that a frontend may read before we are connected. */
	int (*advertise)(struct device *device);
	/* Has the hotplug script done its part? Reads the backend directory only. */
	bool (*named)(struct device *device);
	/* Looks at what the script named: opens it, measures, refuses. released() closes it. */
	int (*prepare)(struct device *device);
	/* The same for a connection that a former control has made; cannot fail. NULL: nothing. */
	void (*adopt)(struct device *device);
	/* txn: reads the frontend's keys, each once, into device->params. Where it fails, `wrong`
	 * names the key, and the caller reports. */
	int (*negotiate)(struct device *device, char wrong[WRONG_KEY_MAX]);
	/* The backing for a worker: fds, close-on-exec, which the caller closes. */
	int (*open)(struct device *device, int fds[BACKING_FDS_MAX], unsigned int *n);
	/* Bytes of the journal of device->params' connection. */
	size_t (*journal_bytes)(const struct device_params *params);
	/* txn: writes the keys of a connected device. */
	int (*publish)(struct device *device);
	/* Connected, and something in the backend directory or outside has changed. NULL: ignore. */
	void (*look)(struct device *device);
	/* The frontend writes too often: watch nothing of it, until look() is called without deaf_until. NULL: nothing. */
	void (*ignore)(struct device *device);
	/* txn, for kinds that reconfigure: the frontend said 7. */
	int (*reconfigure)(struct device *device);
	/* A message from the worker that the lifecycle has no use for. NULL: none. */
	void (*message)(struct device *device, const struct control_msg *msg);
	/* What stands behind the device, for people: a path, a bridge. Never NULL. */
	const char *(*target)(struct device *device);
	/* The connection has ended, or there has been none: no worker has the backing, nor do we after this.
	 * NULL: nothing to do. */
	void (*released)(struct device *device);
	/* After released(): does somebody have the backing still? Then device_backing_answers() follows. NULL: no. */
	bool (*busy)(struct device *device);
	/* The device is gone: undo arrive() and free what prepare() has kept. NULL: nothing. */
	void (*forget)(struct device *device);
};

extern const struct kind vbd_kind, vif_kind;

/* The kind of enum device_kind, NULL where this build does not serve it. */
const struct kind *kind_of(uint32_t id);

#endif
