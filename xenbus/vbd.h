/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is a disk's own in a device's life: its keys, its target, its size.
 */
#ifndef XENBUS_VBD_H
#define XENBUS_VBD_H

#include "xenbus/disk.h"
#include "xenbus/lifecycle.h"

struct vbd {
	struct device device;	/* first: kind.bytes */
	char *target;		/* path that is opened; NULL: no medium. From the heap */
	bool named_device;	/* the script named a device number: target has to be `rdev` */
	dev_t rdev;
	bool writable, cdrom, removable, may_discard;
	bool shared;		/* mode w!: others may have the disk, whoever writes */
	bool known;		/* the above have been read */
	struct disk disk;	/* as measured last */
	bool held;		/* this connection's disk is open: */
	int fd;			/* a duplicate of what its workers have, closed before state 6 */
	int file_watch;		/* inotify; 0: none, or its one shot has been fired */
	bool look_again;	/* the size may have changed since it was published */
};

/* The vbd of a device of that kind. */
struct vbd *vbd_of(struct device *device);

#endif
