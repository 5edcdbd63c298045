/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/fuzz/bus/xenstored.o tests/fuzz/bus/host.o tests/fuzz/bus/disks.o tests/fuzz/bus/writers.o xenbus/fleet.o xenbus/lifecycle.o xenbus/failure.o xenbus/arrive.o xenbus/frontend.o xenbus/vif_negotiate.o xenbus/vifkeys.o xenbus/vif.o xenbus/vbd.o xenbus/target.o xenbus/sharing.o xenbus/kind.o xenbus/device.o xenbus/parse.o xenbus/dirty.o xenbus/store.o ring/control.o ring/journal.o ring/log.o ring/slate.o ring/sring.o */
/* libs: -Wl,--wrap=clock_gettime -Wl,--wrap=getrandom -Wl,--wrap=access -Wl,--wrap=pthread_create */
/*
 * Control without its processes: its own loop, devices and keys over the xenstored and the host of
 * tests/fuzz/bus. Guests write their directories, mostly as frontends do, each key wrong once in 256 times;
 * the toolstack, the workers, xenstored and the kernel do what they may at any time. A worker is given the
 * numbers that stand in the frontend's directory, within what was offered, or the device fails and says so.
 * In the end everything is taken away and nothing is left; and a new device of the same name connects.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "tests/fuzz/bus/bus.h"
#include "tests/fuzz/bus/writers.h"
#include "xenbus/vbd.h"
#include "xenbus/vif.h"

#define TURNS_MAX 40

static struct fleet fleet = { .run = "/nonexistent", .libexec = "/nonexistent", .sys = "/nonexistent" };
static bool tainted;	/* xenstored has failed */

/* The device of that place, or NULL. No more slots are ever used than there are places. */
static struct device *device_of(struct device_id id)
{
	for (uint32_t slot = 0; slot < PLACES; slot++) {
		struct device *device = fleet.device[slot];

		if (device && device->id.kind == id.kind && device->id.domid == id.domid)
			return device;
	}
	return NULL;
}

/* --- what control is held to --------------------------------------------------------------------- */

/* Also by somebody who is opening it. */
static bool has_disk(const struct device *device)
{
	const struct vbd *vbd = (const struct vbd *)device;	/* its first member */

	return vbd->held || vbd->opening.pidfd || vbd->opening.done;
}

void control_writes(const char *path, const char *value)
{
	for (size_t i = 0; i < PLACES; i++) {
		const struct device *device = device_of(places[i]);
		char state[128];

		snprintf(state, sizeof(state), "%s/state", dirs_of(places[i]).backend);
		if (!device || strcmp(path, state))
			continue;
		HOLDS(strcmp(value, "4") || device->worker.state == WORKER_RUNNING);
		HOLDS(strcmp(value, "6") || !worker_alive(device->worker.state));
		HOLDS(strcmp(value, "6") || device->id.kind != DEVICE_VBD || !has_disk(device));
	}
}

/* The number that stands there; a key that may be missing has a value without it. */
static uint64_t stored(const char *dir, const char *key, const char *without)
{
	const char *text = bus_find(dir, key);

	text = text ? text : without;
	HOLDS(text && text[0] && text[strspn(text, "0123456789")] == 0);
	return strtoull(text, NULL, 10);
}

static void ring_holds(const struct ring_params *ring, const char *dir, const char *key, const char *port)
{
	for (uint32_t page = 0; page < ring->pages; page++) {
		char name[24];

		snprintf(name, sizeof(name), key, page);
		HOLDS(ring->gref[page] == stored(dir, name, NULL));
	}
	HOLDS(ring->port == stored(dir, port, NULL));
}

static void disk_holds(struct device *device, const struct queue_params *queue, const char *dir)
{
	const char *order = bus_find(device->frontend, "ring-page-order");

	HOLDS(queue->ring[0].pages == (order ? 1u << stored(device->frontend, "ring-page-order", NULL) : 1));
	HOLDS(queue->ring[0].pages <= 1u << stored(device->backend, "max-ring-page-order", "0"));
	ring_holds(&queue->ring[0], dir, order ? "ring-ref%u" : "ring-ref", "event-channel");
}

