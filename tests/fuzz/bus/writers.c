/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Those who write xenstore before control reads it: frontends that mostly do as xen/io/blkif.h and netif.h say,
 * each key wrong once in 256 times, and a toolstack that mostly does as libxl.
 */
#include "tests/fuzz/bus/writers.h"

const struct device_id places[PLACES] = {
	{ DEVICE_VBD, 7, 51712 }, { DEVICE_VIF, 7, 0 }, { DEVICE_VBD, 9, 768 },
	{ DEVICE_VIF, DOMID_LAST, ID_ANY - 1 },		/* the longest name, too long for a tap */
};

struct dirs dirs_of(struct device_id id)
{
	struct dirs dirs;

	snprintf(dirs.backend, sizeof(dirs.backend), "/local/domain/0/backend/%s/%u/%u", kind_name(id.kind), id.domid,
			id.devid);
	snprintf(dirs.frontend, sizeof(dirs.frontend), "/local/domain/%u/device/%s/%u", id.domid, kind_name(id.kind),
			id.devid);
	return dirs;
}

/* Wrong once in 256 times, by the input's word. */
static bool wrong(struct feed *feed)
{
	return feed_u8(feed) == 255;
}

/* A value that nobody should write: one of the list, or the input's own bytes, or very long. */
static void mean_write(struct feed *feed, const char *dir, const char *key)
{
	static const char *const mean[] = {
		"", "0", "-1", "9", "16", "31", "32", "64", "255", "256", "4294967295", "4294967296", "18446744073709551615",
		"18446744073709551616", "0x10", "1 2", " 1", "1\n", "+1", "banana", "00000000000000000000000000000001",
		"x86_32-abi", "x86_64-abi", "connected", "00:16:3e:05:30:71", "10.0.0.7 fe80::/64", "1000,50000", "r", "w",
		"cdrom", "/dev/null", "8:0", "2", "1",
	};
	const uint8_t what = feed_u8(feed);
	uint8_t raw[128] = { 0 };

	if (what < 200) {
		bus_text(dir, key, mean[what % (sizeof(mean) / sizeof(mean[0]))]);
		return;
	}
	feed_bytes(feed, raw, 32);
	bus_write(dir, key, (const char *)raw, what < 250 ? what % 32 : BUS_VALUE_MAX - 1);
}

static void guest_number(struct feed *feed, const char *dir, const char *key, uint64_t value)
{
	if (wrong(feed))
		mean_write(feed, dir, key);
	else
		bus_number(dir, key, value);
}

static void disk_queue(struct feed *feed, const char *dir, uint32_t pages)
{
	char key[24];

	for (uint32_t page = 0; page < pages; page++) {
		snprintf(key, sizeof(key), pages == 1 ? "ring-ref" : "ring-ref%u", page);
		guest_number(feed, dir, key, 100 + page);
	}
	guest_number(feed, dir, "event-channel", 11);
}

static void interface_queue(struct feed *feed, const char *dir, bool split)
{
	guest_number(feed, dir, "tx-ring-ref", 200);
	guest_number(feed, dir, "rx-ring-ref", 201);
	guest_number(feed, dir, split ? "event-channel-tx" : "event-channel", 12);
	if (split)
		guest_number(feed, dir, "event-channel-rx", 13);
}

static void interface_features(struct feed *feed, const char *dir)
{
	static const char *const features[] = {
		"feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6", "feature-ipv6-csum-offload",
		"feature-no-csum-offload", "feature-rx-notify", "request-multicast-control", "xdp-headroom",
	};
	const uint8_t which = feed_u8(feed);

	guest_number(feed, dir, "request-rx-copy", 1);
	for (uint32_t i = 0; i < 8; i++)
		if (which >> i & 1)
			guest_number(feed, dir, features[i], 1);
	if (feed_u8(feed) % 2) {
		guest_number(feed, dir, "ctrl-ring-ref", 300);
		guest_number(feed, dir, "event-channel-ctrl", 14);
	}
}

void guest_state(struct device_id id, uint64_t state)
{
	bus_number(dirs_of(id).frontend, "state", state);
}

