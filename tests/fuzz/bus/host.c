/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host for control: taps that are names and numbers, a disk that is a size, worker processes that live and
 * end by the input's word. Holds control to: one worker at a time for a device, with parameters that a
 * worker takes, and no hook called for what is not there.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "ring/tun.h"
#include "tests/fuzz/bus/bus.h"
#include "xenbus/lock.h"
#include "xenbus/rundir.h"
#include "xenbus/spawn.h"
#include "xenbus/steer.h"
#include "xenbus/worker.h"

#define TAPS_MAX 8u

struct host host;

static struct {
	char name[TUN_NAME_BYTES];	/* "": none */
} tap[TAPS_MAX];
static uint32_t tap_of[256];		/* by descriptor of a queue: its number */

/* What a control that has ended leaves in the run directory. */
static struct left {
	struct device_params params;
	bool lives;
} left[4];

void host_reset(void)
{
	memset(&host, 0, sizeof(host));
	memset(tap, 0, sizeof(tap));
	memset(left, 0, sizeof(left));
	host.msec = 1000;
}

int host_trouble(void)
{
	if (!fails(&host.failure))
		return 0;
	host.failed = true;
	return -host.failure.err;
}

int host_descriptor(void)
{
	const int r = host_trouble();

	return r ? r : open("/dev/null", O_RDWR | O_CLOEXEC);
}

/* --- the clock, chance, the kernel --------------------------------------------------------------- */

int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	*now = (struct timespec) { (time_t)(host.msec / 1000), (long)(host.msec % 1000) * 1000000 };
	return 0;
}

ssize_t __wrap_getrandom(void *to, size_t bytes, unsigned int flags);
ssize_t __wrap_getrandom(void *to, size_t bytes, unsigned int flags)
{
	static uint64_t last;

	HOLDS(bytes == sizeof(last));
	last = (last + 1) % 1000;	/* 0 now and then: not a generation */
	memcpy(to, &last, sizeof(last));
	return sizeof(last);
}

int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, int mode)
{
	return host.driver ? 0 : -1;
}

/* --- taps ---------------------------------------------------------------------------------------- */

static bool tap_there(uint32_t ifindex)
{
	return ifindex >= 1 && ifindex <= TAPS_MAX && tap[ifindex - 1].name[0];
}

/* The tap behind a descriptor that control holds open. */
static uint32_t tap_behind(int queue)
{
	HOLDS(queue >= 0 && queue < 256 && fcntl(queue, F_GETFD) >= 0 && tap_there(tap_of[queue]));
	return tap_of[queue];
}

static int queue_new(uint32_t ifindex, int fd)
{
	if (fd >= 0)
		tap_of[fd % 256] = ifindex;
	return fd;
}

uint32_t tun_index(const char *name)
{
	for (uint32_t i = 1; i <= TAPS_MAX; i++)
		if (strcmp(tap[i - 1].name, name) == 0)
			return i;
	return 0;
}

int tun_make(const char *name, uint32_t *ifindex)
{
	const int fd = host_descriptor();
	uint32_t i = tun_index(name);

	HOLDS(strlen(name) < TUN_NAME_BYTES);
	if (fd < 0)
		return fd;
	if (i == 0) {
		i = tun_index("");
		HOLDS(i);
		snprintf(tap[i - 1].name, TUN_NAME_BYTES, "%s", name);
		host.taps++;
	}
	*ifindex = i;
	return queue_new(i, fd);
}

int tun_queue(uint32_t ifindex)
{
	return tap_there(ifindex) ? queue_new(ifindex, host_descriptor()) : -ENODEV;
}

int tun_name(uint32_t ifindex, char name[TUN_NAME_BYTES])
{
	if (!tap_there(ifindex))
		return -ENODEV;
	memcpy(name, tap[ifindex - 1].name, TUN_NAME_BYTES);
	return 0;
}

int tun_limit(uint32_t ifindex, uint32_t queues)
{
	HOLDS(tap_there(ifindex) && queues >= 1 && queues <= QUEUES_MAX);
	return host_trouble();
}

int tun_carrier(int queue, bool on)
{
	tap_behind(queue);
	return host_trouble();
}

int tun_offloads(int queue, uint32_t offloads)
{
	tap_behind(queue);
	/* The kernel refuses segments without checksums. */
	HOLDS(!(offloads & (TUN_OFFLOAD_TSO4 | TUN_OFFLOAD_TSO6)) || offloads & TUN_OFFLOAD_CSUM);
	return host_trouble();
}

int tun_steer(int queue, int program)
{
	tap_behind(queue);
	return host_trouble();
}

uint32_t tun_discard(int queue)
{
	tap_behind(queue);
	return 0;
}

int tun_unmake(int queue)
{
	tap[tap_behind(queue) - 1].name[0] = 0;
	host.taps--;
	return 0;
}

int steer_map(void)
{
	return host_descriptor();
}

int steer_program(int map)
{
	HOLDS(map > 0);
	return host_descriptor();
}

/* --- files, settings ----------------------------------------------------------------------------- */

int rundir_open(const char *run, const char *name, int make)
{
	return host_descriptor();
}

int rundir_write(int dir, const char *file, const void *data, size_t bytes, mode_t mode)
{
	HOLDS(fcntl(dir, F_GETFD) >= 0);
	return host_trouble();
}

ssize_t rundir_read(int dir, const char *file, void *data, size_t room)
{
	HOLDS(fcntl(dir, F_GETFD) >= 0);
	return -ENOENT;
}

void rundir_each_device(const char *run, void (*each)(void *arg, struct device_id id, const char *name), void *arg)
{
}

