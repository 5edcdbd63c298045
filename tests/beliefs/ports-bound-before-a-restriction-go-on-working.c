/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A restriction is about what comes after it (evtchn.c). */
#include "belief.h"

static void frontend(struct belief *b)
{
	xenevtchn_handle *events = events_open();
	uint32_t port = port_offer(events, b->peer);

	say(b, "port", port);
	believe(event_take(events, 5000) == (int)port, "the restricted handle's event did not come");
	need(xenevtchn_notify(events, port) == 0, "no event can be sent");
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	xenevtchn_handle *events = events_open();
	uint32_t port = port_bind(events, b->peer, hear(b, "port"));

	/* To a domain that is neither of the two. */
	need(xenevtchn_restrict(events, NO_SUCH_DOMAIN) == 0, "it cannot be restricted");
	believe(xenevtchn_notify(events, port) == 0, "its notification is refused: errno %d", errno);
	believe(event_take(events, 2000) == (int)port, "no event comes any more");
	believe(xenevtchn_unmask(events, port) == 0, "it cannot be unmasked: errno %d", errno);
	believe(xenevtchn_unbind(events, port) == 0, "it cannot be unbound: errno %d", errno);
}

const struct fact fact = { .frontend = frontend, .backend = backend };
