/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unmap notifications are the kernel's: SIGKILL does not get around them. */
#include "belief.h"

static void frontend(struct belief *b)
{
	struct share share = share_pages(b->peer, 1, true);
	xenevtchn_handle *events = events_open();
	uint32_t port = port_offer(events, b->peer);

	memset(share.page, 'x', PAGE_BYTES);
	say(b, "gref", share.ref[0]);
	say(b, "port", port);
	hear(b, "mapped");
	believe(event_take(events, 50) == -1, "an event came before the end");
	say(b, "kill", 1);
	believe(event_take(events, 2000) == (int)port, "no event came");
	believe(share.page[100] == 0, "the byte is still there");
}

static void mapper(struct belief *b, uint32_t gref, uint32_t remote, int ready)
{
	uint32_t port = port_bind(events_open(), b->peer, remote);

	if (!xengnttab_map_grant_ref_notify(grants_open(), b->peer, gref, PROT_READ | PROT_WRITE, 100, port))
		_exit(1);
	if (write(ready, "r", 1) == 1)
		pause();
	_exit(1);
}

static void backend(struct belief *b)
{
	uint32_t gref = hear(b, "gref"), remote = hear(b, "port");
	int ready[2];
	pid_t child;
	char byte;

	need(pipe(ready) == 0, "no pipe");
	child = fork();
	if (child == 0)
		mapper(b, gref, remote, ready[1]);
	close(ready[1]);
	need(read(ready[0], &byte, 1) == 1, "the page cannot be mapped with a notification");
	say(b, "mapped", 1);
	hear(b, "kill");
	kill_hard(child);
}

const struct fact fact = { .frontend = frontend, .backend = backend };
