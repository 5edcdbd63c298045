/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segments that the kernel gives joined, one by one, for a frontend that does not take them so. The
 * kernel cuts by itself what the tap's offloads do not name; what is left is what lies behind a VLAN
 * tag (a tap always takes that joined), and what was on its way when the offloads changed. Pure.
 */
#ifndef NETBACK_CUT_H
#define NETBACK_CUT_H

#include <stdbool.h>
#include <stdint.h>

struct segment {
	uint32_t bytes;		/* of the whole frame */
	uint32_t payload;	/* of them TCP payload */
	bool last;
};

/*
 * Writes to `to` (room for `bytes`) the segment that begins `done` bytes into the payload of a frame of
 * joined TCP segments, `size` bytes of payload each: whole, with all its checksums. bytes: at least 14.
 * False: it is no TCP frame, its headers do not hold together, or there is no such payload.
 */
bool cut_segment(const uint8_t *data, uint32_t bytes, uint32_t size, uint32_t done, uint8_t *to,
		struct segment *segment);

#endif
