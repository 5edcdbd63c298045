/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xenstored's quota of one entry; more is ENOSPC. Dom0 is not limited by it. */
#include "belief.h"

static void frontend(struct belief *b)
{
	static char value[4000];
	const char *path = path_in(b, "node");

	memset(value, 'x', sizeof(value));
	believe(xs_write(b->xs, XBT_NULL, path, value, 1900), "1900 bytes: errno %d", errno);
	believe(!xs_write(b->xs, XBT_NULL, path, value, 3000) && errno == ENOSPC, "3000 bytes: errno %d", errno);
}

static void backend(struct belief *b)
{
	static char value[4000];
	const char *path = "/tool/belief-large";

	memset(value, 'x', sizeof(value));
	believe(xs_write(b->xs, XBT_NULL, path, value, 3000), "3000 bytes of Dom0's: errno %d", errno);
	xs_rm(b->xs, XBT_NULL, path);
}

const struct fact fact = { .needs = NEEDS_GUEST, .frontend = frontend, .backend = backend };
