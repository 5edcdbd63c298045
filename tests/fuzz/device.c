/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: xenbus/device.o xenbus/parse.o */
/*
 * A device's table under any sequence of what toolstack, frontend, script and worker can do. Its
 * actions are played on a model: two workers never live for one device, a directory that is gone
 * is not written, nothing of a connection is left when 6 is said, and it always comes to rest.
 */
#include "tests/fuzz/feed.h"
#include "xenbus/device.h"

static void started(struct device_view *view)
{
	HOLDS(!worker_alive(view->worker));
	HOLDS(view->ours != BUS_UNKNOWN && !view->reborn);
	view->worker = WORKER_STARTING;
}

static void say(struct device_view *view, enum bus_state state)
{
	HOLDS(view->ours != BUS_UNKNOWN && !view->reborn);
	HOLDS(state != BUS_CLOSED || view->worker == WORKER_NONE);
	HOLDS(state != BUS_CONNECTED || view->worker == WORKER_RUNNING);
	view->ours = state;
}

/* What control does for an action, as far as the table can see it. False: the device is dropped. */
static bool play(struct device_view *view, enum device_action action)
{
	switch (action) {
	case DEVICE_INTRODUCE:
		view->foreign = view->reborn = view->failed = false;
		view->backing = BACKING_ABSENT;
		say(view, BUS_INITWAIT);
		break;
	case DEVICE_PREPARE:
		view->backing = BACKING_READY;
		break;
	case DEVICE_CONNECT:
		view->published = view->confirmed = false;
		started(view);
		break;
	case DEVICE_RESTART:
		HOLDS(view->worker == WORKER_LOST);
		started(view);
		break;
	case DEVICE_PUBLISH:
		say(view, BUS_CONNECTED);
		view->published = true;
		break;
	case DEVICE_RECONFIGURE:
		say(view, BUS_RECONFIGURED);
		break;
	case DEVICE_RELEASE:
		view->published = view->confirmed = false;
		view->worker = worker_alive(view->worker) ? WORKER_DRAINING : WORKER_NONE;
		break;
	case DEVICE_TO_CLOSING:
		say(view, BUS_CLOSING);
		break;
	case DEVICE_TO_CLOSED:
		say(view, BUS_CLOSED);
		break;
	case DEVICE_FORGET:
		HOLDS(!worker_alive(view->worker));
		return false;
	default:
		break;
	}
	return true;
}

static void happen(struct device_view *view, uint8_t what, uint8_t how)
{
	switch (what % 8) {
	case 0:
		view->theirs = (enum bus_state)(how % (BUS_RECONFIGURED + 1));
		view->confirmed |= view->published && view->theirs == BUS_CONNECTED;
		break;
	case 1:		/* the toolstack: 5, or the directory goes, or comes back */
		view->ours = how % 3 == 0 ? BUS_CLOSING : how % 3 == 1 ? BUS_UNKNOWN : BUS_INITIALISING;
		view->reborn = how & 4;
		break;
	case 2:
		view->online = how & 1;
		break;
	case 3:
		if (view->backing == BACKING_ABSENT)
			view->backing = BACKING_NAMED;
		break;
	case 4:
		if (view->worker == WORKER_STARTING)
			view->worker = how & 1 ? WORKER_RUNNING : WORKER_BROKEN;
		break;
	case 5:		/* its process ends */
		if (view->worker == WORKER_DRAINING)
			view->worker = how & 1 ? WORKER_NONE : WORKER_LOST;
		else if (worker_alive(view->worker))
			view->worker = how & 1 ? WORKER_LOST : WORKER_RESTING;
		break;
	case 6:
		if (view->worker == WORKER_RESTING)
			view->worker = WORKER_LOST;
		break;
	case 7:
		view->failed = true;
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = { data, size };
	const uint8_t knobs = feed_u8(&feed);
	struct device_view view = {
		.ours = BUS_INITIALISING, .theirs = BUS_INITIALISING, .online = true, .foreign = knobs & 1,
		.early = knobs & 2, .reconfigures = knobs & 4,
	};
	bool there = true;

	while (feed.left >= 2 && there) {
		uint8_t what = feed_u8(&feed);
		enum device_action action;
		int steps = 0;

		happen(&view, what, feed_u8(&feed));
		do {
			action = device_next(&view);
			HOLDS(action < DEVICE_ACTIONS && device_action_name(action)[0]);
			HOLDS(steps++ < 16);
			there = play(&view, action);
		} while (action != DEVICE_REST && there);
	}
	return 0;
}
