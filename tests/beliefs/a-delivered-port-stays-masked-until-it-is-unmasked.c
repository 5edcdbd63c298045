/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /dev/xen/evtchn disables a port when it delivers it (evtchn.c): one event, however many are sent. */
#include "belief.h"

static void frontend(struct belief *b)
{
	xenevtchn_handle *events = events_open();
	uint32_t port = port_offer(events, b->peer);

	say(b, "port", port);
	hear(b, "taken");
	for (int i = 0; i < 20; i++) {
		need(xenevtchn_notify(events, port) == 0, "no event can be sent");
		sleep_ms(2);
	}
	say(b, "sent", 1);
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	xenevtchn_handle *events = events_open();
	int port = xenevtchn_bind_interdomain(events, b->peer, hear(b, "port"));

	need(port > 0 && event_take(events, 1000) == port, "the port cannot be bound");
	say(b, "taken", 1);
	hear(b, "sent");
	believe(event_take(events, 50) == -1, "an event came although the port was not unmasked");
}

const struct fact fact = { .frontend = frontend, .backend = backend };
