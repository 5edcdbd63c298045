/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IOCTL_EVTCHN_RESTRICT_DOMID (evtchn.c): other domains, and offering ports, are EACCES. */
#include "belief.h"

static void frontend(struct belief *b)
{
	say(b, "port", port_offer(events_open(), b->peer));
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	uint32_t remote = hear(b, "port");
	xenevtchn_handle *events = events_open();
	int port;

	believe(xenevtchn_restrict(events, (domid_t)b->peer) == 0, "it cannot be restricted: errno %d", errno);
	port = xenevtchn_bind_interdomain(events, b->own, 1);
	believe(port == -1 && errno == EACCES, "another domain: %d with errno %d", port, errno);
	port = xenevtchn_bind_unbound_port(events, b->peer);
	believe(port == -1 && errno == EACCES, "offering a port: %d with errno %d", port, errno);
	port = xenevtchn_bind_virq(events, 0);
	believe(port == -1 && errno == EACCES, "a virq: %d with errno %d", port, errno);
	port = xenevtchn_bind_interdomain(events, b->peer, remote);
	believe(port > 0, "its own domain: errno %d", errno);
}

const struct fact fact = { .needs = NEEDS_GUEST, .frontend = frontend, .backend = backend };
