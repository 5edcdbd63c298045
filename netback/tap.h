/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames on one queue of a tap. A frame has its virtio-net header directly in front of it, so that
 * both go in one piece.
 */
#ifndef NETBACK_TAP_H
#define NETBACK_TAP_H

#include <stdint.h>
#include <sys/uio.h>
#include <linux/virtio_net.h>

#include "ring/tun.h"

/* The largest that the kernel gives: 64 KiB of IP, Ethernet header, two VLAN tags. */
#define TAP_FRAME_MAX (65536u + 14 + 8)
#define TAP_ROOM (TUN_HEADER_BYTES + TAP_FRAME_MAX)
_Static_assert(sizeof(struct virtio_net_hdr) == TUN_HEADER_BYTES, "what tun.c sets");

/*
 * The next packet: header and frame into `buffer` (TAP_ROOM bytes). Returns the frame's bytes (at
 * least 14); -EAGAIN: there is none; -EBADMSG: what came was no frame; other -errno: the tap is gone.
 */
int tap_read(int tap, uint8_t *buffer);

/*
 * Sends a frame that lies in parts. header is copied in front of the first, which has to have room there
 * and is changed to begin with it. 0 or -errno (EINVAL: the kernel does not believe the header; EIO: the
 * interface is down).
 */
int tap_write(int tap, const struct virtio_net_hdr *header, struct iovec *part, uint32_t parts);

#endif
