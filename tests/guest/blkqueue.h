/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One queue of a userspace block frontend: a ring, an event channel, and requests with granted
 * pages. Asynchronous: get a request, fill its pages, submit, publish once per batch, reap, put.
 * One thread per queue; no heap after blkqueue_equip(); fd() and ready(), no loop.
 */
#ifndef GUEST_BLKQUEUE_H
#define GUEST_BLKQUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <xenevtchn.h>

#include "tests/guest/blkring.h"
#include "tests/guest/pages.h"

#define BLKQUEUE_SEGMENTS_MAX 4096	/* the protocol's own limit: 8 pages of 512 descriptors */

/* A piece of one page of the request, in sectors of 512 bytes, both inclusive. */
struct blk_segment {
	uint16_t page;		/* index into the request's pages */
	uint8_t first, last;	/* 0..7 */
};

/* One request. The caller's from get to submit and from reap to put. */
struct blk_request {
	uint32_t tag;		/* its number in the queue, 0..entries-1 */
	uint8_t op;		/* BLKIF_OP_*; never INDIRECT, which is how a large one travels */
	uint8_t flag;		/* of a discard */
	int16_t status;		/* after reap: BLKIF_RSP_* */
	uint64_t offset;	/* on the disk, bytes, a multiple of 512 */
	uint64_t bytes;		/* all segments together, or the length of a discard */
	uint32_t pages;		/* data pages it holds */
	uint32_t segments;
	uint32_t descriptors;	/* pages of descriptors behind the data pages */
	struct page *page;	/* pages + descriptors of them */
	struct blk_segment *segment;
	void *owner;		/* the caller's */
	bool finished;		/* the caller's */
};

struct blkqueue_figures {
	uint64_t submitted;
	uint64_t completed;
	uint64_t notifies;	/* sent to the backend */
	uint64_t events;	/* received from it */
	uint64_t wakeups;	/* returns from poll */
};

struct blkqueue_config {
	uint32_t backend_domid;
	uint32_t order;		/* of the ring's pages, 0..4 */
	enum blkabi abi;
	uint32_t start_index;
	uint16_t handle;	/* the device's number, as Linux puts it into each request */
	bool revoke;		/* pages live as long as their request, and writes are granted read-only */
};

struct blkqueue {
	struct blkqueue_config config;
	struct blkring ring;
	struct page ring_page[1u << BLKRING_ORDER_MAX];
	xenevtchn_handle *events;
	evtchn_port_t port;
	struct pages pages;
	uint32_t segments_max;		/* in one request */
	struct blk_request *request;	/* by tag */
	struct page *page_store;
	struct blk_segment *segment_store;
	struct blkqueue_figures figures;
};

/* Makes ring and port, which can then be told to the backend. 0 or -errno; close after either. */
int blkqueue_open(struct blkqueue *queue, const struct blkqueue_config *config);

/*
 * Makes the requests, once it is known how many segments the backend takes (11..4096) and how many
 * pages the pool shall have (unused with revoke). 0 or -errno.
 */
int blkqueue_equip(struct blkqueue *queue, uint32_t segments_max, uint32_t pool_pages);

/* Takes back ring, port and pages, whatever is outstanding. Legal on a zeroed struct. */
void blkqueue_close(struct blkqueue *queue);

/* Overwrites ring and pages with 0xa5, as whoever gets the memory next would. Then only close. */
void blkqueue_scribble(struct blkqueue *queue);

/*
 * A request with `pages` pages (0..segments_max), or NULL: too many outstanding, put some back.
 * With revoke, op says what the backend may do with them.
 */
struct blk_request *blkqueue_get(struct blkqueue *queue, uint8_t op, uint32_t pages);
void blkqueue_put(struct blkqueue *queue, struct blk_request *request);

/*
 * Lays `bytes` (a multiple of 512) out over the request's pages, page after page, beginning `lead`
 * sectors (0..7) into the first. pages >= (lead * 512 + bytes) / 4096 rounded up.
 */
void blkrequest_spread(struct blk_request *request, uint64_t bytes, uint32_t lead);

/* Where a segment's bytes are, and how many. */
void *blkrequest_bytes(const struct blk_request *request, uint32_t segment, uint32_t *bytes);

/* Copies between `buffer` and the segments, `request->bytes` in all. */
void blkrequest_fill(struct blk_request *request, const void *buffer);
void blkrequest_drain(const struct blk_request *request, void *buffer);

/* Writes op, offset, bytes and segments of the request to the ring. Shown by blkqueue_publish(). */
void blkqueue_submit(struct blkqueue *queue, struct blk_request *request);

/* Shows what was submitted, and notifies if the backend sleeps. 0 or -errno. */
int blkqueue_publish(struct blkqueue *queue);

/* 1 and *request, whose status is set; 0: nothing completed; -EPROTO: the backend lied. */
int blkqueue_reap(struct blkqueue *queue, struct blk_request **request);

/*
 * Sleeps until a response is visible. 1: one is; 0: the time is over, or the event was for nothing;
 * -errno of the event channel. timeout_ms as for poll(2).
 */
int blkqueue_wait(struct blkqueue *queue, int timeout_ms);

/* For a loop of the caller's: readable means blkqueue_ready(), which lets the next event through. */
int blkqueue_fd(const struct blkqueue *queue);
int blkqueue_ready(struct blkqueue *queue);

#endif
