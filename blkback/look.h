/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When control is asked to look at the disk's size again: a request went beyond the end, and the disk may
 * have grown. The main thread asks; any queue may have met the request (vbd->look_again).
 */
#ifndef BLKBACK_LOOK_H
#define BLKBACK_LOOK_H

#include "blkback/queue.h"

#define LOOK_AGAIN_USEC 1000000u	/* from one question to the next */

/* Is control to be asked now? Then it counts as asked. What is not yet due stays wanted. */
bool look_due(struct vbd *vbd, uint64_t now_usec);

/* `timeout_ms` (-1: for ever), or less where a question becomes due before. */
int look_timeout(const struct vbd *vbd, uint64_t now_usec, int timeout_ms);

#endif
