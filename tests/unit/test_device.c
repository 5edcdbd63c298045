/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: xenbus/device.o */
/*
 * The transition table over every input, and over the ways that frontends and toolstacks walk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "xenbus/device.h"

#define FLAGS 128	/* online, reborn, foreign, failed, published, confirmed, kind */

#define VIEWS (BUS_STATES * BUS_STATES * FLAGS * BACKINGS * WORKER_STATES)

/* Takes the next digit, of that base, off a number. */
static unsigned int digit(unsigned int *number, unsigned int base)
{
	unsigned int value = *number % base;

	*number /= base;
	return value;
}

/* The n-th of all inputs. */
static struct device_view view_of(unsigned int n)
{
	unsigned int flags = digit(&n, FLAGS);

	return (struct device_view) {
		.ours = (enum bus_state)digit(&n, BUS_STATES),
		.theirs = (enum bus_state)digit(&n, BUS_STATES),
		.backing = (enum backing)digit(&n, BACKINGS),
		.worker = (enum worker_state)digit(&n, WORKER_STATES),
		.online = flags & 1,
		.reborn = flags & 2,
		.foreign = flags & 4,
		.failed = flags & 8,
		.published = flags & 16,
		.confirmed = flags & 32,
		.early = flags & 64,
		.reconfigures = !(flags & 64),
	};
}

static void each_view(void (*check)(const struct device_view *view, enum device_action action))
{
	for (unsigned int n = 0; n < VIEWS; n++) {
		struct device_view view = view_of(n);

		check(&view, device_next(&view));
	}
}

/* The state that an action writes, or `ours` where it writes none. */
static enum bus_state written(const struct device_view *view, enum device_action action)
{
	switch (action) {
	case DEVICE_INTRODUCE:
		return BUS_INITWAIT;
	case DEVICE_PUBLISH:
		return BUS_CONNECTED;
	case DEVICE_RECONFIGURE:
		return BUS_RECONFIGURED;
	case DEVICE_TO_CLOSING:
		return BUS_CLOSING;
	case DEVICE_TO_CLOSED:
		return BUS_CLOSED;
	default:
		return view->ours;
	}
}

/* --- invariants -------------------------------------------------------------------------------- */

static void known(const struct device_view *view, enum device_action action)
{
	(void)view;
	assert_in_range(action, DEVICE_REST, DEVICE_FORGET);
}

static void every_input_has_an_action(void **state)
{
	each_view(known);
}

static void order(const struct device_view *view, enum device_action action)
{
	enum bus_state after = written(view, action);

	if (view->ours == BUS_CLOSING)
		assert_true(after == BUS_CLOSING || after == BUS_CLOSED);
	if (view->ours == BUS_CLOSED && !view->online)
		assert_int_equal(after, BUS_CLOSED);
}

static void the_toolstacks_closing_is_only_ever_followed_by_closed(void **state)
{
	each_view(order);
}

static void quiet(const struct device_view *view, enum device_action action)
{
	if (view->ours != BUS_UNKNOWN && !view->reborn)
		return;
	assert_int_equal(written(view, action), view->ours);
	assert_true(action == DEVICE_REST || action == DEVICE_RELEASE || action == DEVICE_FORGET);
}

static void nothing_is_written_where_the_directory_is_gone_or_anothers(void **state)
{
	each_view(quiet);
}

static void alone(const struct device_view *view, enum device_action action)
{
	if (action == DEVICE_TO_CLOSED || action == DEVICE_FORGET || action == DEVICE_CONNECT ||
			action == DEVICE_INTRODUCE)
		assert_int_equal(view->worker, WORKER_NONE);
	if (action == DEVICE_RESTART)
		assert_int_equal(view->worker, WORKER_LOST);
}

static void a_state_that_promises_no_worker_is_written_when_there_is_none(void **state)
{
	each_view(alone);
}

static void earned(const struct device_view *view, enum device_action action)
{
	if (action != DEVICE_PUBLISH)
		return;
	assert_int_equal(view->worker, WORKER_RUNNING);
	assert_false(view->failed);
	assert_true(view->ours == BUS_INITWAIT || view->ours == BUS_RECONFIGURED);
	assert_true(view->theirs == BUS_CONNECTED || view->theirs == BUS_INITIALISED ||
			view->reconfigures);
}

