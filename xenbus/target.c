/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From what the toolstack and the hotplug script wrote to an open disk. Trusts the backend directory;
 * reads nothing of the frontend's.
 */
#include "xenbus/target.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* udev's name of a device number. Returns whether it is there. */
static bool device_link(uint32_t high, uint32_t low, char path[PATH_MAX])
{
	struct stat st;

	snprintf(path, PATH_MAX, "/dev/block/%u:%u", high, low);
	return stat(path, &st) == 0 && S_ISBLK(st.st_mode);
}

/*
 * Scripts write physical-device, physical-device-path and hotplug-status, one after the other and
 * not all of them: the number alone is enough where it leads to a device.
 */
bool target_named(struct device *device)
{
	struct store *store = store_of(device);
	char text[PATH_MAX];
	uint32_t high, low;

	if (store_text(store, device->backend, "hotplug-status", text, sizeof(text)) == 0 &&
			strcmp(text, "connected") == 0)
		return true;
	if (store_text(store, device->backend, "physical-device-path", text, sizeof(text)) == 0)
		return true;
	return store_text(store, device->backend, "physical-device", text, sizeof(text)) == 0 &&
			parse_devnum(text, &high, &low) == 0 && device_link(high, low, text);
}

static bool has(struct device *device, const char *key, const char *word)
{
	char text[64];

	return store_text(store_of(device), device->backend, key, text, sizeof(text)) == 0 &&
			strstr(text, word);
}

void target_policy(struct vbd *vbd)
{
	struct device *device = &vbd->device;

	vbd->writable = has(device, "mode", "w");
	vbd->shared = has(device, "mode", "!");
	vbd->cdrom = has(device, "device-type", "cdrom");
	vbd->removable = has(device, "removable", "1");
	vbd->may_discard = !has(device, "discard-enable", "0");
}

/* Of vbd->target or vbd->file. */
static int set_path(char **place, const char *path)
{
	free(*place);
	*place = path ? strdup(path) : NULL;
	return path && !*place ? -ENOMEM : 0;
}

/* The path that stands for a device number: udev's link, or the name that the script gave. */
static int device_target(struct vbd *vbd, const char *number)
{
	struct device *device = &vbd->device;
	uint32_t high, low;
	char path[PATH_MAX];

	if (parse_devnum(number, &high, &low)) {
		device_fail(device, EINVAL, "physical-device has to be MAJOR:MINOR, not `%s'", number);
		return -EINVAL;
	}
	vbd->named_device = true;
	vbd->rdev = makedev(high, low);
	if (!device_link(high, low, path))
		store_text(store_of(device), device->backend, "physical-device-path", path,
				sizeof(path));
	return set_path(&vbd->target, path);
}

int target_find(struct vbd *vbd)
{
	struct device *device = &vbd->device;
	struct store *store = store_of(device);
	char params[PATH_MAX], text[PATH_MAX];
	int r;

	vbd->named_device = false;
	if (store_text(store, device->backend, "params", params, sizeof(params)))
		params[0] = 0;
	set_path(&vbd->file, NULL);
	if (vbd->cdrom && params[0] == 0)
		return set_path(&vbd->target, NULL);
	if (store_text(store, device->backend, "physical-device", text, sizeof(text)) == 0)
		r = device_target(vbd, text);
	else if (store_text(store, device->backend, "physical-device-path", text, sizeof(text)) == 0)
		r = set_path(&vbd->target, text);
	else
		return set_path(&vbd->target, params);
	return r ? r : set_path(&vbd->file, params);
}

struct disk_request target_request(const struct vbd *vbd)
{
	return (struct disk_request) {
		.path = vbd->target,
		.device = vbd->named_device,
		.rdev = vbd->rdev,
		.writable = vbd->writable,
		.buffered = vbd->device.settings.buffered,
		.may_be_empty = vbd->cdrom,
		.sector = vbd->device.settings.sector,
		.file = vbd->file,
	};
}

void target_by_file(struct vbd *vbd)
{
	free(vbd->target);
	vbd->target = vbd->file;
	vbd->file = NULL;
	vbd->named_device = false;
}
