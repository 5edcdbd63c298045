/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Indices, slots and memory order of a shared ring. Trusts nothing in the shared page; promises
 * that no byte of a slot is read twice, that no index leads outside the page, and that the
 * frontend sees a response only after all of it is written.
 */
#include "ring/sring.h"

#include <assert.h>
#include <stddef.h>

/* The first 16 bytes of a ring page (struct __name_sring in xen/io/ring.h). */
struct shared {
	volatile uint32_t req_prod;
	volatile uint32_t req_event;
	volatile uint32_t rsp_prod;
	volatile uint32_t rsp_event;
};

static struct shared *shared_of(const struct sring *ring)
{
	/* The page is untyped memory from a grant mapping; this is the protocol's view of it. */
	return (struct shared *)ring->page;
}

static uint8_t *slot_of(const struct sring *ring, uint32_t index)
{
	return (uint8_t *)ring->page + SRING_HEADER_BYTES +
		(size_t)(index & (ring->slots - 1)) * ring->slot_bytes;
}

/*
 * Volatile words, because memcpy may read a byte twice and the frontend may change it in between.
 * Slots are 4-aligned in every protocol, and 8-aligned where their size is a multiple of 8.
 */
void sring_copy(void *copy, const void *shared, uint32_t bytes)
{
	if (bytes % 8 == 0) {
		for (uint32_t i = 0; i < bytes / 8; i++)
			((uint64_t *)copy)[i] = ((const volatile uint64_t *)shared)[i];
		return;
	}
	for (uint32_t i = 0; i < bytes / 4; i++)
		((uint32_t *)copy)[i] = ((const volatile uint32_t *)shared)[i];
}

static void copy_out(uint8_t *to, const void *from, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes / 4; i++)
		((volatile uint32_t *)to)[i] = ((const uint32_t *)from)[i];
}

void sring_indices(const void *page, uint32_t *req_prod, uint32_t *rsp_prod)
{
	const struct shared *shared = page;

	*req_prod = shared->req_prod;
	*rsp_prod = shared->rsp_prod;
}

void sring_attach(struct sring *ring, void *page, uint32_t slots, uint32_t slot_bytes,
		uint32_t req_cons, uint32_t rsp_prod)
{
	assert(slots && (slots & (slots - 1)) == 0 && slot_bytes % 4 == 0);
	*ring = (struct sring) {
		.page = page,
		.slots = slots,
		.slot_bytes = slot_bytes,
		.req_prod = req_cons,
		.req_cons = req_cons,
		.rsp_prod = rsp_prod,
		.rsp_shown = rsp_prod,
	};
}

int sring_look(struct sring *ring)
{
	/* Acquire: the slots are read after the index that says they are written. */
	uint32_t prod = __atomic_load_n(&shared_of(ring)->req_prod, __ATOMIC_ACQUIRE);

	/* One unsigned test finds both lies: more than fits, and behind req_cons (a huge difference). */
	if (prod - ring->rsp_prod > ring->slots || prod - ring->rsp_prod < ring->req_cons - ring->rsp_prod)
		return -1;
	ring->req_prod = prod;
	return (int)(prod - ring->req_cons);
}

uint32_t sring_take(struct sring *ring, void *copy)
{
	assert(ring->req_cons != ring->req_prod);
	sring_copy(copy, slot_of(ring, ring->req_cons), ring->slot_bytes);
	return ring->req_cons++;
}

uint32_t sring_answer(struct sring *ring, const void *response, uint32_t bytes)
{
	assert(ring->rsp_prod != ring->req_cons);
	assert(bytes <= ring->slot_bytes && bytes % 4 == 0);
	copy_out(slot_of(ring, ring->rsp_prod), response, bytes);
	return ring->rsp_prod++;
}

bool sring_publish(struct sring *ring)
{
	uint32_t before = ring->rsp_shown, now = ring->rsp_prod, event;

	if (before == now)
		return false;
	/* Release: the responses are visible before the index that announces them. */
	__atomic_store_n(&shared_of(ring)->rsp_prod, now, __ATOMIC_RELEASE);
	ring->rsp_shown = now;
	/*
	 * Full barrier: our index must be visible before we read whether the frontend sleeps, or
	 * both sides could miss each other.
	 */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	event = shared_of(ring)->rsp_event;
	return now - event < now - before;
}

bool sring_rest(struct sring *ring)
{
	return sring_rest_for(ring, 1);
}

bool sring_rest_for(struct sring *ring, uint32_t wanted)
{
	int waiting;

	shared_of(ring)->req_event = ring->req_cons + wanted;
	/* Full barrier: the frontend must see that we sleep before we look for the last time. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	waiting = sring_look(ring);
	return waiting < 0 || (uint32_t)waiting >= wanted;
}
