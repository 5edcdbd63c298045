/* SPDX-License-Identifier: GPL-2.0-or-later */
/* It can be mapped for reading. gntdev turns every failed status of a mapping into EINVAL. */
#include "belief.h"

static void frontend(struct belief *b)
{
	struct share share = share_pages(b->peer, 1, false);

	memset(share.page, 'x', PAGE_BYTES);
	say(b, "gref", share.ref[0]);
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	uint32_t gref = hear(b, "gref");
	xengnttab_handle *grants = grants_open();
	uint8_t *page = xengnttab_map_grant_ref(grants, b->peer, gref, PROT_READ | PROT_WRITE);

	believe(!page && errno == EINVAL, "mapped at %p with errno %d", (void *)page, errno);
	page = xengnttab_map_grant_ref(grants, b->peer, gref, PROT_READ);
	believe(page && all_bytes(page, PAGE_BYTES, 'x'), "it cannot be mapped for reading");
}

const struct fact fact = { .frontend = frontend, .backend = backend };
