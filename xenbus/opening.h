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
#define OPENINGS_HUNG_MAX 64u	/* processes whose answer nobody wants any more, and that do not end */

/* What the process is told. The request's strings are behind it. */
struct opening_order {
	struct disk_request request;
	char path[PATH_MAX], file[PATH_MAX];
};

/* What it says, with the descriptor where error is 0. */
struct opening_answer {
	int error;		/* of disk_open(): 0 or -errno */
	struct disk disk;
	char why[OPENING_WHY_MAX];
};

/* Zeros: nothing is being opened. */
struct opening {
	int pidfd;		/* of the process; 0: none */
	int line;		/* to it */
	bool done;		/* the answer is here: */
	struct opening_answer answer;
	int fd;			/* of an answer without error, close-on-exec */
	struct opening_order order;
};

/*
 * disk_open() without waiting for it: -EINPROGRESS until opening_ended() has been called, then what it returned.
 * Another request than the one under way takes its place. -errno with a sentence in why also where no
 * process can be had.
 */
int opening_take(struct opening *opening, struct fleet *fleet, const struct disk_request *request,
		struct disk *disk, char why[OPENING_WHY_MAX]);

/* EVENT_OPENED has come for opening->pidfd: reads the answer. */
void opening_ended(struct opening *opening);

/* Nobody wants it any more: ends the process, closes what it has opened. */
void opening_cancel(struct opening *opening, struct fleet *fleet);

/* EVENT_OPENED has come for the process of an opening that has been cancelled. */
void opening_forget(struct fleet *fleet, int pidfd);

#endif
