/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: ring/journal.o ring/slate.o ring/sring.o */
/*
 * Recovery from a journal that holds anything, with indices that a guest has chosen: whatever is
 * called a plan lists each slot at most once, within the ring, and answers where the ring goes on. The same
 * of a slate: what is written again lies before the requests that wait. And a journal of another version or
 * connection is taken only where nothing can be in flight in it.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "ring/journal.h"
#include "ring/slate.h"
#include "tests/fuzz/feed.h"

#define SLOTS 32u
#define RECORD 16u
#define GENERATION 42u

static struct journal mapped;

static void journal_once(void)
{
	int file = memfd_create("journal", 0);

	HOLDS(ftruncate(file, (off_t)journal_bytes(1, SLOTS, RECORD)) == 0);
	HOLDS(journal_map(file, GENERATION, 1, SLOTS, RECORD, &mapped) == 0);
}

/* A journal whose shape is right, as mapped, and whose entries are the input's. */
static void journal_fill(struct journal *journal, struct feed *feed)
{
	if (!mapped.ring)
		journal_once();
	*journal = mapped;
	journal_start(journal, feed_u32(feed), 0);
	journal->ring->req_cons = feed_u32(feed);
	journal->ring->rsp_done = journal->ring->req_cons - feed_u8(feed) % 64;
	for (uint32_t s = 0; s < SLOTS; s++) {
		struct journal_entry *entry = journal_entry(journal, s);
		const uint8_t kind = feed_u8(feed);

		if (kind < 64)	/* anything at all */
			feed_bytes(feed, entry, sizeof(*entry));
		else if (kind < 160)	/* what a worker writes */
			journal_take(journal, s, journal->ring->req_cons, RECORD);
		if (kind >= 128 && kind < 192)
			journal_done(journal, s, 0, journal->ring->rsp_done + feed_u8(feed) % 40);
	}
}

/* A file whose header may have any word wrong becomes one of ours, or is refused and stays as it is. */
static void header_check(struct feed *feed)
{
	static int file = -1;
	const size_t bytes = journal_bytes(1, SLOTS, RECORD);
	const uint8_t word = feed_u8(feed), value = feed_u8(feed);
	struct journal_header found = *mapped.header, after;
	struct journal journal;

	if (file < 0)
		HOLDS((file = memfd_create("found", 0)) >= 0 && ftruncate(file, (off_t)bytes) == 0);
	found.drained = word >> 7;
	((uint32_t *)&found)[word % (sizeof(found) / 4)] ^= value;	/* a struct of words */
	if (word & 64)
		found.magic = 0;
	HOLDS(pwrite(file, &found, sizeof(found), 0) == sizeof(found));
	if (journal_map(file, GENERATION, 1, SLOTS, RECORD, &journal) == 0) {
		HOLDS(memcmp(journal.header, mapped.header, sizeof(found)) == 0);
		journal_drained(&journal);
		HOLDS(journal.header->drained == 1 && munmap(journal.header, bytes) == 0);
		return;
	}
	HOLDS(pread(file, &after, sizeof(after), 0) == sizeof(after) && memcmp(&found, &after, sizeof(after)) == 0);
	HOLDS(found.magic != 0 && (found.version == JOURNAL_VERSION || !found.drained || found.magic != JOURNAL_MAGIC));
}

static void slots_hold(const uint16_t *slot, uint32_t n, uint8_t seen[SLOTS])
{
	HOLDS(n <= SLOTS);
	for (uint32_t i = 0; i < n; i++) {
		HOLDS(slot[i] < SLOTS);
		HOLDS(seen[slot[i]]++ == 0);
	}
}

static void slate_check(struct feed *feed)
{
	static struct slate slate;
	const uint64_t generation = feed_u8(feed) % 4 ? GENERATION : 0;
	uint32_t req_prod, rsp_prod, rewrite;

	slate.magic = feed_u8(feed) % 8 ? SLATE_MAGIC : feed_u32(feed);
	slate.generation = GENERATION;
	slate.begin = feed_u32(feed);
	slate.end = slate.begin + feed_u8(feed) % 40;
	rsp_prod = slate.begin + feed_u8(feed) % 4;
	req_prod = rsp_prod + feed_u8(feed) % 40;
	if (!slate_recover(&slate, generation, req_prod, rsp_prod, SLOTS, &rewrite))
		return;
	HOLDS(rewrite <= req_prod - rsp_prod && req_prod - rsp_prod <= SLOTS);
	HOLDS(rsp_prod + rewrite == slate.end);
	HOLDS(slate.generation == generation && slate.magic == SLATE_MAGIC);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = { data, size };
	static struct journal_plan plan;
	uint8_t seen[SLOTS] = { 0 };
	struct journal journal;
	uint32_t req_prod, rsp_prod;

	journal_fill(&journal, &feed);
	req_prod = journal.ring->req_cons + feed_u8(&feed) % 40;
	rsp_prod = journal.ring->rsp_done - feed_u8(&feed) % 40;
	if (journal_recover(&journal, req_prod, rsp_prod, &plan) == JOURNAL_RECOVERED) {
		slots_hold(plan.rewrite_slot, plan.rewrite, seen);
		slots_hold(plan.resubmit_slot, plan.resubmit, seen);
		HOLDS(plan.rsp_prod - rsp_prod <= SLOTS);
		HOLDS(plan.rewrite + plan.resubmit == plan.req_cons - plan.rsp_prod);
		HOLDS(req_prod - plan.req_cons <= SLOTS);
	}
	slate_check(&feed);
	header_check(&feed);
	return 0;
}
