/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of xenbackctl. Trusts whoever could open the socket (root). Never blocks: a client that
 * does not read loses records, and is told nothing more.
 */
#include "xenbus/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ring/log.h"
#include "xenbus/resize.h"
#include "xenbus/rundir.h"
#include "xenbus/worker.h"

static int listen_fd = -1;
static int clients[CLIENTS_MAX] = { -1, -1, -1, -1 };

__attribute__((format(printf, 2, 3)))
static void answer(int fd, const char *fmt, ...)
{
	char text[COMMAND_MAX];
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (length >= (int)sizeof(text))
		length = sizeof(text) - 1;
	if (send(fd, text, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;	/* it has gone, or does not read */
}

static void socket_name(const struct fleet *fleet, char name[64])
{
	const struct device_id *only = &fleet->only;

	if (only->kind)
		snprintf(name, 64, "%s-%u-%u." COMMAND_SOCKET, kind_name(only->kind), only->domid,
				only->devid);
	else
		snprintf(name, 64, COMMAND_SOCKET);
}

int command_open(struct fleet *fleet)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.u64 = (uint64_t)EVENT_COMMAND << 32 };
	int dir = rundir_open(fleet->run, ".", 0);
	char name[64];

	if (dir < 0)
		return dir;
	socket_name(fleet, name);
	listen_fd = rundir_listen(dir, name);
	close(dir);
	if (listen_fd < 0)
		return listen_fd;
	/* Once for each who connects: one whom there is no descriptor for must not keep us awake. */
	return epoll_ctl(fleet->epoll_fd, EPOLL_CTL_ADD, listen_fd, &event) ? -errno : 0;
}

void command_close(struct fleet *fleet)
{
	int dir = rundir_open(fleet->run, ".", 0);
	char name[64];

	if (dir < 0)
		return;
	socket_name(fleet, name);
	unlinkat(dir, name, 0);
	close(dir);
}

/* A whole list, each record with what the kernel counts beside it, waits for a client that reads slowly. */
#define CLIENT_ROOM (DEVICES_MAX * COMMAND_MAX * 2)

static void client_new(struct fleet *fleet, int fd)
{
	const int room = CLIENT_ROOM;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));	/* where we are not root */
	for (uint32_t slot = 0; slot < CLIENTS_MAX; slot++) {
		if (clients[slot] < 0) {
			clients[slot] = fd;
			fleet_watch(fleet, fd, EVENT_CLIENT, slot);
			return;
		}
	}
	answer(fd, "error %d commands are under way already", CLIENTS_MAX);
	close(fd);
}

void command_connect(struct fleet *fleet)
{
	int fd;

	while ((fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
		client_new(fleet, fd);
	if (errno == EAGAIN)
		return;
	log_warn("cannot take a command: %s", strerror(errno));
	fleet_look_again(fleet);	/* who waits is taken then, when there are descriptors again */
}

static const char *worker_word(struct device *device)
{
	static const char *const words[WORKER_STATES] = {
		"none", "starting", "running", "broken", "draining", "lost", "resting",
	};

	if (device_waits(device))
		return "opening";
	return words[device->worker.state];
}

/* One record per device: what the run directory and the figures do not say. */
static void list(struct fleet *fleet, int fd)
{
	for (uint32_t slot = 0; slot < DEVICES_MAX; slot++) {
		struct device *device = fleet->device[slot];
		enum bus_state state = BUS_UNKNOWN;

		if (!device)
			continue;
		store_state(fleet->store, device->backend, &state);
		answer(fd, "device %s %d %s %d %s", device->run_name, (int)state,
				worker_word(device),
				worker_alive(device->worker.state) ? (int)device->worker.pid : 0,
				device->kind->target(device));
	}
	answer(fd, "ok");
}

static void resize(struct device *device, int fd)
{
	uint64_t bytes;
	int r = resize_now(vbd_of(device), true, &bytes);

	if (r)
		answer(fd, "error %s: %s", device->name, r != -ENOTCONN ? strerror(-r) :
				device->published && device->worker.state != WORKER_RUNNING ?
				"its worker is being replaced: try again" : "is not connected");
	else
		answer(fd, "ok %s: %" PRIu64 " bytes", device->name, bytes);
}

static void replace(struct device *device, int fd)
{
	int r = worker_replace(device);

	if (r == -EPROTO)
		answer(fd, "error %s has a worker that another version has started: it serves until its "
				"guest disconnects", device->name);
	else if (r)
		answer(fd, "error %s has no running worker", device->name);
	else
		answer(fd, "ok %s: worker %d drains, its successor follows", device->name,
				(int)device->worker.pid);
}

unsigned int command_upgrade(struct fleet *fleet)
{
	unsigned int n = 0;

	for (uint32_t slot = 0; slot < DEVICES_MAX; slot++) {
		if (fleet->device[slot] && worker_replace(fleet->device[slot]) == 0)
			n++;
	}
	return n;
}

static void upgrade(struct fleet *fleet, int fd)
{
	unsigned int n = command_upgrade(fleet);

	if (n == 1)
		answer(fd, "ok 1 worker drains, its successor follows");
	else
		answer(fd, "ok %u workers drain, their successors follow", n);
}

/* "VERB NAME": NAME as of the run directory. */
static void device_command(struct fleet *fleet, int fd, const char *verb, const char *name)
{
	struct device_id id;
	struct device *device = parse_device_name(name, &id) ? NULL : fleet_find(fleet, id);

	if (!device)
		answer(fd, "error no device %s is served here", name);
	else if (strcmp(verb, "resize") == 0 && id.kind == DEVICE_VBD)
		resize(device, fd);
	else if (strcmp(verb, "drain") == 0)
		replace(device, fd);
	else
		answer(fd, "error there is no command `%s' for %s", verb, name);
}

static void request(struct fleet *fleet, int fd, const char *line)
{
	char verb[16], name[48];

	if (strcmp(line, "list") == 0)
		list(fleet, fd);
	else if (strcmp(line, "upgrade") == 0)
		upgrade(fleet, fd);
	else if (sscanf(line, "%15s %47s", verb, name) == 2)
		device_command(fleet, fd, verb, name);
	else
		answer(fd, "error there is no command `%s'", line);
}

void command_client(struct fleet *fleet, uint32_t slot)
{
	char line[COMMAND_MAX];
	ssize_t got = recv(clients[slot], line, sizeof(line) - 1, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0) {
		line[got] = 0;
		request(fleet, clients[slot], line);
		return;
	}
	close(clients[slot]);
	clients[slot] = -1;
}
