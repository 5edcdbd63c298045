/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gntalloc zeroes what it shares: nothing that was in the page before reaches the peer. */
#include "belief.h"

static void alone(struct belief *b)
{
	struct share share = share_pages(b->peer, 4, true);

	memset(share.page, 'x', 4 * PAGE_BYTES);
	share_end(&share);
	for (int i = 0; i < 8; i++) {
		share = share_pages(b->peer, 4, true);
		believe(all_bytes(share.page, 4 * PAGE_BYTES, 0), "it holds something");
		memset(share.page, 'x', 4 * PAGE_BYTES);
		share_end(&share);
	}
}

const struct fact fact = { .alone = alone };
