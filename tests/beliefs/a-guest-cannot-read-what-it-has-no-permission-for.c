/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EACCES, and a watch on it never fires for its changes. */
#include "belief.h"

#define SECRET "/tool/belief-secret"

static void backend(struct belief *b)
{
	struct xs_permissions perms = { .id = b->own, .perms = XS_PERM_NONE };

	node_write(b->xs, XBT_NULL, SECRET, "1");
	need(xs_set_permissions(b->xs, XBT_NULL, SECRET, &perms, 1), "no permissions can be set");
	say(b, "made", 1);
	hear(b, "watched");
	node_write(b->xs, XBT_NULL, SECRET, "2");
	say(b, "changed", 1);
	hear(b, "seen");
	xs_rm(b->xs, XBT_NULL, SECRET);
}

static void frontend(struct belief *b)
{
	char *value;

	hear(b, "made");
	value = xs_read(b->xs, XBT_NULL, SECRET, NULL);
	believe(!value && errno == EACCES, "it reads %s with errno %d", value ? value : "nothing", errno);
	watch_quietly(b->xs, SECRET);
	say(b, "watched", 1);
	hear(b, "changed");
	believe(!watch_event(b->xs, 100), "a watch fired");
	say(b, "seen", 1);
}

const struct fact fact = { .needs = NEEDS_GUEST, .frontend = frontend, .backend = backend };
