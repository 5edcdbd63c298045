/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /etc/xenback/xenback.conf: what xl cannot say. Sections, each overriding the one before it:
 * [default], [guest NAME], [guest NAME VDEV] (VDEV as in the disk specification, or vif0, vif1 …).
 * Described for administrators in xenback.conf(5).
 */
#ifndef XENBUS_CONFIG_H
#define XENBUS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define DEVICES_MAX 1024		/* that one control serves: as many uids are needed */
#define SECTIONS_MAX 512
#define CONFIG_LINE_MAX 190	/* libinih reads lines of up to 200 bytes */

/* What applies to one device. Every number has been checked against its range. */
struct settings {
	uint32_t persistent;	/* grants = persistent: 1; copy: 0 */
	uint32_t queues;	/* most that a frontend may have, 1..QUEUES_MAX; 0: one per CPU */
	uint32_t ring_order;	/* largest, 0..RING_ORDER_MAX */
	uint32_t indirect;	/* segments, 0 or 11..256 */
	uint32_t pool_kib;	/* data pool of a disk, KiB, a multiple of 4 */
	uint32_t aio_depth;	/* 1..1024 */
	uint32_t buffered;	/* 1: a target that refuses O_DIRECT is opened without it */
	uint32_t sector;	/* logical sector of image files, bytes: 512 or 4096; 0: what they need */
	char engine[64];
	/* of a network interface */
	uint32_t checksum_off;	/* checksum-offload = no: 1 */
	uint32_t anti_spoof;	/* yes: 1 */
	uint32_t rx_kib;	/* most that the guest receives, KiB a second; 0: no limit */
	uint32_t drain_msec;	/* packets wait so long for a guest that takes none */
	uint32_t stall_msec;	/* and after so long it loses its carrier */
	/* of a worker's control group; 0: none */
	uint32_t memory_mib;
	uint32_t cpu_weight, io_weight;	/* 1..10000 */
};

struct config;

/*
 * Reads a file. NULL where it is wrong: *why (room bytes) holds one sentence with file, line and
 * value. A file that does not exist is an empty one, unless `required`. Freed with config_free().
 */
struct config *config_read(const char *path, bool required, char *why, size_t room);
void config_free(struct config *config);

/*
 * Reads a file as config_read() does, and says each line's mistake as a sentence and a line on `to`.
 * Returns whether there is none.
 */
bool config_check(const char *path, bool required, FILE *to);

/* What was read, byte for byte, NULL where there is no file. Lives as long as the config. */
const char *config_text(const struct config *config, size_t *length);

/* The settings of a device: guest's name, "xvda" or "vif0". Unknown names: the defaults. */
struct settings config_settings(const struct config *config, const char *guest, const char *vdev);

/* [default] uid-range: each worker runs as a uid, and a gid, of its own. Inclusive. */
void config_uids(const struct config *config, uint32_t *first, uint32_t *last);

#endif
