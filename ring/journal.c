/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The in-flight journal. Trusts the file's size (control made it) and nothing in it: the last
 * worker may have died in the middle of any store, or may have been taken over. Promises that a
 * plan lists each consumed and unanswered request once, and that no number in it is out of range.
 */
#include "ring/journal.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static size_t stride_of(uint32_t record_bytes)
{
	return (sizeof(struct journal_entry) + record_bytes + 7) & ~(size_t)7;
}

static size_t queue_bytes(uint32_t slots, uint32_t record_bytes)
{
	return sizeof(struct journal_ring) + slots * stride_of(record_bytes);
}

/* The header has a cache line of its own. */
#define HEADER_BYTES 64

size_t journal_bytes(uint32_t queues, uint32_t slots, uint32_t record_bytes)
{
	return HEADER_BYTES + queues * ((queue_bytes(slots, record_bytes) + 63) & ~(size_t)63);
}

static void format(struct journal_header *header, size_t bytes, const struct journal_header *want)
{
	struct journal_header fresh = *want;

	/* No magic from the first store to the last, so that a half-formatted file is formatted again. */
	fresh.magic = 0;
	__atomic_store_n(&header->magic, 0, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	memset(header, 0, bytes);
	*header = fresh;
	__atomic_store_n(&header->magic, JOURNAL_MAGIC, __ATOMIC_RELEASE);
}

/* The file as it is found becomes one of ours, or is refused: what is in flight in it is not thrown away. */
static int header_take(struct journal_header *header, size_t bytes, const struct journal_header *want)
{
	struct journal_header found = *header;
	const bool other = found.version != want->version;

	if (found.magic == 0 || (found.magic == JOURNAL_MAGIC && other && found.drained)) {
		format(header, bytes, want);
		return 0;
	}
	found.drained = 0;
	if (memcmp(&found, want, sizeof(found)))
		return -EPROTO;
	header->drained = 0;
	return 0;
}

int journal_map(int fd, uint64_t generation, uint32_t queues, uint32_t slots, uint32_t record_bytes,
		struct journal *journal)
{
	const size_t bytes = journal_bytes(queues, slots, record_bytes);
	const struct journal_header want = {
		.magic = JOURNAL_MAGIC, .version = JOURNAL_VERSION, .generation = generation,
		.queues = queues, .slots = slots, .record_bytes = record_bytes,
	};
	struct journal_header *header;
	struct stat st;
	int err;

	if (fstat(fd, &st))
		return -errno;
	if (st.st_size < (off_t)bytes)
		return -EINVAL;
	header = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (header == MAP_FAILED)
		return -errno;
	err = header_take(header, bytes, &want);
	if (err) {
		munmap(header, bytes);
		return err;
	}
	for (uint32_t q = 0; q < queues; q++) {
		/* The mapping is bytes; its layout is the one described in journal.h. */
		uint8_t *at = (uint8_t *)header + journal_bytes(q, slots, record_bytes);

		journal[q] = (struct journal) {
			.header = header,
			.ring = (struct journal_ring *)at,
			.entries = at + sizeof(struct journal_ring),
			.slots = slots,
			.stride = (uint32_t)stride_of(record_bytes),
			.record_bytes = record_bytes,
		};
	}
	return 0;
}

void journal_drained(struct journal *journal)
{
	/* Release: after all that the queues have stored. */
	__atomic_store_n(&journal->header->drained, 1, __ATOMIC_RELEASE);
}

struct journal_entry *journal_entry(const struct journal *journal, uint32_t slot)
{
	assert(slot < journal->slots);
	return (struct journal_entry *)(journal->entries + (size_t)slot * journal->stride);
}

static void entry_state(struct journal_entry *entry, enum journal_state state)
{
	/* Release: whoever reads the state after a crash finds the fields it vouches for. */
	__atomic_store_n(&entry->state, (uint32_t)state, __ATOMIC_RELEASE);
}

void journal_start(struct journal *journal, uint32_t req_cons, uint32_t rsp_prod)
{
	struct journal_ring *ring = journal->ring;

	for (uint32_t slot = 0; slot < journal->slots; slot++)
		journal_entry(journal, slot)->state = JOURNAL_FREE;
	ring->req_cons = req_cons;
	ring->rsp_done = rsp_prod;
	ring->seq = 0;
	/* Release: started vouches for all of the above. */
	__atomic_store_n(&ring->started, 1, __ATOMIC_RELEASE);
}

void journal_take(struct journal *journal, uint32_t slot, uint32_t req_idx, uint16_t used)
{
	struct journal_entry *entry = journal_entry(journal, slot);

	entry->req_idx = req_idx;
	entry->used = used;
	entry->seq = ++journal->ring->seq;
	entry_state(entry, JOURNAL_INFLIGHT);
	/* Release: the request counts as taken only after its copy is safe. */
	__atomic_store_n(&journal->ring->req_cons, req_idx + 1, __ATOMIC_RELEASE);
}

void journal_done(struct journal *journal, uint32_t slot, int16_t status, uint32_t rsp_idx)
{
	struct journal_entry *entry = journal_entry(journal, slot);

	entry->status = status;
	entry->rsp_idx = rsp_idx;
	entry_state(entry, JOURNAL_DONE);
}

/*
 * rsp_done moves first: while entries are being freed, those still DONE lie before rsp_done and are
 * known to be published. The other way round, a crash half-way would leave fewer DONE entries than
 * published responses, which recovery could not tell from a lie.
 */
void journal_published(struct journal *journal, const uint16_t *slots, uint32_t n, uint32_t rsp_prod)
{
	/* Release: after the caller's store of sring.rsp_prod, before the entries below are free. */
	__atomic_store_n(&journal->ring->rsp_done, rsp_prod, __ATOMIC_RELEASE);
	for (uint32_t i = 0; i < n; i++)
		entry_state(journal_entry(journal, slots[i]), JOURNAL_FREE);
}

/*
 * Sorts slots by the number that `key` holds for each. By insertion, JOURNAL_SLOTS_MAX of them at most:
 * qsort_r(3) takes memory from the heap for that many, and asks the kernel how much there is, which the
 * sandbox forbids.
 */
static void slots_sort(uint16_t *slots, uint32_t n, const uint64_t *key)
{
	for (uint32_t i = 1; i < n; i++) {
		const uint16_t slot = slots[i];
		uint32_t at = i;

		for (; at && key[slots[at - 1]] > key[slot]; at--)
			slots[at] = slots[at - 1];
		slots[at] = slot;
	}
}

static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* Sorts the entries into the plan's two lists; frees those that are history. */
static void plan_collect(struct journal *journal, uint32_t rsp_prod, struct journal_plan *plan,
		uint64_t *key)
{
	for (uint32_t slot = 0; slot < journal->slots; slot++) {
		struct journal_entry *entry = journal_entry(journal, slot);
		bool taken = before(entry->req_idx, plan->req_cons);

		key[slot] = 0;
		if (entry->state == JOURNAL_INFLIGHT && taken) {
			key[slot] = entry->seq;
			plan->resubmit_slot[plan->resubmit++] = (uint16_t)slot;
		} else if (entry->state == JOURNAL_DONE && !before(entry->rsp_idx, rsp_prod)) {
			key[slot] = entry->rsp_idx - rsp_prod;
			plan->rewrite_slot[plan->rewrite++] = (uint16_t)slot;
		} else {
			entry_state(entry, JOURNAL_FREE);
		}
	}
}

/* Responses that wait to be written again have to be exactly the next ones, without a gap. */
static bool rewrites_follow(const struct journal_plan *plan, const uint64_t *key)
{
	for (uint32_t i = 0; i < plan->rewrite; i++) {
		if (key[plan->rewrite_slot[i]] != i)
			return false;
	}
	return true;
}

enum journal_verdict journal_recover(struct journal *journal, uint32_t ring_req_prod,
		uint32_t ring_rsp_prod, struct journal_plan *plan)
{
	uint64_t key[JOURNAL_SLOTS_MAX];
	const struct journal_ring *ring = journal->ring;
	uint32_t waiting;

	memset(plan, 0, sizeof(*plan));
	if (!__atomic_load_n(&ring->started, __ATOMIC_ACQUIRE))
		return JOURNAL_FRESH;
	plan->req_cons = ring->req_cons;
	/* The guest can write rsp_prod: it has to lie between what we know and what we have taken. */
	if (ring_rsp_prod - ring->rsp_done > journal->slots ||
			before(plan->req_cons, ring_rsp_prod))
		return JOURNAL_LIE;
	if (ring_req_prod - ring_rsp_prod > journal->slots || before(ring_req_prod, plan->req_cons))
		return JOURNAL_LIE;
	plan_collect(journal, ring_rsp_prod, plan, key);
	slots_sort(plan->rewrite_slot, plan->rewrite, key);
	slots_sort(plan->resubmit_slot, plan->resubmit, key);
	waiting = plan->req_cons - ring_rsp_prod;
	if (plan->rewrite + plan->resubmit != waiting || !rewrites_follow(plan, key))
		return JOURNAL_LIE;
	plan->rsp_prod = ring_rsp_prod;
	return JOURNAL_RECOVERED;
}
