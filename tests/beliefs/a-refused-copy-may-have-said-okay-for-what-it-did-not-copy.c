/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gntdev writes GNTST_okay into a segment when it accepts it, before Xen is asked; when a later
 * segment is refused, that is what stays (gntdev.c, gntdev_grant_copy_seg). So no status of a
 * failed call may be believed.
 */
#include "belief.h"

static void frontend(struct belief *b)
{
	struct share share = share_pages(b->peer, 1, true);

	memset(share.page, 'x', PAGE_BYTES);
	say(b, "gref", share.ref[0]);
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	uint32_t gref = hear(b, "gref");
	uint8_t local[PAGE_BYTES] = { 0 };
	xengnttab_grant_copy_segment_t segments[2] = {
		copy_in(b->peer, gref, 0, 512, local),
		copy_in(b->peer, gref, 4000, 512, local + 512),
	};

	need(xengnttab_grant_copy(grants_open(), 2, segments) == -1, "the copy was not refused");
	believe(segments[0].status == GNTST_okay, "the first status is %d", segments[0].status);
	believe(all_bytes(local, 512, 0), "the first segment was copied");
}

const struct fact fact = { .frontend = frontend, .backend = backend };