static void connected_is_written_for_a_running_worker_only(void **state)
{
	each_view(earned);
}

static void ready(const struct device_view *view, enum device_action action)
{
	if (action == DEVICE_CONNECT) {
		assert_int_equal(view->ours, BUS_INITWAIT);
		assert_int_equal(view->backing, BACKING_READY);
	}
	if (action == DEVICE_PREPARE)
		assert_int_equal(view->backing, BACKING_NAMED);
}

static void a_worker_is_started_in_state_2_with_a_good_backing_only(void **state)
{
	each_view(ready);
}

static void patient(const struct device_view *view, enum device_action action)
{
	if (view->worker == WORKER_DRAINING)
		assert_true(action == DEVICE_REST || action == DEVICE_TO_CLOSING ||
				action == DEVICE_RECONFIGURE);
}

static void a_draining_worker_is_waited_for(void **state)
{
	each_view(patient);
}

static void ignored(const struct device_view *view, enum device_action action)
{
	struct device_view connected = *view;

	if (view->theirs != BUS_NONSENSE || view->ours != BUS_CONNECTED)
		return;
	connected.theirs = BUS_CONNECTED;
	assert_int_equal(action, device_next(&connected));
}

static void a_frontend_state_that_does_not_exist_disturbs_no_connection(void **state)
{
	each_view(ignored);
}

/* --- a small world around the table ------------------------------------------------------------ */

/* What an action does where everything goes well; a worker connects and drains at once. */
static void act(struct device_view *view, enum device_action action)
{
	view->ours = written(view, action);
	switch (action) {
	case DEVICE_INTRODUCE:
		view->failed = view->foreign = false;
		view->backing = BACKING_NAMED;
		break;
	case DEVICE_PREPARE:
		view->backing = BACKING_READY;
		break;
	case DEVICE_CONNECT:
	case DEVICE_RESTART:
		view->worker = WORKER_RUNNING;
		break;
	case DEVICE_PUBLISH:
		view->confirmed = false;
		view->published = true;
		break;
	case DEVICE_RELEASE:
		view->worker = WORKER_NONE;
		view->published = view->confirmed = false;
		break;
	default:
		break;
	}
}

/* Acts until there is nothing to do; *seen collects the states on the way, one bit each. */
static enum device_action settle(struct device_view *view, unsigned int *seen)
{
	enum device_action action = DEVICE_REST;

	*seen = 0;
	for (unsigned int step = 0; step < 12; step++) {
		action = device_next(view);
		if (action == DEVICE_REST || action == DEVICE_FORGET)
			return action;
		act(view, action);
		*seen |= 1u << view->ours;
	}
	fail_msg("does not come to rest: ours %d theirs %d worker %d last action %s", view->ours,
			view->theirs, view->worker, device_action_name(action));
	return action;
}

static void calm(const struct device_view *view, enum device_action action)
{
	struct device_view copy = *view;
	unsigned int seen;

	(void)action;
	settle(&copy, &seen);
}

static void acting_comes_to_rest_from_every_input(void **state)
{
	each_view(calm);
}

static void removed(const struct device_view *view, enum device_action action)
{
	struct device_view copy = *view;
	unsigned int seen;

	(void)action;
	if (view->ours != BUS_CLOSING || view->online || view->reborn)
		return;
	if (view->theirs != BUS_UNKNOWN && view->theirs != BUS_CLOSED)
		return;
	if (view->worker == WORKER_DRAINING)
		copy.worker = WORKER_NONE;	/* it ends, sooner or later */
	settle(&copy, &seen);
	assert_int_equal(copy.ours, BUS_CLOSED);
	assert_int_equal(copy.worker, WORKER_NONE);
}

static void a_removed_device_whose_frontend_is_gone_ends_closed(void **state)
{
	each_view(removed);
}

/* A device as the toolstack makes it, seen by a kind that connects at 3. */
static struct device_view fresh(void)
{
	return (struct device_view) { .ours = BUS_INITIALISING, .theirs = BUS_INITIALISING,
			.online = true, .foreign = true, .early = true };
}

