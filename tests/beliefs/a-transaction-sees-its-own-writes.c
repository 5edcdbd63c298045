/* SPDX-License-Identifier: GPL-2.0-or-later */
/* And what was there when it read it first. */
#include "belief.h"

static void alone(struct belief *b)
{
	const char *path = path_in(b, "node"), *child = path_in(b, "new/child");
	xs_transaction_t txn;

	node_write(b->xs, XBT_NULL, path, "old");
	txn = xs_transaction_start(b->xs);
	need(txn != XBT_NULL, "no transaction");
	believe(node_is(b->xs, txn, path, "old"), "it does not see what was there");
	node_write(b->xs, txn, path, "new");
	node_write(b->xs, txn, child, "1");
	believe(node_is(b->xs, txn, path, "new") && node_is(b->xs, txn, child, "1"),
			"it does not see what it wrote");
	believe(xs_rm(b->xs, txn, path) && !xs_read(b->xs, txn, path, NULL) && errno == ENOENT,
			"it sees what it removed");
	need(xs_transaction_end(b->xs, txn, true), "it cannot be aborted");
}

const struct fact fact = { .alone = alone };
