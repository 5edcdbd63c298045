/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text from xenstore, the kernel and configuration files, turned into numbers. Pure: no I/O, no
 * heap, no state, so that unit tests and fuzzers link this file alone.
 */
#ifndef XENBUS_PARSE_H
#define XENBUS_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ring/control.h"

#define ID_ANY UINT32_MAX	/* a domid or devid that a path did not go on to name */

/* io/xenbus.h's enum xenbus_state, and one more for text that is none of them. */
enum bus_state {
	BUS_UNKNOWN = 0,	/* also: the node is missing */
	BUS_INITIALISING = 1,
	BUS_INITWAIT = 2,
	BUS_INITIALISED = 3,
	BUS_CONNECTED = 4,
	BUS_CLOSING = 5,
	BUS_CLOSED = 6,
	BUS_RECONFIGURING = 7,
	BUS_RECONFIGURED = 8,
	BUS_NONSENSE = 9,
	BUS_STATES = 10,
};

/* Which device. Two of the same name in time are told apart by their generation. */
struct device_id {
	uint32_t kind;		/* enum device_kind; 0: none */
	uint32_t domid;
	uint32_t devid;
};

/* "vbd" or "vif". kind has to be one of enum device_kind. */
const char *kind_name(uint32_t kind);

/*
 * A whole string of decimal digits and nothing else: no sign, no space, no prefix, at most 20.
 * Returns 0, -EINVAL for other text, -ERANGE outside min..max.
 */
int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *value);
int parse_u32(const char *text, uint32_t min, uint32_t max, uint32_t *value);

/* A state node's text. Never fails: see BUS_NONSENSE. */
enum bus_state parse_state(const char *text);

/* A hotplug script's `physical-device`: hexadecimal MAJOR:MINOR. Returns 0 or -EINVAL. */
int parse_devnum(const char *text, uint32_t *major, uint32_t *minor);

/* A frontend's `protocol` key (io/protocols.h). Returns 0, or -EINVAL for one we do not speak. */
int parse_abi(const char *text, enum blkif_abi *abi);

/*
 * Names the device that a changed path below `root` belongs to, for example
 * "/local/domain/0/backend" and "/local/domain/0/backend/vbd/7/51712/state". Parts that the path
 * does not reach are ID_ANY. Returns 0, or -EINVAL where the path is elsewhere, of no kind of
 * ours, or has a number that cannot be.
 */
int parse_device_path(const char *root, const char *path, struct device_id *id);

/* "vbd-7-51712", a run directory's or a bus device's name. Returns 0 or -EINVAL. */
int parse_device_name(const char *name, struct device_id *id);

/*
 * What a configuration file calls a guest's device: vif0 for its first interface, or what stands in
 * a disk's key `dev`. Returns 0 with its enum device_kind, negative for another name.
 */
int parse_vdev(const char *text, uint32_t *kind);

/*
 * A kernel uevent (bytes as received: NUL-separated KEY=VALUE lines) that says that a block device
 * has another size now. Returns 0 with the numbers, -EINVAL for any other event.
 */
int parse_resize_uevent(const char *event, size_t bytes, uint32_t *major, uint32_t *minor);

#endif
