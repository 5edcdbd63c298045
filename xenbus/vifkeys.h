/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the toolstack says about an interface, as text: MAC, addresses, rate. Pure.
 */
#ifndef XENBUS_VIFKEYS_H
#define XENBUS_VIFKEYS_H

#include <stdint.h>

#include "ring/control.h"

/* "00:16:3e:05:30:71". Returns 0 or -EINVAL. */
int vifkeys_mac(const char *text, uint8_t mac[6]);

/*
 * libxl's `ip`: addresses of either family, each with or without "/BITS", between spaces. Fills
 * vif->address. Returns 0; -EINVAL: one of them is none; -E2BIG: more than VIF_ADDRESSES_MAX.
 */
int vifkeys_addresses(const char *text, struct vif_params *vif);

/* libxl's `rate`: "BYTES,USEC". Returns 0 or -EINVAL (also for an interval of 0 or over an hour). */
int vifkeys_rate(const char *text, uint64_t *bytes, uint32_t *usec);

#endif
