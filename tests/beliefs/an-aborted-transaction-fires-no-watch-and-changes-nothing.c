/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xs_transaction_end() with abort. */
#include "belief.h"

static void alone(struct belief *b)
{
	const char *path = path_in(b, "node");
	xs_transaction_t txn;

	node_write(b->xs, XBT_NULL, path, "old");
	watch_quietly(b->xs, path);
	txn = xs_transaction_start(b->xs);
	need(txn != XBT_NULL, "no transaction");
	node_write(b->xs, txn, path, "new");
	need(xs_transaction_end(b->xs, txn, true), "it cannot be aborted");
	believe(!watch_event(b->xs, 100), "a watch fired");
	believe(node_is(b->xs, XBT_NULL, path, "old"), "the value has changed");
}

const struct fact fact = { .alone = alone };
