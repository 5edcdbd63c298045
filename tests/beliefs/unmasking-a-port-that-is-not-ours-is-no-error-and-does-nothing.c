/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The driver takes no notice of such ports (evtchn.c, evtchn_write). */
#include "belief.h"

static void frontend(struct belief *b)
{
	xenevtchn_handle *events = events_open();
	uint32_t port = port_offer(events, b->peer);

	say(b, "port", port);
	hear(b, "bound");
	need(xenevtchn_notify(events, port) == 0, "no event can be sent");
	say(b, "sent", 1);
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	xenevtchn_handle *events = events_open(), *other = events_open();
	int port = xenevtchn_bind_interdomain(events, b->peer, hear(b, "port"));

	need(port > 0 && event_take(events, 1000) == port, "the port cannot be bound");
	say(b, "bound", 1);
	hear(b, "sent");
	believe(xenevtchn_unmask(other, (evtchn_port_t)port) == 0, "it is an error: errno %d", errno);
	believe(event_take(events, 50) == -1, "it was unmasked");
	xenevtchn_unmask(events, (evtchn_port_t)port);
	believe(event_take(events, 1000) == port, "its owner cannot unmask it");
}

const struct fact fact = { .frontend = frontend, .backend = backend };
