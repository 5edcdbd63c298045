/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Online resize. Trusts the kernel's events only as a reason to measure. A watch on a file has one
 * shot and is armed anew a little later: a guest that discards all day changes its file all day.
 */
#include "xenbus/resize.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "xenbus/worker.h"

#define UEVENT_GROUP_KERNEL 1

static int uevent_socket(void)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK,
			.nl_groups = UEVENT_GROUP_KERNEL };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

int resize_open(struct fleet *fleet)
{
	fleet->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fleet->inotify_fd < 0)
		return -errno;
	fleet->uevent_fd = uevent_socket();
	if (fleet->uevent_fd < 0)
		log_warn("no kernel events here (%s): after resizing a block device, say `xenbackctl "
				"resize'", strerror(errno));
	else
		fleet_watch(fleet, fleet->uevent_fd, EVENT_UEVENT, 0);
	return fleet_watch(fleet, fleet->inotify_fd, EVENT_FILES, 0);
}

/* The fleet's n-th vbd with an open disk, or NULL where that slot has none. */
static struct vbd *vbd_at(struct fleet *fleet, uint32_t slot)
{
	struct device *device = fleet->device[slot];

	if (!device || device->id.kind != DEVICE_VBD || !vbd_of(device)->held)
		return NULL;
	return vbd_of(device);
}

/* The file that the guest has, whatever its name is by now. */
static void arm(struct vbd *vbd)
{
	struct device *device = &vbd->device;
	char path[32];
	int watch;

	if (vbd->disk.is_device || !vbd->held)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", vbd->fd);
	watch = inotify_add_watch(device->fleet->inotify_fd, path, IN_MODIFY | IN_ONESHOT);
	if (watch < 0)
		device_log(device, LOG_WARN, "the size of %s cannot be watched (%s): after resizing it, say "
				"`xenbackctl resize'", device->kind->target(device), strerror(errno));
	vbd->file_watch = watch < 0 ? 0 : watch;
}

void resize_watch(struct vbd *vbd)
{
	vbd->look_again = true;
	device_wake_in(&vbd->device, RESIZE_LOOK_MSEC);
}

void resize_unwatch(struct vbd *vbd)
{
	struct fleet *fleet = vbd->device.fleet;
	int watch = vbd->file_watch;

	vbd->look_again = false;
	vbd->file_watch = 0;
	if (watch == 0)
		return;
	/* Two devices with the same file, as in a migration to the same host, share one watch. */
	for (uint32_t slot = 0; slot < DEVICES_MAX; slot++) {
		struct vbd *other = vbd_at(fleet, slot);

		if (other && other->file_watch == watch)
			return;
	}
	inotify_rm_watch(fleet->inotify_fd, watch);
}

static int sectors_write(struct device *device)
{
	return store_write(device->fleet->store, device->backend, "sectors", "%" PRIu64,
			vbd_of(device)->disk.bytes / 512);
}

int resize_now(struct vbd *vbd, bool ask, uint64_t *bytes)
{
	struct device *device = &vbd->device;
	struct vbd_params *params = &device->params.vbd;
	uint64_t sectors = 0;
	int r;

	/* No sectors: it was adopted from another version, without its parameters. */
	if (!device->published || device->worker.state != WORKER_RUNNING || params->sector_bytes == 0)
		return -ENOTCONN;
	if (!vbd->held)
		return -ENOMEDIUM;
	r = disk_bytes(vbd->fd, params->sector_bytes, ask, bytes);
	if (r)
		return r;
	if (params->bytes != *bytes) {
		device_log(device, LOG_NOTICE, "resized from %" PRIu64 " to %" PRIu64 " bytes",
				params->bytes, *bytes);
		worker_send(device, CONTROL_RESIZE, *bytes);
	}
	vbd->disk.bytes = params->bytes = *bytes;
	store_u64(device->fleet->store, device->backend, "sectors", 0, UINT64_MAX, &sectors);
	r = sectors == *bytes / 512 ? 0 : device_republish(device, sectors_write);
	if (r) {	/* xenstored fails, and nothing else would remind us */
		vbd->look_again = true;
		device_wake_in(device, RETRY_MSEC);
	}
	return r;
}

void resize_look(struct device *device)
{
	struct vbd *vbd = vbd_of(device);
	uint64_t bytes;

	if (!vbd->look_again || device->worker.state != WORKER_RUNNING)
		return;
	vbd->look_again = false;
	arm(vbd);	/* before measuring: a change in between fires it */
	resize_now(vbd, false, &bytes);
}

void resize_files_event(struct fleet *fleet)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t got = read(fleet->inotify_fd, buffer, sizeof(buffer));

	for (char *at = buffer; got > 0 && at < buffer + got;) {
		/* The kernel writes whole events, aligned. */
		const struct inotify_event *event = (const struct inotify_event *)at;

		for (uint32_t slot = 0; slot < DEVICES_MAX; slot++) {
			struct vbd *vbd = vbd_at(fleet, slot);

			if (!vbd || vbd->file_watch == 0 || vbd->file_watch != event->wd)
				continue;
			vbd->file_watch = 0;
			resize_watch(vbd);
		}
		at += sizeof(*event) + event->len;
	}
}

void resize_uevent(struct fleet *fleet)
{
	struct sockaddr_nl from = { 0 };
	socklen_t length = sizeof(from);
	uint32_t high = 0, low = 0;
	char event[4096];
	ssize_t got = recvfrom(fleet->uevent_fd, event, sizeof(event), 0, (struct sockaddr *)&from,
			&length);
	const bool lost = got < 0 && errno == ENOBUFS;	/* more events than fit: any of them, then */

	/* Port 0 is the kernel: other root processes can send to the group too. */
	if (!lost && (got <= 0 || from.nl_pid || parse_resize_uevent(event, (size_t)got, &high, &low)))
		return;
	for (uint32_t slot = 0; slot < DEVICES_MAX; slot++) {
		struct vbd *vbd = vbd_at(fleet, slot);

		if (vbd && vbd->disk.is_device && (lost || (major(vbd->disk.rdev) == high &&
				minor(vbd->disk.rdev) == low))) {
			vbd->look_again = true;
			resize_look(&vbd->device);
		}
	}
}
