/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks of a host for control: each is a size, and all hang when they are told to. Holds control to asking for no
 * disk without a path.
 */
#include <errno.h>
#include <unistd.h>

#include "tests/fuzz/bus/bus.h"
#include "xenbus/resize.h"

/* The process that opens a disk is what it opens; it answers at once, or when disks do not hang any more. */
int opening_take(struct opening *opening, struct fleet *fleet, const struct disk_request *request,
		struct disk *disk, char why[OPENING_WHY_MAX])
{
	const int fd = opening->pidfd || opening->done ? opening->fd : host_descriptor();

	HOLDS(request->path);
	if (opening->pidfd)
		return -EINPROGRESS;
	if (fd < 0)
		snprintf(why, OPENING_WHY_MAX, "%s does not open", request->path);
	if (fd >= 0 && !opening->done && host.disks_hang)
		opening->pidfd = fd;
	if (fd < 0 || opening->pidfd)
		return fd < 0 ? fd : -EINPROGRESS;
	*disk = (struct disk) {
		.bytes = host.disk_bytes, .sector_bytes = 512, .physical_bytes = 4096, .discard_granularity = 512,
		.by_file = request->file && request->device,
	};
	opening->done = false;
	return fd;
}

void opening_ended(struct opening *opening)
{
	if (opening->unwanted)
		close(opening->pidfd);
	else
		opening->fd = opening->pidfd;
	opening->done = !opening->unwanted;
	opening->unwanted = false;
	opening->pidfd = 0;
}

void opening_cancel(struct opening *opening)
{
	if (opening->done)
		close(opening->fd);
	opening->done = false;
	opening->unwanted = opening->pidfd != 0;
}

void opening_abandon(struct opening *opening)
{
	opening_cancel(opening);
	if (opening->pidfd)
		close(opening->pidfd);
	opening->pidfd = 0;
}

/* Here a process ends as soon as it is told to. */
void opening_forget(int pidfd)
{
	HOLDS(false);
}

int disk_measure(int fd, const struct disk_request *request, struct disk *disk, char *why, size_t room)
{
	why[0] = 0;
	return host_trouble();
}

int disk_bytes(int fd, uint32_t sector_bytes, bool ask, uint64_t *bytes)
{
	HOLDS(sector_bytes == 512);
	*bytes = host.disk_bytes;
	return host_trouble();
}

/* Each device has a disk of its own. */
int disk_identify(int fd, struct disk *disk)
{
	HOLDS(fd > 0);
	disk->is_device = false;
	disk->inode = (ino_t)fd;
	disk->dev = 1;
	return 0;
}

void resize_watch(struct vbd *vbd)
{
}

void resize_unwatch(struct vbd *vbd)
{
}

void resize_look(struct device *device)
{
}

int resize_now(struct vbd *vbd, bool ask, uint64_t *bytes)
{
	*bytes = host.disk_bytes;
	return 0;
}
