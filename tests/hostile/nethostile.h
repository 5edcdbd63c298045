/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of nethostile share: how an operation is written, and the clock. */
#ifndef HOSTILE_NETHOSTILE_H
#define HOSTILE_NETHOSTILE_H

#include <stdint.h>

#include "tests/guest/netdev.h"

/* Everything fails through netdev_die(), with a sentence and status 1. */

uint64_t now_usec(void);
void nap_usec(uint32_t usec);

/* The next number of an operation's text; what: for the person. */
uint32_t number_next(char **rest, const char *what);

/* The same numbers on every machine. */
uint32_t random_next(uint32_t *seed);

/* nethostile_tx.c: slots of the transmit ring by hand; each answer is held against its request. */
void do_flood(char *rest);	/* MS:SEED: chains wrong in every way that is not fatal */
void do_flip(char *rest);	/* MS:FATAL: fields change while they are used */
void do_fatal(char *rest);	/* KIND: a full ring with a fatal packet at its end, on every queue */
void do_pad(char *rest);	/* what answers leave of the slots' other bytes */

/* nethostile_ctrl.c: the control ring. */
void do_hashgrid(char *rest);	/* every corner of SET_HASH_MAPPING and its neighbours */
void do_hashloop(char *rest);	/* MS: sets and clears the hash while packets come in */
void do_ctrlflood(char *rest);	/* MS:SEED: a full ring of arbitrary requests, again and again */

/* nethostile_probe.c: a frame there and back. */
void do_splits(char *rest);	/* every length of the first slot that headers could hide behind */
void do_ping(char *rest);	/* COUNT: echoes one after the other; prints their p50 and p99 */

#endif
