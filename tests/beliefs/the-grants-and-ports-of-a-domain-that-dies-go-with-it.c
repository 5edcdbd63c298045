/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A copy fails, a bind fails, a channel to it is silent; what was mapped stays mapped. */
#include "belief.h"

#include <stdio.h>

static void frontend(struct belief *b)
{
	struct share share = share_pages(b->peer, 1, true);

	memset(share.page, 'x', PAGE_BYTES);
	say(b, "offered", port_offer(events_open(), b->peer));
	say(b, "port", port_offer(events_open(), b->peer));
	say(b, "gref", share.ref[0]);
	sleep_ms(60000);
}

static bool gone(struct belief *b)
{
	char path[64];
	char *name;

	snprintf(path, sizeof(path), "/local/domain/%u/name", b->peer);
	name = xs_read(b->xs, XBT_NULL, path, NULL);
	free(name);
	return name == NULL;
}

static void backend(struct belief *b)
{
	uint32_t offered = hear(b, "offered"), remote = hear(b, "port"), gref = hear(b, "gref");
	xengnttab_handle *grants = grants_open();
	xenevtchn_handle *events = events_open();
	uint32_t port = port_bind(events, b->peer, remote);
	uint8_t *page = xengnttab_map_grant_ref(grants, b->peer, gref, PROT_READ), local[64];

	need(page != NULL, "the page cannot be mapped");
	puts("ready");
	for (int waited = 0; !gone(b) && waited < 20000; waited += 20)
		sleep_ms(20);
	need(gone(b), "the domain is still there");
	sleep_ms(200);
	believe(copy_one(grants, copy_in(b->peer, gref, 0, 64, local)) < 0, "its grant can be copied");
	believe(xenevtchn_bind_interdomain(events, b->peer, offered) == -1, "its port can be bound");
	believe(xenevtchn_notify(events, port) == 0, "a channel to it is an error: errno %d", errno);
	believe(event_take(events, 50) == -1, "an event came");
	believe(all_bytes(page, PAGE_BYTES, 'x'), "what was mapped has changed");
	exit(0);
}

const struct fact fact = { .needs = NEEDS_DESTROY, .frontend = frontend, .backend = backend };
