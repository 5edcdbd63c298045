/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A paravirtual device in xenstore, from inside the guest: our directory, the backend's, the two
 * states (xen/io/xenbus.h). For any frontend; knows nothing of rings. Errors are 0/-errno, and one
 * sentence in `error` for the person.
 */
#ifndef GUEST_GUESTBUS_H
#define GUEST_GUESTBUS_H

#include <stdbool.h>
#include <stdint.h>
#include <xenstore.h>
#include <xen/io/xenbus.h>

#define GUESTBUS_OWN_DOMID UINT32_MAX	/* the domain that xenstore says we are */
#define GUESTBUS_PATH_BYTES 128

/* A set of states, for waiting. XenbusStateUnknown stands for a missing node, too. */
#define GUESTBUS_STATE(state) (1u << (state))

struct guestbus {
	struct xs_handle *xs;
	uint32_t domid, devid, backend_domid;
	char front[GUESTBUS_PATH_BYTES];	/* /local/domain/D/device/<kind>/N */
	char back[GUESTBUS_PATH_BYTES];
	int timeout_ms;				/* of each wait for the backend */
	char error[256];
};

/*
 * Connects to xenstore, finds the device and watches the backend's state. kind: "vbd" or "vif".
 * 0 or -errno (ENOENT: no such device in this domain). Close after either.
 */
int guestbus_open(struct guestbus *bus, const char *kind, uint32_t domid, uint32_t devid);
void guestbus_close(struct guestbus *bus);

/* Keeps a sentence in bus->error and returns -err. */
int guestbus_fail(struct guestbus *bus, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The states now; XenbusStateUnknown if missing or no number. */
enum xenbus_state guestbus_backend_state(struct guestbus *bus);
enum xenbus_state guestbus_front_state(struct guestbus *bus);

/*
 * Writes our state, in a transaction that finds the node first: a device that the toolstack has
 * removed is not brought back. 0 or -errno (ENOENT: removed).
 */
int guestbus_switch(struct guestbus *bus, enum xenbus_state state);

/* Waits until the backend's state is in the set. The state, or -ETIMEDOUT with a sentence. */
int guestbus_wait(struct guestbus *bus, uint32_t states);

/* A key of the backend's, strictly decimal; `otherwise` if missing or no number. */
uint64_t guestbus_read(struct guestbus *bus, const char *key, uint64_t otherwise);

/* A key of the backend's that must be there. 0 or -errno with a sentence. */
int guestbus_need(struct guestbus *bus, const char *key, uint64_t *value);

/*
 * Our keys, in one transaction, tried again as long as others are in the way: `keys` is called with
 * an open transaction and writes with guestbus_put(). 0 or -errno with a sentence.
 */
struct guestbus_txn {
	struct guestbus *bus;
	xs_transaction_t id;
	bool failed;
};
int guestbus_write(struct guestbus *bus, void (*keys)(struct guestbus_txn *txn, void *arg), void *arg);
void guestbus_put(struct guestbus_txn *txn, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void guestbus_remove(struct guestbus_txn *txn, const char *key);

/* For a loop of the caller's: readable means that guestbus_drain() has something to take. */
int guestbus_fd(const struct guestbus *bus);
/* Takes all waiting watch events; the caller then looks at the states again. */
void guestbus_drain(struct guestbus *bus);

#endif
