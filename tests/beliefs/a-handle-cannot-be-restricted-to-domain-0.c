/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nor to a reserved domid: EINVAL (evtchn.c). So the worker of a local attach stays unrestricted. */
#include "belief.h"

static void alone(struct belief *b)
{
	xenevtchn_handle *events = events_open();

	believe(xenevtchn_restrict(events, 0) == -1 && errno == EINVAL, "domain 0: errno %d", errno);
	believe(xenevtchn_restrict(events, DOMID_SELF) == -1 && errno == EINVAL, "DOMID_SELF: errno %d", errno);
	believe(xenevtchn_bind_unbound_port(events, b->peer) > 0, "the handle is restricted: errno %d", errno);
}

const struct fact fact = { .alone = alone };
