/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Xen: EINVAL, as for a port that does not exist. */
#include "belief.h"

static void frontend(struct belief *b)
{
	say(b, "port", port_offer(events_open(), NO_SUCH_DOMAIN));
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	xenevtchn_handle *events = events_open();
	int port = xenevtchn_bind_interdomain(events, b->peer, hear(b, "port"));

	believe(port == -1 && errno == EINVAL, "bound to %d with errno %d", port, errno);
	port = xenevtchn_bind_interdomain(events, b->peer, 1000);
	believe(port == -1 && errno == EINVAL, "port 1000 is bound to %d with errno %d", port, errno);
}

const struct fact fact = { .frontend = frontend, .backend = backend };
