/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xenstore, and the only file that speaks libxenstore. Reads are bounded and strictly parsed, and
 * writes happen in transactions only. Values in a frontend's directory are the guest's: a caller
 * reads each once. Limits of the protocol: xen/io/xs_wire.h (value 4096 bytes, path 3072).
 */
#ifndef XENBUS_STORE_H
#define XENBUS_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xenbus/dirty.h"
#include "xenbus/parse.h"

#define STORE_VALUE_MAX 4096
#define STORE_TRIES 8		/* of a transaction that others keep disturbing, of what nobody would ask again */

struct store;

/*
 * Connects, finds out our own domain, and starts the thread that drains watch events.
 * Signals have to be blocked already: the threads inherit the mask. NULL with errno: no xenstored,
 * and nothing is left of the try.
 */
struct store *store_open(void);

/* Our own domain: 0 in Dom0, another in a driver domain. */
uint32_t store_domid(const struct store *store);

/* "/local/domain/B/backend" of our domain. Lives as long as the store. */
const char *store_root(const struct store *store);

#define STORE_BACKEND_BYTES 96

/* A device's backend directory, "/local/domain/B/backend/vbd/7/51712". */
void store_backend(const struct store *store, struct device_id id, char path[STORE_BACKEND_BYTES]);

/* Readable when something is dirty or the connection is lost; an eventfd that the owner polls. */
int store_fd(const struct store *store);

/*
 * Takes what has become dirty since the last call. Returns 0, -ENOTCONN when xenstored is gone: a
 * connection is never made anew, its watches and transactions are lost with it.
 */
int store_take_dirty(struct store *store, struct dirty *dirty);

/* Watches the whole backend directory of a kind: everything below it. 0, or -errno. */
int store_watch_kind(struct store *store, uint32_t kind);

/* Watches one node of a device's; events make `id` dirty. 0, or -errno (-EEXIST: twice). */
int store_watch(struct store *store, const char *path, struct device_id id);
void store_unwatch(struct store *store, const char *path, struct device_id id);

/* Watches the death of domains: dirty.released. 0, or -errno. */
int store_watch_release(struct store *store);

/*
 * Reading. Inside store_transact() the read is part of the transaction.
 * store_text: 0 with text NUL-terminated; -ENOENT: no such node; -EACCES: not ours to read;
 *   -E2BIG: longer than `room` - 1; -EINVAL: holds a NUL; other -errno: xenstored failed.
 * store_u32, store_u64: the same, and -EINVAL: not a decimal number; -ERANGE: not in min..max.
 */
int store_text(struct store *store, const char *dir, const char *key, char *text, size_t room);
int store_u32(struct store *store, const char *dir, const char *key, uint32_t min, uint32_t max,
		uint32_t *value);
int store_u64(struct store *store, const char *dir, const char *key, uint64_t min, uint64_t max,
		uint64_t *value);

/* The state node of a directory. *state is BUS_UNKNOWN where there is none. 0, or -errno. */
int store_state(struct store *store, const char *dir, enum bus_state *state);

/* Does the node exist and can we read it? False also in trouble. */
bool store_exists(struct store *store, const char *path);

/* Is the domain still known to xenstored? Only meaningful after dirty.released. True also in trouble. */
bool store_domain_alive(struct store *store, uint32_t domid);

/* Calls `each` with every name in the directory, in no order. 0, -ENOENT, or -errno. */
int store_list(struct store *store, const char *path, void (*each)(void *arg, const char *name),
		void *arg);

/*
 * Has a read since the last call here failed because of xenstored, and not because the node is missing
 * or forbidden? Then what was concluded from it does not hold: try again later.
 */
bool store_trouble(struct store *store);

/*
 * Runs `body` inside a transaction, again when another has disturbed it, at most STORE_TRIES times.
 * body returns 0: commit; anything else: abandon, and the value is returned.
 * Returns 0; -EAGAIN: disturbed too often, or a read of the body has met trouble; -errno of xenstored.
 */
int store_transact(struct store *store, int (*body)(struct store *store, void *arg), void *arg);

/* Writing, inside a transaction only. 0 or -errno (-ENAMETOOLONG: the value does not fit). */
int store_write(struct store *store, const char *dir, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Removes a node and what is below it. 0, also where there was none; -errno. */
int store_remove(struct store *store, const char *path);

#endif
