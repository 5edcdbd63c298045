/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nobody sees a transaction that is not finished, neither by event nor by reading. */
#include "belief.h"

static void alone(struct belief *b)
{
	struct xs_handle *other = xs_open(0);
	const char *path = path_in(b, "node");
	xs_transaction_t txn;

	need(other != NULL, "no second connection");
	node_write(b->xs, XBT_NULL, path, "old");
	watch_quietly(other, path);
	txn = xs_transaction_start(b->xs);
	need(txn != XBT_NULL, "no transaction");
	node_write(b->xs, txn, path, "new");
	believe(!watch_event(other, 100), "it fired before the commit");
	believe(node_is(other, XBT_NULL, path, "old"), "the new value could be read before the commit");
	need(xs_transaction_end(b->xs, txn, false), "no commit");
	believe(watch_event(other, 2000) != NULL, "it did not fire after the commit");
	believe(node_is(other, XBT_NULL, path, "new"), "the new value cannot be read after the commit");
}

const struct fact fact = { .alone = alone };
