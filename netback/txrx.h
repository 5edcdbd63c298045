/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tx.c, rx.c and the opening of a queue agree on: sizes of buffers, and the run of a batch.
 */
#ifndef NETBACK_TXRX_H
#define NETBACK_TXRX_H

#include "netback/queue.h"
#include "netback/tap.h"

/* Room in front of a transmitted frame: its virtio-net header, and the IP header after it aligned. */
#define TX_HEADROOM 18u

/* A batch's frames. Enough for a few of the largest, little enough to stay in the cache. */
#define TX_ARENA_BYTES (256u << 10)
#define RX_ARENA_BYTES (320u << 10)
_Static_assert(TX_ARENA_BYTES >= GRANT_PAGE_BYTES + TX_HEADROOM + NETIF_FRAME_MAX, "the largest frame has room");
_Static_assert(RX_ARENA_BYTES >= 2 * TAP_ROOM + 3 * GRANT_PAGE_BYTES,
		"a frame can be held while another is read, or cut from it");

/* Does all copies of a batch in one call, and counts it. */
static inline void batch_run(struct queue *queue, struct grant_batch *batch)
{
	struct stats *stats = queue->vif->stats;
	uint32_t n = grant_batch_count(batch);

	if (n == 0)
		return;
	grant_batch_run(batch, queue->grants);
	stats_add(&stats->grant_copies, 1);
	stats_add(&stats->grant_segments, n);
	stats_add(&stats->syscalls, 1);
}

#endif
