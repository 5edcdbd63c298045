/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xenevtchn_fdopen(): what a daemon does that replaces itself by exec (xenevtchn.h). */
#include "belief.h"

static void frontend(struct belief *b)
{
	xenevtchn_handle *events = events_open();
	uint32_t port = port_offer(events, b->peer);

	say(b, "port", port);
	believe(event_take(events, 5000) == (int)port, "the event of the handle made again did not come");
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	xenevtchn_handle *first = events_open(), *again;
	uint32_t port = port_bind(first, b->peer, hear(b, "port"));
	int fd;

	need(xenevtchn_restrict(first, NO_SUCH_DOMAIN) == 0, "it cannot be restricted");
	fd = dup(xenevtchn_fd(first));
	xenevtchn_close(first);
	again = xenevtchn_fdopen(NULL, fd, 0);
	believe(again != NULL, "it cannot be made again: errno %d", errno);
	believe(xenevtchn_notify(again, port) == 0, "the port is not its own: errno %d", errno);
	believe(xenevtchn_bind_unbound_port(again, b->peer) == -1 && errno == EACCES,
			"the restriction is gone: errno %d", errno);
}

const struct fact fact = { .frontend = frontend, .backend = backend };
