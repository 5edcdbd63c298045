/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A call that succeeds may hold segments that failed, and the others are done. */
#include "belief.h"

static void frontend(struct belief *b)
{
	struct share share = share_pages(b->peer, 2, true);
	struct share foreign = share_pages(NO_SUCH_DOMAIN, 1, true);

	memset(share.page, 'x', 2 * PAGE_BYTES);
	say(b, "first", share.ref[0]);
	say(b, "bad", foreign.ref[0]);
	say(b, "third", share.ref[1]);
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	uint32_t first = hear(b, "first"), bad = hear(b, "bad"), third = hear(b, "third");
	uint8_t local[3][64] = { { 0 } };
	xengnttab_grant_copy_segment_t segments[3] = {
		copy_in(b->peer, first, 0, 64, local[0]),
		copy_in(b->peer, bad, 0, 64, local[1]),
		copy_in(b->peer, third, 0, 64, local[2]),
	};

	believe(xengnttab_grant_copy(grants_open(), 3, segments) == 0, "the whole call failed");
	believe(segments[0].status == GNTST_okay && segments[2].status == GNTST_okay,
			"the good segments have status %d and %d", segments[0].status, segments[2].status);
	believe(segments[1].status < 0, "the bad segment has status %d", segments[1].status);
	believe(all_bytes(local[0], 64, 'x') && all_bytes(local[2], 64, 'x'), "a good segment was not copied");
	believe(all_bytes(local[1], 64, 0), "the bad segment was copied");
}

const struct fact fact = { .frontend = frontend, .backend = backend };
