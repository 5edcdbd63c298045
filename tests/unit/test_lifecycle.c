/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: xenbus/lifecycle.o xenbus/failure.o xenbus/device.o ring/log.o */
/*
 * What control does with one device, on a store of two states and one generation, in which the
 * toolstack writes between a look and the transaction that follows it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>

#include "xenbus/arrive.h"
#include "xenbus/lock.h"
#include "xenbus/rundir.h"
#include "xenbus/worker.h"

static struct fleet fleet;
static enum bus_state ours, theirs, written_between;	/* BUS_UNKNOWN: the toolstack writes nothing */

/* --- the store --------------------------------------------------------------------------------- */

int store_state(struct store *store, const char *dir, enum bus_state *state)
{
	*state = strstr(dir, "backend") ? ours : theirs;
	return 0;
}

int store_u64(struct store *store, const char *dir, const char *key, uint64_t min, uint64_t max,
		uint64_t *value)
{
	*value = 5;
	return 0;
}

int store_u32(struct store *store, const char *dir, const char *key, uint32_t min, uint32_t max,
		uint32_t *value)
{
	*value = 0;	/* `online': the toolstack takes the device away */
	return 0;
}

int store_transact(struct store *store, int (*body)(struct store *store, void *arg), void *arg)
{
	if (written_between != BUS_UNKNOWN)
		ours = written_between;
	written_between = BUS_UNKNOWN;
	return body(store, arg);
}

int store_write(struct store *store, const char *dir, const char *key, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (strcmp(key, "state") == 0)
		ours = (enum bus_state)va_arg(args, int);
	va_end(args);
	return 0;
}

int store_remove(struct store *store, const char *path)
{
	return 0;
}

bool store_trouble(struct store *store)
{
	return false;
}

uint32_t store_domid(const struct store *store)
{
	return 0;
}

void store_backend(const struct store *store, struct device_id id, char path[STORE_BACKEND_BYTES])
{
	strcpy(path, "/local/domain/0/backend/vbd/7/51712");
}

int store_watch(struct store *store, const char *path, struct device_id id)
{
	return 0;
}

void store_unwatch(struct store *store, const char *path, struct device_id id)
{
}

/* --- a disk that is always there, or hangs, and a worker that always runs ------------------------ */

static int hook(struct device *device)
{
	return 0;
}

static bool named(struct device *device)
{
	return true;
}

/* Open, or being opened. */
static bool hangs, held, opened_by_another;

static int prepare(struct device *device)
{
	held = true;
	return hangs ? -EINPROGRESS : 0;
}

static void released(struct device *device)
{
	held = false;
}

static const char *target(struct device *device)
{
	(void)device;
	return "/srv/disk.img";
}

static bool busy(struct device *device)
{
	return opened_by_another;
}

static int negotiate(struct device *device, char wrong[WRONG_KEY_MAX])
{
	return 0;
}

static const struct kind disk = { .id = DEVICE_VBD, .early = true, .bytes = sizeof(struct device),
		.advertise = hook, .named = named, .prepare = prepare, .negotiate = negotiate,
		.publish = hook, .released = released, .busy = busy, .target = target };

const struct kind *kind_of(uint32_t id)
{
	return &disk;
}

const char *kind_name(uint32_t id)
{
	return "vbd";
}

void worker_adopt(struct device *device)
{
	device->worker.state = WORKER_RUNNING;
}

void worker_release(struct device *device)
{
	device->worker.state = WORKER_NONE;
}

void worker_start(struct device *device, bool fresh)
{
	device->worker.state = WORKER_RUNNING;
}

void worker_tick(struct device *device)
{
}

int device_arrive(struct device *device)
{
	return 0;
}

int device_settings(struct device *device)
{
	return 0;
}

struct settings device_settings_now(struct device *device)
{
	return (struct settings) { 0 };
}

uint32_t fleet_free_uid(struct fleet *of)
{
	return 1;
}

void fleet_look_again(struct fleet *of)
{
}

static uint64_t now = 1000;

uint64_t now_msec(void)
{
	return now;
}

bool lock_uid(uint32_t uid)
{
	return true;
}

