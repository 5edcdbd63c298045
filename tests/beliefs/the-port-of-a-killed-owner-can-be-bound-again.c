/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Its death closes its end; the frontend's goes back to waiting for the same domain (event_channel.c). */
#include "belief.h"

static void frontend(struct belief *b)
{
	xenevtchn_handle *events = events_open();
	uint32_t port = port_offer(events, b->peer);

	say(b, "port", port);
	hear(b, "bound-again");
	need(xenevtchn_notify(events, port) == 0, "no event can be sent");
	hear(b, "heard");
	believe(event_take(events, 2000) == (int)port, "the event of the successor did not come");
}

static void owner(struct belief *b, uint32_t remote, int ready)
{
	port_bind(events_open(), b->peer, remote);
	if (write(ready, "r", 1) == 1)
		pause();
	_exit(1);
}

static void backend(struct belief *b)
{
	uint32_t remote = hear(b, "port");
	xenevtchn_handle *events;
	int ready[2], port;
	pid_t child;
	char byte;

	need(pipe(ready) == 0, "no pipe");
	child = fork();
	if (child == 0)
		owner(b, remote, ready[1]);
	close(ready[1]);
	need(read(ready[0], &byte, 1) == 1, "the port cannot be bound the first time");
	/* Opened before the death: it is the bind that has to find the port free. */
	events = events_open();
	kill_hard(child);
	port = xenevtchn_bind_interdomain(events, b->peer, remote);
	believe(port > 0, "it cannot be bound again: errno %d", errno);
	believe(event_take(events, 1000) == port, "it is not pending");
	xenevtchn_unmask(events, (evtchn_port_t)port);
	say(b, "bound-again", 1);
	believe(event_take(events, 2000) == port, "the frontend's event did not come");
	need(xenevtchn_notify(events, (evtchn_port_t)port) == 0, "no event can be sent");
	say(b, "heard", 1);
}

const struct fact fact = { .frontend = frontend, .backend = backend };
