/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transition table of a backend device. Pure. Trusts nothing about the frontend's state: it may
 * be any number, in any order, and may skip what it likes; transitions that were seen too late to
 * be seen one by one (connected -> initialising) count as the steps that they leave out.
 * Promises: never a state written over the toolstack's 5 but 6; never 6 while a worker lives.
 */
#include "xenbus/device.h"

bool worker_alive(enum worker_state worker)
{
	return worker == WORKER_STARTING || worker == WORKER_RUNNING || worker == WORKER_BROKEN ||
			worker == WORKER_DRAINING;
}

/* `after` once there is no connection any more. */
static enum device_action released(const struct device_view *view, enum device_action after)
{
	if (view->worker == WORKER_NONE)
		return after;
	return view->worker == WORKER_DRAINING ? DEVICE_REST : DEVICE_RELEASE;
}

/* Does the frontend want to be, or believe itself to be, connected? */
static bool wants_connection(const struct device_view *view)
{
	switch (view->theirs) {
	case BUS_INITIALISED:
		return view->early;
	case BUS_CONNECTED:
		return true;
	case BUS_RECONFIGURING:
	case BUS_RECONFIGURED:
		return view->reconfigures;
	default:
		return false;
	}
}

static enum device_action look_at_backing(const struct device_view *view)
{
	return view->backing == BACKING_NAMED ? DEVICE_PREPARE : DEVICE_REST;
}

/* The connection stands and is wanted: keep a worker on it. */
static enum device_action serve(const struct device_view *view)
{
	if (view->worker == WORKER_LOST)
		return DEVICE_RESTART;
	return view->worker == WORKER_BROKEN ? DEVICE_RELEASE : DEVICE_REST;
}

static enum device_action connect_next(const struct device_view *view)
{
	switch (view->worker) {
	case WORKER_NONE:
		return view->backing == BACKING_READY ? DEVICE_CONNECT : look_at_backing(view);
	case WORKER_RUNNING:
		return DEVICE_PUBLISH;
	default:
		return serve(view);
	}
}

static enum device_action next_waiting(const struct device_view *view)
{
	if (view->failed)
		return released(view, DEVICE_TO_CLOSING);
	if (view->theirs == BUS_NONSENSE)
		return view->worker == WORKER_NONE ? look_at_backing(view) : serve(view);
	if (wants_connection(view))
		return connect_next(view);
	if (view->theirs == BUS_CLOSING)
		return DEVICE_TO_CLOSING;
	if (view->theirs == BUS_CLOSED)
		return released(view, DEVICE_TO_CLOSED);
	return released(view, look_at_backing(view));
}

static enum device_action next_connected(const struct device_view *view)
{
	if (view->failed)
		return released(view, DEVICE_TO_CLOSING);
	switch (view->theirs) {
	case BUS_UNKNOWN:
	case BUS_CLOSED:
		return released(view, DEVICE_TO_CLOSED);
	case BUS_CLOSING:
		return DEVICE_TO_CLOSING;
	case BUS_INITIALISING:
		/* Closing and closed were too quick for us; a kexec'd kernel waits for 2. */
		return released(view, DEVICE_INTRODUCE);
	case BUS_INITIALISED:
		/* It was connected and made new rings without closing: a resume on the same nodes. */
		if (view->early && view->confirmed)
			return released(view, DEVICE_INTRODUCE);
		break;
	case BUS_CONNECTED:
		if (view->ours == BUS_RECONFIGURED && view->worker == WORKER_RUNNING)
			return DEVICE_PUBLISH;
		break;
	case BUS_RECONFIGURING:
		if (view->reconfigures && view->ours == BUS_CONNECTED &&
				view->worker != WORKER_NONE)
			return DEVICE_RECONFIGURE;
		break;
	default:
		break;
	}
	/* A connection that was ended while the frontend changed its mind: begin again. */
	if (view->worker == WORKER_NONE)
		return DEVICE_INTRODUCE;
	return serve(view);
}

/* 5, written by us for the frontend's sake or by the toolstack. A frontend that is still connected
 * is served until it closes: it may have to write back a mounted file system first. */
static enum device_action next_closing(const struct device_view *view)
{
	bool nobody_waits = view->online;

	switch (view->theirs) {
	case BUS_UNKNOWN:
	case BUS_CLOSED:
		return released(view, DEVICE_TO_CLOSED);
	case BUS_CLOSING:
		return released(view, DEVICE_REST);
	case BUS_NONSENSE:
		return released(view, nobody_waits ? DEVICE_REST : DEVICE_TO_CLOSED);
	default:
		break;
	}
	if (wants_connection(view)) {
		if (view->published && !view->failed && view->worker != WORKER_NONE)
			return serve(view);
		return released(view, nobody_waits ? DEVICE_REST : DEVICE_TO_CLOSED);
	}
	return released(view, nobody_waits && view->failed ? DEVICE_REST : DEVICE_TO_CLOSED);
}

static enum device_action next_closed(const struct device_view *view)
{
	bool returns = view->theirs == BUS_INITIALISING || wants_connection(view);

	return released(view, view->online && returns ? DEVICE_INTRODUCE : DEVICE_REST);
}

enum device_action device_next(const struct device_view *view)
{
	if (view->ours == BUS_UNKNOWN || view->reborn)
		return released(view, DEVICE_FORGET);
	/* Somebody else brought it up: only what nobody has begun, or what is being removed. */
	if (view->foreign && view->ours != BUS_INITIALISING &&
			(view->ours != BUS_CLOSING || view->online))
		return released(view, DEVICE_REST);
	switch (view->ours) {
	case BUS_INITIALISING:
		return view->failed ? DEVICE_REST : released(view, DEVICE_INTRODUCE);
	case BUS_INITWAIT:
		return next_waiting(view);
	case BUS_CONNECTED:
	case BUS_RECONFIGURED:
		return next_connected(view);
	case BUS_CLOSING:
		return next_closing(view);
	case BUS_CLOSED:
		return next_closed(view);
	default:
		return DEVICE_REST;	/* states that a backend of ours never writes */
	}
}

const char *device_action_name(enum device_action action)
{
	static const char *const names[DEVICE_ACTIONS] = {
		"rest", "introduce", "prepare", "connect", "restart", "publish", "reconfigure",
		"release", "state 5", "state 6", "forget",
	};

	return names[action];
}
