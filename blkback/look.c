/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pace of questions about the disk's size. Trusts no guest to ask seldom; promises at most one question
 * in LOOK_AGAIN_USEC, and that each request beyond the end is followed by one.
 */
#include "blkback/look.h"

bool look_due(struct vbd *vbd, uint64_t now_usec)
{
	/* The time first: taken and thrown away, the wish of a guest that asks no more would be lost. */
	if (now_usec < vbd->look_next_usec ||
			!__atomic_exchange_n(&vbd->look_again, false, __ATOMIC_RELAXED))
		return false;
	vbd->look_next_usec = now_usec + LOOK_AGAIN_USEC;
	return true;
}

int look_timeout(const struct vbd *vbd, uint64_t now_usec, int timeout_ms)
{
	int rest = 0;

	if (!__atomic_load_n(&vbd->look_again, __ATOMIC_RELAXED))
		return timeout_ms;
	if (now_usec < vbd->look_next_usec)
		rest = (int)((vbd->look_next_usec - now_usec + 999) / 1000);
	return timeout_ms < 0 || rest < timeout_ms ? rest : timeout_ms;
}
