/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network interfaces. Trusts the backend directory: MAC, addresses and rate decide what the guest
 * may do. From the frontend come ring references, ports and what it can take, each read once and
 * checked against what was advertised. Promises that the tap is there before state 2, has carrier
 * only while its guest takes packets, and goes with the device.
 */
#include "xenbus/vif.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ring/slate.h"
#include "ring/tun.h"
#include "xenbus/arrive.h"
#include "xenbus/frontend.h"
#include "xenbus/rundir.h"
#include "xenbus/spawn.h"
#include "xenbus/steer.h"
#include "xenbus/worker.h"

static const char *const limit_keys[2] = { "rate", "rate-rx" };	/* struct vif's limit */

#define INDEX_KEY "xenback-ifindex"	/* taps are renamed: their number tells them */

struct vif *vif_of(struct device *device)
{
	return (struct vif *)device;	/* its first member: struct kind's `bytes` */
}

/* --- the tap ----------------------------------------------------------------------------------- */

/* Of a device whose directory is gone: the number that facts_write() has left. 0: none, or no such interface. */
static uint32_t index_kept(const struct device *device)
{
	int dir = rundir_open(device->fleet->run, device->run_name, 0);
	char text[16], name[TUN_NAME_BYTES];
	ssize_t got = dir < 0 ? 0 : rundir_read(dir, "ifindex", text, sizeof(text) - 1);
	uint32_t index = 0;

	if (dir >= 0)
		close(dir);
	text[got < 0 ? 0 : got] = 0;
	return parse_u32(text, 1, INT32_MAX, &index) || tun_name(index, name) ? 0 : index;
}

/*
 * Where a former control has made it: its number, or else the name that it was made with; but not while
 * xenstored does not say: the name may be another's by now. 0: not known.
 */
static uint32_t ifindex_find(struct vif *vif)
{
	struct device *device = &vif->device;
	char name[TUN_NAME_BYTES];
	int r = -EIO;

	for (int i = 0; i < STORE_TRIES && vif->ifindex == 0 && r && r != -ENOENT; i++)
		r = store_u32(store_of(device), device->backend, INDEX_KEY, 1, INT32_MAX, &vif->ifindex);
	if (vif->ifindex == 0 && r == -ENOENT)
		vif->ifindex = index_kept(device);
	if (vif->ifindex == 0 && r == -ENOENT) {
		snprintf(name, sizeof(name), "vif%u.%u", device->id.domid, device->id.devid);
		vif->ifindex = tun_index(name);
	}
	return vif->ifindex;
}

static void queues_close(struct vif *vif, unsigned int keep)
{
	while (vif->queues > keep)
		close(vif->queue[--vif->queues]);
}

static int queues_open(struct vif *vif, unsigned int queues)
{
	queues_close(vif, queues);
	while (vif->queues < queues) {
		int fd = tun_queue(ifindex_find(vif));

		if (fd < 0)
			return fd;
		vif->queue[vif->queues++] = fd;
	}
	return tun_limit(vif->ifindex, queues);
}

/* Said again and again: a former control may have left it either way. */
static void carrier_set(struct vif *vif, bool on)
{
	if (vif->queues)
		tun_carrier(vif->queue[0], on);
}

static int vif_arrive(struct device *device)
{
	struct vif *vif = vif_of(device);
	char name[32];
	int fd;

	if (vif->queues)
		return 0;
	if (snprintf(name, sizeof(name), "vif%u.%u", device->id.domid, device->id.devid) >=
			(int)TUN_NAME_BYTES) {
		device_fail(device, ENAMETOOLONG, "%s is longer than an interface's name can be", name);
		return -ENAMETOOLONG;
	}
	fd = tun_make(name, &vif->ifindex);
	if (fd < 0) {
		device_fail(device, -fd, "cannot make the tap %s%s", name, fd == -EBUSY ?
				": the name is in use" : fd == -ENOENT ?
				": load the kernel module tun" : "");
		return fd;
	}
	vif->queue[0] = fd;
	vif->queues = 1;
	return 0;
}