static void interface_holds(struct device *device, const struct queue_params *queue, const char *dir)
{
	const bool split = !bus_find(dir, "event-channel");

	HOLDS(queue->ring[0].pages == 1 && queue->ring[1].pages == 1);
	HOLDS(split == (queue->ring[0].port != queue->ring[1].port));
	ring_holds(&queue->ring[0], dir, "tx-ring-ref", split ? "event-channel-tx" : "event-channel");
	ring_holds(&queue->ring[1], dir, "rx-ring-ref", split ? "event-channel-rx" : "event-channel");
}

static void vif_holds(const struct device *device)
{
	const struct vif_params *vif = &device->params.vif;
	const uint32_t flags = vif->flags;

	HOLDS(stored(device->frontend, "request-rx-copy", NULL) == 1);
	HOLDS(vif->xdp_headroom == stored(device->frontend, "xdp-headroom", "0"));
	HOLDS(!(flags & VIF_GSO_TCPV4) || (flags & VIF_SG && flags & VIF_CSUM_V4));
	HOLDS(!(flags & VIF_GSO_TCPV6) || (flags & VIF_SG && flags & VIF_CSUM_V6));
	HOLDS(!device->settings.anti_spoof || flags & VIF_ANTI_SPOOF_MAC);
	HOLDS(!device->settings.checksum_off || (flags & VIF_TX_CSUM_OFF && !(flags & (VIF_CSUM_V4 | VIF_CSUM_V6))));
	if (vif->ctrl.pages)
		ring_holds(&vif->ctrl, device->frontend, "ctrl-ring-ref", "event-channel-ctrl");
}

/* A successor has its predecessor's numbers, whatever the frontend has written since. */
void connection_holds(struct device *device, bool fresh)
{
	const uint32_t queues = device->params.queues;
	char dir[96];

	if (!fresh)
		return;
	HOLDS(queues == stored(device->frontend, "multi-queue-num-queues", "1"));
	HOLDS(queues <= stored(device->backend, "multi-queue-max-queues", "1"));
	HOLDS(device->params.uid >= 40000 || geteuid());
	for (uint32_t q = 0; q < queues; q++) {
		snprintf(dir, sizeof(dir), queues == 1 ? "%s" : "%s/queue-%u", device->frontend, q);
		if (device->id.kind == DEVICE_VBD)
			disk_holds(device, &device->params.queue[q], dir);
		else
			interface_holds(device, &device->params.queue[q], dir);
	}
	if (device->id.kind == DEVICE_VIF)
		vif_holds(device);
}

/* --- what happens -------------------------------------------------------------------------------- */

/* What was being opened is open. */
static void disks_answer(void)
{
	for (uint32_t slot = 0; slot < PLACES && !host.disks_hang; slot++) {
		struct device *device = fleet.device[slot];

		if (device && device->id.kind == DEVICE_VBD && vbd_of(device)->opening.pidfd)
			vbd_opened(&fleet, vbd_of(device)->opening.pidfd);
	}
}

static void turn(void)
{
	bus_deliver();
	disks_answer();
	HOLDS(fleet_store_event(&fleet) == 0);
	fleet_set_timer(&fleet);
	fleet_timer_event(&fleet);
	for (uint32_t slot = 0; slot < PLACES; slot++)
		if (fleet.device[slot])
			HOLDS(fleet.device[slot]->kind->target(fleet.device[slot]));
}

static void worker_acts(struct feed *feed, struct device_id id)
{
	struct device *device = device_of(id);
	const uint8_t what = feed_u8(feed);

	if (!device)
		return;
	if (what < 80)
		worker_ends(device, what & 1);
	else
		worker_says(device, feed_u8(feed));
	fleet_look(&fleet, device);
}

