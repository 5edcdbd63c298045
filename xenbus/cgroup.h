/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A control group (cgroup v2) for each worker whose settings limit it, below the group that systemd has
 * delegated to us. Where there is none, workers run without: that is no error.
 */
#ifndef XENBUS_CGROUP_H
#define XENBUS_CGROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "xenbus/config.h"

struct cgroups {
	int dir;	/* of the group that is ours; -1: none */
	bool ready;	/* we are in a group of our own below it, controllers are on */
};

/* Finds the delegated group; `given` is a directory to take instead, or NULL. */
void cgroups_open(struct cgroups *cgroups, const char *given);

/*
 * Puts a process into the group `name`, made where it is missing, and sets its limits. 0, also where the
 * settings have no limit; -ENOTSUP: no group is ours; -errno.
 */
int cgroup_join(struct cgroups *cgroups, const char *name, pid_t pid, const struct settings *settings);

/* Removes the group, if it is empty. */
void cgroup_leave(const struct cgroups *cgroups, const char *name);

#endif