/* --- before state 2 ---------------------------------------------------------------------------- */

/* Without checksum offload a guest may still leave IPv4 checksums blank: no key says that it must not. */
static int vif_advertise(struct device *device)
{
	static const char *const always[] = {
		"feature-sg", "feature-rx-copy", "feature-split-event-channels", "feature-ctrl-ring",
		"feature-multicast-control", "feature-dynamic-multicast-control",
		"feature-xdp-headroom",
	};
	static const char *const offloads[] = {
		"feature-gso-tcpv4", "feature-gso-tcpv6", "feature-ipv6-csum-offload",
	};
	int r = be_offer_queues(device);

	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]) && r == 0; i++)
		r = be_put(device, always[i], 1);
	for (size_t i = 0; i < sizeof(offloads) / sizeof(offloads[0]) && r == 0; i++)
		r = be_put(device, offloads[i], !device->settings.checksum_off);
	if (r == 0)
		r = be_put(device, "feature-rx-flip", 0);
	return r ? r : be_put(device, INDEX_KEY, vif_of(device)->ifindex);
}

static bool vif_named(struct device *device)
{
	char status[16];

	ifindex_find(vif_of(device));
	return store_text(store_of(device), device->backend, "hotplug-status", status,
			sizeof(status)) == 0 && strcmp(status, "connected") == 0;
}

static int vif_prepare(struct device *device)
{
	(void)device;	/* the tap is ours: there is nothing to look at */
	return 0;
}

/* --- connecting -------------------------------------------------------------------------------- */

static uint32_t offloads_of(uint32_t flags)
{
	uint32_t offloads = flags & (VIF_CSUM_V4 | VIF_CSUM_V6) ? TUN_OFFLOAD_CSUM : 0;

	offloads |= flags & VIF_GSO_TCPV4 ? TUN_OFFLOAD_TSO4 : 0;
	return offloads | (flags & VIF_GSO_TCPV6 ? TUN_OFFLOAD_TSO6 : 0);
}

/* What vlanbr(8) shows of an interface. Nothing depends on it: a file that cannot be written is missing. */
static void facts_write(struct vif *vif)
{
	struct device *device = &vif->device;
	const int dir = rundir_open(device->fleet->run, device->run_name, 1);
	char name[GUEST_NAME_BYTES], mac[32] = "", number[16];

	if (dir < 0)
		return;
	device_guest(device, name);
	store_text(store_of(device), device->backend, "mac", mac, sizeof(mac));
	snprintf(number, sizeof(number), "%u", vif->ifindex);
	rundir_write(dir, "ifindex", number, strlen(number), 0644);
	rundir_write(dir, "name", name, strlen(name), 0644);
	rundir_write(dir, "mac", mac, strlen(mac), 0644);
	for (int i = 0; i < 2; i++)
		rundir_write(dir, limit_keys[i], vif->limit[i].text, strlen(vif->limit[i].text), 0644);
	close(dir);
}

/*
 * A page for a guest that could set up a hash. What cannot be had is missed when it does. How many
 * descriptors were added, or -errno.
 */
static int steer_give(struct vif *vif, int *fd)
{
	const struct device_params *params = &vif->device.params;

	if (!vif->steered)	/* a connection's before this one, or a former control's */
		tun_steer(vif->queue[0], -1);
	if (params->queues == 1 || params->vif.ctrl.pages == 0)
		return 0;
	if (vif->steer_map == 0)
		vif->steer_map = steer_map();
	if (vif->steer_map < 0)
		return 0;
	*fd = fcntl(vif->steer_map, F_DUPFD_CLOEXEC, 0);
	return *fd < 0 ? -errno : 1;
}

static void steer_start(struct vif *vif)
{
	int program, r;

	if (vif->steered || vif->steer_map == 0)
		return;
	program = vif->steer_map > 0 ? steer_program(vif->steer_map) : vif->steer_map;
	r = program < 0 ? program : tun_steer(vif->queue[0], program);
	if (program >= 0)
		close(program);
	vif->steered = true;	/* tried once for each connection */
	if (r)
		device_log(&vif->device, LOG_NOTICE, "the guest's hash does not choose the queues, "
				"the kernel does: bpf: %s", strerror(-r));
}

