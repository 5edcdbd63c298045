/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Only the new, local end becomes pending. */
#include "belief.h"

static void frontend(struct belief *b)
{
	xenevtchn_handle *events = events_open();

	say(b, "port", port_offer(events, b->peer));
	hear(b, "bound");
	believe(event_take(events, 50) == -1, "an event came");
	say(b, "seen", 1);
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	port_bind(events_open(), b->peer, hear(b, "port"));
	say(b, "bound", 1);
	hear(b, "seen");
}

const struct fact fact = { .frontend = frontend, .backend = backend };
