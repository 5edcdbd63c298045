/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unbinding and notifying them is ENOTCONN, also within one process (evtchn.c). */
#include "belief.h"

static void alone(struct belief *b)
{
	xenevtchn_handle *ours = events_open(), *other = events_open();
	uint32_t port = port_offer(other, b->peer);

	believe(xenevtchn_notify(ours, port) == -1 && errno == ENOTCONN, "notifying: errno %d", errno);
	believe(xenevtchn_unbind(ours, port) == -1 && errno == ENOTCONN, "unbinding: errno %d", errno);
	believe(xenevtchn_unbind(other, port) == 0, "its owner cannot unbind it: errno %d", errno);
	believe(xenevtchn_unbind(other, port) == -1 && errno == ENOTCONN, "unbinding twice: errno %d", errno);
}

const struct fact fact = { .alone = alone };
