/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Neither for a copy (GNTST_general_error) nor for a mapping (EINVAL). */
#include "belief.h"

static void frontend(struct belief *b)
{
	struct share share = share_pages(NO_SUCH_DOMAIN, 1, true);

	memset(share.page, 'x', PAGE_BYTES);
	say(b, "gref", share.ref[0]);
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	uint32_t gref = hear(b, "gref");
	xengnttab_handle *grants = grants_open();
	uint8_t local[64] = { 0 };
	int status = copy_one(grants, copy_in(b->peer, gref, 0, 64, local));
	void *page = xengnttab_map_grant_ref(grants, b->peer, gref, PROT_READ);

	believe(status == GNTST_general_error && all_bytes(local, 64, 0), "the copy has status %d", status);
	believe(!page && errno == EINVAL, "mapped at %p with errno %d", page, errno);
}

const struct fact fact = { .frontend = frontend, .backend = backend };
