/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A grant may be mapped as often as one likes, and it is one page. */
#include "belief.h"

static void frontend(struct belief *b)
{
	struct share share = share_pages(b->peer, 1, true);

	say(b, "gref", share.ref[0]);
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	uint32_t gref = hear(b, "gref");
	xengnttab_handle *grants = grants_open();
	uint8_t *one = xengnttab_map_grant_ref(grants, b->peer, gref, PROT_READ | PROT_WRITE);
	uint8_t *two = xengnttab_map_grant_ref(grants, b->peer, gref, PROT_READ | PROT_WRITE);

	believe(one && two && one != two, "it cannot be mapped twice");
	*(volatile uint8_t *)one = 'x';
	believe(*(volatile uint8_t *)two == 'x', "the second mapping does not see what the first wrote");
	believe(xengnttab_unmap(grants, one, 1) == 0, "the first cannot be unmapped");
	believe(*(volatile uint8_t *)two == 'x', "the second mapping went with the first");
}

const struct fact fact = { .frontend = frontend, .backend = backend };
