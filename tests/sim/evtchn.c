/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libxenevtchn.so.1 over the simulation's table. A handle is a named pipe: a delivered port is
 * written into it and masked until xenevtchn_unmask(); a send while masked stays pending. When the
 * owner of a port dies, its peer's port goes back to unbound and can be bound again.
 */
#include "table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <xenevtchn.h>

struct xenevtchn_handle {
	uint32_t slot, life, domid;
	int fd;
};

static int pipe_make(uint32_t slot, uint32_t life)
{
	char path[256];
	int fd;

	sim_path(path, sizeof(path), "ev/%u.%u", slot, life);
	if (mkfifo(path, 0666))
		return -1;
	fd = open(path, O_RDWR | O_CLOEXEC);
	/* The lock says that we live; the kernel drops it when we do not. */
	if (fd >= 0)
		flock(fd, LOCK_EX | LOCK_NB);
	return fd;
}

static bool handle_claim(struct xenevtchn_handle *h)
{
	struct sim_table *t = sim_table();

	for (uint32_t slot = 1; slot < SIM_HANDLES; slot++) {
		if (t->handle[slot].used)
			continue;
		t->handle[slot].life++;
		t->handle[slot].domid = h->domid;
		t->handle[slot].restricted = -1;
		h->slot = slot;
		h->life = t->handle[slot].life;
		h->fd = pipe_make(slot, h->life);
		t->handle[slot].used = h->fd >= 0;
		return h->fd >= 0;
	}
	errno = ENOSPC;
	return false;
}

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger, unsigned int flags)
{
	struct xenevtchn_handle *h;
	bool ok;

	if (flags & ~XENEVTCHN_NO_CLOEXEC) {
		errno = EINVAL;
		return NULL;
	}
	if (!sim_domain(sim_self())) {
		errno = ENODEV;
		return NULL;
	}
	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	h->domid = sim_self();
	sim_lock();
	sim_reap();
	ok = handle_claim(h);
	sim_unlock();
	if (ok && (flags & XENEVTCHN_NO_CLOEXEC))
		fcntl(h->fd, F_SETFD, 0);
	if (ok)
		return h;
	free(h);
	return NULL;
}

/* Which handle a descriptor is, says the name of its pipe. */
static bool handle_of(int fd, uint32_t *slot, uint32_t *life)
{
	char link[64], path[256], expected[256];
	ssize_t n;
	const char *name;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = 0;
	name = strrchr(path, '/');
	if (!name || sscanf(name, "/%u.%u", slot, life) != 2 || *slot >= SIM_HANDLES)
		return false;
	sim_path(expected, sizeof(expected), "ev/%u.%u", *slot, *life);
	return strcmp(path, expected) == 0 && sim_table()->handle[*slot].life == *life;
}

/* The handle's lock and its restriction are where the descriptor is, so both come with it. */
xenevtchn_handle *xenevtchn_fdopen(struct xentoollog_logger *logger, int fd, unsigned int flags)
{
	struct xenevtchn_handle *h;
	uint32_t slot, life;

	if (flags || !sim_table() || !handle_of(fd, &slot, &life)) {
		errno = EINVAL;
		return NULL;
	}
	h = calloc(1, sizeof(*h));
	if (h)
		*h = (struct xenevtchn_handle) {
			.slot = slot, .life = life, .domid = sim_table()->handle[slot].domid, .fd = fd,
		};
	return h;
}

int xenevtchn_close(xenevtchn_handle *h)
{
	if (!h)
		return 0;
	/* Our lock goes with the descriptor; reaping then finds the handle dead and frees its ports. */
	close(h->fd);
	sim_lock();
	sim_reap();
	sim_unlock();
	free(h);
	return 0;
}

int xenevtchn_fd(xenevtchn_handle *h)
{
	return h->fd;
}

/* The domid it is restricted to, -1: it is not. */
static int32_t restricted(const xenevtchn_handle *h)
{
	return sim_table()->handle[h->slot].restricted;
}

static struct sim_port *own_port(xenevtchn_handle *h, uint32_t port)
{
	struct sim_domain *self = sim_domain(h->domid);
	struct sim_port *p = self && port < SIM_PORTS ? &self->port[port] : NULL;

	if (p && p->state != SIM_PORT_FREE && p->owner == h->slot && p->owner_life == h->life)
		return p;
	errno = ENOTCONN;
	return NULL;
}

int xenevtchn_notify(xenevtchn_handle *h, evtchn_port_t port)
{
	struct sim_port *p = own_port(h, port);
	struct sim_domain *remote = p && p->state == SIM_PORT_BOUND ? sim_domain(p->remote_dom) : NULL;

	if (!p)
		return -1;
	if (remote)
		sim_port_send(remote, p->remote_port, sim_pipe);
	return 0;
}

static void port_take(xenevtchn_handle *h, struct sim_port *p, uint32_t state, uint32_t remote_dom,
		uint32_t remote_port)
{
	*p = (struct sim_port) {
		.state = state, .allowed = remote_dom, .remote_dom = remote_dom,
		.remote_port = remote_port, .owner = h->slot, .owner_life = h->life, .enabled = 1,
	};
}