static void they(struct device_view *view, enum bus_state theirs, enum bus_state expect)
{
	unsigned int seen;

	view->theirs = theirs;
	settle(view, &seen);
	assert_int_equal(view->ours, expect);
	view->confirmed = view->published && theirs == BUS_CONNECTED;
}

static struct device_view connected(void)
{
	struct device_view view = fresh();

	they(&view, BUS_INITIALISING, BUS_INITWAIT);
	they(&view, BUS_INITIALISED, BUS_CONNECTED);
	they(&view, BUS_CONNECTED, BUS_CONNECTED);
	assert_true(view.confirmed);
	return view;
}

static void an_ordinary_frontend_connects_and_closes(void **state)
{
	struct device_view view = connected();

	they(&view, BUS_CLOSING, BUS_CLOSING);
	they(&view, BUS_CLOSED, BUS_CLOSED);
	assert_int_equal(view.worker, WORKER_NONE);
}

static void a_resuming_frontend_is_at_3_before_we_begin(void **state)
{
	struct device_view view = fresh();

	they(&view, BUS_INITIALISED, BUS_CONNECTED);
}

static void state_2_waits_for_the_script(void **state)
{
	struct device_view view = fresh();

	view.theirs = BUS_INITIALISED;
	act(&view, device_next(&view));
	view.backing = BACKING_ABSENT;
	assert_int_equal(device_next(&view), DEVICE_REST);
	view.backing = BACKING_LOOKING;
	assert_int_equal(device_next(&view), DEVICE_REST);
	assert_int_equal(view.ours, BUS_INITWAIT);
}

static void a_kexec_walks_through_closing_and_closed_to_waiting(void **state)
{
	struct device_view view = connected();

	they(&view, BUS_CLOSING, BUS_CLOSING);
	assert_int_equal(view.worker, WORKER_NONE);	/* the old kernel's pages are unmapped */
	they(&view, BUS_CLOSED, BUS_CLOSED);
	they(&view, BUS_INITIALISING, BUS_INITWAIT);
	they(&view, BUS_INITIALISED, BUS_CONNECTED);
}

static void a_driver_reload_may_be_seen_as_connected_to_initialising(void **state)
{
	struct device_view view = connected();
	unsigned int seen;

	view.theirs = BUS_INITIALISING;
	assert_int_equal(device_next(&view), DEVICE_RELEASE);
	settle(&view, &seen);
	assert_int_equal(view.ours, BUS_INITWAIT);
	they(&view, BUS_INITIALISED, BUS_CONNECTED);
}

static void a_frontend_that_makes_new_rings_without_closing_gets_a_new_connection(void **state)
{
	struct device_view view = connected();

	view.theirs = BUS_INITIALISED;
	assert_int_equal(device_next(&view), DEVICE_RELEASE);
	they(&view, BUS_INITIALISED, BUS_CONNECTED);
	assert_true(view.published);
	assert_false(view.confirmed);
}

static void closing_seen_late_still_ends_in_waiting(void **state)
{
	struct device_view view = connected();

	they(&view, BUS_CLOSING, BUS_CLOSING);
	they(&view, BUS_INITIALISING, BUS_INITWAIT);
}

static void a_detach_serves_the_frontend_until_it_closes(void **state)
{
	struct device_view view = connected();

	view.ours = BUS_CLOSING;
	view.online = false;
	assert_int_equal(device_next(&view), DEVICE_REST);
	view.worker = WORKER_LOST;
	assert_int_equal(device_next(&view), DEVICE_RESTART);
	view.worker = WORKER_RUNNING;
	they(&view, BUS_CLOSING, BUS_CLOSING);
	they(&view, BUS_CLOSED, BUS_CLOSED);
}

static void a_forced_detach_needs_no_frontend(void **state)
{
	struct device_view view = connected();

	view.ours = BUS_CLOSING;
	view.online = false;
	they(&view, BUS_UNKNOWN, BUS_CLOSED);
	assert_int_equal(view.worker, WORKER_NONE);
}

