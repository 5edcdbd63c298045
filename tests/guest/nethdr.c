/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The headers of a frame, as far as a frontend has to know them. Trusts nothing but the length.
 */
#include "tests/guest/nethdr.h"

static uint32_t be16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static bool transport(const uint8_t *frame, uint32_t bytes, uint32_t l4, uint8_t protocol,
		struct virtio_net_hdr *header)
{
	bool tcp = protocol == 6;

	if ((!tcp && protocol != 17) || l4 + (tcp ? 20 : 8) > bytes)
		return false;
	header->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	header->csum_start = (uint16_t)l4;
	header->csum_offset = tcp ? 16 : 6;
	header->hdr_len = (uint16_t)(l4 + (tcp ? (frame[l4 + 12] >> 4) * 4u : 8));
	return true;
}

bool nethdr_checksum(const uint8_t *frame, uint32_t bytes, struct virtio_net_hdr *header)
{
	const uint32_t at = 12;

	if (at + 2 + 20 <= bytes && be16(frame + at) == 0x0800)
		return transport(frame, bytes, at + 2 + (frame[at + 2] & 15u) * 4, frame[at + 11], header);
	if (at + 2 + 40 <= bytes && be16(frame + at) == 0x86dd)
		return transport(frame, bytes, at + 2 + 40, frame[at + 8], header);
	return false;
}
