/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A userspace block frontend: connects, closes and reconnects a vbd as Linux's blkfront does, and
 * hands out its queues. Runs as domain D, on the simulation (by environment) or in a real guest
 * with /dev/xen/gntalloc and /dev/xen/evtchn. Control by one thread; queues by one thread each.
 */
#ifndef GUEST_FRONTEND_H
#define GUEST_FRONTEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/guest/blkqueue.h"
#include "tests/guest/guestbus.h"

#define FRONTEND_QUEUES_MAX 16
#define FRONTEND_INDIRECT_DEFAULT UINT32_MAX	/* as Linux: what is offered, at most 32 */

struct frontend_config {
	uint32_t domid;		/* or GUESTBUS_OWN_DOMID */
	uint32_t devid;
	uint32_t queues;	/* 1..16; more than offered is an error unless `clamp` */
	uint32_t order;		/* ring pages, 0..4; likewise */
	uint32_t indirect;	/* segments in one request, 0: off; likewise */
	uint32_t pool_pages;	/* per queue; 0: enough for most, at most 16 MiB */
	uint32_t start_index;	/* where the ring's indices begin */
	int timeout_ms;		/* of each wait for the backend */
	enum blkabi abi;
	bool persistent;	/* what we say in feature-persistent */
	bool revoke;		/* pages live as long as their request */
	bool order_key;		/* ring-page-order and ring-ref0 also for order 0 */
	bool early;		/* as after a resume: keys and state 3 without waiting for state 2 */
	bool clamp;		/* take less than asked for if less is offered, as Linux does */
};

/* What the backend says of the disk. Sizes in bytes. */
struct frontend_disk {
	uint64_t bytes;
	uint32_t sector_bytes, physical_bytes;
	uint32_t discard_granularity, discard_alignment;
	uint32_t info;		/* VDISK_* */
	bool flush, barrier, discard, discard_secure, persistent;
};

struct frontend {
	struct frontend_config config;
	struct guestbus bus;
	struct frontend_disk disk;	/* `bytes` changes: frontend_bytes() */
	uint32_t queues, order;		/* as negotiated */
	uint32_t segments_max;		/* in one request */
	struct blkqueue *queue;		/* `queues` of them; NULL while not connected */
	bool dead;			/* the backend closes: frontend_dead() */
	uint32_t resizes;		/* how often the capacity has changed */
};

/* The ways back to a connection that guests know. */
enum frontend_return {
	FRONTEND_REOPEN,	/* 5, wait; 6, wait; 1: close and open again */
	FRONTEND_RELOAD,	/* 6 at once, wait; 1: the driver is unbound and bound */
	FRONTEND_KEXEC,		/* 5, 6, 1 by the new kernel, which then uses the old pages for itself */
	FRONTEND_RESUME,	/* nothing said: fresh keys and state 3 */
};

/* Linux's defaults; domid is our own. */
struct frontend_config frontend_defaults(uint32_t devid);

/*
 * Sets one option by name, e.g. "persistent", "off": one list for every program here (see
 * FRONTEND_OPTIONS). 0, -ENOENT: no such option, -EINVAL: `error` says what is wrong.
 */
int frontend_option(struct frontend_config *config, const char *name, const char *value, char *error,
		size_t error_bytes);

#define FRONTEND_OPTIONS                                                                           \
	"  domid=D           the domain this runs in (default: as xenstore says)\n"                \
	"  devid=N           the vbd, e.g. 51712 for xvda\n"                                       \
	"  queues=1..16      (1)\n"                                                                \
	"  order=0..4        ring of 2^order pages (0); order-key=on names them even for 0\n"      \
	"  indirect=N|off    segments in one request (what is offered, at most 32)\n"              \
	"  persistent=on|off (on)\n"                                                               \
	"  revoke=on|off     share and unshare pages for each request (off)\n"                     \
	"  abi=native|x86_32-abi|x86_64-abi   also as protocol= (native: no key)\n"                \
	"  start=INDEX       first ring index, e.g. 0xffffff00 (0)\n"                              \
	"  pool=PAGES        granted pages per queue\n"                                            \
	"  early=on|off      do not wait for the backend before writing keys (off)\n"              \
	"  clamp=on|off      take less than asked for, if less is offered (off)\n"                 \
	"  timeout=MS        of each wait for the backend (10000)\n"

/*
 * Finds the device. 0 and *frontend, or -errno and *frontend with only its bus.error valid (NULL:
 * no memory). Ended by frontend_free() in either case, which does not tell the backend anything.
 */
int frontend_open(struct frontend **frontend, const struct frontend_config *config);
void frontend_free(struct frontend *frontend);

/* State 1 or later to Connected on both sides. 0 or -errno with a sentence in bus.error. */
int frontend_connect(struct frontend *frontend);

/* Connected to Closed on both sides; queues are gone, requests in them lost. 0 or -errno. */
int frontend_disconnect(struct frontend *frontend);

/*
 * Another connection. Requests that were outstanding are lost, as they are for a guest: submit
 * them again, as Linux does. 0 or -errno.
 */
int frontend_reconnect(struct frontend *frontend, enum frontend_return how);

/*
 * For a loop of the caller's: readable means frontend_ready(), which reads the capacity again and
 * closes when the backend does (state 6; frontend_dead() is true then).
 */
int frontend_fd(const struct frontend *frontend);
void frontend_ready(struct frontend *frontend);

/* Capacity now, and whether the backend has closed; for any thread. */
uint64_t frontend_bytes(const struct frontend *frontend);
bool frontend_dead(const struct frontend *frontend);

/* All lies of the backend, over all queues of this connection. */
uint64_t frontend_lies(const struct frontend *frontend);

#endif