static void fault_set(struct feed *feed, struct failure *failure)
{
	static const int errors[] = { 0, EIO, EAGAIN, ENOSPC, EBUSY, ENOENT, EMFILE, ENOMEM };
	const uint8_t what = feed_u8(feed);

	/* ENOENT is no failure of xenstored's, and no errno at all none of the kernel's. */
	failure->err = failure == &bus_failure ? errors[what % 4] : errors[1 + what % 7];
	tainted |= failure == &bus_failure;
	failure->left = what >> 3 & 15;
	failure->after = feed_u8(feed) % 64;
}

/* Very many writes, as fast as they can be: the guest is not listened to for a while. */
static void guest_floods(struct device_id id)
{
	for (int i = 0; i < 80; i++) {
		guest_state(id, 3 + (unsigned int)i % 2);
		turn();
	}
}

/* The toolstack takes the first one away just then. */
void somebody_disturbs(void)
{
	const struct dirs dirs = dirs_of(places[0]);

	if (bus_disturbed % 3 == 1 && bus_find(dirs.backend, "state"))
		bus_number(dirs.backend, "state", BUS_CLOSING);
}

/* What a process has is gone with it. Nobody tells the next control of a tap whose device has gone meanwhile. */
static void device_lost(struct device *device)
{
	host.failed |= !bus_find(device->backend, "state");
	worker_stays(device);
	if (device->id.kind == DEVICE_VIF) {
		struct vif *vif = vif_of(device);

		while (vif->queues)
			close(vif->queue[--vif->queues]);
		if (vif->steer_map > 0)
			close(vif->steer_map);
	} else {
		if (vbd_of(device)->held)
			close(vbd_of(device)->fd);
		opening_abandon(&vbd_of(device)->opening);
		free(vbd_of(device)->target);
		free(vbd_of(device)->file);
	}
	fleet.device[device->slot] = NULL;
	free(device);
}

static void control_is_killed(void)
{
	for (uint32_t slot = 0; slot < PLACES; slot++)
		if (fleet.device[slot])
			device_lost(fleet.device[slot]);
	bus_failure = (struct failure) { 0 };
	bus_forget_watches();
	store_take_dirty(fleet.store, &fleet.dirty);
	fleet.look_at = 0;
	HOLDS(fleet_start(&fleet) == 0);
	turn();
}

/* xl destroy: all of a domain's. */
static void toolstack_removes_all(struct device_id id)
{
	char dir[96];

	snprintf(dir, sizeof(dir), "/local/domain/0/backend/%s/%u", kind_name(id.kind), id.domid);
	bus_remove(dir);
}

static void happen(struct feed *feed)
{
	const uint8_t what = feed_u8(feed);
	const struct device_id id = places[what % PLACES];

	if (what < 32)
		toolstack_makes(feed, id);
	else if (what < 64)
		guest_connects(feed, id);
	else if (what < 88)
		guest_writes(feed, id);
	else if (what < 104)
		guest_state(id, feed_u8(feed) % 11);
	else if (what < 128)
		toolstack_writes(feed, id);
	else if (what < 136)
		toolstack_removes(id);
	else if (what < 176)
		worker_acts(feed, id);
	else if (what < 232)
		turn();
	else if (what < 240)
		host.msec += feed_u8(feed);
	else if (what < 244)
		fault_set(feed, &bus_failure);
	else if (what < 246)
		fault_set(feed, &host.failure);
	else if (what < 249)
		bus_disturbed = feed_u8(feed) % 12;
	else if (what == 249)
		host.disks_hang ^= true;
	else if (what == 250)
		guest_floods(places[feed_u8(feed) % PLACES]);
	else if (what == 251)
		control_is_killed();
	else if (what == 252)
		host.driver ^= true;
	else if (what == 253)
		bus_domain_dies(places[feed_u8(feed) % PLACES].domid);
	else if (what == 254)
		toolstack_removes_all(places[feed_u8(feed) % PLACES]);
	else
		host.disk_bytes ^= 1 << 20;
}

