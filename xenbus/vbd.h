/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is a disk's own in a device's life: its keys, its target, its size.
 */
#ifndef XENBUS_VBD_H
#define XENBUS_VBD_H

#include "xenbus/disk.h"
#include "xenbus/lifecycle.h"
#include "xenbus/opening.h"

struct vbd {
	struct device device;	/* first: kind.bytes */
	char *target;		/* path that is opened; NULL: no medium. From the heap */
	char *file;		/* `params`, where the script has named something else. From the heap */
	bool named_device;	/* the script named a device number: target has to be `rdev` */
	dev_t rdev;
	bool writable, cdrom, removable, may_discard;
	bool shared;		/* mode w!: others may have the disk, whoever writes */
	bool known;		/* the above have been read */
	struct disk disk;	/* as measured last */
	struct opening opening;	/* under way */
	bool held;		/* the disk is open, for a connection that is or may come: */
	int fd;			/* a duplicate of what its workers have, closed before state 6 */
	int file_watch;		/* inotify; 0: none, or its one shot has been fired */
	bool look_again;	/* the size may have changed since it was published */
};

/* The vbd of a device of that kind. */
struct vbd *vbd_of(struct device *device);

/* EVENT_OPENED: a process that was to open a disk has ended. */
void vbd_opened(struct fleet *fleet, int pidfd);

#endif