/* A frontend's directory as a frontend fills it, and its wish to be connected. */
void guest_connects(struct feed *feed, struct device_id id)
{
	const struct dirs dirs = dirs_of(id);
	const uint8_t shape = feed_u8(feed);
	const uint32_t queues = 1 + shape % 3, order = shape >> 2 & 3;
	char dir[96];

	bus_remove(dirs.frontend);
	if (queues > 1)
		guest_number(feed, dirs.frontend, "multi-queue-num-queues", queues);
	if (order && id.kind == DEVICE_VBD)
		guest_number(feed, dirs.frontend, "ring-page-order", order);
	for (uint32_t q = 0; q < queues; q++) {
		snprintf(dir, sizeof(dir), queues == 1 ? "%s" : "%s/queue-%u", dirs.frontend, q);
		if (id.kind == DEVICE_VBD)
			disk_queue(feed, dir, 1u << order);
		else
			interface_queue(feed, dir, shape & 64);
	}
	if (id.kind == DEVICE_VIF) {
		interface_features(feed, dirs.frontend);
	} else {
		guest_number(feed, dirs.frontend, "feature-persistent", shape >> 7);
		bus_text(dirs.frontend, "protocol", shape & 32 ? "x86_32-abi" : "x86_64-abi");
	}
	guest_state(id, id.kind == DEVICE_VBD ? BUS_INITIALISED : BUS_CONNECTED);
}

void guest_writes(struct feed *feed, struct device_id id)
{
	static const char *const keys[] = {
		"ring-ref", "ring-ref0", "ring-ref1", "ring-page-order", "multi-queue-num-queues", "event-channel",
		"event-channel-tx", "event-channel-rx", "tx-ring-ref", "rx-ring-ref", "ctrl-ring-ref", "event-channel-ctrl",
		"protocol", "feature-persistent", "request-rx-copy", "request-multicast-control", "xdp-headroom", "feature-sg",
		"queue-0/ring-ref", "queue-1/event-channel", "queue-0/tx-ring-ref", "state", "feature-gso-tcpv6",
		/* The toolstack's. They mean nothing here. */
		"params", "mode", "physical-device", "script", "hotplug-status", "mac", "rate", "backend", "backend-id",
	};
	const char *key = keys[feed_u8(feed) % (sizeof(keys) / sizeof(keys[0]))];
	const struct dirs dirs = dirs_of(id);

	if (wrong(feed))
		bus_hide(dirs.frontend, key);
	else
		mean_write(feed, dirs.frontend, key);
}

void toolstack_makes(struct feed *feed, struct device_id id)
{
	const struct dirs dirs = dirs_of(id);
	const uint8_t shape = feed_u8(feed);

	if (bus_find(dirs.backend, "state"))
		return;
	bus_text(dirs.frontend, "backend", dirs.backend);
	bus_number(dirs.frontend, "state", BUS_INITIALISING);
	bus_text(dirs.backend, "frontend", wrong(feed) ? dirs_of(places[0]).frontend : dirs.frontend);
	bus_number(dirs.backend, "frontend-id", id.domid);
	bus_number(dirs.backend, "online", 1);
	if (id.kind == DEVICE_VBD) {
		bus_text(dirs.backend, "mode", shape & 1 ? "r" : "w");
		bus_text(dirs.backend, "device-type", shape & 2 ? "cdrom" : "disk");
		bus_text(dirs.backend, "params", shape & 4 ? "" : "/bin/true");
		bus_text(dirs.backend, "dev", "xvda");
		bus_number(dirs.backend, "discard-enable", shape >> 3 & 1);
	} else {
		bus_text(dirs.backend, "mac", "00:16:3e:05:30:71");
		if (shape & 1)
			bus_text(dirs.backend, "ip", "10.0.0.7 10.0.0.8/32");
		if (shape & 2)
			bus_text(dirs.backend, "rate", "1000000,50000");
		bus_text(dirs.backend, "bridge", "xenbr0");
	}
	if (shape & 16)
		bus_text(dirs.backend, "hotplug-status", "connected");
	bus_number(dirs.backend, "state", BUS_INITIALISING);
}

void toolstack_writes(struct feed *feed, struct device_id id)
{
	static const char *const keys[] = {
		"hotplug-status", "physical-device", "physical-device-path", "params", "mode", "device-type", "mac", "ip",
		"rate", "rate-rx", "mtu", "online", "frontend", "frontend-id",
	};
	const uint8_t what = feed_u8(feed);
	const struct dirs dirs = dirs_of(id);

	if (!bus_find(dirs.backend, "state"))
		return;
	if (what < 60)
		bus_text(dirs.backend, "hotplug-status", "connected");
	else if (what < 80)
		bus_number(dirs.backend, "state", BUS_CLOSING);
	else if (what < 90)
		bus_number(dirs.backend, "online", what & 1);
	else if (what < 100)
		bus_text(dirs.backend, "physical-device", what < 95 ? "103:1f" : "7:0");
	else if (what < 110)
		bus_text(dirs.backend, "physical-device-path", "/nonexistent");
	else
		mean_write(feed, dirs.backend, keys[what % (sizeof(keys) / sizeof(keys[0]))]);
}

void toolstack_removes(struct device_id id)
{
	const struct dirs dirs = dirs_of(id);

	bus_remove(dirs.frontend);
	bus_remove(dirs.backend);
}
