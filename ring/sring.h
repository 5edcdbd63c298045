/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The backend's end of one shared ring (xen/io/ring.h): free-running 32-bit indices, slots that
 * requests and responses share. The other side may change any byte of the page at any time; each
 * byte of it is therefore read at most once per purpose, into private memory.
 *
 * An untyped, tested core; SRING_TYPED() makes typed functions for a protocol of fixed structs.
 */
#ifndef RING_SRING_H
#define RING_SRING_H

#include <stdbool.h>
#include <stdint.h>

#define SRING_HEADER_BYTES 64	/* req_prod, req_event, rsp_prod, rsp_event, padding: io/ring.h */

struct sring {
	void *page;		/* shared: only sring.c looks behind it */
	uint32_t slots;		/* a power of two */
	uint32_t slot_bytes;	/* a multiple of 4 */
	uint32_t req_prod;	/* the frontend's, as last seen and found possible */
	uint32_t req_cons;	/* ours: requests before it are taken */
	uint32_t rsp_prod;	/* ours: responses before it are written */
	uint32_t rsp_shown;	/* ours: responses before it are published */
};

/*
 * The two producer indices as the page shows them now, each read once. For attaching only:
 * while a ring runs, rsp_prod is never read back.
 */
void sring_indices(const void *page, uint32_t *req_prod, uint32_t *rsp_prod);

/*
 * Starts at the given private indices: both the page's rsp_prod for a new connection, the journal's
 * for a recovered one. slots: a power of two; slot_bytes: a multiple of 4; the page(s) hold
 * SRING_HEADER_BYTES + slots * slot_bytes.
 */
void sring_attach(struct sring *ring, void *page, uint32_t slots, uint32_t slot_bytes,
		uint32_t req_cons, uint32_t rsp_prod);

/*
 * Looks at the frontend's producer index, once. Returns how many requests wait, or -1 where the
 * index is impossible (more than the ring has room for, or behind what is taken): the ring must be
 * halted then, nothing more can be trusted about it.
 */
int sring_look(struct sring *ring);

/*
 * Copies the oldest waiting request (slot_bytes) to private memory, each word read once, and
 * consumes it. To be called only for requests that sring_look() has counted. Returns the ring
 * index it was taken from.
 */
uint32_t sring_take(struct sring *ring, void *copy);

/*
 * Copies `bytes` (a multiple of 4) out of shared memory, each word read once: a slot, or the descriptors
 * in an indirect request's page. As aligned as a slot: to 8 where bytes is a multiple of 8, else to 4.
 */
void sring_copy(void *copy, const void *shared, uint32_t bytes);

/*
 * Writes a response of `bytes` (a multiple of 4, at most slot_bytes; no byte of it uninitialised)
 * into the next response slot. Not visible to the frontend before sring_publish(). At most as many
 * as requests were taken. Returns its ring index.
 */
uint32_t sring_answer(struct sring *ring, const void *response, uint32_t bytes);

/* Shows all written responses. Returns true if the frontend asked to be notified of one of them. */
bool sring_publish(struct sring *ring);

/*
 * Before sleeping: asks for an event at the next request, then looks once more.
 * Returns true if there is work all the same.
 */
bool sring_rest(struct sring *ring);

/*
 * The same for one who has no use for fewer than `wanted` requests (at least 1): asks for an event
 * when so many wait, once. Returns true if they are there already, or if the index is impossible.
 */
bool sring_rest_for(struct sring *ring, uint32_t wanted);

/* Typed take and answer for a ring whose requests and responses are plain structs. */
#define SRING_TYPED(name, request_type, response_type)                                             \
	_Static_assert(sizeof(request_type) % 4 == 0 && sizeof(response_type) % 4 == 0,            \
			"ring structs are whole words");                                           \
	static inline uint32_t name##_take(struct sring *ring, request_type *request)              \
	{                                                                                          \
		return sring_take(ring, request);                                                  \
	}                                                                                          \
	static inline uint32_t name##_answer(struct sring *ring, const response_type *response)    \
	{                                                                                          \
		return sring_answer(ring, response, sizeof(*response));                            \
	}

#endif
