/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Xen: "We may have lost notifications on the remote unbound port" (event_channel.c). */
#include "belief.h"

static void frontend(struct belief *b)
{
	say(b, "port", port_offer(events_open(), b->peer));
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	xenevtchn_handle *events = events_open();
	int port = xenevtchn_bind_interdomain(events, b->peer, hear(b, "port"));

	need(port > 0, "the port cannot be bound");
	believe(event_take(events, 1000) == port, "no event came");
	xenevtchn_unmask(events, (evtchn_port_t)port);
	believe(event_take(events, 50) == -1, "a second event came");
}

const struct fact fact = { .frontend = frontend, .backend = backend };
