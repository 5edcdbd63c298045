/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where nobody has the page mapped, unsharing ends the grant at once. */
#include "belief.h"

static void frontend(struct belief *b)
{
	struct share share = share_pages(b->peer, 1, true);

	memset(share.page, 'x', PAGE_BYTES);
	say(b, "gref", share.ref[0]);
	hear(b, "copied");
	share_end(&share);
	say(b, "ended", 1);
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	uint32_t gref = hear(b, "gref");
	xengnttab_handle *grants = grants_open();
	uint8_t local[64] = { 0 };
	int status;

	need(copy_one(grants, copy_in(b->peer, gref, 0, 64, local)) == 0, "the grant is not good from the start");
	say(b, "copied", 1);
	hear(b, "ended");
	memset(local, 0, 64);
	status = copy_one(grants, copy_in(b->peer, gref, 0, 64, local));
	believe(status < 0 && all_bytes(local, 64, 0), "its status is %d", status);
}

const struct fact fact = { .frontend = frontend, .backend = backend };
