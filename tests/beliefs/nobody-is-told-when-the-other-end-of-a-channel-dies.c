/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Xen closes a channel in silence: a frontend whose backend has died waits. */
#include "belief.h"

static void frontend(struct belief *b)
{
	xenevtchn_handle *events = events_open();
	uint32_t port = port_offer(events, b->peer);

	say(b, "port", port);
	hear(b, "dead");
	believe(event_take(events, 100) == -1, "an event came");
	believe(xenevtchn_notify(events, port) == 0, "its notification is an error: errno %d", errno);
	say(b, "seen", 1);
	hear(b, "finished");
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
	int ready[2];
	pid_t child;
	char byte;

	need(pipe(ready) == 0, "no pipe");
	child = fork();
	if (child == 0)
		owner(b, remote, ready[1]);
	close(ready[1]);
	need(read(ready[0], &byte, 1) == 1, "the port cannot be bound");
	kill_hard(child);
	say(b, "dead", 1);
	hear(b, "seen");
}

const struct fact fact = { .frontend = frontend, .backend = backend };