static void a_detach_before_the_frontend_came_ends_at_once(void **state)
{
	struct device_view view = fresh();

	they(&view, BUS_INITIALISING, BUS_INITWAIT);
	view.ours = BUS_CLOSING;
	view.online = false;
	they(&view, BUS_INITIALISING, BUS_CLOSED);
}

static void a_dead_worker_is_succeeded_without_a_state_write(void **state)
{
	struct device_view view = connected();
	unsigned int seen;

	view.worker = WORKER_LOST;
	assert_int_equal(device_next(&view), DEVICE_RESTART);
	settle(&view, &seen);
	assert_int_equal(seen, 1u << BUS_CONNECTED);
}

static void a_broken_frontend_ends_in_closing_and_stays_there(void **state)
{
	struct device_view view = connected();

	view.worker = WORKER_BROKEN;
	view.failed = true;
	they(&view, BUS_CONNECTED, BUS_CLOSING);
	assert_int_equal(view.worker, WORKER_NONE);
	they(&view, BUS_CLOSED, BUS_CLOSED);
	they(&view, BUS_INITIALISING, BUS_INITWAIT);
}

static void a_directory_of_another_generation_is_forgotten_first(void **state)
{
	struct device_view view = connected();
	unsigned int seen;

	view.reborn = true;
	view.ours = BUS_INITIALISING;
	assert_int_equal(device_next(&view), DEVICE_RELEASE);
	assert_int_equal(settle(&view, &seen), DEVICE_FORGET);
}

static void an_interface_reconfigures_and_comes_back(void **state)
{
	struct device_view view = fresh();

	view.early = false;
	view.reconfigures = true;
	they(&view, BUS_INITIALISED, BUS_INITWAIT);
	they(&view, BUS_CONNECTED, BUS_CONNECTED);
	they(&view, BUS_RECONFIGURING, BUS_RECONFIGURED);
	they(&view, BUS_CONNECTED, BUS_CONNECTED);
}

static void the_kernels_device_is_left_alone(void **state)
{
	struct device_view view = fresh();

	view.ours = BUS_CONNECTED;
	view.theirs = BUS_CONNECTED;
	assert_int_equal(device_next(&view), DEVICE_REST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_input_has_an_action),
		cmocka_unit_test(the_toolstacks_closing_is_only_ever_followed_by_closed),
		cmocka_unit_test(nothing_is_written_where_the_directory_is_gone_or_anothers),
		cmocka_unit_test(a_state_that_promises_no_worker_is_written_when_there_is_none),
		cmocka_unit_test(connected_is_written_for_a_running_worker_only),
		cmocka_unit_test(a_worker_is_started_in_state_2_with_a_good_backing_only),
		cmocka_unit_test(a_draining_worker_is_waited_for),
		cmocka_unit_test(a_frontend_state_that_does_not_exist_disturbs_no_connection),
		cmocka_unit_test(acting_comes_to_rest_from_every_input),
		cmocka_unit_test(a_removed_device_whose_frontend_is_gone_ends_closed),
		cmocka_unit_test(an_ordinary_frontend_connects_and_closes),
		cmocka_unit_test(a_resuming_frontend_is_at_3_before_we_begin),
		cmocka_unit_test(state_2_waits_for_the_script),
		cmocka_unit_test(a_kexec_walks_through_closing_and_closed_to_waiting),
		cmocka_unit_test(a_driver_reload_may_be_seen_as_connected_to_initialising),
		cmocka_unit_test(a_frontend_that_makes_new_rings_without_closing_gets_a_new_connection),
		cmocka_unit_test(closing_seen_late_still_ends_in_waiting),
		cmocka_unit_test(a_detach_serves_the_frontend_until_it_closes),
		cmocka_unit_test(a_forced_detach_needs_no_frontend),
		cmocka_unit_test(a_detach_before_the_frontend_came_ends_at_once),
		cmocka_unit_test(a_dead_worker_is_succeeded_without_a_state_write),
		cmocka_unit_test(a_broken_frontend_ends_in_closing_and_stays_there),
		cmocka_unit_test(a_directory_of_another_generation_is_forgotten_first),
		cmocka_unit_test(an_interface_reconfigures_and_comes_back),
		cmocka_unit_test(the_kernels_device_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
