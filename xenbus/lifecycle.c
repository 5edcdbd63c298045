/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One device's life. Trusts the backend directory (the toolstack's and ours), nothing in the
 * frontend's. Promises that every state write reads first, in the same transaction: the node has to
 * be there, of our generation, and in the state that the decision was made upon.
 */
#include "xenbus/lifecycle.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xenbus/arrive.h"
#include "xenbus/lock.h"
#include "xenbus/rundir.h"
#include "xenbus/worker.h"

#define STEPS_MAX 16		/* actions in a row; device_next() comes to rest in fewer */
#define LOOKS_BURST 64		/* looks because of others, at once, */
#define LOOKS_MSEC 20		/* and one more each so many milliseconds */
#define DEAF_MSEC 250		/* a frontend that brought more is not listened to for so long */

void device_wake_in(struct device *device, unsigned int msec)
{
	uint64_t at = now_msec() + msec;

	if (device->wake_at == 0 || at < device->wake_at)
		device->wake_at = at;
}

/* --- what can be seen -------------------------------------------------------------------------- */

uint64_t stored_generation(struct store *store, const char *backend)
{
	uint64_t generation = 0;

	if (store_u64(store, backend, "xenback-generation", 1, UINT64_MAX, &generation))
		return 0;
	return generation;
}

static int view_read(struct device *device, struct device_view *view)
{
	struct store *store = store_of(device);
	uint32_t online = 0;
	uint64_t generation;
	int r;

	store_trouble(store);
	r = store_state(store, device->backend, &view->ours);
	if (r == 0)
		r = store_state(store, device->frontend, &view->theirs);
	if (r)
		return r;
	if (device->domain_dead)
		view->theirs = BUS_UNKNOWN;
	store_u32(store, device->backend, "online", 0, 1, &online);
	generation = stored_generation(store, device->backend);
	if (view->ours == BUS_INITWAIT && device->backing == BACKING_ABSENT &&
			device->kind->named(device))
		device->backing = BACKING_NAMED;
	if (store_trouble(store))
		return -EIO;
	view->online = online;
	view->reborn = device->generation && generation != device->generation;
	view->foreign = device->generation == 0;
	if (device->published && view->ours == BUS_CONNECTED && view->theirs == BUS_CONNECTED)
		device->confirmed = true;
	view->failed = device->failed;
	view->published = device->published;
	view->confirmed = device->confirmed;
	view->early = device->kind->early;
	view->reconfigures = device->kind->reconfigures;
	view->backing = device->backing;
	view->worker = device->worker.state;
	return 0;
}

/* --- state writes ------------------------------------------------------------------------------ */

struct move {
	struct device *device;
	enum bus_state from, to;
	int (*write)(struct device *device);
};

/* Returned instead of 0: what was decided upon is no longer so, nothing was written. Look again. */
#define MOVE_STALE 1

static int move_body(struct store *store, void *arg)
{
	struct move *move = arg;
	struct device *device = move->device;
	enum bus_state found;
	int r = store_state(store, device->backend, &found);

	if (r)
		return r;
	if (found != move->from)
		return MOVE_STALE;
	/* A first introduction is what gives a directory its generation. */
	if (move->from != BUS_INITIALISING && stored_generation(store, device->backend) != device->generation)
		return MOVE_STALE;
	r = move->write ? move->write(device) : 0;
	return r ? r : store_write(store, device->backend, "state", "%d", (int)move->to);
}

static int move(struct device *device, enum bus_state from, enum bus_state to,
		int (*write)(struct device *device))
{
	struct move move = { device, from, to, write };

	return store_transact(store_of(device), move_body, &move);
}

int device_republish(struct device *device, int (*write)(struct device *device))
{
	int r = move(device, BUS_CONNECTED, BUS_CONNECTED, write);

	return r == MOVE_STALE ? 0 : r;
}

/* --- actions ----------------------------------------------------------------------------------- */

void device_let_go(struct device *device)
{
	device->backing = BACKING_ABSENT;
	if (device->kind->released)
		device->kind->released(device);
}

/* The same for a device that nobody has connected. */
static void close_unused(struct device *device)
{
	if (device->worker.state == WORKER_NONE && device->backing != BACKING_ABSENT)
		device_let_go(device);
}

void device_backing_answers(struct device *device)
{
	if (device->backing == BACKING_LOOKING)
		device->backing = BACKING_NAMED;
	if (device_start_waits(device))
		device->worker.state = WORKER_LOST;
}

static int introduce_write(struct device *device)
{
	int r = store_write(store_of(device), device->backend, "xenback-generation", "%" PRIu64,
			device->generation);

	return r ? r : device->kind->advertise(device);
}

static int introduce(struct device *device, enum bus_state from)
{
	device->failed = false;
	if (device_settings(device))
		return -EAGAIN;
	if (from == BUS_INITIALISING && device_arrive(device))
		return device->failed ? 0 : -EAGAIN;
	close_unused(device);
	return move(device, from, BUS_INITWAIT, introduce_write);
}

