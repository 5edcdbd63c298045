/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gntdev asks Xen nothing for it (gntdev.c): its status says nothing about the grant. */
#include "belief.h"

static void frontend(struct belief *b)
{
	struct share share = share_pages(NO_SUCH_DOMAIN, 1, true);

	say(b, "gref", share.ref[0]);
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	uint8_t local[1] = { 0 };
	int status = copy_one(grants_open(), copy_in(b->peer, hear(b, "gref"), 0, 0, local));

	believe(status == GNTST_okay, "its status is %d", status);
}

const struct fact fact = { .frontend = frontend, .backend = backend };
