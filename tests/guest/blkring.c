/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Indices, slots and outstanding requests of a frontend's block ring. Trusts nothing that the
 * backend writes; promises that a response is handed on only if it answers an outstanding request.
 */
#include "tests/guest/blkring.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEADER_BYTES 64
#define TAG_BITS 16
/*
 * Where the ids of a ring begin: high bits set, because an id is 64 bits that a backend must not
 * interpret, and another place for each ring, so that an answer from an earlier connection shows.
 */
#define SEQUENCE_START(ring_number) ((uint64_t)(0x8000 + (ring_number) % 0x8000) << 32)

/* The first 16 bytes of the ring (struct blkif_sring in xen/io/blkif.h). */
struct shared {
	volatile uint32_t req_prod;
	volatile uint32_t req_event;
	volatile uint32_t rsp_prod;
	volatile uint32_t rsp_event;
};

static const char *const lie_text[BLKRING_LIES] = {
	[BLKRING_LIE_JUMP] = "rsp_prod is impossible",
	[BLKRING_LIE_UNKNOWN_ID] = "a response with an id that was never used",
	[BLKRING_LIE_NOT_OUTSTANDING] = "a response to a request that is not outstanding",
	[BLKRING_LIE_OPERATION] = "a response with another operation than its request",
	[BLKRING_LIE_STATUS] = "a response with a status that the protocol does not have",
};

static struct shared *shared_of(const struct blkring *ring)
{
	/* The memory is untyped; this is the protocol's view of its first bytes. */
	return (struct shared *)ring->memory;
}

void *blkring_slot(const struct blkring *ring, uint32_t index)
{
	return ring->memory + HEADER_BYTES + (size_t)(index & (ring->entries - 1)) * ring->slot_bytes;
}

/* As many slots as fit behind the header, rounded down to a power of two (io/ring.h). */
static uint32_t entries_of(uint32_t order, uint32_t slot_bytes)
{
	uint32_t fit = ((BLKABI_PAGE_BYTES << order) - HEADER_BYTES) / slot_bytes;

	return 1u << (31 - __builtin_clz(fit));
}

void blkring_init(struct blkring *ring, void *memory, uint32_t order, enum blkabi abi,
		uint32_t start_index)
{
	static uint32_t rings;

	assert(order <= BLKRING_ORDER_MAX);
	memset(ring, 0, sizeof(*ring));
	memset(memory, 0, BLKABI_PAGE_BYTES << order);
	ring->memory = memory;
	ring->abi = abi;
	ring->slot_bytes = blkabi_slot_bytes(abi);
	ring->entries = entries_of(order, ring->slot_bytes);
	/* Relaxed: any number that no other ring of this process has. */
	ring->sequence_start = SEQUENCE_START(__atomic_fetch_add(&rings, 1, __ATOMIC_RELAXED));
	ring->sequence = ring->sequence_start;
	ring->req_prod = ring->req_shown = ring->rsp_cons = ring->rsp_seen = start_index;
	shared_of(ring)->req_prod = shared_of(ring)->rsp_prod = start_index;
	shared_of(ring)->req_event = shared_of(ring)->rsp_event = start_index + 1;
	while (ring->free_tags < ring->entries) {
		/* Last in, first out, beginning with 0. */
		ring->free_tag[ring->free_tags] = (uint16_t)(ring->entries - 1 - ring->free_tags);
		ring->free_tags++;
	}
}

uint32_t blkring_claim(struct blkring *ring)
{
	return ring->free_tags ? ring->free_tag[--ring->free_tags] : BLKRING_FULL;
}

void blkring_release(struct blkring *ring, uint32_t tag)
{
	assert(tag < ring->entries && !ring->entry[tag].busy);
	ring->free_tag[ring->free_tags++] = (uint16_t)tag;
}

void blkring_put(struct blkring *ring, uint32_t tag, struct blkabi_request *request)
{
	struct blkring_entry *entry = &ring->entry[tag];

	assert(tag < ring->entries && !entry->busy);
	request->id = ring->sequence++ << TAG_BITS | tag;
	*entry = (struct blkring_entry) { .id = request->id, .op = request->op, .busy = true };
	blkabi_put(ring->abi, blkring_slot(ring, ring->req_prod), request);
	ring->req_prod++;
}

