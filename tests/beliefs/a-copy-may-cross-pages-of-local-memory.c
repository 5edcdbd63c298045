/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Only the side of the grant is bound to one page; gntdev splits the other (gntdev.c). */
#include "belief.h"

static void frontend(struct belief *b)
{
	struct share share = share_pages(b->peer, 1, true);

	for (uint32_t i = 0; i < PAGE_BYTES; i++)
		share.page[i] = (uint8_t)(i * 7);
	say(b, "gref", share.ref[0]);
	hear(b, "finished");
}

static void backend(struct belief *b)
{
	uint8_t *local = aligned_alloc(PAGE_BYTES, 2 * PAGE_BYTES);
	int status;

	need(local != NULL, "no memory");
	memset(local, 0, 2 * PAGE_BYTES);
	status = copy_one(grants_open(), copy_in(b->peer, hear(b, "gref"), 0, PAGE_BYTES, local + 1000));
	believe(status == GNTST_okay, "its status is %d", status);
	for (uint32_t i = 0; i < PAGE_BYTES; i++)
		believe(local[1000 + i] == (uint8_t)(i * 7), "byte %u is another one", i);
	believe(all_bytes(local, 1000, 0), "bytes before it were written");
}

const struct fact fact = { .frontend = frontend, .backend = backend };
