/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is this the xenstore that the workers were started for? xenstored keeps what it knows in memory: one
 * that has died and is started again knows nothing.
 */
#ifndef XENBUS_STOREID_H
#define XENBUS_STOREID_H

#include "xenbus/store.h"

/*
 * Compares the number below our backend directory with the one in the run directory. 0: the same, or
 * nobody is harmed if not, and the two are the same now. -ESTALE: another, and of the workers that live
 * (*lost of them) it knows none; nothing is changed. -EIO: xenstored or the run directory fails.
 */
int storeid_check(struct store *store, const char *run, unsigned int *lost);

#endif
