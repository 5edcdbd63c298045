/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels of one frontend domain (libxenevtchn). One handle per queue thread. A port that
 * was delivered stays masked until events_unmask(): the kernel's protection against event storms
 * works only if that comes after the work is done.
 */
#ifndef RING_EVENTS_H
#define RING_EVENTS_H

#include <stdint.h>

/* A port of ours, and one of the frontend's: two types, so that a mix-up does not compile. */
typedef struct {
	uint32_t port;
} port_t;

typedef struct {
	uint32_t port;
} remote_port_t;

struct events;

/*
 * Opens a handle; restricted to that domain, irrevocably, unless it is domain 0, which Xen cannot
 * restrict to. Its descriptor is non-blocking. 0 or -errno.
 */
int events_open(struct events **events, uint32_t domid);
void events_close(struct events *events);

/* Readable while a bound port is pending. */
int events_fd(const struct events *events);

/*
 * Binds to the frontend's port; ours is pending at once, so no event from before is lost.
 * 0 and *local, or -errno (EINVAL: the frontend has no such port for us, or it is bound already).
 */
int events_bind(struct events *events, remote_port_t remote, port_t *local);

/* The next pending port. 0 and *port (now masked), -EAGAIN when there is none, -errno. */
int events_take(struct events *events, port_t *port);

/* Lets the port be delivered again. 0 or -errno. */
int events_unmask(struct events *events, port_t port);

/* Kicks the frontend. 0 or -errno; a frontend that has gone is no error we can act on. */
int events_notify(struct events *events, port_t port);

#endif
