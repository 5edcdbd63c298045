/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads and writes a tap. Trusts the kernel; promises that a frame it returns has an Ethernet header.
 */
#include "netback/tap.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* #syscalls: read write writev */

#define FRAME_MIN 14

int tap_read(int tap, uint8_t *buffer)
{
	ssize_t got = read(tap, buffer, TAP_ROOM);

	if (got < 0)
		return -errno;
	return got < (ssize_t)TUN_HEADER_BYTES + FRAME_MIN ? -EBADMSG : (int)got - (int)TUN_HEADER_BYTES;
}

int tap_write(int tap, const struct virtio_net_hdr *header, struct iovec *part, uint32_t parts)
{
	part[0].iov_base = (uint8_t *)part[0].iov_base - TUN_HEADER_BYTES;
	part[0].iov_len += TUN_HEADER_BYTES;
	memcpy(part[0].iov_base, header, TUN_HEADER_BYTES);
	if (parts == 1)		/* the kernel has less to do for it */
		return write(tap, part->iov_base, part->iov_len) < 0 ? -errno : 0;
	return writev(tap, part, (int)parts) < 0 ? -errno : 0;
}
