/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xengnttab.h: the pages of one mapping are contiguous, in the order that was asked for. */
#include "belief.h"

static void frontend(struct belief *b)
{
	struct share share = share_pages(b->peer, 5, true);

	for (int i = 0; i < 5; i++)
		memset(share.page + i * PAGE_BYTES, 'a' + i, PAGE_BYTES);
	say(b, "e", share.ref[4]);
	say(b, "a", share.ref[0]);
	say(b, "c", share.ref[2]);
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	uint32_t refs[3] = { hear(b, "e"), hear(b, "a"), hear(b, "c") };
	uint8_t *pages = xengnttab_map_domain_grant_refs(grants_open(), 3, b->peer, refs,
			PROT_READ | PROT_WRITE);

	believe(pages != NULL, "they cannot be mapped at once");
	for (int i = 0; i < 3; i++)
		believe(all_bytes(pages + i * PAGE_BYTES, PAGE_BYTES, (uint8_t)"eac"[i]),
				"page %d is another one", i);
}

const struct fact fact = { .frontend = frontend, .backend = backend };
