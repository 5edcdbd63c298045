/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: netback/filter.o netback/frame.o */
/*
 * Who may send what: a frame that passes has the vif's own addresses, by a second reading of its headers
 * that is as plain as can be; and the list of multicast groups holds what was put into it.
 */
#include "netback/filter.h"
#include "netback/frame.h"
#include "tests/fuzz/feed.h"

static const uint8_t mac[6] = { 0, 0x16, 0x3e, 1, 2, 3 };
static const uint8_t own4[4] = { 10, 0, 0, 7 }, none[16];
static const uint8_t net6[8] = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 1 };
static const uint8_t link_local[16] = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 2, 0x16, 0x3e, 0xff, 0xfe, 1, 2, 3 };

static const struct vif_params vif_ip = {
	.flags = VIF_ANTI_SPOOF_MAC | VIF_ANTI_SPOOF_IP, .mac = { 0, 0x16, 0x3e, 1, 2, 3 }, .addresses = 2,
	.address = { { 4, 31, { [12] = 10, 0, 0, 6 } }, { 6, 64, { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 1 } } },
};

static bool mine4(const uint8_t *address)
{
	return memcmp(address, own4, 3) == 0 && (address[3] | 1) == own4[3];
}

static bool mine6(const uint8_t *address)
{
	return memcmp(address, net6, sizeof(net6)) == 0 || memcmp(address, link_local, 16) == 0;
}

/* What passed although addresses are looked at. The header is where Ethernet ends: tagged frames never pass. */
static void sender_holds(const uint8_t *frame, uint32_t bytes)
{
	const uint8_t *ip = frame + 14;

	switch (frame_u16(frame + 12)) {
	case 0x0800:
		HOLDS(bytes >= 34 && (mine4(ip + 12) || (memcmp(ip + 12, none, 4) == 0 && ip[9] == 17)));
		break;
	case 0x86dd:
		HOLDS(bytes >= 54 && (mine6(ip + 8) || memcmp(ip + 8, none, 16) == 0));
		break;
	case 0x0806:
		HOLDS(bytes >= 42 && memcmp(ip + 8, mac, 6) == 0);
		HOLDS(mine4(ip + 14) || memcmp(ip + 14, none, 4) == 0);
		break;
	default:
		HOLDS(false);
	}
}

/* Mostly what a guest sends: its own addresses in the places where they belong. */
static void frame_make(uint8_t *frame, uint8_t knobs)
{
	static const uint8_t types[][2] = { { 8, 0 }, { 0x86, 0xdd }, { 8, 6 }, { 0x81, 0 } };

	memcpy(frame + 12, types[knobs % 4], 2);
	if (knobs & 4)
		memcpy(frame + 6, mac, 6);
	if (knobs & 8 && knobs % 4 == 0)
		memcpy(frame + 26, knobs & 16 ? own4 : none, 4);
	if (knobs & 8 && knobs % 4 == 1)
		memcpy(frame + 22, knobs & 16 ? link_local : none, 16);
	if (knobs & 8 && knobs % 4 == 2)
		memcpy(frame + 22, mac, 6);
	if (knobs & 32)
		frame[14] = knobs % 4 ? 0x60 : 0x45;
}

static void groups_hold(struct feed *feed)
{
	static struct groups groups;
	uint8_t address[6] = { 1 };

	memset(&groups, 0, sizeof(groups));
	for (int i = 0; i < 70 && feed->left; i++) {
		feed_bytes(feed, address + 1, 1 + i % 2);
		if (groups_add(&groups, address) == 0)
			HOLDS(groups_pass(&groups, address));
		else
			HOLDS(i >= FILTER_GROUPS_MAX);
		if (feed_u8(feed) < 64) {
			groups_remove(&groups, address);
			HOLDS(!groups_pass(&groups, address));
		}
	}
	address[0] = 2;
	HOLDS(groups_pass(&groups, address));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = { data, size };
	const uint8_t knobs = feed_u8(&feed), which = feed_u8(&feed);
	const uint32_t bytes = 14 + feed_u8(&feed) % 100;
	struct vif_params vif = vif_ip;
	uint8_t frame[128], *exact = malloc(bytes);
	enum filter_verdict verdict;

	vif.flags = which & 1 ? vif_ip.flags : which & 2 ? VIF_ANTI_SPOOF_MAC : 0;
	feed_bytes(&feed, frame, sizeof(frame));
	frame_make(frame, knobs);
	/* As many bytes as the call says: what it reads beyond is found by the address sanitizer. */
	memcpy(exact, frame, bytes);
	verdict = filter_from_guest(&vif, exact, bytes);
	HOLDS(filter_verdict_text(verdict)[0]);
	HOLDS(vif.flags || verdict == FILTER_PASS);
	if (vif.flags && verdict == FILTER_PASS)
		HOLDS(memcmp(exact + 6, mac, 6) == 0);
	if (vif.flags & VIF_ANTI_SPOOF_IP && verdict == FILTER_PASS)
		sender_holds(exact, bytes);
	free(exact);
	groups_hold(&feed);
	return 0;
}
