/* SPDX-License-Identifier: GPL-2.0-or-later */
/* With the permissions that libxl sets: owner Dom0, reader the guest. A write is EACCES. */
#include "belief.h"

#include <stdio.h>

static void directory(char *path, const struct belief *b, uint32_t guest)
{
	snprintf(path, 128, "/local/domain/%u/backend/belief/%u", b->own == guest ? b->peer : b->own, guest);
}

static void backend(struct belief *b)
{
	struct xs_permissions perms[2] = {
		{ .id = b->own, .perms = XS_PERM_NONE }, { .id = b->peer, .perms = XS_PERM_READ },
	};
	char dir[128], path[140];

	directory(dir, b, b->peer);
	snprintf(path, sizeof(path), "%s/state", dir);
	node_write(b->xs, XBT_NULL, dir, "");
	need(xs_set_permissions(b->xs, XBT_NULL, dir, perms, 2), "no permissions can be set");
	node_write(b->xs, XBT_NULL, path, "2");
	say(b, "made", 1);
	hear(b, "tried");
	believe(node_is(b->xs, XBT_NULL, path, "2"), "the value has changed");
	snprintf(path, sizeof(path), "/local/domain/%u/backend/belief", b->own);
	xs_rm(b->xs, XBT_NULL, path);
}

static void frontend(struct belief *b)
{
	struct xs_permissions mine = { .id = b->own, .perms = XS_PERM_NONE };
	char dir[128], path[140], added[140];

	directory(dir, b, b->own);
	snprintf(path, sizeof(path), "%s/state", dir);
	snprintf(added, sizeof(added), "%s/added", dir);
	hear(b, "made");
	believe(node_is(b->xs, XBT_NULL, path, "2"), "it cannot be read: errno %d", errno);
	believe(!xs_write(b->xs, XBT_NULL, path, "4", 1) && errno == EACCES, "writing: errno %d", errno);
	believe(!xs_write(b->xs, XBT_NULL, added, "4", 1) && errno == EACCES, "adding: errno %d", errno);
	believe(!xs_rm(b->xs, XBT_NULL, path) && errno == EACCES, "removing: errno %d", errno);
	believe(!xs_set_permissions(b->xs, XBT_NULL, path, &mine, 1) && errno == EACCES,
			"taking it: errno %d", errno);
	say(b, "tried", 1);
}

const struct fact fact = { .needs = NEEDS_GUEST, .frontend = frontend, .backend = backend };
