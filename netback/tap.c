/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads and writes a tap. Trusts the kernel; promises that a frame it returns has an Ethernet header.
 */
#include "netback/tap.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* #syscalls: read write */

#define FRAME_MIN 14

int tap_read(int tap, uint8_t *buffer)
{
	ssize_t got = read(tap, buffer, TAP_ROOM);

	if (got < 0)
		return -errno;
	return got < (ssize_t)TUN_HEADER_BYTES + FRAME_MIN ? -EBADMSG : (int)got - (int)TUN_HEADER_BYTES;
}

int tap_write(int tap, const struct virtio_net_hdr *header, uint8_t *data, uint32_t bytes)
{
	memcpy(data - TUN_HEADER_BYTES, header, TUN_HEADER_BYTES);
	return write(tap, data - TUN_HEADER_BYTES, TUN_HEADER_BYTES + bytes) < 0 ? -errno : 0;
}
