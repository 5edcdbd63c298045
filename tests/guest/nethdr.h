/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a guest finds the checksum that it is told is blank: for TCP and UDP over IPv4 and IPv6, and
 * as in Linux (skb_checksum_setup(), which xen-netfront calls) not behind a VLAN tag.
 */
#ifndef GUEST_NETHDR_H
#define GUEST_NETHDR_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/virtio_net.h>

/* Fills flags, csum_start, csum_offset, hdr_len. False: there is no such checksum in these bytes. */
bool nethdr_checksum(const uint8_t *frame, uint32_t bytes, struct virtio_net_hdr *header);

#endif
