/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening and measuring a target. Trusts the path as the administrator's, not what is there: it
 * may be a directory, a device that has gone, or a file on a file system without O_DIRECT.
 * Looks before it opens, so that opening a FIFO or a tape cannot block or wind anything.
 */
#include "xenbus/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "ring/control.h"

#define HOLE_AFTER_BYTES ((off_t)1 << 30)

struct reason {
	char *text;
	size_t room;
};

/* Fills the sentence, returns err. */
__attribute__((format(printf, 3, 4)))
static int because(const struct reason *why, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why->text, why->room, fmt, args);
	va_end(args);
	return err;
}

static int check_type(const struct disk_request *request, const struct stat *st,
		const struct reason *why)
{
	if (S_ISDIR(st->st_mode))
		return because(why, -EISDIR, "the target %s is a directory, not a disk image",
				request->path);
	if (request->device && !(S_ISBLK(st->st_mode) && st->st_rdev == request->rdev))
		return because(why, -ENXIO, "the target %s is not the block device %x:%x that the "
				"hotplug script named", request->path, major(request->rdev),
				minor(request->rdev));
	if (!S_ISREG(st->st_mode) && !S_ISBLK(st->st_mode))
		return because(why, -ENOTBLK, "the target %s is neither a file nor a block device",
				request->path);
	return 0;
}

static int open_target(const struct disk_request *request, const struct reason *why)
{
	int flags = (request->writable ? O_RDWR : O_RDONLY) | O_CLOEXEC;
	int fd = open(request->path, flags | O_DIRECT);

	if (fd < 0 && errno == EINVAL && request->buffered)
		fd = open(request->path, flags);
	else if (fd < 0 && errno == EINVAL)
		return because(why, -EINVAL, "the target %s is on a file system that refuses O_DIRECT; "
				"move it, or say `buffered = yes' for it in xenback.conf",
				request->path);
	if (fd < 0)
		return because(why, -errno, "cannot open the target %s for %s", request->path,
				request->writable ? "reading and writing" : "reading");
	return fd;
}

/* O_DIRECT on a file system whose own disk has 4096-byte sectors refuses smaller ones. */
static uint32_t file_sector(int fd)
{
	void *buffer = NULL;
	uint32_t sector = 512;

	if (posix_memalign(&buffer, 4096, 4096))
		return 4096;	/* fits everything */
	if (pread(fd, buffer, 512, 512) < 0 && errno == EINVAL)
		sector = 4096;
	free(buffer);
	return sector;
}

static void measure_file(int fd, const struct disk_request *request, struct disk *disk)
{
	disk->sector_bytes = file_sector(fd);
	if (request->sector > disk->sector_bytes)
		disk->sector_bytes = request->sector;
	disk->physical_bytes = 4096;
	/* A hole far behind the end changes nothing, also in a file that grows just now, and says whether holes
	 * can be made. */
	if (request->writable && fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			lseek(fd, 0, SEEK_END) + HOLE_AFTER_BYTES, 4096) == 0)
		disk->discard_granularity = disk->sector_bytes;
}

/* A number from /sys/dev/block, of the device or, for a partition, of the disk it is on. */
static uint64_t sys_number(dev_t rdev, const char *attribute)
{
	static const char *const above[] = { "", "../" };
	unsigned long long value = 0;
	bool found = false;

	for (unsigned int i = 0; i < 2 && !found; i++) {
		char path[128];
		FILE *file;

		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s%s", major(rdev), minor(rdev),
				above[i], attribute);
		file = fopen(path, "re");
		if (!file)
			continue;
		found = fscanf(file, "%llu", &value) == 1;
		fclose(file);
	}
	return found ? value : 0;
}

static void measure_device(int fd, const struct disk_request *request, struct disk *disk)
{
	/* Not whole sectors: a device that can erase says EINVAL, one that cannot EOPNOTSUPP. */
	uint64_t nothing[2] = { 1, 1 };
	int logical = 0;
	unsigned int physical = 0;

	ioctl(fd, BLKSSZGET, &logical);
	ioctl(fd, BLKPBSZGET, &physical);
	disk->sector_bytes = (uint32_t)logical;
	disk->physical_bytes = physical;
	if (!request->writable || sys_number(disk->rdev, "queue/discard_max_bytes") == 0)
		return;
	disk->discard_granularity = sys_number(disk->rdev, "queue/discard_granularity");
	disk->discard_alignment = sys_number(disk->rdev, "discard_alignment");
	disk->discard_secure = ioctl(fd, BLKSECDISCARD, nothing) && errno == EINVAL;
}

