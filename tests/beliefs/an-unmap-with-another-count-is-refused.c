/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libxengnttab compares the count with that of the mapping: EINVAL; and so is no address at all. */
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
	uint32_t refs[2] = { hear(b, "first"), hear(b, "second") };
	xengnttab_handle *grants = grants_open();
	uint8_t *pages = xengnttab_map_domain_grant_refs(grants, 2, b->peer, refs, PROT_READ);

	need(pages != NULL, "the pages cannot be mapped");
	believe(xengnttab_unmap(grants, pages, 1) == -1 && errno == EINVAL, "one of two pages: errno %d", errno);
	believe(xengnttab_unmap(grants, NULL, 2) == -1 && errno == EINVAL, "no address: errno %d", errno);
	believe(all_bytes(pages, 2 * PAGE_BYTES, 'x'), "the mapping has changed");
	believe(xengnttab_unmap(grants, pages, 2) == 0, "the right count: errno %d", errno);
}

const struct fact fact = { .frontend = frontend, .backend = backend };
