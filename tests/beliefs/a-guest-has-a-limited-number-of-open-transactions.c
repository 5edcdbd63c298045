/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xenstored's quota, 10 unless it is told otherwise: then ENOSPC. Ended ones do not count. */
#include "belief.h"

static void frontend(struct belief *b)
{
	xs_transaction_t txn[40];
	int n = 0;

	while (n < 40 && (txn[n] = xs_transaction_start(b->xs)) != XBT_NULL)
		n++;
	believe(n < 40 && errno == ENOSPC, "%d transactions, then errno %d", n, errno);
	for (int i = 0; i < n; i++)
		need(xs_transaction_end(b->xs, txn[i], true), "one cannot be ended");
	believe(xs_transaction_start(b->xs) != XBT_NULL, "none is left after all have ended: errno %d", errno);
}

static void backend(struct belief *b)
{
}

const struct fact fact = { .needs = NEEDS_GUEST, .frontend = frontend, .backend = backend };