void rundir_remove(const char *run, const char *name)
{
}

/* --- what is held ------------------------------------------------------------------------------ */

/* In state 2, of a frontend that is at 3; with a worker. */
static struct device *disk_make(void)
{
	ours = BUS_INITWAIT;
	theirs = BUS_INITIALISED;
	written_between = BUS_UNKNOWN;
	hangs = held = opened_by_another = false;
	return device_open(&fleet, 0, (struct device_id) { .kind = DEVICE_VBD, .domid = 7, .devid = 51712 });
}

static void a_connected_guest_is_told_so(void **state)
{
	struct device *device = disk_make();

	(void)state;
	assert_true(device_evaluate(device));
	assert_int_equal(ours, BUS_CONNECTED);
	assert_true(device->published);
	device_close(device);
}

static void a_guest_that_was_not_told_counts_as_not_connected(void **state)
{
	struct device *device = disk_make();

	(void)state;
	written_between = BUS_CLOSING;
	assert_true(device_evaluate(device));
	assert_false(device->published);
	assert_int_equal(device->worker.state, WORKER_NONE);
	assert_int_equal(ours, BUS_CLOSED);
	device_close(device);
}

/* The same before anybody has connected it. */
static struct device *disk_new(void)
{
	struct device *device = disk_make();

	device->worker.state = WORKER_NONE;
	return device;
}

static void a_disk_that_hangs_is_waited_for_without_a_look(void **state)
{
	struct device *device = disk_new();

	(void)state;
	hangs = true;
	assert_true(device_evaluate(device));
	assert_int_equal(device->backing, BACKING_LOOKING);
	assert_int_equal(device->wake_at, 0);
	assert_int_equal(ours, BUS_INITWAIT);
	hangs = false;
	assert_true(device_evaluate(device));	/* nobody has said that it answers */
	assert_int_equal(device->backing, BACKING_LOOKING);
	device_backing_answers(device);
	assert_true(device_evaluate(device));
	assert_int_equal(ours, BUS_CONNECTED);
	assert_true(held);
	device_close(device);
}

static void a_disk_that_nobody_has_connected_is_closed_before_state_6(void **state)
{
	struct device *device = disk_new();

	(void)state;
	theirs = BUS_UNKNOWN;
	for (int i = 0; i < 2; i++) {
		hangs = i == 1;
		ours = BUS_INITWAIT;
		assert_true(device_evaluate(device));
		assert_int_equal(device->backing, hangs ? BACKING_LOOKING : BACKING_READY);
		assert_true(held);
		ours = BUS_CLOSING;
		assert_true(device_evaluate(device));
		assert_int_equal(ours, BUS_CLOSED);
		assert_int_equal(device->backing, BACKING_ABSENT);
		assert_false(held);
	}
	device_close(device);
}

static void state_6_waits_for_who_is_opening_the_disk(void **state)
{
	struct device *device = disk_new();

	(void)state;
	theirs = BUS_UNKNOWN;
	ours = BUS_CLOSING;
	opened_by_another = true;
	/* It looks again once, to say that it waits. */
	for (int i = 0; i < 2; i++) {
		assert_true(device_evaluate(device));
		assert_int_equal(ours, BUS_CLOSING);
		assert_int_equal(device->wake_at, 6000);
	}
	now = 6000;
	for (int i = 0; i < 2; i++) {
		assert_true(device_evaluate(device));
		assert_int_equal(device->patient_until, UINT64_MAX);
		assert_int_equal(device->wake_at, 0);
	}
	opened_by_another = false;
	device_backing_answers(device);
	assert_true(device_evaluate(device));
	assert_int_equal(ours, BUS_CLOSED);
	assert_int_equal(device->patient_until, 0);
	device_close(device);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connected_guest_is_told_so),
		cmocka_unit_test(a_guest_that_was_not_told_counts_as_not_connected),
		cmocka_unit_test(a_disk_that_hangs_is_waited_for_without_a_look),
		cmocka_unit_test(a_disk_that_nobody_has_connected_is_closed_before_state_6),
		cmocka_unit_test(state_6_waits_for_who_is_opening_the_disk),
	};

	log_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
