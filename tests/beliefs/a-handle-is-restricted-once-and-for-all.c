/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A second restriction is EACCES, also the same one (evtchn.c). */
#include "belief.h"

static void alone(struct belief *b)
{
	xenevtchn_handle *events = events_open();

	need(xenevtchn_restrict(events, 5) == 0, "it cannot be restricted");
	believe(xenevtchn_restrict(events, 6) == -1 && errno == EACCES, "another domain: errno %d", errno);
	believe(xenevtchn_restrict(events, 5) == -1 && errno == EACCES, "the same domain: errno %d", errno);
}

const struct fact fact = { .alone = alone };
