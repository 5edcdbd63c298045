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

/* A number that nobody guesses and that is not 0. */
uint64_t random_generation(void);

#define GUEST_NAME_BYTES 160	/* longer ones than a configuration file can have, and what xl appends */

/*
 * What the administrator calls the guest. While it migrates xl calls it NAME--incoming where it goes to,
 * until after it runs there, and NAME--migratedaway where it came from (tools/xl/xl_migrate.c). "": not
 * known; see store_trouble().
 */
void device_guest(struct device *device, char name[GUEST_NAME_BYTES]);

/* What the configuration says of a device now, by the guest's name and the device's: see store_trouble(). */
struct settings device_settings_now(struct device *device);

/*
 * Fills device->settings with it: from then on they are those of the device's next connection. 0, or
 * -EAGAIN: xenstored does not say what the guest is called.
 */
int device_settings(struct device *device);

#endif
