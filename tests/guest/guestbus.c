/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's end of xenbus over libxenstore. Trusts xenstored; reads the backend's keys as
 * strictly as a backend has to read a guest's. Promises never to write below a removed device.
 */
#include "tests/guest/guestbus.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEY_BYTES 64
#define VALUE_BYTES 128
#define TIMEOUT_MS 10000

int guestbus_fail(struct guestbus *bus, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(bus->error, sizeof(bus->error), fmt, args);
	va_end(args);
	return -err;
}

/* Digits and nothing else, below 2^64. */
static bool number_parse(const char *text, uint64_t *value)
{
	uint64_t sum = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		uint32_t digit = (uint32_t)*text - '0';

		if (digit > 9 || __builtin_mul_overflow(sum, 10, &sum) ||
				__builtin_add_overflow(sum, digit, &sum))
			return false;
	}
	*value = sum;
	return true;
}

static bool number_read(struct guestbus *bus, xs_transaction_t id, const char *dir, const char *key,
		uint64_t *value)
{
	char path[GUESTBUS_PATH_BYTES + KEY_BYTES];
	char *text;
	bool good;

	snprintf(path, sizeof(path), "%s%s%s", dir, *dir ? "/" : "", key);
	text = xs_read(bus->xs, id, path, NULL);
	good = text && number_parse(text, value);
	free(text);
	return good;
}

static enum xenbus_state state_read(struct guestbus *bus, const char *dir)
{
	uint64_t state = XenbusStateUnknown;

	if (!number_read(bus, XBT_NULL, dir, "state", &state) || state > XenbusStateReconfigured)
		return XenbusStateUnknown;
	return (enum xenbus_state)state;
}

enum xenbus_state guestbus_backend_state(struct guestbus *bus)
{
	return state_read(bus, bus->back);
}

enum xenbus_state guestbus_front_state(struct guestbus *bus)
{
	return state_read(bus, bus->front);
}

static int device_find(struct guestbus *bus)
{
	char path[GUESTBUS_PATH_BYTES + KEY_BYTES];
	uint64_t backend_domid;
	char *back;

	snprintf(path, sizeof(path), "%s/backend", bus->front);
	back = xs_read(bus->xs, XBT_NULL, path, NULL);
	if (!back)
		return guestbus_fail(bus, errno, "%s cannot be read: %s (is the device attached?)", path,
				strerror(errno));
	snprintf(bus->back, sizeof(bus->back), "%s", back);
	free(back);
	if (!number_read(bus, XBT_NULL, bus->front, "backend-id", &backend_domid))
		return guestbus_fail(bus, ENOENT, "%s/backend-id is no number", bus->front);
	bus->backend_domid = (uint32_t)backend_domid;
	return 0;
}

int guestbus_open(struct guestbus *bus, const char *kind, uint32_t domid, uint32_t devid)
{
	char path[GUESTBUS_PATH_BYTES + KEY_BYTES];
	uint64_t own;
	int rc;

	memset(bus, 0, sizeof(*bus));
	bus->devid = devid;
	bus->timeout_ms = TIMEOUT_MS;
	bus->xs = xs_open(0);
	if (!bus->xs)
		return guestbus_fail(bus, errno, "xenstore cannot be reached: %s", strerror(errno));
	if (domid == GUESTBUS_OWN_DOMID) {
		/* A relative path: below our own home. */
		if (!number_read(bus, XBT_NULL, "", "domid", &own))
			return guestbus_fail(bus, ENOENT, "xenstore does not say which domain this is; "
					"give the number");
		domid = (uint32_t)own;
	}
	bus->domid = domid;
	snprintf(bus->front, sizeof(bus->front), "/local/domain/%u/device/%s/%u", domid, kind, devid);
	rc = device_find(bus);
	if (rc)
		return rc;
	snprintf(path, sizeof(path), "%s/state", bus->back);
	if (!xs_watch(bus->xs, path, "backend"))
		return guestbus_fail(bus, errno, "%s cannot be watched: %s", path, strerror(errno));
	return 0;
}

