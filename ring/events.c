/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only file that knows libxenevtchn. Trusts the library; promises that a handle opened for a
 * domain cannot be used for another one (except where Xen has no such restriction: domain 0).
 */
#include "ring/events.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <xenevtchn.h>

#include "ring/quiet.h"

/*
 * A port is taken by read, unmasked by write, notified by ioctl.
 * #syscalls: read write
 * #ioctls: IOCTL_EVTCHN_NOTIFY
 */
struct events {
	xenevtchn_handle *handle;
	uint32_t domid;
};

static int handle_prepare(struct events *events)
{
	int fd = xenevtchn_fd(events->handle);

	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK))
		return -errno;
	if (events->domid && xenevtchn_restrict(events->handle, (domid_t)events->domid))
		return -errno;
	return 0;
}

int events_open(struct events **events, uint32_t domid)
{
	struct events *e = calloc(1, sizeof(*e));
	int err;

	if (!e)
		return -ENOMEM;
	e->domid = domid;
	e->handle = xenevtchn_open(quiet_logger(), 0);
	if (!e->handle) {
		err = errno ? -errno : -ENODEV;
		free(e);
		return err;
	}
	err = handle_prepare(e);
	if (err) {
		events_close(e);
		return err;
	}
	*events = e;
	return 0;
}

void events_close(struct events *events)
{
	xenevtchn_close(events->handle);
	free(events);
}

int events_fd(const struct events *events)
{
	return xenevtchn_fd(events->handle);
}

int events_bind(struct events *events, remote_port_t remote, port_t *local)
{
	xenevtchn_port_or_error_t port =
		xenevtchn_bind_interdomain(events->handle, events->domid, remote.port);

	if (port < 0)
		return errno ? -errno : -EINVAL;
	local->port = (uint32_t)port;
	return 0;
}

int events_take(struct events *events, port_t *port)
{
	xenevtchn_port_or_error_t pending = xenevtchn_pending(events->handle);

	if (pending < 0)
		return errno ? -errno : -EAGAIN;
	port->port = (uint32_t)pending;
	return 0;
}

int events_unmask(struct events *events, port_t port)
{
	return xenevtchn_unmask(events->handle, port.port) ? -errno : 0;
}

int events_notify(struct events *events, port_t port)
{
	return xenevtchn_notify(events->handle, port.port) ? -errno : 0;
}
