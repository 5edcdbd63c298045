/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All devices of this process, and what they share: xenstore, configuration, directories, and the
 * set of descriptors that can wake it. One thread.
 */
#ifndef XENBUS_FLEET_H
#define XENBUS_FLEET_H

#include <stdbool.h>
#include <stdint.h>

#include "xenbus/cgroup.h"
#include "xenbus/config.h"
#include "xenbus/store.h"


struct device;

/* What has become readable; the slot says whose it is. */
enum event_tag {
	EVENT_SIGNAL,
	EVENT_STORE,
	EVENT_TIMER,
	EVENT_COMMAND,		/* somebody connects to our socket */
	EVENT_CLIENT,		/* slot: of the client */
	EVENT_FILES,		/* inotify: a disk image may have another size */
	EVENT_UEVENT,		/* the kernel: a block device may have another size */
	EVENT_WORKER,		/* slot: of the device whose worker has sent something */
	EVENT_EXIT,		/* slot: of the device whose worker is gone */
	EVENT_OPENED,		/* slot: the pidfd of a process that was to open a disk, and has ended */
};

struct fleet {
	struct store *store;
	struct config *config;
	struct cgroups cgroups;
	const char *run;	/* directory of the run directories */
	const char *libexec;	/* directory of the workers */
	const char *sys;	/* "/sys" */
	bool paravirtual;	/* this domain is: foreign pages are slow for its kernel */
	int epoll_fd;
	int timer_fd;
	int inotify_fd;
	int uevent_fd;		/* -1: this host does not let us listen */
	struct device_id only;	/* kind 0: every device of our domain; else this one */
	bool only_gone;		/* it has been there, and is gone */
	uint64_t look_at;	/* msec; look at everything then: xenstored has failed, or descriptors were out. 0: no need */
	struct device *device[DEVICES_MAX];
	struct dirty dirty;	/* scratch of fleet_store_event() */
};

/* Makes the timer and the epoll set. The caller has filled store, config and directories. */
int fleet_open(struct fleet *fleet);

/* Watches the store and takes in the devices that are there. 0 or -errno. */
int fleet_start(struct fleet *fleet);

/* Adds a descriptor to the epoll set, for reading. 0 or -errno. */
int fleet_watch(struct fleet *fleet, int fd, enum event_tag tag, uint32_t slot);

/* xenstore has changed: looks again at the devices concerned. 0, -ENOTCONN: xenstored is gone. */
int fleet_store_event(struct fleet *fleet);

/* Looks at the devices whose time has come, and sets the timer for the next. */
void fleet_timer_event(struct fleet *fleet);
void fleet_set_timer(struct fleet *fleet);

/* Something failed that says nothing of devices (xenstored, accept): everything is looked at again, soon. */
void fleet_look_again(struct fleet *fleet);

/* Looks at one device, and at the one of the same name that may have taken its place. */
void fleet_look(struct fleet *fleet, struct device *device);

/* The device of that id, or NULL. */
struct device *fleet_find(struct fleet *fleet, struct device_id id);

/* A uid and gid no other live worker has, of the configured range; 0 where we are not root. */
uint32_t fleet_free_uid(struct fleet *fleet);

/* CLOCK_MONOTONIC, milliseconds. */
uint64_t now_msec(void);

#endif
