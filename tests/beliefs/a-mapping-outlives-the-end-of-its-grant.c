/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A page that is mapped stays the peer's to use until it is unmapped, whatever the granter does. */
#include "belief.h"

static void frontend(struct belief *b)
{
	struct share share = share_pages(b->peer, 1, true), other;

	memset(share.page, 'x', PAGE_BYTES);
	say(b, "gref", share.ref[0]);
	hear(b, "mapped");
	share_end(&share);
	/* Whoever gets new pages now gets others. */
	other = share_pages(b->peer, 8, true);
	memset(other.page, 'y', 8 * PAGE_BYTES);
	say(b, "ended", 1);
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	uint8_t *page = xengnttab_map_grant_ref(grants_open(), b->peer, hear(b, "gref"),
			PROT_READ | PROT_WRITE);

	need(page != NULL, "the page cannot be mapped");
	say(b, "mapped", 1);
	hear(b, "ended");
	believe(all_bytes(page, PAGE_BYTES, 'x'), "the page has other bytes");
	page[0] = 'z';
	believe(page[0] == 'z', "the page cannot be written");
}

const struct fact fact = { .frontend = frontend, .backend = backend };
