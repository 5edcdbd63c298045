/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Also where there is nothing to watch; libxenstore gives the watched path and the token. */
#include "belief.h"

static void alone(struct belief *b)
{
	const char *path = path_in(b, "nothing");
	char *event;

	need(xs_watch(b->xs, path, "token"), "no watch");
	event = watch_event(b->xs, 2000);
	believe(event && strcmp(event, path) == 0, "its event has the path %s", event ? event : "of none");
	free(event);
	believe(!watch_event(b->xs, 50), "it fired twice");
}

const struct fact fact = { .alone = alone };
