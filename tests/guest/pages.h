/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages of this domain that another domain may use (xengntshr_* of libxengnttab). They are given
 * out last in, first out, so that a backend that keeps grants mapped sees few of them.
 *
 * A pool grants all of its pages once and takes them back at the end, whether or not persistent
 * grants are negotiated: nothing in the protocol makes a frontend revoke a grant after each
 * request, and the backend cannot tell the difference. Where the difference is the point
 * (persistent grants off, as Linux does it), pages_share() makes pages for one request alone.
 */
#ifndef GUEST_PAGES_H
#define GUEST_PAGES_H

#include <stdbool.h>
#include <stdint.h>
#include <xengnttab.h>

struct page {
	void *at;
	uint32_t gref;
};

struct pages {
	xengntshr_handle *handle;
	uint32_t domid;		/* who may use them */
	struct page *free;	/* a stack of `room` places */
	uint32_t free_count;
	uint32_t room;
	uint32_t chunks;	/* areas of PAGES_CHUNK pages, the last one shorter */
	void **chunk;
};

#define PAGES_CHUNK 256u

/* Opens a handle; the pool is empty. 0 or -errno. */
int pages_open(struct pages *pages, uint32_t domid);

/*
 * Grants `count` pages, writable to the other side, and puts them into the pool; once per pool.
 * 0 or -errno; ENOSPC or ENOMEM: see /sys/module/xen_gntalloc/parameters/limit.
 */
int pages_fill(struct pages *pages, uint32_t count);

/* Takes everything back and closes; legal on a zeroed struct. */
void pages_close(struct pages *pages);

/* Overwrites every page of the pool, also those in use, with 0xa5. */
void pages_scribble(struct pages *pages);

/* Moves `count` pages out of the pool, all or none. */
bool pages_take(struct pages *pages, struct page *page, uint32_t count);
void pages_give(struct pages *pages, const struct page *page, uint32_t count);

/*
 * Makes and grants `count` pages at consecutive addresses, outside of the pool; writable: for the
 * other side. 0 or -errno. Ended with pages_unshare() and the same count; what the other side still
 * has mapped then stays readable to it.
 */
int pages_share(struct pages *pages, struct page *page, uint32_t count, bool writable);
void pages_unshare(struct pages *pages, const struct page *page, uint32_t count);

#endif
