/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same notification from the granter's side (gntalloc). */
#include "belief.h"

static void frontend(struct belief *b)
{
	xengntshr_handle *shares = xengntshr_open(NULL, 0);
	uint32_t port = port_bind(events_open(), b->peer, hear(b, "port"));
	uint32_t gref;
	uint8_t *page;

	need(shares != NULL, "/dev/xen/gntalloc cannot be opened");
	page = xengntshr_share_page_notify(shares, b->peer, &gref, true, 100, port);
	need(page != NULL, "a page cannot be shared with a notification");
	memset(page, 'x', PAGE_BYTES);
	say(b, "gref", gref);
	hear(b, "mapped");
	need(xengntshr_unshare(shares, page, 1) == 0, "the page cannot be unshared");
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	xenevtchn_handle *events = events_open();
	uint32_t port = port_offer(events, b->peer);
	uint8_t *page;

	say(b, "port", port);
	page = xengnttab_map_grant_ref(grants_open(), b->peer, hear(b, "gref"), PROT_READ);
	need(page != NULL, "the page cannot be mapped");
	say(b, "mapped", 1);
	believe(event_take(events, 2000) == (int)port, "no event came");
	believe(page[100] == 0 && page[99] == 'x' && page[101] == 'x', "not that byte was cleared");
}

const struct fact fact = { .frontend = frontend, .backend = backend };
