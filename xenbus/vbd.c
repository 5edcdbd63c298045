/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks. Trusts the backend directory: mode, params and what the hotplug script wrote decide what
 * is opened and how. From the frontend come ring references, ports, an ABI and a wish for
 * persistent grants, each read once and checked against what was advertised.
 */
#include "xenbus/vbd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ring/journal.h"
#include "xenbus/frontend.h"
#include "xenbus/resize.h"
#include "xenbus/sharing.h"
#include "xenbus/spawn.h"
#include "xenbus/target.h"
#include "xenbus/worker.h"

/* io/blkif.h, `info` */
#define INFO_CDROM 1
#define INFO_REMOVABLE 2
#define INFO_READONLY 4

#define NO_ORDER UINT32_MAX

struct vbd *vbd_of(struct device *device)
{
	return (struct vbd *)device;	/* its first member: struct kind's `bytes` */
}

/* --- before state 2 ---------------------------------------------------------------------------- */

static int vbd_advertise(struct device *device)
{
	const struct settings *settings = &device->settings;
	int r = be_offer_queues(device);

	if (r == 0)
		r = be_put(device, "max-ring-page-order", settings->ring_order);
	if (r == 0)
		r = be_put(device, "feature-max-indirect-segments", settings->indirect);
	if (r == 0)
		r = be_put(device, "feature-persistent", settings->persistent);
	if (r == 0)
		r = be_put(device, "feature-flush-cache", 1);
	return r ? r : be_put(device, "feature-barrier", 1);
}

/* --- the target -------------------------------------------------------------------------------- */

static void no_medium(struct vbd *vbd)
{
	vbd->disk = (struct disk) { .sector_bytes = 512, .physical_bytes = 512 };
}

/* What the disk is to be. A mode or a path that could not be read is not one that is missing: -EAGAIN. */
static int target_look(struct vbd *vbd)
{
	struct store *store = store_of(&vbd->device);
	int r;

	store_trouble(store);
	target_policy(vbd);
	r = target_find(vbd);
	if (store_trouble(store))
		r = -EAGAIN;
	vbd->known = r == 0;
	if (r == 0)
		no_medium(vbd);
	return r;
}

/*
 * A connection's workers have its disk one after the other: it is opened once, and nobody but a new
 * connection looks at the path again. That may lead elsewhere by then, and opening may take long:
 * -EINPROGRESS.
 */
static int hold(struct vbd *vbd)
{
	struct device *device = &vbd->device;
	const struct disk_request request = target_request(vbd);
	char why[OPENING_WHY_MAX];
	int fd = opening_take(&vbd->opening, device->fleet, &request, &vbd->disk, why);

	if (fd == -EINPROGRESS || fd == -EAGAIN)
		return fd;
	if (fd < 0) {
		device_fail(device, -fd, "%s", why);
		return fd;
	}
	vbd->fd = fd;
	vbd->held = true;
	if (vbd->disk.by_file)
		target_by_file(vbd);
	return 0;
}

static void let_go(struct vbd *vbd)
{
	opening_cancel(&vbd->opening);
	resize_unwatch(vbd);
	if (vbd->held)
		close(vbd->fd);
	vbd->held = false;
}

/* The same, and nobody else has it who should not. */
static int hold_alone(struct vbd *vbd)
{
	int r = hold(vbd);

	if (r == 0)
		r = sharing_check(vbd);
	if (r && r != -EINPROGRESS)
		let_go(vbd);
	return r;
}

static int vbd_prepare(struct device *device)
{
	struct vbd *vbd = vbd_of(device);
	int r = target_look(vbd);

	return r || !vbd->target ? r : hold_alone(vbd);
}

void vbd_opened(struct fleet *fleet, int pidfd)
{
	for (uint32_t slot = 0; slot < DEVICES_MAX; slot++) {
		struct device *device = fleet->device[slot];

		if (!device || device->id.kind != DEVICE_VBD || vbd_of(device)->opening.pidfd != pidfd)
			continue;
		opening_ended(&vbd_of(device)->opening);
		device_backing_answers(device);
		fleet_look(fleet, device);
		return;
	}
	opening_forget(pidfd);
}

