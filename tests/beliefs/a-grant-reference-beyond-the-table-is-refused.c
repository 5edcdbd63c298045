/* SPDX-License-Identifier: GPL-2.0-or-later */
/* By its status in a copy, by EINVAL in a mapping; never more than that. */
#include "belief.h"

static void backend(struct belief *b)
{
	static const uint32_t refs[] = { 0x00ffffff, 0x7fffffff, 0x80000000, 0xffffffff };
	xengnttab_handle *grants = grants_open();
	uint8_t local[64] = { 0 };

	for (int i = 0; i < 4; i++) {
		int status = copy_one(grants, copy_in(b->peer, refs[i], 0, 64, local));
		void *page = xengnttab_map_grant_ref(grants, b->peer, refs[i], PROT_READ);

		believe(status == GNTST_bad_gntref, "the copy of %#x has status %d", refs[i], status);
		believe(!page && errno == EINVAL, "%#x is mapped at %p with errno %d", refs[i], page, errno);
	}
}

static void frontend(struct belief *b)
{
	hear(b, "finished");
}

const struct fact fact = { .frontend = frontend, .backend = backend };