static int prepare(struct device *device)
{
	int r = device->kind->prepare(device);

	if (r == 0)
		device->backing = BACKING_READY;
	if (r == -EINPROGRESS)
		device->backing = BACKING_LOOKING;
	return r == -EAGAIN ? r : 0;
}

struct negotiation {
	struct device *device;
	char wrong[WRONG_KEY_MAX];
};

static int negotiate_body(struct store *store, void *arg)
{
	struct negotiation *negotiation = arg;
	struct device *device = negotiation->device;

	(void)store;	/* the hook reads through the device's fleet: the same one */
	device->params = (struct device_params) {
		.magic = PARAMS_MAGIC,
		.version = PARAMS_VERSION,
		.kind = device->id.kind,
		.domid = device->id.domid,
		.devid = device->id.devid,
		.generation = device->generation,
	};
	return device->kind->negotiate(device, negotiation->wrong);
}

static int connect_device(struct device *device)
{
	struct negotiation negotiation = { .device = device };
	int r = store_transact(store_of(device), negotiate_body, &negotiation);

	/* A frontend that keeps writing its keys, or a xenstored that fails: look again later. */
	if (r == -EAGAIN || r == -EIO)
		return r;
	if (r) {
		device_fail(device, -r, "reading the frontend's %s", negotiation.wrong);
		return 0;
	}
	device->params.uid = device->params.gid = fleet_free_uid(device->fleet);
	worker_start(device, true);
	return 0;
}

static int publish(struct device *device, enum bus_state from)
{
	bool first = !device->published;
	int r = move(device, from, BUS_CONNECTED, device->kind->publish);

	if (r)
		return r;
	device->published = true;
	if (first) {
		device->confirmed = false;
		device_error_clear(device);
		device_log(device, LOG_NOTICE, "connected, %u queue%s, worker %d",
				device->params.queues, device->params.queues == 1 ? "" : "s",
				(int)device->worker.pid);
	}
	return 0;
}

static int close_device(struct device *device, enum bus_state from, enum bus_state to)
{
	int r;

	close_unused(device);
	if (to == BUS_CLOSED && device_waits(device))
		return -EINPROGRESS;
	r = move(device, from, to, NULL);
	if (r == 0 && to == BUS_CLOSED)
		device_log(device, LOG_INFO, "closed");
	return r;
}

/* 0, MOVE_STALE, -EINPROGRESS: device_backing_answers() will come; or -errno: try again a little later. */
static int perform(struct device *device, enum device_action action, const struct device_view *view)
{
	device_log(device, LOG_DEBUG, "%s (ours %d, theirs %d)", device_action_name(action),
			(int)view->ours, (int)view->theirs);
	switch (action) {
	case DEVICE_INTRODUCE:
		return introduce(device, view->ours);
	case DEVICE_PREPARE:
		return prepare(device);
	case DEVICE_CONNECT:
		return connect_device(device);
	case DEVICE_RESTART:
		worker_start(device, false);
		return 0;
	case DEVICE_PUBLISH:
		return publish(device, view->ours);
	case DEVICE_RECONFIGURE:
		return move(device, view->ours, BUS_RECONFIGURED, device->kind->reconfigure);
	case DEVICE_RELEASE:
		worker_release(device);
		return 0;
	case DEVICE_TO_CLOSING:
		return close_device(device, view->ours, BUS_CLOSING);
	case DEVICE_TO_CLOSED:
		return close_device(device, view->ours, BUS_CLOSED);
	default:
		return 0;
	}
}

static bool evaluate(struct device *device)
{
	enum device_action action = DEVICE_REST;
	const char *doing = "looking at it";
	struct device_view view;
	int r = 0;

	device->wake_at = 0;
	worker_tick(device);
	for (unsigned int step = 0; step < STEPS_MAX && r == 0; step++) {
		r = view_read(device, &view);
		if (r)
			break;
		action = device_next(&view);
		if (action == DEVICE_FORGET)
			return false;
		if (action == DEVICE_REST)
			break;
		r = perform(device, action, &view);
		r = r == MOVE_STALE ? 0 : r;
		doing = r ? device_action_name(action) : doing;
	}
	if (r == -EINPROGRESS)
		return true;
	if (r == 0 && view.ours == BUS_CLOSED)	/* by somebody else's word, perhaps */
		close_unused(device);
	if (r)
		device_log(device, LOG_WARN, "%s: %s; trying again", doing, strerror(-r));
	if (r || action != DEVICE_REST)
		device_wake_in(device, RETRY_MSEC);
	else if (device->kind->look && view.ours == BUS_CONNECTED)
		device->kind->look(device);
	return true;
}

