/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the facts share. A fact is one program about Xen, Linux' Xen devices or xenstored, named as a
 * sentence. It runs as `FACT OWN PEER`, two domids: with OWN = PEER both parts run here, as two
 * processes; else this is the frontend's part where OWN > PEER, the backend's where OWN < PEER, and
 * the other part runs in the other domain at the same time. One of the domids is 0. The parts meet in
 * /local/domain/FRONTEND/data/belief, which has to be absent or empty before.
 *
 * Exit status: 0 it holds; 1 it does not; 2 it could not be found out; 77 it needs something that
 * is not here. All but 0 come with one sentence on stderr.
 */
#ifndef BELIEF_H
#define BELIEF_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xenevtchn.h>
#include <xengnttab.h>
#include <xenstore.h>

#define PAGE_BYTES 4096u
#define NO_SUCH_DOMAIN 32751u	/* a domid that no domain of a sane host has */
#define SHARE_MAX 16

struct belief {
	uint32_t own, peer;
	struct xs_handle *xs;	/* the part's own connection */
	char dir[64];		/* where the parts meet */
};

enum needs {
	NEEDS_NOTHING,
	NEEDS_GUEST,		/* two domains */
	NEEDS_DESTROY,		/* ...of which the peer is destroyed once the fact has printed `ready` */
};

/* Each program defines one. Either `alone`, which is run wherever the program is, or two parts. */
struct fact {
	enum needs needs;
	void (*alone)(struct belief *b);
	void (*frontend)(struct belief *b);	/* who grants, and offers ports */
	void (*backend)(struct belief *b);	/* who maps, copies and binds */
};

extern const struct fact fact;

/* Ends the program with 1 and the sentence unless `holds`. */
void believe(bool holds, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Ends the program with 2 and the sentence, and what errno says, unless `possible`. */
void need(bool possible, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Gives the other part a number under a name; waits for one, 10 s at most. */
void say(struct belief *b, const char *key, uint32_t value);
uint32_t hear(struct belief *b, const char *key);

void sleep_ms(int ms);

/* Ends a child by SIGKILL and waits until it is gone. */
void kill_hard(pid_t child);

/* --- grants ------------------------------------------------------------------------------------ */

struct share {
	xengntshr_handle *handle;
	uint8_t *page;
	uint32_t count;
	uint32_t ref[SHARE_MAX];
};

/* Up to SHARE_MAX pages of ours, side by side, granted to that domain. */
struct share share_pages(uint32_t domid, uint32_t count, bool writable);
void share_end(struct share *share);

xengnttab_handle *grants_open(void);

/* A segment whose status is preset to an error. */
xengnttab_grant_copy_segment_t copy_in(uint32_t domid, uint32_t ref, uint32_t offset, uint32_t bytes,
		void *local);
xengnttab_grant_copy_segment_t copy_out(uint32_t domid, uint32_t ref, uint32_t offset, uint32_t bytes,
		void *local);

/* The status of that one segment; the call itself has to succeed. */
int copy_one(xengnttab_handle *grants, xengnttab_grant_copy_segment_t segment);

bool all_bytes(const uint8_t *bytes, uint32_t count, uint8_t value);

/* --- event channels ---------------------------------------------------------------------------- */

xenevtchn_handle *events_open(void);
uint32_t port_offer(xenevtchn_handle *events, uint32_t domid);

/* Binds, and takes and unmasks the event that binding makes. */
uint32_t port_bind(xenevtchn_handle *events, uint32_t domid, uint32_t remote);

/* The next pending port within that time, -1: none. */
int event_take(xenevtchn_handle *events, int ms);

/* --- xenstore ---------------------------------------------------------------------------------- */

/* DIR/NAME; the buffer is reused after eight calls. */
const char *path_in(const struct belief *b, const char *name);

void node_write(struct xs_handle *xs, xs_transaction_t txn, const char *path, const char *value);
bool node_is(struct xs_handle *xs, xs_transaction_t txn, const char *path, const char *value);

/* The path of the next watch event within that time, NULL: none. To be freed. */
char *watch_event(struct xs_handle *xs, int ms);

/* A watch whose first event, that of its registration, has been taken. */
void watch_quietly(struct xs_handle *xs, const char *path);

#endif
