/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gntdev has no restriction to a domain, as evtchn has (IOCTL_EVTCHN_RESTRICT_DOMID): who holds a handle maps
 * whatever any domain has granted to his.
 */
#include "belief.h"

static void frontend(struct belief *b)
{
	struct share share = share_pages(b->peer, 1, true);

	share.page[0] = 'p';
	say(b, "gref", share.ref[0]);
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	struct share share = share_pages(b->own, 1, true);
	uint32_t gref = hear(b, "gref");
	xengnttab_handle *grants = grants_open();
	uint8_t *theirs = xengnttab_map_grant_ref(grants, b->peer, gref, PROT_READ);
	uint8_t *ours = xengnttab_map_grant_ref(grants, b->own, share.ref[0], PROT_READ);

	believe(theirs && theirs[0] == 'p', "the first domain's grant cannot be mapped");
	share.page[0] = 'o';
	believe(ours && ours[0] == 'o', "the second domain's grant cannot be mapped with the same handle");
}

const struct fact fact = { .needs = NEEDS_GUEST, .frontend = frontend, .backend = backend };
