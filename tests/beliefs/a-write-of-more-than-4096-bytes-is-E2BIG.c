/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XENSTORE_PAYLOAD_MAX is for path and value together. libxenstore refuses it and stays usable. */
#include "belief.h"

static void alone(struct belief *b)
{
	static char value[5000];
	const char *path = path_in(b, "node");

	memset(value, 'x', sizeof(value));
	believe(!xs_write(b->xs, XBT_NULL, path, value, 4096) && errno == E2BIG, "errno %d", errno);
	believe(xs_write(b->xs, XBT_NULL, path, value, 1000), "the connection is lost: errno %d", errno);
}

const struct fact fact = { .alone = alone };
