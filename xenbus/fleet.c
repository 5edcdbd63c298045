/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The devices of this process. Trusts xenstored's listing of the backend directories, which only
 * the toolstack writes. Promises one look per device and round, however much has changed: no guest
 * can keep the others waiting.
 */
#include "xenbus/fleet.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "ring/log.h"
#include "xenbus/lifecycle.h"
#include "xenbus/lock.h"
#include "xenbus/rundir.h"

#define LOOK_AGAIN_MSEC 100

uint64_t now_msec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int fleet_watch(struct fleet *fleet, int fd, enum event_tag tag, uint32_t slot)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = (uint64_t)tag << 32 | slot };

	return epoll_ctl(fleet->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

int fleet_open(struct fleet *fleet)
{
	fleet->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	fleet->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (fleet->epoll_fd < 0 || fleet->timer_fd < 0)
		return -errno;
	return fleet_watch(fleet, fleet->timer_fd, EVENT_TIMER, 0);
}

void fleet_look_again(struct fleet *fleet)
{
	if (fleet->look_at == 0)
		fleet->look_at = now_msec() + LOOK_AGAIN_MSEC;
}

/* What was seen since the last store_trouble() holds; or it does not, and is looked at again. */
static bool sure(struct fleet *fleet)
{
	if (!store_trouble(fleet->store))
		return true;
	fleet_look_again(fleet);
	return false;
}

static bool ours(const struct fleet *fleet, struct device_id id)
{
	const struct device_id *only = &fleet->only;

	return kind_of(id.kind) && (only->kind == 0 || (only->kind == id.kind &&
			only->domid == id.domid && only->devid == id.devid));
}

struct device *fleet_find(struct fleet *fleet, struct device_id id)
{
	for (uint32_t slot = 0; slot < DEVICES_MAX; slot++) {
		struct device *device = fleet->device[slot];

		if (device && device->id.kind == id.kind && device->id.domid == id.domid &&
				device->id.devid == id.devid)
			return device;
	}
	return NULL;
}

uint32_t fleet_free_uid(struct fleet *fleet)
{
	uint32_t first, last;

	config_uids(fleet->config, &first, &last);
	if (geteuid())
		return 0;
	for (uint32_t uid = first; uid < last; uid++) {
		bool taken = false;

		for (uint32_t slot = 0; slot < DEVICES_MAX && !taken; slot++) {
			struct device *device = fleet->device[slot];

			taken = device && device->worker.state != WORKER_NONE &&
					device->params.uid == uid;
		}
		if (!taken && (fleet->only.kind == 0 || lock_uid(uid)))
			return uid;
	}
	return last;	/* config_read() has made sure that there are DEVICES_MAX of them */
}

static struct device *device_new(struct fleet *fleet, struct device_id id)
{
	for (uint32_t slot = 0; slot < DEVICES_MAX; slot++) {
		if (!fleet->device[slot])
			return device_open(fleet, slot, id);
	}
	log_error("%s %u/%u is not served: %d devices is the limit", kind_name(id.kind), id.domid,
			id.devid, DEVICES_MAX);
	return NULL;
}

/* A directory without a state is not a device: half-made, or half-removed. */
static bool has_state(struct fleet *fleet, struct device_id id)
{
	char backend[STORE_BACKEND_BYTES], path[STORE_BACKEND_BYTES + 8];

	store_backend(fleet->store, id, backend);
	snprintf(path, sizeof(path), "%s/state", backend);
	store_trouble(fleet->store);
	if (store_exists(fleet->store, path))
		return true;
	sure(fleet);
	return false;
}

void fleet_look(struct fleet *fleet, struct device *device)
{
	struct device_id id = device->id;

	while (device && !device_evaluate_bounded(device)) {
		device_close(device);
		fleet->only_gone = fleet->only.kind != 0;
		/* Reborn: what is there now is another device, and has no generation yet. */
		device = has_state(fleet, id) ? device_new(fleet, id) : NULL;
	}
}

static void look_by_id(struct fleet *fleet, struct device_id id)
{
	struct device *device = fleet_find(fleet, id);

	if (!device && ours(fleet, id) && has_state(fleet, id))
		device = device_new(fleet, id);
	if (device)
		fleet_look(fleet, device);
}

/* --- listing ----------------------------------------------------------------------------------- */

struct listing {
	struct fleet *fleet;
	struct device_id id;
};

static void each_devid(void *arg, const char *name)
{
	struct listing *listing = arg;
	struct device_id id = listing->id;

	if (parse_u32(name, 0, ID_ANY - 1, &id.devid) == 0 && !fleet_find(listing->fleet, id))
		look_by_id(listing->fleet, id);
}

static void names_list(struct listing *listing, const char *path, void (*each)(void *arg, const char *name))
{
	int r;

	r = store_list(listing->fleet->store, path, each, listing);
	/* A kind that no guest has, and a domain whose last device went, have no directory. */
	if (r && r != -ENOENT)
		fleet_look_again(listing->fleet);
}

static void each_domid(void *arg, const char *name)
{
	struct listing *listing = arg;
	char path[128];

	if (parse_u32(name, 0, DOMID_LAST, &listing->id.domid))
		return;
	snprintf(path, sizeof(path), "%s/%s/%s", store_root(listing->fleet->store),
			kind_name(listing->id.kind), name);
	names_list(listing, path, each_devid);
}

/* Looks at what we know of a kind or of a domain, and at what is new in its directory. */
static void look_below(struct fleet *fleet, struct device_id id)
{
	struct listing listing = { fleet, id };
	char path[128], domid[16];

	for (uint32_t slot = 0; slot < DEVICES_MAX; slot++) {
		struct device *device = fleet->device[slot];

		if (device && device->id.kind == id.kind &&
				(id.domid == ID_ANY || device->id.domid == id.domid))
			fleet_look(fleet, device);
	}
	if (id.domid != ID_ANY) {
		snprintf(domid, sizeof(domid), "%u", id.domid);
		each_domid(&listing, domid);
		return;
	}
	snprintf(path, sizeof(path), "%s/%s", store_root(fleet->store), kind_name(id.kind));
	names_list(&listing, path, each_domid);
}

/*
 * Run directories of devices that went while nobody was looking: taken in like the others, so that
 * their workers are ended and what they have mapped is given back.
 */
static void take_in_orphan(void *arg, struct device_id id, const char *name)
{
	struct fleet *fleet = arg;
	struct device *device;

	(void)name;
	if (!ours(fleet, id) || fleet_find(fleet, id))
		return;
	device = device_new(fleet, id);
	if (device)
		fleet_look(fleet, device);
}

/* --- events ------------------------------------------------------------------------------------ */

static void released(struct fleet *fleet)
{
	for (uint32_t slot = 0; slot < DEVICES_MAX; slot++) {
		struct device *device = fleet->device[slot];

		if (device && !device->domain_dead &&
				!store_domain_alive(fleet->store, device->id.domid)) {
			device->domain_dead = true;
			fleet_look(fleet, device);
		}
		/* A domain that nobody could tell us of counts as alive until then. */
		if (device)
			sure(fleet);
	}
}

static void look_at_all(struct fleet *fleet)
{
	for (uint32_t kind = DEVICE_VBD; kind <= DEVICE_VIF; kind++)
		look_below(fleet, (struct device_id) { kind, ID_ANY, ID_ANY });
}

int fleet_store_event(struct fleet *fleet)
{
	struct dirty *dirty = &fleet->dirty;
	int r = store_take_dirty(fleet->store, dirty);

	if (r)
		return r;
	if (dirty->released)
		released(fleet);
	if (dirty->all)
		look_at_all(fleet);
	for (unsigned int i = 0; i < DIRTY_MAX && dirty->used && !dirty->all; i++) {
		struct device_id id = dirty->id[i];

		if (id.kind && id.devid == ID_ANY)
			look_below(fleet, id);
		else if (id.kind)
			look_by_id(fleet, id);
	}
	return 0;
}

void fleet_set_timer(struct fleet *fleet)
{
	struct itimerspec timer = { 0 };
	uint64_t first = fleet->look_at;

	for (uint32_t slot = 0; slot < DEVICES_MAX; slot++) {
		struct device *device = fleet->device[slot];

		if (device && device->wake_at && (first == 0 || device->wake_at < first))
			first = device->wake_at;
	}
	timer.it_value.tv_sec = (time_t)(first / 1000);
	timer.it_value.tv_nsec = (long)(first % 1000) * 1000000;
	timerfd_settime(fleet->timer_fd, TFD_TIMER_ABSTIME, &timer, NULL);
}

void fleet_timer_event(struct fleet *fleet)
{
	uint64_t expirations, now = now_msec();

	if (read(fleet->timer_fd, &expirations, sizeof(expirations)) < 0)
		return;		/* set anew meanwhile */
	if (fleet->look_at && fleet->look_at <= now) {
		fleet->look_at = 0;
		released(fleet);
		rundir_each_device(fleet->run, take_in_orphan, fleet);
		look_at_all(fleet);
	}
	for (uint32_t slot = 0; slot < DEVICES_MAX; slot++) {
		struct device *device = fleet->device[slot];

		if (device && device->wake_at && device->wake_at <= now) {
			device->wake_at = 0;
			fleet_look(fleet, device);
		}
	}
}

int fleet_start(struct fleet *fleet)
{
	int r = store_watch_release(fleet->store);

	rundir_each_device(fleet->run, take_in_orphan, fleet);
	for (uint32_t kind = DEVICE_VBD; kind <= DEVICE_VIF && r == 0; kind++) {
		if (kind_of(kind))
			r = store_watch_kind(fleet->store, kind);
	}
	/* What is there is known before we say that we are ready: an upgrade may be ordered at once. */
	if (r == 0)
		look_at_all(fleet);
	return r;
}
