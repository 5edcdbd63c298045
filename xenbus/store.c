/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xenstore. Trusts xenstored; nothing that guests have written into it. Promises that watch events
 * never pile up: libxenstore queues them without limit, so a thread of our own does nothing but
 * fold them into the dirty set, and the loop reads the present state instead of the history.
 * Two connections: requests do not wait behind watch events.
 */
#include "xenbus/store.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <xenstore.h>
#include <xenstore_lib.h>

#define PATH_ROOM 256	/* the longest path we make: a queue's key in a frontend's directory */
#define RELEASE_TOKEN "release"
#define KIND_TOKEN "kind"

struct store {
	struct xs_handle *requests;
	struct xs_handle *watches;
	xs_transaction_t txn;		/* XBT_NULL outside store_transact() */
	uint32_t domid;
	char root[64];
	int event_fd;
	pthread_mutex_t lock;		/* of the two below */
	struct dirty dirty;
	bool lost;
	bool trouble;			/* see store_trouble() */
};

/* errno of a failed call, never 0: libxenstore leaves it so when the connection breaks. */
static int failure(void)
{
	return errno ? -errno : -EIO;
}

/* A read has failed. A node that is missing or forbidden is an answer; anything else is trouble. */
static int read_failure(struct store *store)
{
	int r = failure();

	store->trouble |= r != -ENOENT && r != -EACCES && r != -EINVAL;
	return r;
}

bool store_trouble(struct store *store)
{
	bool trouble = store->trouble;

	store->trouble = false;
	return trouble;
}

static void mark(struct store *store, const char *path, const char *token)
{
	struct device_id id;

	pthread_mutex_lock(&store->lock);
	if (strcmp(token, RELEASE_TOKEN) == 0)
		store->dirty.released = true;
	else if (strcmp(token, KIND_TOKEN) == 0 && parse_device_path(store->root, path, &id) == 0)
		dirty_add(&store->dirty, id);
	else if (parse_device_name(token, &id) == 0)
		dirty_add(&store->dirty, id);
	pthread_mutex_unlock(&store->lock);
}

static void wake(struct store *store)
{
	eventfd_write(store->event_fd, 1);
}

static void *drain(void *arg)
{
	struct store *store = arg;
	unsigned int n;
	char **event;

	while ((event = xs_read_watch(store->watches, &n)) != NULL) {
		mark(store, event[XS_WATCH_PATH], event[XS_WATCH_TOKEN]);
		free(event);
		wake(store);
	}
	pthread_mutex_lock(&store->lock);
	store->lost = true;
	pthread_mutex_unlock(&store->lock);
	wake(store);
	return NULL;
}

/* xenstored resolves a relative path to our own directory; Dom0 may lack the node. 0, or -errno. */
static int own_domid(struct store *store)
{
	unsigned int length;
	char *text = NULL;

	for (unsigned int i = 0; i < STORE_TRIES && !text; i++) {
		text = xs_read(store->requests, XBT_NULL, "domid", &length);
		if (!text && errno == ENOENT)
			return 0;
	}
	if (!text)
		return failure();
	parse_u32(text, 0, DOMID_LAST, &store->domid);
	free(text);
	return 0;
}

static int drain_start(struct store *store)
{
	pthread_attr_t attr;
	pthread_t thread;
	int r;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 64 << 10);
	r = pthread_create(&thread, &attr, drain, store);
	pthread_attr_destroy(&attr);
	return r;
}

/* Of a store whose thread does not run. Leaves errno alone. */
static void store_close(struct store *store)
{
	int err = errno;

	if (store->watches)
		xs_close(store->watches);
	if (store->requests)
		xs_close(store->requests);
	if (store->event_fd >= 0)
		close(store->event_fd);
	free(store);
	errno = err;
}

struct store *store_open(void)
{
	struct store *store = calloc(1, sizeof(*store));
	/* A socket that is there is xenstored's: else a dead one would be asked through the kernel, which waits. */
	const unsigned long flags = access(xs_daemon_socket(), F_OK) ? 0 : XS_OPEN_SOCKETONLY;
	int r;

	if (!store)
		return NULL;
	pthread_mutex_init(&store->lock, NULL);
	store->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (store->event_fd >= 0)
		store->requests = xs_open(flags);
	if (store->requests)
		store->watches = xs_open(flags);
	r = store->watches ? own_domid(store) : failure();
	if (r == 0) {
		snprintf(store->root, sizeof(store->root), "/local/domain/%u/backend", store->domid);
		r = -drain_start(store);
	}
	if (r == 0)
		return store;
	errno = -r;
	store_close(store);
	return NULL;
}

uint32_t store_domid(const struct store *store)
{
	return store->domid;
}

const char *store_root(const struct store *store)
{
	return store->root;
}

void store_backend(const struct store *store, struct device_id id, char path[STORE_BACKEND_BYTES])
{
	snprintf(path, STORE_BACKEND_BYTES, "%s/%s/%u/%u", store_root(store), kind_name(id.kind), id.domid,
			id.devid);
}

int store_fd(const struct store *store)
{
	return store->event_fd;
}

int store_take_dirty(struct store *store, struct dirty *dirty)
{
	eventfd_t count;
	bool lost;

	eventfd_read(store->event_fd, &count);
	pthread_mutex_lock(&store->lock);
	dirty_take(&store->dirty, dirty);
	lost = store->lost;
	pthread_mutex_unlock(&store->lock);
	return lost ? -ENOTCONN : 0;
}

