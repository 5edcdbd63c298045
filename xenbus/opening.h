/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening a disk by a process of its own, `opendisk': a target that hangs in open(2), or in what measures it,
 * keeps that process, and neither control nor another device.
 */
#ifndef XENBUS_OPENING_H
#define XENBUS_OPENING_H

#include <limits.h>

#include "xenbus/disk.h"
#include "xenbus/fleet.h"

#define OPENING_FD 3		/* the process's end of the line: the order comes, the answer goes */
#define OPENING_WHY_MAX 400
#define OPENING_VERSION 1u
#define OPENINGS_HUNG_MAX 256u	/* processes of devices that have gone, and that do not end, */
#define OPENINGS_HUNG_PATH_MAX 4u	/* and for one path: guests that come again and again cost the others nothing */

/* What the process is told. The request's strings are behind it. */
struct opening_order {
	uint32_t version;	/* OPENING_VERSION */
	struct disk_request request;
	char path[PATH_MAX], file[PATH_MAX];
};

/* What it says, with the descriptor where error is 0. */
struct opening_answer {
	uint32_t version;	/* OPENING_VERSION */
	int error;		/* of disk_open(): 0 or -errno */
	struct disk disk;
	char why[OPENING_WHY_MAX];
};

/* Zeros: nothing is being opened. */
struct opening {
	int pidfd;		/* of the process; 0: none */
	int line;		/* to it */
	bool unwanted;		/* it has been told to end */
	bool done;		/* the answer is here: */
	struct opening_answer answer;
	int fd;			/* of an answer without error, close-on-exec */
	struct opening_order *order;	/* from the heap, while there is a process or an answer */
};

/*
 * disk_open() without waiting for it: -EINPROGRESS until opening_ended() has been called, then what it returned.
 * One process at a time: where another request is under way, or one that was cancelled, it is to end first.
 * -errno with a sentence in why also where no process can be had (-EAGAIN: for now; -EBUSY: too many hang).
 */
int opening_take(struct opening *opening, struct fleet *fleet, const struct disk_request *request,
		struct disk *disk, char why[OPENING_WHY_MAX]);

/* EVENT_OPENED has come for opening->pidfd: takes the answer, if somebody wants it. */
void opening_ended(struct opening *opening);

/* Nobody wants it for now: closes what is open, or tells the process to end. */
void opening_cancel(struct opening *opening);

/* The same of a device that goes: opening can be freed. */
void opening_abandon(struct opening *opening);

/* EVENT_OPENED has come for the process of an opening that was abandoned. */
void opening_forget(int pidfd);

#endif
