/* SPDX-License-Identifier: GPL-2.0-or-later */
/* At any depth; the event has the path that changed. A sibling is not below. */
#include "belief.h"

static void alone(struct belief *b)
{
	const char *dir = path_in(b, "dir"), *child = path_in(b, "dir/sub/child");
	char *event;

	node_write(b->xs, XBT_NULL, child, "1");
	watch_quietly(b->xs, dir);
	node_write(b->xs, XBT_NULL, child, "2");
	event = watch_event(b->xs, 2000);
	believe(event && strcmp(event, child) == 0, "its event has the path %s", event ? event : "of none");
	free(event);
	node_write(b->xs, XBT_NULL, path_in(b, "dir2"), "1");
	believe(!watch_event(b->xs, 50), "it fired for a sibling");
}

const struct fact fact = { .alone = alone };
