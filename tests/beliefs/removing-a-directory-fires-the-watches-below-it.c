/* SPDX-License-Identifier: GPL-2.0-or-later */
/* With the watched path as the event's: a watch on a state node needs none on its parents. */
#include "belief.h"

static void alone(struct belief *b)
{
	const char *path = path_in(b, "dir/sub/state");
	char *event;

	node_write(b->xs, XBT_NULL, path, "1");
	watch_quietly(b->xs, path);
	need(xs_rm(b->xs, XBT_NULL, path_in(b, "dir")), "the directory cannot be removed");
	event = watch_event(b->xs, 2000);
	believe(event && strcmp(event, path) == 0, "its event has the path %s", event ? event : "of none");
	free(event);
	believe(!xs_read(b->xs, XBT_NULL, path, NULL) && errno == ENOENT, "the node is still there");
}

const struct fact fact = { .alone = alone };
