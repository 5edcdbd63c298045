/* SPDX-License-Identifier: GPL-2.0-or-later */
/* And changes nothing; repeated as a whole it succeeds. */
#include "belief.h"

static void alone(struct belief *b)
{
	struct xs_handle *other = xs_open(0);
	const char *read = path_in(b, "read"), *written = path_in(b, "written");
	xs_transaction_t txn;
	bool ended;

	need(other != NULL, "no second connection");
	node_write(b->xs, XBT_NULL, read, "1");
	node_write(b->xs, XBT_NULL, written, "old");
	txn = xs_transaction_start(b->xs);
	need(node_is(b->xs, txn, read, "1"), "the node cannot be read");
	node_write(b->xs, txn, written, "new");
	node_write(other, XBT_NULL, read, "2");
	ended = xs_transaction_end(b->xs, txn, false);
	believe(!ended && errno == EAGAIN, "its end said %d with errno %d", ended, errno);
	believe(node_is(b->xs, XBT_NULL, written, "old"), "it has changed something");
	txn = xs_transaction_start(b->xs);
	need(node_is(b->xs, txn, read, "2"), "the node cannot be read again");
	node_write(b->xs, txn, written, "new");
	believe(xs_transaction_end(b->xs, txn, false), "the second try failed: errno %d", errno);
}

const struct fact fact = { .alone = alone };