/* The tap keeps the program until its next connection: without a guest nothing goes by it. */
static void steer_end(struct vif *vif)
{
	if (vif->steer_map > 0)
		close(vif->steer_map);
	vif->steered = false;
	vif->steer_map = 0;
}

/* For a new connection and for a successor alike: what is open already stays as it is. */
static int vif_open(struct device *device, int fds[BACKING_FDS_MAX], unsigned int *n)
{
	struct vif *vif = vif_of(device);
	int r = queues_open(vif, device->params.queues);

	if (r == 0)
		r = tun_offloads(vif->queue[0], offloads_of(device->params.vif.flags));
	if (r) {
		device_fail(device, -r, "cannot open the %u queues of the tap vif%u.%u",
				device->params.queues, device->id.domid, device->id.devid);
		return r;
	}
	for (*n = 0; *n < vif->queues; *n += 1) {
		fds[*n] = fcntl(vif->queue[*n], F_DUPFD_CLOEXEC, 0);
		if (fds[*n] < 0)
			return -errno;
	}
	r = steer_give(vif, fds + *n);
	if (r < 0)
		return r;
	*n += (unsigned int)r;
	vif->limits_told = true;	/* they are among the parameters */
	vif->stalled = false;	/* a new process looks for itself, and has nothing to take back */
	facts_write(vif);
	return 0;
}

/*
 * A living worker has the queues: take them from it, for the day on which it dies. Of a dead one's
 * tap new queues are opened; what waited in the old ones is lost.
 */
static void vif_adopt(struct device *device)
{
	struct vif *vif = vif_of(device);

	ifindex_find(vif);
	for (uint32_t q = 0; q < device->params.queues && device->worker.pidfd >= 0; q++) {
		int fd = process_descriptor(device->worker.pidfd, WORKER_FD_BACKING + (int)q);

		if (fd < 0)
			break;
		vif->queue[vif->queues++] = fd;
	}
}

static size_t vif_journal_bytes(const struct device_params *params)
{
	return slate_bytes(params->queues * 2);
}

static int vif_publish(struct device *device)
{
	(void)device;	/* everything a netfront reads is there before state 2 */
	return 0;
}

/* --- while it runs ----------------------------------------------------------------------------- */

static void limit_say(struct device *device, const char *key, const struct vif_limit *limit)
{
	if (limit->text[0] && limit->usec == 0)
		device_log(device, LOG_WARN, "%s is `%s', which is not BYTES,USEC: no limit", key, limit->text);
	else
		device_log(device, LOG_INFO, "%s is now %s", key, limit->text[0] ? limit->text : "unlimited");
}

static void limits_look(struct vif *vif, const struct vif_limit now[2])
{
	struct device *device = &vif->device;
	bool told = vif->limits_told, changed = false;

	vif->limits_told = true;
	for (uint32_t i = 0; i < 2; i++) {
		struct control_msg msg = { .type = CONTROL_RATE, .index = i, .value = now[i].bytes,
			.value2 = now[i].usec };
		const bool differs = strcmp(vif->limit[i].text, now[i].text) != 0;

		if ((differs || !told) && control_send_msg(&device->worker.line, &msg))
			vif->limits_told = false;	/* at the next look, then */
		if (differs)
			limit_say(device, limit_keys[i], &now[i]);
		changed |= differs;
	}
	vif_limits_keep(vif, now);
	if (changed)
		facts_write(vif);
}

static void multicast_path(const struct device *device, char path[128])
{
	snprintf(path, 128, "%s/" MULTICAST_KEY, device->frontend);
}

static void multicast_watch(struct vif *vif)
{
	struct device *device = &vif->device;
	char path[128];

	if (vif->watching || device->deaf_until)
		return;
	multicast_path(device, path);
	vif->watching = store_watch(store_of(device), path, device->id) == 0;
}

