/* SPDX-License-Identifier: GPL-2.0-or-later */
/* So what a backend adds to its directory can be read by the guest that the toolstack named there. */
#include "belief.h"

static void alone(struct belief *b)
{
	struct xs_permissions perms[2] = {
		{ .id = b->own, .perms = XS_PERM_NONE },
		{ .id = NO_SUCH_DOMAIN, .perms = XS_PERM_READ },
	};
	struct xs_permissions *got;
	unsigned int n = 0;

	node_write(b->xs, XBT_NULL, path_in(b, "dir"), "");
	need(xs_set_permissions(b->xs, XBT_NULL, path_in(b, "dir"), perms, 2), "no permissions can be set");
	node_write(b->xs, XBT_NULL, path_in(b, "dir/sub/node"), "1");
	got = xs_get_permissions(b->xs, XBT_NULL, path_in(b, "dir/sub/node"), &n);
	believe(got && n == 2, "it has %u of them", n);
	believe(got[0].id == b->own && got[0].perms == XS_PERM_NONE, "the owner is %u", got[0].id);
	believe(got[1].id == NO_SUCH_DOMAIN && got[1].perms == XS_PERM_READ, "the reader is %u", got[1].id);
}

const struct fact fact = { .alone = alone };