/* --- a connection that a former control has made ------------------------------------------------- */

/* Takes the disk out of the worker that a former control started, for the day on which that dies. */
static void take(struct vbd *vbd)
{
	struct device *device = &vbd->device;
	int fd;

	/* An empty drive's worker has something of its own at that number. */
	if (device->worker.pidfd < 0 || device->params.vbd.flags & VBD_NO_MEDIUM)
		return;
	fd = process_descriptor(device->worker.pidfd, WORKER_FD_BACKING);
	if (fd < 0) {
		device_log(device, LOG_WARN, "cannot take the disk out of worker %d (%s): its "
				"successor opens it anew", (int)device->worker.pid, strerror(-fd));
		return;
	}
	/* Of one that another version has started only which disk it is: it has no successor. */
	if (disk_identify(fd, &vbd->disk) || device->params.vbd.sector_bytes == 0) {
		close(fd);
		return;
	}
	vbd->fd = fd;
	vbd->held = true;
	/* The script has named a device, and a file is served: the one that the device stood for. */
	if (!vbd->disk.is_device && vbd->file && vbd->file[0] == '/' &&
			(vbd->named_device || strncmp(vbd->target, "/dev/", 5) == 0))
		target_by_file(vbd);
	resize_watch(vbd);
}

/* What the disk is has yet to be told: a device says it again, a file is as its worker has it. */
static void recall(struct vbd *vbd)
{
	const struct disk_request request = target_request(vbd);
	const struct vbd_params *params = &vbd->device.params.vbd;
	struct disk *disk = &vbd->disk;
	char why[OPENING_WHY_MAX];

	if (vbd->held && disk->is_device && disk_measure(vbd->fd, &request, disk, why, sizeof(why)) == 0)
		return;
	disk->bytes = params->bytes;
	disk->sector_bytes = params->sector_bytes;
	disk->physical_bytes = disk->is_device ? params->sector_bytes : 4096;
	disk->discard_granularity = params->discard_granularity;
	disk->discard_secure = params->flags & VBD_DISCARD_SECURE;
}

/* The disk of a worker that a former control started. */
static void vbd_adopt(struct device *device)
{
	struct vbd *vbd = vbd_of(device);
	int r = -EAGAIN;

	for (unsigned int i = 0; i < STORE_TRIES && r == -EAGAIN; i++)
		r = target_look(vbd);
	if (device->params.vbd.sector_bytes)	/* whatever xenstore says, or does not */
		vbd->writable = !(device->params.vbd.flags & VBD_READ_ONLY);
	take(vbd);
	if (r == 0 && vbd->target && !device->published && device->params.vbd.sector_bytes)
		recall(vbd);
}

/* --- the frontend's keys ----------------------------------------------------------------------- */

/* One queue's references and port. No order: the frontend knows single pages only. */
static int ring_read(struct device *device, const char *dir, uint32_t order,
		struct ring_params *ring, char wrong[WRONG_KEY_MAX])
{
	char key[24] = "ring-ref";
	int r = 0;

	ring->pages = order == NO_ORDER ? 1 : 1u << order;
	for (uint32_t page = 0; page < ring->pages && r == 0; page++) {
		if (order != NO_ORDER)
			snprintf(key, sizeof(key), "ring-ref%u", page);
		r = fe_number(device, dir, key, 0, &ring->gref[page], wrong);
	}
	return r ? r : fe_number(device, dir, "event-channel", 1, &ring->port, wrong);
}

