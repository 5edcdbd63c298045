/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xenevtchn.h: "it will be queued up, and delivered again after you unmask it". */
#include "belief.h"

static void frontend(struct belief *b)
{
	xenevtchn_handle *events = events_open();
	uint32_t port = port_offer(events, b->peer);

	say(b, "port", port);
	for (uint32_t i = 1; i <= 2; i++) {
		hear(b, i == 1 ? "first" : "second");
		need(xenevtchn_notify(events, port) == 0, "no event can be sent");
		say(b, i == 1 ? "sent-first" : "sent-second", 1);
	}
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	xenevtchn_handle *events = events_open();
	uint32_t port = port_bind(events, b->peer, hear(b, "port"));

	say(b, "first", 1);
	need(event_take(events, 2000) == (int)port, "the first event did not come");
	say(b, "second", 1);
	hear(b, "sent-second");
	believe(event_take(events, 50) == -1, "an event came while the port was masked");
	xenevtchn_unmask(events, port);
	believe(event_take(events, 2000) == (int)port, "the event was lost");
}

const struct fact fact = { .frontend = frontend, .backend = backend };
