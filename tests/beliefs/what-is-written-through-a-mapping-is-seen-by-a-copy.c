/* SPDX-License-Identifier: GPL-2.0-or-later */
/* And by the granter: there is one page. */
#include "belief.h"

static void frontend(struct belief *b)
{
	struct share share = share_pages(b->peer, 1, true);

	say(b, "gref", share.ref[0]);
	hear(b, "written");
	believe(all_bytes(share.page, PAGE_BYTES, 'x'), "the granter sees other bytes");
}

static void backend(struct belief *b)
{
	uint32_t gref = hear(b, "gref");
	xengnttab_handle *grants = grants_open();
	uint8_t *page = xengnttab_map_grant_ref(grants, b->peer, gref, PROT_READ | PROT_WRITE);
	uint8_t local[PAGE_BYTES] = { 0 };

	need(page != NULL, "the page cannot be mapped");
	memset(page, 'x', PAGE_BYTES);
	need(copy_one(grants, copy_in(b->peer, gref, 0, PAGE_BYTES, local)) == 0, "it cannot be copied");
	believe(all_bytes(local, PAGE_BYTES, 'x'), "the copy has other bytes");
	say(b, "written", 1);
}

const struct fact fact = { .frontend = frontend, .backend = backend };
