/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both sides of a segment may be grants. */
#include "belief.h"

static void frontend(struct belief *b)
{
	struct share share = share_pages(b->peer, 2, true);

	memset(share.page, 'x', PAGE_BYTES);
	say(b, "from", share.ref[0]);
	say(b, "to", share.ref[1]);
	hear(b, "copied");
	believe(all_bytes(share.page + PAGE_BYTES, 100, 'x'), "it was not copied");
	believe(all_bytes(share.page + PAGE_BYTES + 100, PAGE_BYTES - 100, 0), "more was copied");
}

static void backend(struct belief *b)
{
	uint32_t from = hear(b, "from"), to = hear(b, "to");
	xengnttab_grant_copy_segment_t segment = copy_in(b->peer, from, 0, 100, NULL);
	int status;

	segment.dest.foreign.domid = (domid_t)b->peer;
	segment.dest.foreign.ref = to;
	segment.dest.foreign.offset = 0;
	segment.flags = GNTCOPY_source_gref | GNTCOPY_dest_gref;
	status = copy_one(grants_open(), segment);
	believe(status == GNTST_okay, "its status is %d", status);
	say(b, "copied", 1);
}

const struct fact fact = { .frontend = frontend, .backend = backend };
