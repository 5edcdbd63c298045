/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gntdev refuses the notification with EINVAL, and libxengnttab takes the mapping back. */
#include "belief.h"

static void frontend(struct belief *b)
{
	struct share share = share_pages(b->peer, 1, true);

	say(b, "gref", share.ref[0]);
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	void *page = xengnttab_map_grant_ref_notify(grants_open(), b->peer, hear(b, "gref"), PROT_READ,
			100, (evtchn_port_t)-1);

	believe(!page && errno == EINVAL, "mapped at %p with errno %d", page, errno);
}

const struct fact fact = { .frontend = frontend, .backend = backend };
