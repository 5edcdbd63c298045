/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An event channel is a bit, not a counter. */
#include "belief.h"

static void frontend(struct belief *b)
{
	xenevtchn_handle *events = events_open();
	uint32_t port = port_offer(events, b->peer);

	say(b, "port", port);
	hear(b, "bound");
	for (int i = 0; i < 5; i++)
		need(xenevtchn_notify(events, port) == 0, "no event can be sent");
	say(b, "sent", 1);
	hear(b, "finished");
}

/* The first may be taken off the wire at once, so that one more waits behind it, never four. */
static void backend(struct belief *b)
{
	xenevtchn_handle *events = events_open();
	uint32_t port = port_bind(events, b->peer, hear(b, "port"));
	int count = 0;

	say(b, "bound", 1);
	hear(b, "sent");
	while (event_take(events, 100) == (int)port) {
		count++;
		xenevtchn_unmask(events, port);
	}
	believe(count == 1 || count == 2, "%d events came of five notifications", count);
}

const struct fact fact = { .frontend = frontend, .backend = backend };
