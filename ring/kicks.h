/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kicks without work. The kernel delays the event channels of drivers that report useless events,
 * but /dev/xen/evtchn reports none, so that the delay is ours to make: the port of a frontend that
 * kicks for nothing stays masked for a while, longer and longer. One struct for each set of ports
 * that one thread hears; no clock of its own.
 */
#ifndef RING_KICKS_H
#define RING_KICKS_H

#include <stdbool.h>
#include <stdint.h>

#define KICKS_FREE 16u			/* useless ones in a row that cost the frontend nothing */
#define KICKS_HOLD_MAX_USEC 16000u	/* so that a storm is heard about 60 times in a second */

struct kicks {
	uint32_t useless;	/* in a row */
	bool heard;		/* one, since it was judged last */
	uint64_t until_usec;	/* the ports stay masked until then */
};

/* An event was taken; its port is masked now. */
void kicks_heard(struct kicks *kicks);

/* What was heard since the last call did (or did not) bring work. One useful kick forgives all. */
void kicks_judge(struct kicks *kicks, bool useful, uint64_t now_usec);

/* Are the ports to stay masked, until kicks->until_usec? Otherwise they are to be unmasked now. */
bool kicks_hold(const struct kicks *kicks, uint64_t now_usec);

#endif
