/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first look at a device: is it ours, and which settings apply to it?
 */
#ifndef XENBUS_ARRIVE_H
#define XENBUS_ARRIVE_H

#include "xenbus/lifecycle.h"

/*
 * What is done once in a generation; gives the device its generation. 0. Anything else: it stays in
 * state 1, untouched; reported with device_fail() (-EINVAL: its directory names another frontend,
 * -EBUSY: the kernel driver holds it, what kind->arrive() says), or -EAGAIN, not reported.
 */
int device_arrive(struct device *device);

/* What the configuration says of a device now, by the guest's name and the device's. */
struct settings device_settings_now(struct device *device);

/* Fills device->settings with it: from then on they are those of the device's next connection. */
void device_settings(struct device *device);

#endif