static int rings_read(struct device *device, char wrong[WRONG_KEY_MAX])
{
	struct device_params *params = &device->params;
	uint32_t order = NO_ORDER;
	char dir[96];
	int r;

	r = fe_queues(device, wrong);
	if (r == 0)
		r = fe_option(device, "ring-page-order", 0,
				be_offered(device, "max-ring-page-order", RING_ORDER_MAX), &order,
				wrong);
	for (uint32_t q = 0; q < params->queues && r == 0; q++) {
		fe_queue_dir(device, q, dir);
		r = ring_read(device, dir, order, &params->queue[q].ring[0], wrong);
	}
	return r;
}

static int abi_read(struct device *device, uint32_t *abi, char wrong[WRONG_KEY_MAX])
{
	enum blkif_abi found = BLKIF_ABI_NATIVE;
	char text[32];
	int r = store_text(store_of(device), device->frontend, "protocol", text, sizeof(text));

	if (r == 0)
		r = parse_abi(text, &found);
	*abi = found;
	return r == 0 || r == -ENOENT ? 0 : fe_refuse("protocol", wrong, r);
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The numbers that are ours to set. */
static void limits_fill(struct device *device)
{
	const struct settings *settings = &device->settings;
	struct vbd_params *vbd = &device->params.vbd;
	uint32_t slots = blkif_ring_slots(device->params.queue[0].ring[0].pages);

	vbd->indirect_max = be_offered(device, "feature-max-indirect-segments", 256);
	/* Never under one largest request, or that request could never be served. */
	vbd->pool_bytes = max_u32(settings->pool_kib << 10, max_u32(vbd->indirect_max, 11) * 4096);
	vbd->aio_depth = min_u32(settings->aio_depth, slots);
	snprintf(vbd->engine, sizeof(vbd->engine), "%s", settings->engine);
}

static int vbd_negotiate(struct device *device, char wrong[WRONG_KEY_MAX])
{
	struct vbd_params *params = &device->params.vbd;
	uint32_t persistent = 0;
	int r = rings_read(device, wrong);

	if (r == 0)
		r = abi_read(device, &params->abi, wrong);
	if (r == 0)
		r = fe_option(device, "feature-persistent", 0, 1, &persistent, wrong);
	if (r)
		return r;
	limits_fill(device);
	if (persistent && be_offered(device, "feature-persistent", 1))
		params->flags |= VBD_PERSISTENT;
	return 0;
}

/* --- connecting -------------------------------------------------------------------------------- */

static void disk_fill(struct vbd *vbd)
{
	struct vbd_params *params = &vbd->device.params.vbd;
	const struct disk *disk = &vbd->disk;

	params->flags &= VBD_PERSISTENT;
	if (params->flags && vbd->device.fleet->paravirtual)
		params->flags |= VBD_BY_HAND;
	params->flags |= VBD_FLUSH;
	params->flags |= vbd->writable ? 0 : VBD_READ_ONLY;
	params->flags |= disk->bytes ? 0 : VBD_NO_MEDIUM;
	params->flags |= disk->is_device ? VBD_BLOCK_DEVICE : 0;
	if (vbd->may_discard && disk->discard_granularity) {
		params->flags |= VBD_DISCARD;
		params->flags |= disk->discard_secure ? VBD_DISCARD_SECURE : 0;
	}
	params->bytes = disk->bytes;
	params->sector_bytes = disk->sector_bytes;
	params->discard_granularity = disk->discard_granularity;
}

/* The disk of a worker that has died while no control ran is not open any more. */
static int hold_again(struct vbd *vbd)
{
	int r = vbd->known ? 0 : target_look(vbd);

	return r || !vbd->target ? r : hold_alone(vbd);
}

/* What a new connection's guest will be told. The disk may have another size than when it was opened. */
static int describe(struct vbd *vbd)
{
	int r = vbd->held ? disk_bytes(vbd->fd, vbd->disk.sector_bytes, false, &vbd->disk.bytes) : 0;

	if (r == 0 && vbd->held && vbd->disk.bytes == 0 && !vbd->cdrom)
		r = -EINVAL;
	if (r)
		device_fail(&vbd->device, -r, "the target %s has no size any more", vbd->target);
	else
		disk_fill(vbd);
	return r;
}

/* For a new connection and for a successor alike: what is open already stays as it is. */
static int vbd_open(struct device *device, int fds[BACKING_FDS_MAX], unsigned int *n)
{
	struct vbd *vbd = vbd_of(device);
	int r = vbd->held ? 0 : hold_again(vbd);

	*n = 0;
	if (r == 0 && device->params.vbd.sector_bytes == 0)	/* else the guest knows what its disk is */
		r = describe(vbd);
	if (r)
		return r;
	if (vbd->held) {
		fds[0] = fcntl(vbd->fd, F_DUPFD_CLOEXEC, 0);
		if (fds[0] < 0)
			return -errno;
		*n = 1;
	}
	resize_watch(vbd);
	return 0;
}

static size_t vbd_journal_bytes(const struct device_params *params)
{
	return journal_bytes(params->queues, blkif_ring_slots(params->queue[0].ring[0].pages),
			vbd_record_bytes(params->vbd.indirect_max));
}

static int publish_discard(struct device *device)
{
	const struct disk *disk = &vbd_of(device)->disk;
	int r = be_put(device, "feature-discard", 1);

	if (r == 0)
		r = be_put(device, "discard-granularity", disk->discard_granularity);
	if (r == 0)
		r = be_put(device, "discard-alignment", disk->discard_alignment);
	return r ? r : be_put(device, "discard-secure", disk->discard_secure);
}

static int vbd_publish(struct device *device)
{
	const struct vbd *vbd = vbd_of(device);
	const struct vbd_params *params = &device->params.vbd;
	unsigned int info = (vbd->cdrom ? INFO_CDROM : 0) | (vbd->removable ? INFO_REMOVABLE : 0) |
			(vbd->writable ? 0 : INFO_READONLY);
	int r = be_put(device, "sectors", params->bytes / 512);	/* always of 512 bytes, io/blkif.h */

	if (r == 0)
		r = be_put(device, "info", info);
	if (r == 0)
		r = be_put(device, "sector-size", params->sector_bytes);
	if (r == 0)
		r = be_put(device, "physical-sector-size", vbd->disk.physical_bytes);
	if (r == 0 && params->flags & VBD_DISCARD)
		r = publish_discard(device);
	return r;
}

static void vbd_message(struct device *device, const struct control_msg *msg)
{
	if (msg->type == CONTROL_LOOK_AGAIN)	/* at the look that follows: a worker does not set our pace */
		vbd_of(device)->look_again = true;
}

static const char *vbd_target(struct device *device)
{
	const struct vbd *vbd = vbd_of(device);

	/* A closed one may not have been looked at. */
	return vbd->target ? vbd->target : vbd->cdrom ? "(no medium)" : "-";
}

static void vbd_released(struct device *device)
{
	let_go(vbd_of(device));
}

static bool vbd_busy(struct device *device)
{
	return vbd_of(device)->opening.pidfd != 0;
}

static void vbd_forget(struct device *device)
{
	let_go(vbd_of(device));
	opening_abandon(&vbd_of(device)->opening);
	free(vbd_of(device)->target);
	free(vbd_of(device)->file);
}

const struct kind vbd_kind = {
	.id = DEVICE_VBD,
	.worker = "blkback",
	.driver = "xen-blkback",
	.early = true,
	.bytes = sizeof(struct vbd),
	.advertise = vbd_advertise,
	.named = target_named,
	.prepare = vbd_prepare,
	.adopt = vbd_adopt,
	.negotiate = vbd_negotiate,
	.open = vbd_open,
	.journal_bytes = vbd_journal_bytes,
	.publish = vbd_publish,
	.look = resize_look,
	.message = vbd_message,
	.target = vbd_target,
	.released = vbd_released,
	.busy = vbd_busy,
	.forget = vbd_forget,
};
