/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vif's control ring: requests about hashing. The main thread owns it.
 */
#ifndef NETBACK_CTRL_H
#define NETBACK_CTRL_H

#include "netback/queue.h"
#include "netback/steer.h"

#define CTRL_RING_SLOTS 128u	/* of 16 bytes in one page, rounded down to a power of two */

struct ctrl {
	struct vif *vif;
	void *page;		/* of the ring; nothing is read before ctrl_attach() */
	struct sring ring;
	struct events *events;
	struct grants *grants;
	struct grant_batch *batch;
	port_t port;
	bool unmask_due;
	struct kicks kicks;
	struct steer *steer;	/* how the kernel chooses queues for this hash; NULL: its own way */
	bool steers;		/* a hash has been set up: the kernel is to go by that */
	bool open;		/* the frontend has such a ring, it is attached and not broken */
};

/*
 * As queue_open(). Where the frontend has no control ring nothing is opened. steer_fd: of the page for
 * steer_open().
 */
const char *ctrl_open(struct ctrl *ctrl, struct vif *vif, int steer_fd, int *err);

/* As queue_attach(), with vif->note as the predecessor left it. */
const char *ctrl_attach(struct ctrl *ctrl);

/* An event is pending: takes it. */
void ctrl_event(struct ctrl *ctrl);

/* Answers what is there, a ring's worth at most. NULL, or a sentence: the frontend lied about its indices. */
const char *ctrl_work(struct ctrl *ctrl, uint64_t now_usec);

/*
 * To be called after it: asks for the next event and unmasks the port. 0: there is more to answer;
 * otherwise when to call both again at the latest, usec (UINT64_MAX: when something happens).
 */
uint64_t ctrl_rest(struct ctrl *ctrl, uint64_t now_usec);

#endif
