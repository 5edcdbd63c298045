/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gntdev: a segment may not leave the granted page; the whole call is EINVAL (gntdev.c). */
#include "belief.h"

static void frontend(struct belief *b)
{
	struct share share = share_pages(b->peer, 2, true);

	memset(share.page, 'x', 2 * PAGE_BYTES);
	say(b, "first", share.ref[0]);
	say(b, "second", share.ref[1]);
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	uint32_t first = hear(b, "first"), second = hear(b, "second");
	uint8_t local[2][PAGE_BYTES] = { { 0 } };
	xengnttab_grant_copy_segment_t segments[2] = {
		copy_in(b->peer, first, 0, PAGE_BYTES, local[0]),
		copy_in(b->peer, second, 1, PAGE_BYTES, local[1]),
	};
	int r = xengnttab_grant_copy(grants_open(), 2, segments);

	believe(r == -1 && errno == EINVAL, "the call returned %d with errno %d", r, errno);
	believe(all_bytes(local[1], PAGE_BYTES, 0), "bytes beyond the page were copied");
}

const struct fact fact = { .frontend = frontend, .backend = backend };