static void multicast_unwatch(struct device *device)
{
	struct vif *vif = vif_of(device);
	char path[128];

	if (!vif->watching)
		return;
	multicast_path(device, path);
	store_unwatch(store_of(device), path, device->id);
	vif->watching = false;
}

static void multicast_look(struct device *device, bool wanted)
{
	uint32_t *flags = &device->params.vif.flags;

	if (!wanted == !(*flags & VIF_MULTICAST_CONTROL))
		return;
	*flags ^= VIF_MULTICAST_CONTROL;
	worker_send(device, CONTROL_MULTICAST, wanted);
}

static void vif_look(struct device *device)
{
	struct vif *vif = vif_of(device);
	struct vif_limit limit[2];
	uint32_t wanted = 0;

	if (device->worker.state != WORKER_RUNNING)
		return;
	carrier_set(vif, !vif->stalled);
	multicast_watch(vif);
	store_trouble(store_of(device));
	vif_limits_read(device, device_settings_now(device).rx_kib, limit);
	store_u32(store_of(device), device->frontend, MULTICAST_KEY, 0, UINT32_MAX, &wanted);
	if (store_trouble(store_of(device))) {	/* what could not be read is not missing */
		device_wake_in(device, RETRY_MSEC);
		return;
	}
	limits_look(vif, limit);
	multicast_look(device, wanted != 0);
}

/* The message may be sent more than once, as this may run more than once: it sets, it does not add. */
static int vif_reconfigure(struct device *device)
{
	struct vif_params *params = &device->params.vif;
	char wrong[WRONG_KEY_MAX];
	int r = vif_xdp_read(device, wrong);

	worker_send(device, CONTROL_XDP, params->xdp_headroom);
	return r == -EAGAIN ? r : 0;
}

static void vif_message(struct device *device, const struct control_msg *msg)
{
	struct vif *vif = vif_of(device);

	if (msg->type == CONTROL_STEER)
		steer_start(vif);
	if (msg->type != CONTROL_STALLED)
		return;
	vif->stalled = msg->value != 0;
	device_log(device, LOG_NOTICE, "the guest %s", vif->stalled ?
			"does not take packets: carrier off" : "takes packets again: carrier on");
	carrier_set(vif, !vif->stalled);
}

static const char *vif_target(struct device *device)
{
	struct vif *vif = vif_of(device);
	char name[TUN_NAME_BYTES] = "(no tap)", bridge[64] = "";

	if (vif->ifindex)
		tun_name(vif->ifindex, name);
	store_text(store_of(device), device->backend, "bridge", bridge, sizeof(bridge));
	snprintf(vif->target, sizeof(vif->target), "%s%s%s", name, bridge[0] ? " on " : "", bridge);
	return vif->target;
}

/* --- end --------------------------------------------------------------------------------------- */

/* The next connection is not to get what was meant for this one. */
static void vif_released(struct device *device)
{
	struct vif *vif = vif_of(device);

	vif->stalled = false;
	carrier_set(vif, false);
	steer_end(vif);
	queues_close(vif, 1);
	if (vif->queues)
		tun_discard(vif->queue[0]);
}

static void vif_forget(struct device *device)
{
	struct vif *vif = vif_of(device);

	multicast_unwatch(device);
	steer_end(vif);
	if (vif->queues || (ifindex_find(vif) && queues_open(vif, 1) == 0))
		tun_unmake(vif->queue[0]);
	queues_close(vif, 0);
}

const struct kind vif_kind = {
	.id = DEVICE_VIF,
	.worker = "netback",
	.driver = "xen-netback",
	.early = false,
	.reconfigures = true,
	.bytes = sizeof(struct vif),
	.arrive = vif_arrive,
	.advertise = vif_advertise,
	.named = vif_named,
	.prepare = vif_prepare,
	.adopt = vif_adopt,
	.negotiate = vif_negotiate,
	.open = vif_open,
	.journal_bytes = vif_journal_bytes,
	.publish = vif_publish,
	.look = vif_look, .ignore = multicast_unwatch,
	.reconfigure = vif_reconfigure,
	.message = vif_message,
	.target = vif_target,
	.released = vif_released,
	.forget = vif_forget,
};
