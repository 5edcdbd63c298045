/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xengnttab.h: all or nothing; gntdev says EINVAL. */
#include "belief.h"

static void frontend(struct belief *b)
{
	struct share share = share_pages(b->peer, 2, true);
	struct share foreign = share_pages(NO_SUCH_DOMAIN, 1, true);

	say(b, "first", share.ref[0]);
	say(b, "bad", foreign.ref[0]);
	say(b, "third", share.ref[1]);
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	uint32_t refs[3] = { hear(b, "first"), hear(b, "bad"), hear(b, "third") };
	void *pages = xengnttab_map_domain_grant_refs(grants_open(), 3, b->peer, refs,
			PROT_READ | PROT_WRITE);

	believe(!pages && errno == EINVAL, "mapped at %p with errno %d", pages, errno);
}

const struct fact fact = { .frontend = frontend, .backend = backend };
