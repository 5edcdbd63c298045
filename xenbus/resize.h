/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A disk that grows or shrinks under a running guest. Noticed by inotify (files), the kernel's
 * RESIZE uevent (block devices), a worker that saw a request beyond the end, or an administrator
 * who says so. Never by polling.
 */
#ifndef XENBUS_RESIZE_H
#define XENBUS_RESIZE_H

#include "xenbus/vbd.h"

#define RESIZE_LOOK_MSEC 250	/* between two looks at a file that keeps changing */

/* Makes fleet->inotify_fd and uevent_fd. 0 or -errno; a missing uevent socket is logged only. */
int resize_open(struct fleet *fleet);

/* Watches the file behind a connected disk, and looks at its size once. */
void resize_watch(struct vbd *vbd);
void resize_unwatch(struct vbd *vbd);

/* struct kind's look: measures if there was a reason to. */
void resize_look(struct device *device);

/*
 * Measures now; a new size goes to the worker first, then to the frontend: one transaction with
 * `sectors` and the same state 4 (io/blkif.h). 0 with the size in bytes; -ENOTCONN: the disk is not
 * connected; -ENOMEDIUM: an empty drive, or its disk could not be taken out of an adopted worker;
 * -errno of lseek(2). ask: as of disk_bytes().
 */
int resize_now(struct vbd *vbd, bool ask, uint64_t *bytes);

/* The two descriptors are readable. */
void resize_files_event(struct fleet *fleet);
void resize_uevent(struct fleet *fleet);

#endif