bool device_evaluate(struct device *device)
{
	bool stays = evaluate(device);

	if (stays)
		device_say_waits(device);
	return stays;
}

static void state_path(const struct device *device, char path[80])
{
	snprintf(path, 80, "%s/state", device->frontend);
}

/*
 * A frontend that writes without end costs xenstored an event for each write, and us, too, although we look
 * no more often. Without a watch there is none.
 */
static void frontend_ignore(struct device *device, uint64_t now)
{
	char path[80];

	if (device->deaf_until)
		return;
	device->deaf_until = now + DEAF_MSEC;
	state_path(device, path);
	store_unwatch(store_of(device), path, device->id);
	if (device->kind->ignore)
		device->kind->ignore(device);
}

/* A watch fires once at once, so that nothing is lost that was written meanwhile. */
static void frontend_hear(struct device *device, uint64_t now)
{
	char path[80];

	if (!device->deaf_until || now < device->deaf_until)
		return;
	state_path(device, path);
	device->deaf_until = store_watch(store_of(device), path, device->id) ? now + RETRY_MSEC : 0;
}

bool device_evaluate_bounded(struct device *device)
{
	uint64_t now = now_msec();
	uint64_t leaked = (now - device->looks_refilled) / LOOKS_MSEC;
	bool stays;

	if (leaked) {
		device->looks = leaked >= device->looks ? 0 : device->looks - (unsigned int)leaked;
		device->looks_refilled = now;
	}
	if (device->looks >= LOOKS_BURST) {
		frontend_ignore(device, now);
		device_wake_in(device, LOOKS_MSEC);
		return true;
	}
	device->looks++;
	frontend_hear(device, now);
	stays = device_evaluate(device);
	if (stays && device->deaf_until)
		device_wake_in(device, (unsigned int)(device->deaf_until - now));
	return stays;
}

/* --- birth and end ----------------------------------------------------------------------------- */

/* Generation and state as a former control left them, and settings. 0, or -errno: xenstored does not say. */
static int adopt_read(struct device *device, enum bus_state *ours)
{
	struct store *store = store_of(device);
	int r = -EIO;

	for (unsigned int i = 0; i < STORE_TRIES && r; i++) {
		store_trouble(store);
		device->generation = stored_generation(store, device->backend);
		r = store_state(store, device->backend, ours);
		device->settings = device_settings_now(device);
		if (store_trouble(store))
			r = -EIO;
	}
	return r;
}

static void adopt_connection(struct device *device)
{
	if (device->kind->adopt)
		device->kind->adopt(device);
	if (device->fleet->only.kind)
		lock_uid(device->params.uid);
}

static int adopt(struct device *device)
{
	enum bus_state ours;
	int r = adopt_read(device, &ours);

	if (r)
		return r;
	worker_adopt(device);
	if (device->generation == 0)
		return 0;
	/* 5 over a living connection: it had been published before the toolstack closed it. */
	device->published = ours == BUS_CONNECTED || ours == BUS_RECONFIGURED ||
			(ours == BUS_CLOSING && device->worker.state != WORKER_NONE);
	if (device->worker.state != WORKER_NONE)
		adopt_connection(device);
	return 0;
}

struct device *device_open(struct fleet *fleet, uint32_t slot, struct device_id id)
{
	const struct kind *kind = kind_of(id.kind);
	struct device *device = calloc(1, kind->bytes);
	const char *name = kind_name(id.kind);
	char path[80];
	int r;

	if (!device)
		return NULL;
	device->kind = kind;
	device->fleet = fleet;
	device->slot = slot;
	device->id = id;
	device->worker.pidfd = device->worker.line.fd = device->worker.line.listen_fd = -1;
	snprintf(device->name, sizeof(device->name), "%s %u/%u", name, id.domid, id.devid);
	snprintf(device->run_name, sizeof(device->run_name), "%s-%u-%u", name, id.domid, id.devid);
	store_backend(fleet->store, id, device->backend);
	snprintf(device->frontend, sizeof(device->frontend), "/local/domain/%u/device/%s/%u",
			id.domid, name, id.devid);
	fleet->device[slot] = device;
	state_path(device, path);
	r = store_watch(fleet->store, path, id);
	if (r == 0)
		r = adopt(device);
	if (r) {
		device_log(device, LOG_WARN, "xenstored fails (%s); trying again", strerror(-r));
		fleet_look_again(fleet);
		fleet->device[slot] = NULL;
		free(device);
		return NULL;
	}
	return device;
}

void device_close(struct device *device)
{
	struct fleet *fleet = device->fleet;
	char path[80];

	state_path(device, path);
	if (!device->deaf_until)
		store_unwatch(fleet->store, path, device->id);
	if (device->kind->forget)
		device->kind->forget(device);
	rundir_remove(fleet->run, device->run_name);
	if (device->generation || device->failed)
		device_error_clear(device);
	fleet->device[device->slot] = NULL;
	free(device);
}
