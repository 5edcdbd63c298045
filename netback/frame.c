/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds headers. Trusts the length it is given and nothing inside; promises that every offset it
 * reports lies within the frame.
 */
#include "netback/frame.h"

#include <string.h>

#define VLAN_TAGS_MAX 2
#define TYPE_VLAN 0x8100u
#define TYPE_QINQ 0x88a8u
#define EXTENSIONS_MAX 8	/* of IPv6; more is nothing that anyone sends */

static bool is_tag(uint16_t type)
{
	return type == TYPE_VLAN || type == TYPE_QINQ;
}

/* Ends with l3 at or before the frame's end. */
static void ethernet_parse(struct frame *frame)
{
	uint32_t at = 12;

	frame->type = frame_u16(frame->data + at);
	for (int i = 0; i < VLAN_TAGS_MAX && is_tag(frame->type) && at + 6 <= frame->bytes; i++) {
		at += 4;
		frame->tagged = true;
		frame->type = frame_u16(frame->data + at);
	}
	frame->l3 = at + 2;
}

static void ipv4_parse(struct frame *frame)
{
	const uint8_t *ip = frame->data + frame->l3;
	uint32_t room = frame->bytes - frame->l3, header, total;

	if (room < 20 || ip[0] >> 4 != 4)
		return;
	header = (ip[0] & 15u) * 4;
	total = frame_u16(ip + 2);
	if (header < 20 || header > total || total > room)
		return;
	frame->version = 4;
	frame->protocol = ip[9];
	frame->fragment = frame_u16(ip + 6) & 0x3fff;	/* more to come, or an offset */
	frame->l4 = frame->l3 + header;
	frame->end = frame->l3 + total;
}

static bool is_extension(uint8_t protocol)
{
	switch (protocol) {
	case 0:		/* hop by hop */
	case 43:	/* routing */
	case 44:	/* fragment */
	case 51:	/* authentication */
	case 60:	/* destination options */
		return true;
	}
	return false;
}

static uint32_t extension_bytes(uint8_t protocol, const uint8_t *at)
{
	if (protocol == 44)
		return 8;
	return protocol == 51 ? (at[1] + 2u) * 4 : (at[1] + 1u) * 8;
}

static void ipv6_parse(struct frame *frame)
{
	const uint8_t *ip = frame->data + frame->l3;
	uint32_t room = frame->bytes - frame->l3, at = frame->l3 + 40, end, step;
	uint8_t protocol = ip[6];

	if (room < 40 || ip[0] >> 4 != 6 || frame_u16(ip + 4) > room - 40)
		return;
	end = at + frame_u16(ip + 4);
	/* Behind a fragment's header are bytes from anywhere in the packet. */
	for (int i = 0; is_extension(protocol) && !frame->fragment; i++) {
		step = end - at < 8 ? 8 : extension_bytes(protocol, frame->data + at);
		frame->endless = i == EXTENSIONS_MAX || step > end - at;
		if (frame->endless)
			break;
		frame->fragment = protocol == 44;
		protocol = frame->data[at];
		at += step;
	}
	frame->version = 6;
	frame->protocol = protocol;
	frame->l4 = at;
	frame->end = end;
}

void frame_parse(struct frame *frame, const uint8_t *data, uint32_t bytes)
{
	*frame = (struct frame) { .data = data, .bytes = bytes };
	ethernet_parse(frame);
	if (frame->type == FRAME_IPV4)
		ipv4_parse(frame);
	else if (frame->type == FRAME_IPV6 && bytes - frame->l3 >= 40)
		ipv6_parse(frame);
}

uint16_t frame_ipv4_sum(const uint8_t *ip, uint32_t bytes)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < bytes; i += 2)
		sum += frame_u16(ip + i);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

const uint8_t *frame_ip_addresses(const struct frame *frame)
{
	return frame->data + frame->l3 + (frame->version == 4 ? 12 : 8);
}

bool frame_is_multicast(const uint8_t *data)
{
	static const uint8_t broadcast[FRAME_ADDRESS_BYTES] = { 255, 255, 255, 255, 255, 255 };

	return (data[0] & 1) && memcmp(data, broadcast, sizeof(broadcast));
}