bool blkring_publish(struct blkring *ring)
{
	uint32_t before = ring->req_shown, now = ring->req_prod;

	if (before == now)
		return false;
	/* Release: the slots are visible before the index that announces them. */
	__atomic_store_n(&shared_of(ring)->req_prod, now, __ATOMIC_RELEASE);
	ring->req_shown = now;
	/*
	 * Full barrier: our index must be visible before we read whether the backend sleeps, or
	 * both sides could miss each other.
	 */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return now - shared_of(ring)->req_event < now - before;
}

static int lied(struct blkring *ring, enum blkring_lie lie, const struct blkabi_response *response,
		uint32_t rsp_prod)
{
	ring->lies[lie]++;
	ring->broken = true;
	fprintf(stderr, "the backend lied: %s (id %#" PRIx64 " operation %u status %d at index %#x, "
			"rsp_prod %#x, req_prod %#x)\n", lie_text[lie], response->id, response->op,
			response->status, ring->rsp_cons, rsp_prod, ring->req_shown);
	return -EPROTO;
}

uint32_t blkring_rsp_prod(const struct blkring *ring)
{
	/* Acquire: responses are read after the index that says they are written. */
	return __atomic_load_n(&shared_of(ring)->rsp_prod, __ATOMIC_ACQUIRE);
}

/* Looks at rsp_prod when all seen responses are taken. 0, or -EPROTO. */
static int look(struct blkring *ring)
{
	static const struct blkabi_response none;
	uint32_t prod;

	if (ring->rsp_seen != ring->rsp_cons)
		return 0;
	prod = blkring_rsp_prod(ring);
	/* Never more answers than published requests; an index that went back is a huge number. */
	if (prod - ring->rsp_cons > ring->req_shown - ring->rsp_cons)
		return lied(ring, BLKRING_LIE_JUMP, &none, prod);
	ring->rsp_seen = prod;
	return 0;
}

static int response_check(struct blkring *ring, const struct blkabi_response *response)
{
	uint32_t tag = response->id & ((1u << TAG_BITS) - 1);
	uint64_t sequence = response->id >> TAG_BITS;
	const struct blkring_entry *entry;

	if (tag >= ring->entries || sequence < ring->sequence_start || sequence >= ring->sequence)
		return lied(ring, BLKRING_LIE_UNKNOWN_ID, response, ring->rsp_seen);
	entry = &ring->entry[tag];
	if (!entry->busy || entry->id != response->id)
		return lied(ring, BLKRING_LIE_NOT_OUTSTANDING, response, ring->rsp_seen);
	if (entry->op != response->op)
		return lied(ring, BLKRING_LIE_OPERATION, response, ring->rsp_seen);
	if (response->status > BLKIF_RSP_OKAY || response->status < BLKIF_RSP_EOPNOTSUPP)
		return lied(ring, BLKRING_LIE_STATUS, response, ring->rsp_seen);
	return 0;
}

int blkring_reap(struct blkring *ring, uint32_t *tag, int16_t *status)
{
	struct blkabi_response response;

	if (ring->broken || look(ring))
		return -EPROTO;
	if (ring->rsp_seen == ring->rsp_cons)
		return 0;
	response = blkabi_get(ring->abi, blkring_slot(ring, ring->rsp_cons));
	if (response_check(ring, &response))
		return -EPROTO;
	ring->rsp_cons++;
	*tag = response.id & ((1u << TAG_BITS) - 1);
	*status = response.status;
	ring->entry[*tag].busy = false;
	return 1;
}

bool blkring_rest(struct blkring *ring)
{
	shared_of(ring)->rsp_event = ring->rsp_cons + 1;
	/* Full barrier: the backend must see that we sleep before we look for the last time. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return ring->broken || shared_of(ring)->rsp_prod != ring->rsp_cons;
}

uint32_t blkring_outstanding(const struct blkring *ring)
{
	return ring->req_prod - ring->rsp_cons;
}

uint64_t blkring_lies(const struct blkring *ring)
{
	uint64_t sum = 0;

	for (int i = 0; i < BLKRING_LIES; i++)
		sum += ring->lies[i];
	return sum;
}
