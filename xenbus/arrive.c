/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is looked at once, before a device is introduced: that it is ours to serve and what the
 * administrator wants of it. Trusts the backend directory; promises that a directory of another
 * frontend, or one that the kernel's driver holds, is never touched.
 */
#include "xenbus/arrive.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "xenbus/rundir.h"

/* The toolstack's word for where the frontend is has to be the place where we look. */
static int names_agree(struct device *device)
{
	struct store *store = store_of(device);
	char frontend[128];
	uint32_t domid;
	bool agree;

	store_trouble(store);
	agree = store_u32(store, device->backend, "frontend-id", 0, DOMID_LAST, &domid) == 0 &&
		domid == device->id.domid &&
		store_text(store, device->backend, "frontend", frontend, sizeof(frontend)) == 0 &&
		strcmp(frontend, device->frontend) == 0;
	if (store_trouble(store))
		return -EAGAIN;
	if (!agree) {
		device_fail(device, EINVAL, "%s names another frontend than %s", device->backend,
				device->frontend);
		return -EINVAL;
	}
	return 0;
}

static int kernel_holds(struct device *device)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/bus/xen-backend/devices/%s/driver", device->fleet->sys,
			device->run_name);
	if (access(path, F_OK))
		return 0;
	device_fail(device, EBUSY, "the kernel driver %s holds the device: unload it, or keep it away "
			"with /etc/modprobe.d/xenback.conf", device->kind->driver);
	return -EBUSY;
}

uint64_t random_generation(void)
{
	uint64_t generation = 0;

	while (generation == 0) {
		if (getrandom(&generation, sizeof(generation), 0) != sizeof(generation))
			generation = 0;
	}
	return generation;
}

void device_guest(struct device *device, char name[GUEST_NAME_BYTES])
{
	static const char *const passing[] = { "--incoming", "--migratedaway" };
	char home[64];

	name[0] = 0;
	snprintf(home, sizeof(home), "/local/domain/%u", device->id.domid);
	store_text(store_of(device), home, "name", name, GUEST_NAME_BYTES);
	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++) {
		size_t length = strlen(name), tail = strlen(passing[i]);

		if (length > tail && strcmp(name + length - tail, passing[i]) == 0)
			name[length - tail] = 0;
	}
}

struct settings device_settings_now(struct device *device)
{
	char guest[GUEST_NAME_BYTES], vdev[32];
	struct store *store = store_of(device);

	device_guest(device, guest);
	if (device->id.kind == DEVICE_VIF || store_text(store, device->backend, "dev", vdev,
			sizeof(vdev)))
		snprintf(vdev, sizeof(vdev), "vif%u", device->id.devid);
	return config_settings(device->fleet->config, guest, vdev);
}

int device_settings(struct device *device)
{
	struct settings settings;

	store_trouble(store_of(device));
	settings = device_settings_now(device);
	if (store_trouble(store_of(device)))
		return -EAGAIN;
	device->settings = settings;
	return 0;
}

int device_arrive(struct device *device)
{
	int r = kernel_holds(device);

	if (r == 0)
		r = names_agree(device);
	if (r == 0 && device->kind->arrive)
		r = device->kind->arrive(device);
	if (r == 0 && device->generation == 0) {
		rundir_remove(device->fleet->run, device->run_name);
		device->generation = random_generation();
	}
	return r;
}
