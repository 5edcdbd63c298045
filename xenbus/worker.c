/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Worker processes. Trusts the run directory (root's) after checking whose generation it is; does
 * not trust a worker: it looks at guest memory. Promises that two processes never serve the same
 * connection: a successor starts only when the pidfd of its predecessor says that it has ended, and
 * the lock of its journal that its kernel I/O has.
 */
#include "xenbus/worker.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ring/stats.h"
#include "xenbus/record.h"
#include "xenbus/rundir.h"
#include "xenbus/spawn.h"

#define ERRNO_LIMIT 4096	/* the kernel's MAX_ERRNO and one */
#define WORKER_LOOK_MSEC 100	/* whether a process has ended that we cannot watch */
#define IO_LOOK_MSEC 10		/* whether the I/O of one that has ended has, too */
#define MESSAGES_MAX 16		/* of one worker at once: then others get their turn */

/* Rest before the n-th successor in a row, milliseconds: the first comes at once. */
static unsigned int rest_before(unsigned int deaths)
{
	return deaths < 2 ? 0 : 25u << deaths;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void set_deadline(struct device *device, unsigned int msec)
{
	device->worker.deadline = now_msec() + msec;
	device_wake_in(device, msec);
}

/* --- start ------------------------------------------------------------------------------------- */

/*
 * Everything a worker is born with, in the order of enum worker_fd. The backing comes first: what
 * it measures belongs into the parameters. Returns how many, or -errno.
 */
static int worker_fds(struct device *device, int dir, bool fresh, int fds[SPAWN_FDS_MAX])
{
	unsigned int backing = 0;
	const char *wrong;
	int r = device->kind->open(device, fds + 4, &backing);

	if (r)
		return r;
	wrong = params_check(&device->params, device->id.kind);
	if (wrong) {
		device_fail(device, EINVAL, "%s", wrong);
		return -EINVAL;
	}
	fds[0] = rundir_listen(dir, "sock");
	fds[1] = record_params(dir, &device->params);
	fds[2] = record_journal(dir, device->kind->journal_bytes(&device->params), fresh);
	fds[3] = rundir_shared(dir, "stats", STATS_BYTES, 0644, 0);
	for (unsigned int i = 0; i < 4; i++) {
		if (fds[i] < 0)
			return fds[i];
	}
	return 4 + (int)backing;
}

/* Its group; a worker that cannot have one runs without, and the administrator hears of it. */
static void limits_set(struct device *device)
{
	int r = cgroup_join(&device->fleet->cgroups, device->run_name, device->worker.pid, &device->settings);

	if (r == -ENOTSUP)
		device_log(device, LOG_INFO, "memory-max, cpu-weight and io-weight do not hold: "
				"no control group is delegated to xenbackd");
	else if (r)
		device_log(device, LOG_WARN, "worker %d is in no control group of its own: %s",
				(int)device->worker.pid, strerror(-r));
}

static int worker_spawn(struct device *device, int dir, const int *fds, unsigned int n)
{
	struct worker *worker = &device->worker;
	char program[PATH_MAX], name[32];
	char *argv[] = { name, device->run_name, NULL };
	pid_t pid;
	int r;

	snprintf(program, sizeof(program), "%s/%s", device->fleet->libexec, device->kind->worker);
	snprintf(name, sizeof(name), "%s", device->kind->worker);
	pid = spawn(program, argv, fds, n);
	if (pid < 0)
		return pid;
	worker->pid = pid;
	worker->pidfd = process_open(pid);
	r = worker->pidfd < 0 ? worker->pidfd :
			fleet_watch(device->fleet, worker->pidfd, EVENT_EXIT, device->slot);
	if (r == 0)
		r = record_process(dir, pid);
	if (r) {	/* nobody would hear of its end, or the next control not of it */
		process_reap(pid);
		close_fd(&worker->pidfd);
		return r;
	}
	limits_set(device);
	return 0;
}

/* Connects to the worker's socket, which listens since before the worker was born. */
static int line_open(struct device *device, int dir)
{
	struct control_line *line = &device->worker.line;

	line->fd = rundir_connect(dir, "sock");
	if (line->fd < 0) {
		int r = line->fd;

		line->fd = -1;
		return r;
	}
	return fleet_watch(device->fleet, line->fd, EVENT_WORKER, device->slot);
}

static int worker_start_in(struct device *device, int dir, bool fresh)
{
	int fds[SPAWN_FDS_MAX] = { -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1 };
	int n = worker_fds(device, dir, fresh, fds);
	int r = n < 0 ? n : worker_spawn(device, dir, fds, (unsigned int)n);

	for (unsigned int i = 0; i < SPAWN_FDS_MAX; i++)
		close_fd(&fds[i]);
	/* Nobody listens any more: it has died already, and its end is dealt with like any other. */
	if (r == 0 && line_open(device, dir))
		process_signal(device->worker.pidfd, SIGKILL);
	return r;
}

/* A process of an earlier life of this name: nothing of it may go on. */
static void leftover(struct device *device)
{
	process_signal(device->worker.pidfd, SIGKILL);
	device->worker.state = WORKER_DRAINING;
	device->worker.successor = false;
	device->worker.killed = true;
	set_deadline(device, WORKER_DRAIN_MSEC);
}

/* No process serves the connection. Is there to be another try? Then when is decided here. */
static bool patience_left(struct device *device)
{
	struct worker *worker = &device->worker;
	unsigned int rest;

	worker->state = WORKER_LOST;
	worker->deaths++;
	if (worker->deaths >= WORKER_DEATHS_MAX)
		return false;
	rest = rest_before(worker->deaths);
	if (rest) {
		worker->state = WORKER_RESTING;
		set_deadline(device, rest);
	}
	return true;
}

static void start_failed(struct device *device, int err, bool fresh)
{
	if (!device->failed)	/* opening the backing has told its own story */
		device_fail(device, err, "cannot start %s/%s in %s/%s", device->fleet->libexec,
				device->kind->worker, device->fleet->run, device->run_name);
	device->worker.state = WORKER_LOST;
	/* A guest that is connected has nowhere to go: what is missing may be back in a moment. */
	if (!fresh && patience_left(device))
		device->failed = false;
}

void worker_start(struct device *device, bool fresh)
{
	struct worker *worker = &device->worker;
	int dir = rundir_open(device->fleet->run, device->run_name, 1);
	int r = dir;

	if (dir >= 0) {
		r = worker_start_in(device, dir, fresh);
		close(dir);
	}
	if (r == -EINPROGRESS) {	/* until device_backing_answers() */
		worker->state = WORKER_RESTING;
		worker->deadline = 0;
		return;
	}
	if (r) {
		start_failed(device, -r, fresh);
		return;
	}
	if (fresh)
		worker->deaths = 0;
	worker->state = WORKER_STARTING;
	worker->successor = worker->killed = worker->replace_due = false;
	worker->started = now_msec();
	set_deadline(device, WORKER_START_MSEC);
}

/* --- adopt ------------------------------------------------------------------------------------- */

static void adopt_live(struct device *device, int dir)
{
	struct worker *worker = &device->worker;
	int r;

	worker->state = WORKER_STARTING;	/* until it has said whose it is */
	worker->started = now_msec();
	set_deadline(device, WORKER_START_MSEC);
	r = fleet_watch(device->fleet, worker->pidfd, EVENT_EXIT, device->slot);
	if (device->generation == 0) {
		leftover(device);
		return;
	}
	if (r == 0)
		r = line_open(device, dir);
	if (r) {	/* it cannot be led: let a successor take over */
		process_signal(worker->pidfd, SIGKILL);
		set_deadline(device, WORKER_LOOK_MSEC);	/* its end may not be heard */
	} else {
		worker_send(device, CONTROL_HELLO_PLEASE, 0);
	}
	limits_set(device);	/* what it was given may have gone with our predecessor's unit */
	device_log(device, LOG_NOTICE, "adopted worker %d", (int)worker->pid);
}

void worker_adopt(struct device *device)
{
	struct worker *worker = &device->worker;
	int dir = rundir_open(device->fleet->run, device->run_name, 0);
	bool same;

	if (dir < 0)
		return;
	same = recorded_params(device, dir);
	worker->pidfd = recorded_process(dir, &worker->pid);
	if (worker->pidfd >= 0) {
		adopt_live(device, dir);
	} else {
		worker->state = WORKER_DRAINING;
		worker->successor = same;
		worker->ended = true;
		worker_exited(device);
	}
	close(dir);
}

/* --- end --------------------------------------------------------------------------------------- */

int worker_send(struct device *device, enum control_type type, uint64_t value)
{
	return control_send(&device->worker.line, type, value, NULL);
}

static void drain(struct device *device, bool successor)
{
	struct worker *worker = &device->worker;

	worker->state = WORKER_DRAINING;
	worker->successor = successor;
	worker->killed = false;
	set_deadline(device, WORKER_DRAIN_MSEC);
	if (worker_send(device, CONTROL_DRAIN, 0))
		process_signal(worker->pidfd, SIGKILL);
}

static void connection_over(struct device *device)
{
	int dir = rundir_open(device->fleet->run, device->run_name, 0);

	if (dir >= 0) {
		rundir_end_connection(dir);
		close(dir);
	}
	cgroup_leave(&device->fleet->cgroups, device->run_name);
	device->worker.state = WORKER_NONE;
	device->worker.deaths = 0;
	device->published = device->confirmed = false;
	device_let_go(device);
}

void worker_release(struct device *device)
{
	if (worker_alive(device->worker.state))
		drain(device, false);
	else
		connection_over(device);
}

int worker_replace(struct device *device)
{
	struct worker *worker = &device->worker;

	if (worker->state != WORKER_RUNNING && worker->state != WORKER_STARTING)
		return -ENOENT;
	if (params_check(&device->params, device->id.kind))
		return -EPROTO;
	worker->replace_due = worker->state == WORKER_STARTING;
	if (!worker->replace_due)
		drain(device, true);
	return 0;
}

static void worker_died(struct device *device, int status)
{
	struct worker *worker = &device->worker;

	if (now_msec() - worker->started >= WORKER_STEADY_MSEC)
		worker->deaths = 0;
	if (WIFSIGNALED(status))
		device_log(device, LOG_ERROR, "worker %d was ended by signal %d", (int)worker->pid,
				WTERMSIG(status));
	else
		device_log(device, LOG_ERROR, "worker %d ended unasked, status %d", (int)worker->pid,
				status < 0 ? status : WEXITSTATUS(status));
	if (!patience_left(device))
		device_fail(device, EIO, "the worker has died %u times in a row", worker->deaths);
}

/* Has the process gone just now? Then nothing of it is heard any more. */
static bool process_gone(struct worker *worker)
{
	if (worker->pidfd < 0 || !process_ended(worker->pidfd, &worker->status))
		return false;
	close_fd(&worker->pidfd);
	close_fd(&worker->line.fd);
	worker->deadline = 0;
	return worker->ended = true;
}

void worker_exited(struct device *device)
{
	struct worker *worker = &device->worker;
	const bool asked = worker->state == WORKER_DRAINING, news = process_gone(worker);

	if (!worker->ended)
		return;
	if (record_held(device->fleet->run, device->run_name)) {
		if (news)
			device_log(device, LOG_NOTICE, "worker %d has ended, not yet what it had "
					"under way", (int)worker->pid);
		device_wake_in(device, IO_LOOK_MSEC);
		return;
	}
	worker->ended = false;
	worker->deadline = 0;
	worker->state = WORKER_LOST;
	if (asked && !worker->successor)
		connection_over(device);
	else if (!asked)
		worker_died(device, worker->status);
	else
		worker->deaths = 0;
}

/* --- while it lives ---------------------------------------------------------------------------- */

static void drain_overdue(struct device *device)
{
	struct worker *worker = &device->worker;

	if (!worker->killed && !worker->ended) {
		device_log(device, LOG_WARN, "worker %d did not drain within %d ms: killing it",
				(int)worker->pid, WORKER_DRAIN_MSEC);
		process_signal(worker->pidfd, SIGKILL);
	} else {
		device_log(device, LOG_WARN, "the disk still holds an I/O of worker %d: "
				"the device stays in closing until it ends", (int)worker->pid);
	}
	worker->killed = true;
	set_deadline(device, WORKER_DRAIN_MSEC);
}

/* What it has said may lie unread, where something has held us up for as long. */
static void start_overdue(struct device *device)
{
	struct worker *worker = &device->worker;

	worker_readable(device);
	if (worker->state != WORKER_STARTING)
		return;
	device_log(device, LOG_ERROR, "worker %d has not connected within %d ms: killing it",
			(int)worker->pid, WORKER_START_MSEC);
	process_signal(worker->pidfd, SIGKILL);
}

void worker_tick(struct device *device)
{
	struct worker *worker = &device->worker;

	if (worker->ended)
		worker_exited(device);
	if (worker->deadline == 0)
		return;
	if (now_msec() < worker->deadline) {
		device_wake_in(device, (unsigned int)(worker->deadline - now_msec()));
		return;
	}
	worker->deadline = 0;
	if (worker->pidfd >= 0) {
		worker_exited(device);	/* whether we have heard of its end or not */
		if (worker->pidfd < 0)
			return;
	}
	switch (worker->state) {
	case WORKER_RESTING:
		worker->state = WORKER_LOST;
		break;
	case WORKER_STARTING:
		start_overdue(device);
		break;
	case WORKER_DRAINING:
		drain_overdue(device);
		break;
	default:
		break;
	}
}

static void worker_connected(struct device *device, uint64_t generation)
{
	struct worker *worker = &device->worker;

	if (worker->state != WORKER_STARTING)
		return;
	if (generation != device->generation) {
		leftover(device);
		return;
	}
	worker->state = WORKER_RUNNING;
	worker->deadline = 0;
	if (worker->deaths)	/* of which some may have been tries that were reported */
		device_error_clear(device);
	if (worker->replace_due)
		drain(device, true);
}

/*
 * It has halted. Where the host lacked something for the successor of a connected guest, that is a
 * death: the guest has nowhere to go, and what is missing may be back in a moment.
 */
static void worker_broken(struct device *device, const struct control_msg *msg)
{
	struct worker *worker = &device->worker;
	/* The worker's errno, where it names one that can be. */
	const int err = msg->value && msg->value < ERRNO_LIMIT ? (int)msg->value : EPROTO;

	if (worker->state == WORKER_STARTING && device->published && msg->value) {
		device_log(device, LOG_ERROR, "worker %d cannot take over: %s", (int)worker->pid,
				msg->text);
		process_signal(worker->pidfd, SIGKILL);
		return;
	}
	if (worker->state != WORKER_STARTING && worker->state != WORKER_RUNNING)
		return;
	worker->state = WORKER_BROKEN;
	worker->deadline = 0;
	device_fail(device, err, "%s", msg->text);
}

static void worker_message(struct device *device, const struct control_msg *msg)
{
	switch (msg->type) {
	case CONTROL_CONNECTED:
		worker_connected(device, msg->value);
		break;
	case CONTROL_BROKEN:
		worker_broken(device, msg);
		break;
	case CONTROL_DRAINED:
		break;	/* its end follows, and that is what counts */
	default:
		if (device->kind->message)
			device->kind->message(device, msg);
		break;
	}
}

void worker_readable(struct device *device)
{
	struct control_msg msg;

	for (unsigned int i = 0; i < MESSAGES_MAX && device->worker.line.fd >= 0 &&
			control_receive(&device->worker.line, &msg); i++)
		worker_message(device, &msg);
}
