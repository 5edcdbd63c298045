/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gntalloc zeroes what it shares: nothing that was in the page before reaches the peer. */
#include "belief.h"

/* Often enough that pages come around again. */
static void alone(struct belief *b)
{
	struct share share = share_pages(b->peer, 1, true);
	uint32_t refs[SHARE_MAX];

	for (int i = 0; i < 1200; i++) {
		uint8_t *pages = xengntshr_share_pages(share.handle, b->peer, SHARE_MAX, refs, true);

		need(pages != NULL, "%d pages cannot be shared", SHARE_MAX);
		believe(all_bytes(pages, SHARE_MAX * PAGE_BYTES, 0), "it holds something");
		memset(pages, 'x', SHARE_MAX * PAGE_BYTES);
		need(xengntshr_unshare(share.handle, pages, SHARE_MAX) == 0, "they cannot be unshared");
	}
}

const struct fact fact = { .alone = alone };
