/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xenstored's quota, 128 unless it is told otherwise, for all processes of the guest: then E2BIG. The
 * check is for more than 128 before one is added, so that 129 is what there can be. Where Linux' device
 * /dev/xen/xenbus says so, libxenstore gives up its connection: it is one of their own.
 */
#include "belief.h"

#include <stdio.h>

static void frontend(struct belief *b)
{
	struct xs_handle *xs = xs_open(0);
	char token[16];
	int n = 0;

	need(xs != NULL, "xenstore cannot be reached twice");
	do {
		snprintf(token, sizeof(token), "%d", n);
	} while (n < 200 && xs_watch(xs, b->dir, token) && ++n);
	believe(n <= 129 && errno == E2BIG, "%d watches, then errno %d", n, errno);
	believe(n >= 100, "only %d watches", n);
}

static void backend(struct belief *b)
{
	char token[16];

	for (int n = 0; n < 200; n++) {
		snprintf(token, sizeof(token), "%d", n);
		believe(xs_watch(b->xs, b->dir, token), "Dom0 is limited to %d: errno %d", n, errno);
	}
}

const struct fact fact = { .needs = NEEDS_GUEST, .frontend = frontend, .backend = backend };
