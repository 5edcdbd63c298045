/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Source and destination may be the same grant; full overlap is harmless. */
#include "belief.h"

static void frontend(struct belief *b)
{
	struct share share = share_pages(b->peer, 1, true);

	memset(share.page, 'x', PAGE_BYTES);
	say(b, "gref", share.ref[0]);
	hear(b, "copied");
	believe(all_bytes(share.page, PAGE_BYTES, 'x'), "the page has changed");
}

static void backend(struct belief *b)
{
	xengnttab_grant_copy_segment_t segment = copy_in(b->peer, hear(b, "gref"), 0, PAGE_BYTES, NULL);
	int status;

	segment.dest.foreign = segment.source.foreign;
	segment.flags = GNTCOPY_source_gref | GNTCOPY_dest_gref;
	status = copy_one(grants_open(), segment);
	believe(status == GNTST_okay, "its status is %d", status);
	say(b, "copied", 1);
}

const struct fact fact = { .frontend = frontend, .backend = backend };
