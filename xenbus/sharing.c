/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who else has a disk. Trusts the toolstack's nodes of both domains, and what was measured of their
 * disks. Promises to refuse only where it is sure: a guest that is here twice, as while it migrates to
 * the same host, is one guest, and so is its stub domain.
 */
#include "xenbus/sharing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MACHINE_BYTES 128

/* What libxl calls the virtual machine. False where nobody says, as to a driver domain. */
static bool machine(struct store *store, uint32_t domid, char vm[MACHINE_BYTES])
{
	char home[64];

	snprintf(home, sizeof(home), "/local/domain/%u", domid);
	if (store_u32(store, home, "target", 0, DOMID_LAST, &domid) == 0)	/* a stub domain's guest */
		snprintf(home, sizeof(home), "/local/domain/%u", domid);
	return store_text(store, home, "vm", vm, MACHINE_BYTES) == 0;
}

static bool other_machine(const struct device *device, const struct device *other)
{
	struct store *store = store_of(device);
	char ours[MACHINE_BYTES], theirs[MACHINE_BYTES];

	return device->id.domid != other->id.domid && machine(store, device->id.domid, ours) &&
			machine(store, other->id.domid, theirs) && strcmp(ours, theirs);
}

static bool same_disk(const struct disk *a, const struct disk *b)
{
	if (a->is_device || b->is_device)
		return a->is_device && b->is_device && a->rdev == b->rdev;
	return a->inode && a->inode == b->inode && a->dev == b->dev;
}

static bool same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/*
 * Has it, as far as one can tell while it is not open: the disk of a worker that died while no control ran. A
 * loop device's target is the device, its `file` the file.
 */
static bool same_name(const struct vbd *vbd, const struct vbd *other)
{
	return !other->held && (same_text(vbd->target, other->target) || same_text(vbd->target, other->file) ||
			same_text(vbd->file, other->file));
}

/* Another's vbd that has the disk now, or will when its frontend connects. */
static bool has_it(const struct vbd *vbd, struct device *other)
{
	return other && other != &vbd->device && other->id.kind == DEVICE_VBD &&
			(other->backing == BACKING_READY || other->worker.state != WORKER_NONE) &&
			(same_disk(&vbd->disk, &vbd_of(other)->disk) || same_name(vbd, vbd_of(other)));
}

int sharing_check(struct vbd *vbd)
{
	struct device *device = &vbd->device;
	const struct device *with = NULL;

	store_trouble(store_of(device));
	for (uint32_t slot = 0; slot < DEVICES_MAX && !with && !vbd->shared; slot++) {
		struct device *other = device->fleet->device[slot];

		if (has_it(vbd, other) && (vbd->writable || vbd_of(other)->writable) &&
				other_machine(device, other))
			with = other;
	}
	if (store_trouble(store_of(device)))
		return -EAGAIN;
	if (!with)
		return 0;
	device_fail(device, EBUSY, "the target %s is another guest's disk, %s, and one of the two writes; "
			"mode w! would allow it", vbd->target, with->name);
	return -EBUSY;
}
