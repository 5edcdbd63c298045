/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the headers of an Ethernet frame are. Pure; the frame is private memory, so that what was
 * looked at is what is sent on.
 */
#ifndef NETBACK_FRAME_H
#define NETBACK_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#define FRAME_ADDRESS_BYTES 6u
#define FRAME_IPV4 0x0800u		/* Ethernet types */
#define FRAME_ARP 0x0806u
#define FRAME_IPV6 0x86ddu

enum frame_protocol { FRAME_ICMP = 1, FRAME_TCP = 6, FRAME_UDP = 17, FRAME_ICMPV6 = 58 };

struct frame {
	const uint8_t *data;
	uint32_t bytes;
	uint16_t type;		/* of what follows the VLAN tags, host order */
	bool tagged;
	uint32_t l3;		/* offset of the network header */
	uint8_t version;	/* 4, 6; 0: no IP header that holds together: nothing below is valid */
	uint8_t protocol;	/* of what follows the extension headers */
	bool fragment;		/* of a larger packet: no transport header to speak of */
	bool endless;		/* extension headers beyond what is looked at: not its last protocol */
	uint32_t l4;		/* offset of the transport header, at most `end` */
	uint32_t end;		/* where the IP packet ends: at most `bytes`, the rest is padding */
};

/* Never fails: what cannot be parsed is left at 0. bytes: at least 14, at most 65,535 + 14 + 8. */
void frame_parse(struct frame *frame, const uint8_t *data, uint32_t bytes);

static inline uint16_t frame_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline void frame_put_u16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline uint32_t frame_u32(const uint8_t *at)
{
	return (uint32_t)frame_u16(at) << 16 | frame_u16(at + 2);
}

static inline void frame_put_u32(uint8_t *at, uint32_t value)
{
	frame_put_u16(at, value >> 16);
	frame_put_u16(at + 2, value);
}

/* The sum over an IPv4 header of so many bytes (even): 0xffff where its checksum is right. */
uint16_t frame_ipv4_sum(const uint8_t *ip, uint32_t bytes);

/* The bytes of the source and destination address, one after the other. version 4 or 6. */
const uint8_t *frame_ip_addresses(const struct frame *frame);

/* Broadcast is not multicast here. */
bool frame_is_multicast(const uint8_t *data);

#endif
