/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Xen drops it; binding makes up for it, by being pending. */
#include "belief.h"

static void frontend(struct belief *b)
{
	xenevtchn_handle *events = events_open();
	uint32_t port = port_offer(events, b->peer);

	for (int i = 0; i < 3; i++)
		believe(xenevtchn_notify(events, port) == 0, "it is an error: errno %d", errno);
	say(b, "port", port);
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	xenevtchn_handle *events = events_open();

	port_bind(events, b->peer, hear(b, "port"));
	believe(event_take(events, 50) == -1, "there are more events than that of binding");
}

const struct fact fact = { .frontend = frontend, .backend = backend };