int disk_bytes(int fd, uint32_t sector_bytes, bool ask, uint64_t *bytes)
{
	struct statx st;
	off_t end;

	if (!ask && statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_SIZE, &st) == 0 &&
			S_ISREG(st.stx_mode))
		end = (off_t)st.stx_size;
	else
		end = lseek(fd, 0, SEEK_END);	/* works for files and block devices alike */
	if (end < 0)
		return -errno;
	*bytes = (uint64_t)end / sector_bytes * sector_bytes;
	return 0;
}

int disk_identify(int fd, struct disk *disk)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO, &st))
		return -errno;
	if (!S_ISREG(st.stx_mode) && !S_ISBLK(st.stx_mode))
		return -ENOTBLK;
	disk->is_device = S_ISBLK(st.stx_mode);
	disk->rdev = disk->is_device ? makedev(st.stx_rdev_major, st.stx_rdev_minor) : 0;
	disk->inode = disk->is_device ? 0 : st.stx_ino;
	disk->dev = disk->is_device ? 0 : makedev(st.stx_dev_major, st.stx_dev_minor);
	return 0;
}

static int measure(int fd, const struct disk_request *request, struct disk *disk,
		const struct reason *why)
{
	struct stat st;
	int r;

	if (fstat(fd, &st))
		return because(why, -errno, "cannot look at the target %s", request->path);
	r = check_type(request, &st, why);	/* again: this is what we hold */
	if (r)
		return r;
	r = disk_identify(fd, disk);
	if (r)
		return because(why, r, "cannot look at the target %s", request->path);
	if (disk->is_device)
		measure_device(fd, request, disk);
	else
		measure_file(fd, request, disk);
	if (!vbd_sector_fits(disk->sector_bytes))
		return because(why, -EINVAL, "the target %s has sectors of %u bytes; a guest can use "
				"512, 2048 or 4096", request->path, disk->sector_bytes);
	r = disk_bytes(fd, disk->sector_bytes, true, &disk->bytes);
	if (r)
		return because(why, r, "cannot find the size of the target %s", request->path);
	if (disk->bytes == 0 && !(request->may_be_empty && st.st_size == 0))
		return because(why, -EINVAL, "the target %s is smaller than one sector of %u bytes",
				request->path, disk->sector_bytes);
	return 0;
}

int disk_measure(int fd, const struct disk_request *request, struct disk *disk, char *why, size_t room)
{
	return measure(fd, request, disk, &(const struct reason) { why, room });
}

static int open_named(const struct disk_request *request, struct disk *disk, const struct reason *why)
{
	struct stat st;
	int fd, r;

	if (stat(request->path, &st))
		return because(why, -errno, "there is no target %s", request->path);
	r = check_type(request, &st, why);
	if (r)
		return r;
	fd = open_target(request, why);
	if (fd < 0)
		return fd;
	r = measure(fd, request, disk, why);
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

/* --- a loop device of a file ------------------------------------------------------------------- */

/* What a loop device says of itself. False: it is none, or a partition of one, or stands for no file. */
static bool loop_text(dev_t rdev, const char *attribute, char text[PATH_MAX])
{
	FILE *file;
	bool found;

	snprintf(text, PATH_MAX, "/sys/dev/block/%u:%u/loop/%s", major(rdev), minor(rdev), attribute);
	file = fopen(text, "re");
	if (!file)
		return false;
	found = fgets(text, PATH_MAX, file) != NULL;
	fclose(file);
	text[strcspn(text, "\n")] = 0;
	return found;
}

/* Is the device nothing but that file, from its beginning to its end? */
static bool is_loop_of(dev_t rdev, const struct stat *file)
{
	char text[PATH_MAX];
	struct stat st;

	return loop_text(rdev, "offset", text) && strcmp(text, "0") == 0 &&
			loop_text(rdev, "sizelimit", text) && strcmp(text, "0") == 0 &&
			loop_text(rdev, "backing_file", text) && stat(text, &st) == 0 &&
			st.st_dev == file->st_dev && st.st_ino == file->st_ino;
}

/*
 * Is path the request's file in other words? Scripts may put more than a loop device before a file: what
 * decrypts it, a snapshot that keeps it as it is.
 */
static bool stands_for_file(const struct disk_request *request)
{
	dev_t rdev = request->rdev;
	struct stat file, st;

	if (!request->file || request->file[0] != '/' || stat(request->file, &file) || !S_ISREG(file.st_mode))
		return false;
	if (!request->device) {
		if (stat(request->path, &st) || !S_ISBLK(st.st_mode))
			return false;
		rdev = st.st_rdev;
	}
	return is_loop_of(rdev, &file);
}

int disk_open(const struct disk_request *request, struct disk *disk, char *why, size_t room)
{
	const bool by_file = stands_for_file(request);
	struct disk_request direct = *request;
	int fd;

	*disk = (struct disk) { 0 };
	if (by_file) {
		direct.path = request->file;
		direct.device = false;
	}
	fd = open_named(&direct, disk, &(const struct reason) { why, room });
	disk->by_file = by_file;
	return fd;
}