void guestbus_close(struct guestbus *bus)
{
	if (bus->xs)
		xs_close(bus->xs);
	bus->xs = NULL;
}

int guestbus_fd(const struct guestbus *bus)
{
	return xs_fileno(bus->xs);
}

void guestbus_drain(struct guestbus *bus)
{
	char **event;

	while ((event = xs_check_watch(bus->xs)))
		free(event);
}

struct state_change {
	enum xenbus_state state;
	bool missing;
};

static void state_put(struct guestbus_txn *txn, void *arg)
{
	struct state_change *change = arg;
	uint64_t before;

	change->missing = !number_read(txn->bus, txn->id, txn->bus->front, "state", &before);
	if (!change->missing)
		guestbus_put(txn, "state", "%u", change->state);
}

int guestbus_switch(struct guestbus *bus, enum xenbus_state state)
{
	struct state_change change = { .state = state };
	int rc = guestbus_write(bus, state_put, &change);

	if (!rc && change.missing)
		return guestbus_fail(bus, ENOENT, "%s is gone", bus->front);
	return rc;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int guestbus_wait(struct guestbus *bus, uint32_t states)
{
	int64_t end = now_ms() + bus->timeout_ms, left;
	struct pollfd pollfd = { .fd = guestbus_fd(bus), .events = POLLIN };
	enum xenbus_state state;

	for (;;) {
		/* First take the events, then look: a change after the look makes a new event. */
		guestbus_drain(bus);
		state = guestbus_backend_state(bus);
		if (states & GUESTBUS_STATE(state))
			return state;
		left = end - now_ms();
		if (left <= 0)
			return guestbus_fail(bus, ETIMEDOUT, "%s/state stayed %u for %d ms, ours is %u",
					bus->back, state, bus->timeout_ms, guestbus_front_state(bus));
		poll(&pollfd, 1, (int)left);
	}
}

uint64_t guestbus_read(struct guestbus *bus, const char *key, uint64_t otherwise)
{
	uint64_t value;

	return number_read(bus, XBT_NULL, bus->back, key, &value) ? value : otherwise;
}

int guestbus_need(struct guestbus *bus, const char *key, uint64_t *value)
{
	if (number_read(bus, XBT_NULL, bus->back, key, value))
		return 0;
	return guestbus_fail(bus, EPROTO, "%s/%s is missing or no number", bus->back, key);
}

int guestbus_write(struct guestbus *bus, void (*keys)(struct guestbus_txn *txn, void *arg), void *arg)
{
	struct guestbus_txn txn = { .bus = bus };

	do {
		txn.failed = false;
		txn.id = xs_transaction_start(bus->xs);
		if (txn.id == XBT_NULL)
			break;
		keys(&txn, arg);
		if (xs_transaction_end(bus->xs, txn.id, txn.failed) && !txn.failed)
			return 0;
	} while (!txn.failed && errno == EAGAIN);
	if (txn.failed)
		return -EACCES;
	return guestbus_fail(bus, errno, "a transaction in %s failed: %s", bus->front, strerror(errno));
}

void guestbus_put(struct guestbus_txn *txn, const char *key, const char *fmt, ...)
{
	char path[GUESTBUS_PATH_BYTES + KEY_BYTES], value[VALUE_BYTES];
	va_list args;
	int bytes;

	va_start(args, fmt);
	bytes = vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	snprintf(path, sizeof(path), "%s/%s", txn->bus->front, key);
	if (xs_write(txn->bus->xs, txn->id, path, value, (unsigned int)bytes))
		return;
	txn->failed = true;
	guestbus_fail(txn->bus, errno, "%s cannot be written: %s", path, strerror(errno));
}

void guestbus_remove(struct guestbus_txn *txn, const char *key)
{
	char path[GUESTBUS_PATH_BYTES + KEY_BYTES];

	snprintf(path, sizeof(path), "%s/%s", txn->bus->front, key);
	/* A key that is not there is what was wanted. */
	if (!xs_rm(txn->bus->xs, txn->id, path) && errno != ENOENT)
		txn->failed = true;
}
