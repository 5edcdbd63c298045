/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which disk a vbd stands for: `params`, and what the hotplug script made of it.
 */
#ifndef XENBUS_TARGET_H
#define XENBUS_TARGET_H

#include "xenbus/vbd.h"

/* Has the hotplug script named something that can be opened? */
bool target_named(struct device *device);

/* Reads what the toolstack allows: mode, device-type, removable, discard-enable. */
void target_policy(struct vbd *vbd);

/*
 * Which path to open: vbd->target (NULL: an empty drive) and which device it has to be: what the
 * script named, or `params` where it named nothing. Where it named something, vbd->file is `params`: a regular
 * file is served directly also where the stock script has put a loop device in front of all of it.
 * 0, -ENOMEM, or -EINVAL, reported. Looks at xenstore and /dev/block only.
 */
int target_find(struct vbd *vbd);

/* How vbd->target is to be opened. Valid until the next call of target_find(). */
struct disk_request target_request(const struct vbd *vbd);

/* The file has been opened: it is the target from now on. */
void target_by_file(struct vbd *vbd);

#endif
