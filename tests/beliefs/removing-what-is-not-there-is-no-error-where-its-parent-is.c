/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Without the parent it is ENOENT. */
#include "belief.h"

static void alone(struct belief *b)
{
	node_write(b->xs, XBT_NULL, path_in(b, "dir"), "");
	believe(xs_rm(b->xs, XBT_NULL, path_in(b, "dir/nothing")), "with its parent: errno %d", errno);
	believe(!xs_rm(b->xs, XBT_NULL, path_in(b, "none/nothing")) && errno == ENOENT,
			"without its parent: errno %d", errno);
}

const struct fact fact = { .alone = alone };
