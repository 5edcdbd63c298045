/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Xen: "Attempt to write-pin a r/o grant entry" is GNTST_general_error (grant_table.c). */
#include "belief.h"

static void frontend(struct belief *b)
{
	struct share share = share_pages(b->peer, 1, false);

	memset(share.page, 'x', PAGE_BYTES);
	say(b, "gref", share.ref[0]);
	hear(b, "tried");
	believe(all_bytes(share.page, PAGE_BYTES, 'x'), "the page was written");
}

static void backend(struct belief *b)
{
	uint32_t gref = hear(b, "gref");
	xengnttab_handle *grants = grants_open();
	uint8_t local[PAGE_BYTES] = { 0 };
	int status = copy_one(grants, copy_out(b->peer, gref, 0, PAGE_BYTES, local));

	say(b, "tried", 1);
	believe(status == GNTST_general_error, "the write has status %d", status);
	status = copy_one(grants, copy_in(b->peer, gref, 0, PAGE_BYTES, local));
	believe(status == GNTST_okay, "the read has status %d", status);
	believe(all_bytes(local, PAGE_BYTES, 'x'), "other bytes were read");
}

const struct fact fact = { .frontend = frontend, .backend = backend };
