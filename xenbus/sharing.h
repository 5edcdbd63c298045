/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two guests must not write to one disk, nor one write what another reads. Hotplug scripts see that,
 * each among those that came by the same script: control sees all.
 */
#ifndef XENBUS_SHARING_H
#define XENBUS_SHARING_H

#include "xenbus/vbd.h"

/*
 * May the guest have this disk, which has been measured, beside those that others have? 0; -EBUSY,
 * reported, with the other's name; -EAGAIN: xenstored failed.
 */
int sharing_check(struct vbd *vbd);

#endif
