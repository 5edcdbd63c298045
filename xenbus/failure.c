/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the administrator reads why a device does not work: a line of the log, and the error node that xl looks
 * at. Trusts its caller's words. Promises nothing of the node where xenstored fails; the line is there.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "xenbus/lifecycle.h"

#define PATIENT_MSEC 5000	/* who opens a disk has so long before the log says that it is waited for */

struct error_note {
	char dir[128];
	int err;
	const char *text;
};

static int error_write(struct store *store, void *arg)
{
	const struct error_note *note = arg;

	return store_write(store, note->dir, "error", "%d %s", note->err, note->text);
}

static void error_dir(const struct device *device, char dir[128])
{
	snprintf(dir, 128, "/local/domain/%u/error/backend/%s/%u/%u",
			store_domid(store_of(device)), kind_name(device->id.kind),
			device->id.domid, device->id.devid);
}

static int error_remove(struct store *store, void *arg)
{
	return store_remove(store, arg);
}

void device_error_clear(struct device *device)
{
	char dir[128];

	error_dir(device, dir);
	store_transact(store_of(device), error_remove, dir);
}

void device_fail(struct device *device, int err, const char *fmt, ...)
{
	struct error_note note = { .err = err };
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	device->failed = true;
	device_log(device, LOG_ERROR, "%s (%s)", text, strerror(err));
	error_dir(device, note.dir);
	note.text = text;
	store_transact(store_of(device), error_write, &note);
}

bool device_waits(struct device *device)
{
	return device->kind->busy && device->kind->busy(device);
}

void device_say_waits(struct device *device)
{
	const uint64_t now = now_msec();

	if (!device_waits(device))
		device->patient_until = 0;
	else if (device->patient_until == 0)
		device->patient_until = now + PATIENT_MSEC;
	if (device->patient_until == 0 || device->patient_until == UINT64_MAX)
		return;
	if (now < device->patient_until) {
		device_wake_in(device, (unsigned int)(device->patient_until - now));
		return;
	}
	device_log(device, LOG_WARN, "the target %s is being opened and does not answer: the device waits for it",
			device->kind->target(device));
	device->patient_until = UINT64_MAX;
}
