/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which devices have to be looked at again: a set, so that a frontend that writes its state a
 * million times costs one entry. Fixed size; a full set turns into "look at everything".
 */
#ifndef XENBUS_DIRTY_H
#define XENBUS_DIRTY_H

#include <stdbool.h>

#include "xenbus/parse.h"

#define DIRTY_MAX 1024

struct dirty {
	struct device_id id[DIRTY_MAX];		/* open addressing; kind 0: free */
	unsigned int used;
	bool all;		/* more changed than fits: every device is dirty */
	bool released;		/* some domain has died */
};

/* Adds an id (ID_ANY parts included). Adding twice is adding once. */
void dirty_add(struct dirty *dirty, struct device_id id);

/* Moves what is in `from` to `to` (whatever `to` held is lost) and leaves `from` empty. */
void dirty_take(struct dirty *from, struct dirty *to);

#endif
