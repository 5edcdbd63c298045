/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each of them exists, empty. */
#include "belief.h"

static void alone(struct belief *b)
{
	unsigned int n = 0;
	char **entries;

	node_write(b->xs, XBT_NULL, path_in(b, "a/b/c"), "1");
	entries = xs_directory(b->xs, XBT_NULL, path_in(b, "a"), &n);
	believe(entries && n == 1 && strcmp(entries[0], "b") == 0, "the directory has %u entries", n);
	believe(node_is(b->xs, XBT_NULL, path_in(b, "a/b"), ""), "what was made has a value");
}

const struct fact fact = { .alone = alone };
