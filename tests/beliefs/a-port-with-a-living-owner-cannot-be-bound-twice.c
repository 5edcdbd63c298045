/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Xen: a port that is not unbound is EINVAL. After the first has closed, it can. */
#include "belief.h"

static void frontend(struct belief *b)
{
	say(b, "port", port_offer(events_open(), b->peer));
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	uint32_t remote = hear(b, "port");
	xenevtchn_handle *first = events_open(), *second = events_open();
	int port;

	port_bind(first, b->peer, remote);
	port = xenevtchn_bind_interdomain(second, b->peer, remote);
	believe(port == -1 && errno == EINVAL, "bound to %d with errno %d", port, errno);
	xenevtchn_close(first);
	port = xenevtchn_bind_interdomain(second, b->peer, remote);
	believe(port > 0, "it cannot be bound after the first has closed: errno %d", errno);
}

const struct fact fact = { .frontend = frontend, .backend = backend };
