/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A disk's target on this host: opening it as a guest's disk, and what it is. Knows no Xen.
 */
#ifndef XENBUS_DISK_H
#define XENBUS_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* What is asked for. */
struct disk_request {
	const char *path;	/* absolute; a regular file or a block device */
	bool device;		/* it has to be the block device `rdev` */
	dev_t rdev;
	bool writable;
	bool buffered;		/* without O_DIRECT where the target refuses it */
	bool may_be_empty;	/* a CD-ROM drive: 0 bytes are no medium, not a mistake */
	uint32_t sector;	/* smallest logical sector of a file, bytes; 0: what it needs */
	const char *file;	/* opened in its place where path is a loop device of nothing but all of it; NULL: none */
};

/* What it turned out to be. */
struct disk {
	bool is_device;
	bool by_file;			/* request.file has been opened */
	dev_t rdev;			/* of a device */
	ino_t inode;			/* of a file; 0: a device */
	dev_t dev;			/* of a file: the file system it is on */
	uint64_t bytes;			/* a multiple of sector_bytes; 0: no medium */
	uint32_t sector_bytes;		/* logical: 512, 2048 or 4096 */
	uint32_t physical_bytes;
	uint64_t discard_granularity;	/* bytes; 0: it cannot discard */
	uint64_t discard_alignment;
	bool discard_secure;
};

/*
 * Opens with O_DIRECT | O_CLOEXEC and never O_EXCL (a migrating disk is open on two hosts), O_RDONLY
 * unless writable, and measures. Returns the descriptor; -errno, with one sentence in why:
 * -ENOENT, -EACCES: as open(2)   -EISDIR: a directory   -ENOTBLK: no file or block device
 * -ENXIO: another device is there by now   -EINVAL: refuses O_DIRECT, smaller than a sector, or
 *  sectors that a guest cannot use
 */
int disk_open(const struct disk_request *request, struct disk *disk, char *why, size_t room);

/* What disk_open() finds out of a target that is open already. 0, or -errno with one sentence in why. */
int disk_measure(int fd, const struct disk_request *request, struct disk *disk, char *why, size_t room);

/* Which file or device an open target is, of all that `disk` says. Waits for nothing. 0 or -errno (-ENOTBLK: neither). */
int disk_identify(int fd, struct disk *disk);

/*
 * The present size of an open target, whole sectors, bytes. 0 or -errno. ask: a file that is another computer's
 * is asked for there, which may take as long as it likes; else it is what this one knows.
 */
int disk_bytes(int fd, uint32_t sector_bytes, bool ask, uint64_t *bytes);

#endif
