/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of blkone share: arguments, and operations on a queue that are written by hand. */
#ifndef GUEST_BLKONE_H
#define GUEST_BLKONE_H

#include <stdint.h>

#include "tests/guest/blkqueue.h"

#define ARGS_MAX 4

/* What follows the operation's name, between colons. */
struct args {
	int count;
	char *text[ARGS_MAX];
};

/* Ends the program with a sentence and status 1. */
void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* A number in C's notation, of an argument one up to `most`; anything else ends the program. */
uint64_t number(const char *text);
uint64_t number_of(const struct args *args, int i, uint64_t most);

void bytes_print(const uint8_t *bytes, uint32_t count);

/* raw:HEX, page:N[:BYTE] and order:N; nothing else may be in flight on the queue. */
void hand_raw(struct blkqueue *queue, const struct args *args);
void hand_page(struct blkqueue *queue, const struct args *args);
void hand_order(struct blkqueue *queue, const struct args *args);

/* A new connection has new pages. */
void hand_forget(void);

#endif
