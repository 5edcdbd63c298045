/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames that do not pass. Trusts control's list of addresses; promises that a guest with
 * VIF_ANTI_SPOOF_IP sends nothing whose network-layer sender it does not understand.
 */
#include "netback/filter.h"

#include <errno.h>
#include <string.h>

#include "netback/frame.h"

#define GROUP_USED (1ull << 48)
#define ND_ADVERTISEMENT 136
#define ARP_BYTES 28

/* --- multicast --------------------------------------------------------------------------------- */

static uint64_t group_of(const uint8_t address[6])
{
	uint64_t group = GROUP_USED;

	for (int i = 0; i < 6; i++)
		group |= (uint64_t)address[i] << (8 * i);
	return group;
}

static uint64_t entry(const struct groups *groups, int i)
{
	return __atomic_load_n(&groups->address[i], __ATOMIC_RELAXED);
}

int groups_add(struct groups *groups, const uint8_t address[6])
{
	const uint64_t group = group_of(address);

	for (int i = 0; i < FILTER_GROUPS_MAX; i++) {
		if (entry(groups, i) == group)
			return 0;
	}
	for (int i = 0; i < FILTER_GROUPS_MAX; i++) {
		uint64_t free = 0;

		if (__atomic_compare_exchange_n(&groups->address[i], &free, group, false,
				__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return 0;
	}
	return -ENOSPC;
}

void groups_remove(struct groups *groups, const uint8_t address[6])
{
	const uint64_t group = group_of(address);

	for (int i = 0; i < FILTER_GROUPS_MAX; i++) {
		if (entry(groups, i) == group)
			__atomic_store_n(&groups->address[i], 0, __ATOMIC_RELAXED);
	}
}

bool groups_pass(const struct groups *groups, const uint8_t *destination)
{
	const uint64_t group = group_of(destination);

	if (!frame_is_multicast(destination))
		return true;
	for (int i = 0; i < FILTER_GROUPS_MAX; i++) {
		if (entry(groups, i) == group)
			return true;
	}
	return false;
}

/* --- who sends --------------------------------------------------------------------------------- */

static bool prefix_match(const uint8_t *a, const uint8_t *b, uint32_t bits)
{
	const uint8_t mask = (uint8_t)(0xff00u >> bits % 8);

	if (memcmp(a, b, bits / 8))
		return false;
	return bits % 8 == 0 || ((a[bits / 8] ^ b[bits / 8]) & mask) == 0;
}

static bool listed(const struct vif_params *vif, uint8_t family, const uint8_t *address)
{
	const uint32_t from = family == 4 ? 12 : 0;	/* IPv4 is in the last 4 bytes */

	for (uint32_t i = 0; i < vif->addresses; i++) {
		if (vif->address[i].family == family &&
				prefix_match(vif->address[i].bytes + from, address, vif->address[i].prefix))
			return true;
	}
	return false;
}

static bool all_zero(const uint8_t *at, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++) {
		if (at[i])
			return false;
	}
	return true;
}

/* fe80::/64 with the interface identifier that RFC 4291 makes of the MAC. */
static bool own_link_local(const uint8_t mac[6], const uint8_t *address)
{
	const uint8_t own[16] = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe,
		mac[3], mac[4], mac[5] };

	return memcmp(address, own, sizeof(own)) == 0;
}

static bool own_ipv6(const struct vif_params *vif, const uint8_t *address)
{
	return listed(vif, 6, address) || own_link_local(vif->mac, address);
}

static bool arp_passes(const struct vif_params *vif, const struct frame *frame)
{
	const uint8_t *arp = frame->data + frame->l3;

	if (frame->bytes - frame->l3 < ARP_BYTES)
		return false;
	if (memcmp(arp + 8, vif->mac, FRAME_ADDRESS_BYTES))
		return false;
	return !(vif->flags & VIF_ANTI_SPOOF_IP) || all_zero(arp + 14, 4) || listed(vif, 4, arp + 14);
}

static bool ipv4_passes(const struct vif_params *vif, const struct frame *frame)
{
	const uint8_t *source = frame_ip_addresses(frame), *udp = frame->data + frame->l4;

	if (listed(vif, 4, source))
		return true;
	/* DHCP: from 0.0.0.0 port 68 to port 67. */
	return all_zero(source, 4) && frame->protocol == FRAME_UDP && !frame->fragment &&
		frame->end - frame->l4 >= 8 && frame_u16(udp) == 68 && frame_u16(udp + 2) == 67;
}

static bool ipv6_passes(const struct vif_params *vif, const struct frame *frame)
{
	const uint8_t *source = frame_ip_addresses(frame), *icmp = frame->data + frame->l4;
	const bool is_icmp = frame->protocol == FRAME_ICMPV6 && !frame->fragment;

	if (frame->endless)	/* whatever is behind: it may be an advertisement */
		return false;
	if (all_zero(source, 16))	/* duplicate address detection, group reports */
		return is_icmp;
	if (!own_ipv6(vif, source))
		return false;
	if (is_icmp && frame->end - frame->l4 >= 24 && icmp[0] == ND_ADVERTISEMENT)
		return own_ipv6(vif, icmp + 8);
	return true;
}

static enum filter_verdict sender_verdict(const struct vif_params *vif, const struct frame *frame)
{
	bool passes;

	if (frame->tagged)
		return FILTER_PROTOCOL;
	if (frame->version == 4)
		passes = ipv4_passes(vif, frame);
	else if (frame->version == 6)
		passes = ipv6_passes(vif, frame);
	else if (frame->type == FRAME_ARP)
		passes = arp_passes(vif, frame);
	else
		return FILTER_PROTOCOL;
	return passes ? FILTER_PASS : FILTER_SOURCE_IP;
}

enum filter_verdict filter_from_guest(const struct vif_params *vif, const uint8_t *data, uint32_t bytes)
{
	struct frame frame;

	if (!(vif->flags & (VIF_ANTI_SPOOF_MAC | VIF_ANTI_SPOOF_IP)))
		return FILTER_PASS;
	if (memcmp(data + FRAME_ADDRESS_BYTES, vif->mac, FRAME_ADDRESS_BYTES))
		return FILTER_SOURCE_MAC;
	frame_parse(&frame, data, bytes);
	if (vif->flags & VIF_ANTI_SPOOF_IP)
		return sender_verdict(vif, &frame);
	if (frame.type == FRAME_ARP && !arp_passes(vif, &frame))
		return FILTER_SOURCE_MAC;
	return FILTER_PASS;
}

const char *filter_verdict_text(enum filter_verdict verdict)
{
	static const char *const text[] = {
		[FILTER_PASS] = "a frame that passes",
		[FILTER_SOURCE_MAC] = "a source MAC that is not the vif's",
		[FILTER_SOURCE_IP] = "a source address that is not the vif's",
		[FILTER_PROTOCOL] = "a protocol other than IP and ARP",
	};

	return text[verdict];
}
