/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xenstored does not compare values. */
#include "belief.h"

static void alone(struct belief *b)
{
	const char *path = path_in(b, "node");

	node_write(b->xs, XBT_NULL, path, "value");
	watch_quietly(b->xs, path);
	for (int i = 0; i < 3; i++) {
		node_write(b->xs, XBT_NULL, path, "value");
		believe(watch_event(b->xs, 2000) != NULL, "it did not fire for write %d", i);
	}
	believe(!watch_event(b->xs, 50), "it fired more often than there were writes");
}

const struct fact fact = { .alone = alone };