/* --- from the beginning to the end --------------------------------------------------------------- */

static void settings_read(struct feed *feed)
{
	const uint8_t what = feed_u8(feed);

	host.settings = (struct settings) {
		.persistent = what & 1, .queues = what >> 1 & 3, .ring_order = what >> 3 & 3, .indirect = what & 32 ? 256 : 0,
		.pool_kib = 4096, .aio_depth = 128, .engine = "aio", .checksum_off = what >> 6 & 1, .anti_spoof = what >> 7,
		.rx_kib = what & 1 ? 1000 : 0, .drain_msec = 10000, .stall_msec = 60000,
	};
}

/* The lowest free one tells whether any was forgotten. */
static int lowest_descriptor(void)
{
	const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

/* Also the ways in which a store does not open; they are taken once. */
static void world_once(void)
{
	if (fleet.store)
		return;
	log_level((enum log_level)0);
	for (uint32_t after = 0; after < 3; after++) {
		bus_failure = (struct failure) { after, STORE_TRIES, EIO };
		HOLDS(store_open() == NULL);
	}
	bus_reset();
	fleet.store = store_open();
	HOLDS(fleet.store && store_fd(fleet.store) >= 0 && fleet_open(&fleet) == 0);
}

static void trouble_ends(void)
{
	bus_failure = host.failure = (struct failure) { 0 };
	bus_disturbed = 0;
	host.driver = false;
	host.disks_hang = false;
	host.disk_bytes = 1 << 20;
}

/* Time passes, and workers do as they are told. */
static void quiet_turn(void)
{
	host.msec += 250;
	turn();
	for (size_t i = 0; i < PLACES; i++) {
		struct device *device = device_of(places[i]);

		if (!device)
			continue;
		if (device->worker.state == WORKER_DRAINING)
			worker_ends(device, true);
		else if (device->worker.state == WORKER_STARTING)
			worker_says(device, 0);
		fleet_look(&fleet, device);
	}
}

static bool connected(struct device_id id)
{
	const char *state = bus_find(dirs_of(id).backend, "state");

	return state && strcmp(state, "4") == 0;
}

static bool any_device(void)
{
	for (uint32_t slot = 0; slot <= PLACES; slot++)
		if (fleet.device[slot])
			return true;
	return false;
}

static void all_goes(void)
{
	for (size_t i = 0; i < PLACES; i++)
		toolstack_removes(places[i]);
	for (int i = 0; i < TURNS_MAX && any_device(); i++)
		quiet_turn();
	HOLDS(!any_device());
}

/* An honest guest that comes after whatever has been. */
static void a_new_one_connects(struct device_id id)
{
	struct feed honest = { NULL, 0 };

	toolstack_makes(&honest, id);
	bus_text(dirs_of(id).backend, "hotplug-status", "connected");
	quiet_turn();
	guest_connects(&honest, id);
	for (int i = 0; i < TURNS_MAX && !connected(id); i++)
		quiet_turn();
	HOLDS(connected(id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = { data, size };
	int first;

	world_once();
	bus_reset();
	host_reset();
	host.disk_bytes = 1 << 20;
	store_take_dirty(fleet.store, &fleet.dirty);
	fleet.look_at = 0;
	tainted = false;
	first = lowest_descriptor();
	settings_read(&feed);
	HOLDS(fleet_start(&fleet) == 0);
	while (feed.left)
		happen(&feed);
	trouble_ends();
	all_goes();
	HOLDS(tainted || bus_watches() == 3);
	bus_reset();	/* domains that have died stay dead: others come */
	HOLDS(fleet_start(&fleet) == 0);
	a_new_one_connects(places[size & 1]);
	all_goes();
	HOLDS(bus_watches() == 3 && (host.failed || host.taps == 0));
	HOLDS(lowest_descriptor() == first);
	return 0;
}
