/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of blkhostile share: a connected frontend, pages with grants of every kind, and the
 * requests that wait for their one answer. One queue at a time; one thread, and a flipper.
 */
#ifndef HOSTILE_BLKHOSTILE_H
#define HOSTILE_BLKHOSTILE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/guest/frontend.h"

#define HOSTILE_PAGES 272	/* one largest indirect request, and some */
#define HOSTILE_WORDS 12	/* parts of one word of the script */

struct hostile {
	struct frontend *frontend;
	struct blkqueue *queue;			/* NULL: not connected */
	struct pages pages;
	struct page page[HOSTILE_PAGES];	/* `at` NULL: not made yet */
	int model;				/* what the disk is to hold; -1: nobody asks */
	uint64_t next_id;
	uint64_t answers, told;	/* told: requests that were refused */
};

/* The parts of one word, split at colons; absent ones are "". */
struct word {
	int count;
	const char *part[HOSTILE_WORDS];
};

/* Ends the program with a sentence and status 1. */
void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* A number in C's notation up to `most`; anything else ends the program. */
uint64_t number(const char *text, uint64_t most);

/* A clock, ms. */
uint64_t now_ms(void);

/* A page by its name: pN, made and granted writable where it is new, or `ring`. */
struct page *page_named(struct hostile *hostile, const char *name);

/* --- blkhostile_ask.c: requests and answers ---------------------------------------------------- */

/* ask:OP:SECTOR:SEGMENTS[:KEY=VALUE...], written to the ring and not shown. */
void ask(struct hostile *hostile, const struct word *word);

/* Shows what is written; kicks if told to. */
void show(struct hostile *hostile, bool kick);

/*
 * Waits at most that long until every request shown is answered: once, with its id and operation, the
 * wanted status, zeroed padding, and the rest of the slot as it was. Anything else ends the program.
 */
void reap(struct hostile *hostile, int ms);

/* Nobody waits for these any more: the connection is over. */
void forget(struct hostile *hostile);

/* --- blkhostile_flip.c: bytes that change while they are read ---------------------------------- */

/* flip:OFFSET:BYTES:A:B:MS; A and B are numbers, or pN for that page's grant. */
void flip(struct hostile *hostile, const struct word *word);

#endif