void rundir_remove(const char *run, const char *name)
{
}

struct settings config_settings(const struct config *config, const char *guest, const char *vdev)
{
	HOLDS(vdev[0]);
	return host.settings;
}

void config_uids(const struct config *config, uint32_t *first, uint32_t *last)
{
	*first = 40000;
	*last = *first + DEVICES_MAX - 1;
}

/* All devices are of one control. */
bool lock_uid(uint32_t uid)
{
	return true;
}

/* A worker's disk. */
int process_descriptor(int pidfd, int number)
{
	const int r = host_trouble();

	HOLDS(pidfd == STDIN_FILENO && number == WORKER_FD_BACKING);
	return r ? r : open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
}

/* --- workers ------------------------------------------------------------------------------------- */

/* Is there to be another try? */
static bool patience_left(struct worker *worker)
{
	worker->state = WORKER_LOST;
	if (++worker->deaths >= WORKER_DEATHS_MAX)
		return false;
	if (worker->deaths > 1)
		worker->state = WORKER_RESTING;
	return true;
}

void worker_start(struct device *device, bool fresh)
{
	int fds[BACKING_FDS_MAX], r;
	unsigned int n = 0;

	HOLDS(!worker_alive(device->worker.state));
	r = device->kind->open(device, fds, &n);
	while (n > 0)
		close(fds[--n]);
	if (r == -EINPROGRESS) {
		HOLDS(!fresh);
		device->worker.state = WORKER_RESTING;
		return;
	}
	if (r) {
		if (!device->failed)
			device_fail(device, -r, "cannot start");
		device->worker.state = WORKER_LOST;
		if (!fresh && patience_left(&device->worker))
			device->failed = false;
		return;
	}
	HOLDS(params_check(&device->params, device->id.kind) == NULL);
	HOLDS(device->kind->journal_bytes(&device->params) > 0);
	connection_holds(device, fresh);
	if (fresh)
		device->worker.deaths = 0;
	device->worker.state = WORKER_STARTING;
	device->worker.successor = false;
}

void worker_stays(const struct device *device)
{
	const enum worker_state state = device->worker.state;
	struct left *it = &left[0];

	while (it->params.magic)
		HOLDS(++it < left + sizeof(left) / sizeof(left[0]));
	if (state == WORKER_NONE)
		return;
	it->params = device->params;
	it->lives = worker_alive(state);
}

static struct left *left_of(struct device_id id)
{
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
		if (left[i].params.magic && left[i].params.kind == id.kind && left[i].params.domid == id.domid &&
				left[i].params.devid == id.devid)
			return &left[i];
	return NULL;
}

/* One of another connection of that name is told to end. */
void worker_adopt(struct device *device)
{
	struct left *it = left_of(device->id);

	if (!it)
		return;
	if (it->params.generation != device->generation) {
		device->worker.state = it->lives ? WORKER_DRAINING : WORKER_NONE;
	} else {
		device->params = it->params;
		device->worker.state = it->lives ? WORKER_STARTING : WORKER_LOST;
		if (it->lives && device->id.kind == DEVICE_VBD)
			device->worker.pidfd = STDIN_FILENO;	/* there is a process; nobody looks at it */
	}
	it->params.magic = 0;
}

static void connection_over(struct device *device)
{
	device->worker.state = WORKER_NONE;
	device->published = device->confirmed = false;
	device_let_go(device);
}

void worker_release(struct device *device)
{
	HOLDS(device->worker.state != WORKER_NONE && device->worker.state != WORKER_DRAINING);
	if (!worker_alive(device->worker.state)) {
		connection_over(device);
		return;
	}
	device->worker.state = WORKER_DRAINING;
	device->worker.successor = false;
}

int worker_send(struct device *device, enum control_type type, uint64_t value)
{
	return host_trouble();
}

/* A rest ends when it is looked at. */
void worker_tick(struct device *device)
{
	if (device->worker.state == WORKER_RESTING)
		device->worker.state = WORKER_LOST;
}

void worker_ends(struct device *device, bool again)
{
	struct worker *worker = &device->worker;

	if (!worker_alive(worker->state))
		return;
	if (worker->state == WORKER_DRAINING && !worker->successor) {
		connection_over(device);
		return;
	}
	if (worker->state == WORKER_DRAINING)
		worker->state = WORKER_LOST;
	else if (!patience_left(worker))
		device_fail(device, EIO, "the worker has died %u times", worker->deaths);
	else if (again)
		worker->state = WORKER_LOST;
}

static void message(struct device *device, enum control_type type, uint64_t value)
{
	struct control_msg msg = { .type = type, .value = value };

	if (device->worker.state == WORKER_RUNNING && device->kind->message)
		device->kind->message(device, &msg);
}

void worker_says(struct device *device, uint8_t what)
{
	struct worker *worker = &device->worker;

	if (worker->state == WORKER_STARTING && what < 200) {
		worker->state = WORKER_RUNNING;
		if (worker->deaths)
			device_error_clear(device);
	} else if (what < 100) {
		message(device, CONTROL_STALLED, what & 1);
	} else if (what < 150) {
		message(device, CONTROL_STEER, 1);
	} else if (what < 200) {
		message(device, CONTROL_LOOK_AGAIN, 0);
	} else if (what < 220 && worker->state == WORKER_RUNNING) {
		worker->state = WORKER_DRAINING;	/* an upgrade */
		worker->successor = true;
	} else if (worker->state == WORKER_STARTING || worker->state == WORKER_RUNNING) {
		worker->state = WORKER_BROKEN;
		device_fail(device, EPROTO, "the frontend lied");
	}
}