/* Without its watch a device waits for ever, so a failure is tried again. EEXIST: its end had failed. */
static int watch(struct store *store, const char *path, const char *token)
{
	int r = -EIO;

	for (unsigned int i = 0; i < STORE_TRIES && r && r != -EEXIST; i++)
		r = xs_watch(store->watches, path, token) ? 0 : failure();
	return r == -EEXIST ? 0 : r;
}

int store_watch_kind(struct store *store, uint32_t kind)
{
	char path[PATH_ROOM];

	snprintf(path, sizeof(path), "%s/%s", store->root, kind_name(kind));
	return watch(store, path, KIND_TOKEN);
}

static void device_token(char token[32], struct device_id id)
{
	snprintf(token, 32, "%s-%u-%u", kind_name(id.kind), id.domid, id.devid);
}

int store_watch(struct store *store, const char *path, struct device_id id)
{
	char token[32];

	device_token(token, id);
	return watch(store, path, token);
}

void store_unwatch(struct store *store, const char *path, struct device_id id)
{
	char token[32];

	device_token(token, id);
	xs_unwatch(store->watches, path, token);
}

int store_watch_release(struct store *store)
{
	return watch(store, "@releaseDomain", RELEASE_TOKEN);
}

int store_text(struct store *store, const char *dir, const char *key, char *text, size_t room)
{
	char path[PATH_ROOM];
	unsigned int length;
	char *value;
	int r = 0;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, key) >= sizeof(path))
		return -ENAMETOOLONG;
	value = xs_read(store->requests, store->txn, path, &length);
	if (!value)
		return read_failure(store);
	if (length >= room)
		r = -E2BIG;
	else if (memchr(value, 0, length))
		r = -EINVAL;
	else
		memcpy(text, value, length + 1);	/* libxenstore adds the NUL */
	free(value);
	return r;
}

int store_u64(struct store *store, const char *dir, const char *key, uint64_t min, uint64_t max,
		uint64_t *value)
{
	char text[32];
	int r = store_text(store, dir, key, text, sizeof(text));

	return r ? (r == -E2BIG ? -EINVAL : r) : parse_u64(text, min, max, value);
}

int store_u32(struct store *store, const char *dir, const char *key, uint32_t min, uint32_t max,
		uint32_t *value)
{
	uint64_t wide;
	int r = store_u64(store, dir, key, min, max, &wide);

	if (r == 0)
		*value = (uint32_t)wide;
	return r;
}

int store_state(struct store *store, const char *dir, enum bus_state *state)
{
	char text[8];
	int r = store_text(store, dir, "state", text, sizeof(text));

	*state = BUS_UNKNOWN;
	if (r == -E2BIG || r == -EINVAL)
		*state = BUS_NONSENSE;
	else if (r == 0)
		*state = parse_state(text);
	else if (r != -ENOENT && r != -EACCES)
		return r;
	return 0;
}

bool store_exists(struct store *store, const char *path)
{
	unsigned int length;
	char *value = xs_read(store->requests, store->txn, path, &length);

	if (!value)
		read_failure(store);
	free(value);
	return value != NULL;
}

bool store_domain_alive(struct store *store, uint32_t domid)
{
	bool alive;

	errno = 0;
	alive = xs_is_domain_introduced(store->requests, domid);
	if (alive || errno == 0)
		return alive;
	store->trouble = true;	/* no answer is not "gone" */
	return true;
}

int store_list(struct store *store, const char *path, void (*each)(void *arg, const char *name),
		void *arg)
{
	unsigned int n;
	char **names = xs_directory(store->requests, store->txn, path, &n);

	if (!names)
		return read_failure(store);
	for (unsigned int i = 0; i < n; i++)
		each(arg, names[i]);
	free(names);
	return 0;
}

static int transact_once(struct store *store, int (*body)(struct store *store, void *arg), void *arg)
{
	int r;

	store->txn = xs_transaction_start(store->requests);
	if (store->txn == XBT_NULL)
		return failure();
	store_trouble(store);
	r = body(store, arg);
	/* What the body took for a missing value may have been no answer at all. */
	if (store_trouble(store))
		r = -EAGAIN;
	if (!xs_transaction_end(store->requests, store->txn, r != 0) && r == 0)
		r = failure();
	store->txn = XBT_NULL;
	return r;
}

int store_transact(struct store *store, int (*body)(struct store *store, void *arg), void *arg)
{
	int r = -EAGAIN;

	assert(store->txn == XBT_NULL);
	for (unsigned int i = 0; i < STORE_TRIES && r == -EAGAIN; i++)
		r = transact_once(store, body, arg);
	return r;
}

int store_write(struct store *store, const char *dir, const char *key, const char *fmt, ...)
{
	char path[PATH_ROOM], value[STORE_VALUE_MAX];
	va_list args;
	int length;

	assert(store->txn != XBT_NULL);
	va_start(args, fmt);
	length = vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	if (length < 0 || (size_t)length >= sizeof(value))
		return -ENAMETOOLONG;
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, key) >= sizeof(path))
		return -ENAMETOOLONG;
	return xs_write(store->requests, store->txn, path, value, (unsigned int)length) ? 0 : failure();
}

int store_remove(struct store *store, const char *path)
{
	assert(store->txn != XBT_NULL);
	if (xs_rm(store->requests, store->txn, path) || errno == ENOENT)
		return 0;
	return failure();
}
