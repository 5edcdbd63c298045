/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A frontend of tests/unit/vif_world.h and a network behind its tap that mostly keep to the protocol, each
 * knob of the frontend wrong once in 256 times; and what they know of everything that is under way.
 */
#ifndef TESTS_FUZZ_NET_FRONTEND_H
#define TESTS_FUZZ_NET_FRONTEND_H

#include "tests/fuzz/feed.h"
#include "tests/unit/vif_world.h"

#define PLAIN_MIN 18u		/* bytes of the shortest frame whose bytes are known by its serial */
#define PAINT 0xa5		/* what receive pages hold */

struct front_tx {
	uint32_t prod, pushed, cons;	/* slots made, shown, answered */
	uint16_t id[NETIF_RING_SLOTS];
	uint8_t kind[NETIF_RING_SLOTS];
	uint32_t serial, heard;		/* of plain frames: given out last, seen last on the wire */
	uint32_t okay, arrived;		/* plain frames: answered well, seen on the wire */
	uint32_t bytes[2 * NETIF_RING_SLOTS];	/* by serial */
};

struct front_rx {
	uint32_t prod, pushed, cons;
	uint16_t id[NETIF_RING_SLOTS];
	bool mine[NETIF_RING_SLOTS];	/* its page is the slot's own */
	uint32_t serial, heard, sent, got;	/* frames */
	uint32_t odd;			/* packets that may come beside `sent`: no frames, segments */
	uint32_t bytes[4096];		/* by serial */
};

extern struct front_tx tx;
extern struct front_rx rx;
extern bool tainted;		/* a knob was wrong: only what holds for any guest is looked at */

/* Wrong once in 256 times, by the input's word. */
bool wrong(struct feed *feed);

/*
 * A frame of 74 to 65535 bytes, most of the sizes that networks have. kind % 8 < 4: a plain one, whose
 * bytes follow from its serial; otherwise IP; kind & 8: multicast.
 */
uint32_t frame_bytes(struct feed *feed);
void frame_make(struct feed *feed, uint8_t *frame, uint32_t bytes, uint8_t kind, uint32_t serial);
bool is_plain(const uint8_t *frame, uint32_t bytes);
uint32_t plain_serial(const uint8_t *frame);

/* Is it the frame of its serial, whole, and later than *heard? */
void plain_holds(const uint8_t *frame, uint32_t bytes, uint32_t want_bytes, uint32_t *heard);

/* From the guest: a packet or a change of the multicast list onto the ring; answers; what came to the network. */
void packet_send(struct feed *feed);
void list_send(struct feed *feed);
void tx_take(void);
void wire_take(void);

/* To the guest: a frame from the network (false: no room); `n` receive requests (feed NULL: good ones); answers. */
bool wire_send(struct feed *feed);
void rx_post(struct feed *feed, uint32_t n);
void rx_take(void);

#endif
