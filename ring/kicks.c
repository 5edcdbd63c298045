/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long a frontend that kicks for nothing is not heard. Trusts its caller to judge each kick
 * once; promises that an honest frontend waits for no longer than KICKS_HOLD_MAX_USEC.
 */
#include "ring/kicks.h"

#define HOLD_FIRST_USEC 1000u
#define DOUBLINGS_MAX 4u
_Static_assert(HOLD_FIRST_USEC << DOUBLINGS_MAX == KICKS_HOLD_MAX_USEC, "the last doubling is the longest");

void kicks_heard(struct kicks *kicks)
{
	kicks->heard = true;
}

/* Each KICKS_FREE useless kicks double the time. */
static uint64_t hold_usec(uint32_t useless)
{
	uint32_t steps = useless / KICKS_FREE;

	if (steps == 0)
		return 0;
	return (uint64_t)HOLD_FIRST_USEC << (steps - 1 < DOUBLINGS_MAX ? steps - 1 : DOUBLINGS_MAX);
}

void kicks_judge(struct kicks *kicks, bool useful, uint64_t now_usec)
{
	if (useful)
		kicks->useless = 0;
	else if (kicks->heard && kicks->useless < UINT32_MAX)
		kicks->useless++;
	if (useful || kicks->heard)
		kicks->until_usec = now_usec + hold_usec(kicks->useless);
	kicks->heard = false;
}

bool kicks_hold(const struct kicks *kicks, uint64_t now_usec)
{
	return now_usec < kicks->until_usec;
}
