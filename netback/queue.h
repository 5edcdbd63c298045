/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One queue of a vif: its two rings, its queue of the tap, and what serves them. One thread owns a
 * queue; queues of a device share only struct vif.
 */
#ifndef NETBACK_QUEUE_H
#define NETBACK_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "netback/bucket.h"
#include "netback/filter.h"
#include "netback/hash.h"
#include "netback/netif.h"
#include "netback/train.h"
#include "ring/control.h"
#include "ring/events.h"
#include "ring/grants.h"
#include "ring/kicks.h"
#include "ring/life.h"
#include "ring/slate.h"
#include "ring/sring.h"
#include "ring/stats.h"

#define QUEUE_RINGS 2		/* of a queue, and its slates: [0] tx, [1] rx */

/* Wrong packets of a queue that are dealt with at once, and then in each interval. Nobody errs so often. */
#define TX_LIES_BURST 1024u
#define TX_LIES 300u
#define TX_LIES_USEC 10000u

enum vif_direction { VIF_TX = 0, VIF_RX = 1 };	/* as the guest sees it; index of rates and figures */

/* Kept beside the slates. A successor believes nothing in it before it has looked at every number. */
struct vif_note {
	uint64_t generation;	/* of the connection that it belongs to */
	struct groups groups;
	struct hash hash;
	/* The control ring's last answer and the ring index behind it, written down before they are shown. */
	struct xen_netif_ctrl_response ctrl_answer;
	uint32_t ctrl_end;
};
_Static_assert(sizeof(struct vif_note) <= SLATE_NOTE_BYTES, "it fits where it is kept");

/* What the queues of one device share. Written by the main thread, read by all (atomically). */
struct vif {
	struct device_params params;
	struct stats *stats;
	bool draining;
	int main_wake;		/* eventfd: a queue has something for the main thread */
	uint32_t headroom;	/* bytes before each frame for the guest's XDP */
	bool multicast;		/* the guest wants only the groups that it listed */
	struct bucket rate[2];	/* by enum vif_direction */
	struct vif_note *note;	/* what the guest has told us in passing; outlives the worker */
};

/* A packet between its slots and the tap. */
struct tx_packet {
	uint8_t *data;		/* in the arena, its virtio-net header in front; NULL: nothing to send */
	uint32_t bytes;
	uint32_t place;		/* of its first part in the batch */
	uint16_t parts;
	uint16_t slots, extras;
	int16_t status;		/* NETIF_RSP_* */
	struct netif_offload offload;
};

struct tx {
	struct sring ring;
	struct slate *slate;
	port_t port;
	bool unmask_due;	/* the port was delivered and is still masked */
	uint32_t next;		/* ring index: slots before it are answered, from it on they are taken */
	struct grant_batch *batch;
	uint8_t *arena;
	uint32_t arena_used;
	uint32_t packets;	/* of the batch */
	struct train train;	/* frames of the batch that are to go in one write */
	uint64_t credit_usec;	/* when there may be credit again; 0: no frame waits for credit */
	struct bucket lies;	/* how many wrong packets are dealt with */
	uint64_t pause_usec;	/* there were more: nothing is gathered until then */
	/* Taken slots by ring index, each twice, so that every run of them is in one piece. */
	union netif_slot slot[2 * NETIF_RING_SLOTS];
	struct tx_packet packet[NETIF_RING_SLOTS];
};

struct rx {
	struct sring ring;
	struct slate *slate;
	port_t port;
	bool unmask_due;
	bool tap_ready;		/* the tap may have more */
	struct grant_batch *batch;
	uint8_t *arena;
	uint32_t arena_used;
	uint32_t slots;		/* of the batch: answers begun */
	uint32_t largest;	/* slots of the largest frame so far: no frame is read without them */
	uint8_t *held;		/* a frame that was read and has no room or no credit yet; NULL: none */
	uint32_t held_bytes;
	uint32_t cut_bytes;	/* of its payload that have been given, where it is given in segments */
	uint64_t credit_usec;
	uint64_t stuck_usec;	/* since when a packet waits for the guest; 0: none does */
	uint32_t wanted;	/* slots that it waits for */
	bool stalled;
	uint32_t place[NETIF_RING_SLOTS];	/* of a slot's copy in the batch */
};

struct queue {
	struct vif *vif;
	uint32_t index;
	struct queue_life life;
	int tap;
	struct events *events;
	struct grants *grants;
	void *page[QUEUE_RINGS];	/* of the rings; nothing is read before queue_attach() */
	struct tx tx;
	struct rx rx;
	bool rx_stalled;		/* as the main thread may tell control */
	uint64_t now_usec;
	struct kicks kicks;
	bool took;			/* of the guest, what a kick can announce: since they were judged */
};

/*
 * Makes a queue: opens its event channels and grants, maps its rings. Everything that needs privilege;
 * neither rings nor slates are looked at. `slates`: QUEUE_RINGS of them. Returns NULL, or a sentence that
 * says what failed (static storage) with *err set to -errno.
 */
const char *queue_open(struct queue *queue, struct vif *vif, uint32_t index, int tap,
		struct slate *slates, int *err);

/*
 * Behind the sandbox: goes on where the rings and the slates are. NULL, or a sentence (static storage):
 * the frontend, or who wrote the slates, has lied.
 */
const char *queue_attach(struct queue *queue);

/* Is the queue to begin anything new? */
bool queue_may_begin(const struct queue *queue);

/* Shows the answers that are on the slate, and kicks the frontend if it asked. */
void queue_show(struct queue *queue, struct slate *slate, struct sring *ring, port_t port,
		uint32_t bytes, uint32_t n);

/* An event of ours is pending: takes it. */
void queue_event(struct queue *queue);

/* Works until nothing is left to do or a bound is reached. Returns true if there is more to do. */
bool queue_work(struct queue *queue);

/*
 * To be called when queue_work() said there is no more: asks for the next events and unmasks ours.
 * `at`: when the caller has something to do itself, usec (UINT64_MAX: never).
 * Returns how long to sleep at most, in milliseconds: -1 until something happens, 0 not at all.
 */
int queue_rest(struct queue *queue, uint64_t at);

/* Maps a page that the frontend uses as a ring. NULL, or a sentence with *err as queue_open() sets it. */
const char *ring_map(struct grants *grants, const struct ring_params *params, void **page, int *err);

/* The indices of a mapped ring. NULL, or a sentence: they are further apart than there are slots. */
const char *ring_indices(const void *page, uint32_t slots, uint32_t *req_prod, uint32_t *rsp_prod);

/* tx.c, rx.c: one pass. Returns true if anything was done. */
bool tx_pass(struct queue *queue);
bool rx_pass(struct queue *queue);

/* tx.c, rx.c: 0: there is work; otherwise when to look again at the latest, usec (UINT64_MAX: never) */
uint64_t tx_rest(struct queue *queue);
uint64_t rx_rest(struct queue *queue);

#endif