xenevtchn_port_or_error_t xenevtchn_bind_unbound_port(xenevtchn_handle *h, uint32_t domid)
{
	struct sim_domain *self = sim_domain(h->domid);
	uint32_t port;

	if (restricted(h) >= 0 || !self) {
		errno = EACCES;
		return -1;
	}
	sim_lock();
	port = sim_port_alloc(self);
	if (port)
		port_take(h, &self->port[port], SIM_PORT_UNBOUND, domid, 0);
	sim_unlock();
	errno = port ? 0 : ENOSPC;
	return port ? (xenevtchn_port_or_error_t)port : -1;
}

/* Both ends become one channel. Lock held; 0: the remote port does not wait for us. */
static uint32_t channel_make(xenevtchn_handle *h, uint32_t domid, uint32_t remote_port)
{
	struct sim_domain *self = sim_domain(h->domid), *remote = sim_domain(domid);
	struct sim_port *peer = remote && remote_port < SIM_PORTS ? &remote->port[remote_port] : NULL;
	uint32_t port;

	if (!self || !peer || peer->state != SIM_PORT_UNBOUND || peer->allowed != h->domid)
		return 0;
	port = sim_port_alloc(self);
	if (!port || &self->port[port] == peer)
		return 0;
	port_take(h, &self->port[port], SIM_PORT_BOUND, domid, remote_port);
	peer->state = SIM_PORT_BOUND;
	peer->remote_dom = h->domid;
	peer->remote_port = port;
	/* Opened now: a sealed worker cannot open anything later. */
	sim_pipe(peer->owner, peer->owner_life);
	return port;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *h, uint32_t domid,
		evtchn_port_t remote_port)
{
	struct sim_table *t = sim_table();
	uint32_t port;

	if (t->faults.bind_errno) {
		errno = (int)t->faults.bind_errno;
		return -1;
	}
	if (restricted(h) >= 0 && (uint32_t)restricted(h) != domid) {
		errno = EACCES;
		return -1;
	}
	if (!sim_domain(domid)) {
		errno = ESRCH;
		return -1;
	}
	sim_lock();
	sim_reap();
	port = channel_make(h, domid, remote_port);
	sim_unlock();
	if (!port) {
		errno = EINVAL;
		return -1;
	}
	sim_pipe(h->slot, h->life);
	/* Xen makes the new local port pending: an event may have been lost before. */
	sim_port_send(sim_domain(h->domid), port, sim_pipe);
	return (xenevtchn_port_or_error_t)port;
}

/* A domain's virq has one port. Lock held. */
static bool virq_is_bound(const struct sim_domain *self, uint32_t virq)
{
	for (uint32_t port = 1; port < SIM_PORTS; port++) {
		if (self->port[port].state == SIM_PORT_VIRQ && self->port[port].allowed == virq)
			return true;
	}
	return false;
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *h, unsigned int virq)
{
	struct sim_domain *self = sim_domain(h->domid);
	uint32_t port = 0;
	int err = EEXIST;

	if (restricted(h) >= 0 || !self) {
		errno = EACCES;
		return -1;
	}
	sim_lock();
	sim_reap();
	if (!virq_is_bound(self, virq)) {
		port = sim_port_alloc(self);
		err = port ? 0 : ENOSPC;
	}
	if (port)
		port_take(h, &self->port[port], SIM_PORT_VIRQ, virq, 0);
	sim_unlock();
	errno = err;
	return err ? -1 : (xenevtchn_port_or_error_t)port;
}

int xenevtchn_unbind(xenevtchn_handle *h, evtchn_port_t port)
{
	int ok;

	if (port >= SIM_PORTS) {
		errno = EINVAL;
		return -1;
	}
	sim_lock();
	ok = own_port(h, port) != NULL;
	if (ok)
		sim_port_close(sim_domain(h->domid), port);
	sim_unlock();
	return ok ? 0 : -1;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *h)
{
	uint32_t port;

	return read(h->fd, &port, sizeof(port)) == sizeof(port) ? (xenevtchn_port_or_error_t)port : -1;
}

/* The kernel takes no notice of ports that are not the handle's, or not masked. */
int xenevtchn_unmask(xenevtchn_handle *h, evtchn_port_t port)
{
	struct sim_port *p = own_port(h, port);

	if (p) {
		__atomic_store_n(&p->enabled, 1, __ATOMIC_SEQ_CST);
		sim_port_deliver(sim_domain(h->domid), port, sim_pipe);
	}
	return 0;
}

int xenevtchn_restrict(xenevtchn_handle *h, domid_t domid)
{
	if (restricted(h) >= 0) {
		errno = EACCES;
		return -1;
	}
	if (domid == 0 || domid >= DOMID_FIRST_RESERVED) {
		errno = EINVAL;
		return -1;
	}
	sim_table()->handle[h->slot].restricted = domid;
	return 0;
}
