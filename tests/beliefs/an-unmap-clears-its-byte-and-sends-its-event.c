/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UNMAP_NOTIFY_CLEAR_BYTE and _SEND_EVENT of gntdev (xen/sys/gntdev.h). */
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
	believe(event_take(events, 50) == -1, "an event came before the unmap");
	say(b, "unmap", 1);
	believe(event_take(events, 2000) == (int)port, "no event came");
	believe(share.page[100] == 0, "the byte is still there");
	share.page[100] = 'x';
	believe(all_bytes(share.page, PAGE_BYTES, 'x'), "other bytes were changed");
}

static void backend(struct belief *b)
{
	uint32_t gref = hear(b, "gref");
	uint32_t port = port_bind(events_open(), b->peer, hear(b, "port"));
	xengnttab_handle *grants = grants_open();
	void *page = xengnttab_map_grant_ref_notify(grants, b->peer, gref, PROT_READ | PROT_WRITE, 100, port);

	need(page != NULL, "the page cannot be mapped with a notification");
	say(b, "mapped", 1);
	hear(b, "unmap");
	need(xengnttab_unmap(grants, page, 1) == 0, "the page cannot be unmapped");
}

const struct fact fact = { .frontend = frontend, .backend = backend };
