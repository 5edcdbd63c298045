/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What becomes of a frame from the tap on its way to the guest: which bytes, in how many slots, with
 * which extra infos. One queue's thread, private memory.
 */
#ifndef NETBACK_FIT_H
#define NETBACK_FIT_H

#include <stdbool.h>
#include <stdint.h>

#include "netback/netif.h"
#include "netback/offload.h"

struct rx;
struct queue;

#define EXTRAS_MAX 3	/* one of each kind */

/* A frame, or a segment of one: its slots, and the extra infos after the first of them. */
struct fit {
	uint8_t *data;
	uint32_t bytes;
	uint32_t cut_bytes;	/* payload of a segment; 0: it is the whole frame */
	bool last;
	uint32_t headroom;
	uint32_t slots;
	uint32_t extras;
	struct offload_rx offload;
	struct netif_extra_info extra[EXTRAS_MAX];
};

enum fitting {
	FIT_GIVE,
	FIT_DROP,	/* this frontend cannot or does not want to have this frame */
	FIT_LATER,	/* the batch has to be given first: its arena has no room for a segment */
};

/*
 * Of the held frame. Asked again for the same frame it says the same; a checksum may be completed in
 * place.
 */
enum fitting fit_make(struct queue *queue, struct fit *fit);

/*
 * What lies at the arena's place stays there until the batch is copied. A frame like it will lie in as
 * few pages as it can: each piece of a page is a copy for itself, whose page the kernel has to find.
 */
void arena_keep(struct rx *rx, uint32_t bytes);

#endif
