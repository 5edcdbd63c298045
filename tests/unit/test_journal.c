/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: ring/journal.o */
/*
 * Recovery from the journal after a crash at every single store. A worker is played step by step
 * (take, journal, complete in any order, publish); after each store the memory it shares is copied,
 * a successor recovers from the copy and finishes, and every request must have been answered once.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <sys/mman.h>

#include "ring/journal.h"

#define SLOTS 8u
#define RECORD 16u
#define GENERATION 42u
#define REQUESTS 20u

/* What survives a crash: the journal's file, and the two indices and response slots of the ring. */
struct world {
	int fd;
	struct journal journal;
	uint32_t base;			/* first index */
	uint32_t req_prod, rsp_prod;	/* on the page */
	uint32_t response[SLOTS];	/* request number answered in each ring slot */
};

static int journal_file(void)
{
	int fd = memfd_create("journal", 0);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)journal_bytes(1, SLOTS, RECORD)), 0);
	return fd;
}

static struct world world_new(uint32_t base)
{
	struct world w = { .fd = journal_file(), .base = base, .req_prod = base, .rsp_prod = base };

	assert_int_equal(journal_map(w.fd, GENERATION, 1, SLOTS, RECORD, &w.journal), 0);
	return w;
}

/* The world as a crash at this moment leaves it. */
static struct world world_copy(const struct world *w)
{
	const size_t bytes = journal_bytes(1, SLOTS, RECORD);
	struct world copy = *w;
	uint8_t *from = mmap(NULL, bytes, PROT_READ, MAP_SHARED, w->fd, 0);

	copy.fd = journal_file();
	assert_int_equal(pwrite(copy.fd, from, bytes, 0), bytes);
	munmap(from, bytes);
	assert_int_equal(journal_map(copy.fd, GENERATION, 1, SLOTS, RECORD, &copy.journal), 0);
	return copy;
}

static void world_close(struct world *w)
{
	munmap((uint8_t *)w->journal.ring - 64, journal_bytes(1, SLOTS, RECORD));
	close(w->fd);
}

/* Which request (0, 1, ...) a journal slot holds. */
static uint32_t number_in(const struct world *w, uint32_t slot)
{
	uint32_t n;

	memcpy(&n, journal_entry(&w->journal, slot)->record, sizeof(n));
	return n;
}

static void answer(struct world *w, uint32_t slot, uint32_t at)
{
	w->response[at % SLOTS] = number_in(w, slot);
}

/* Counts what the frontend finds in newly shown responses. */
static void reap(const struct world *w, uint32_t from, uint32_t to, uint8_t *answered)
{
	for (uint32_t i = from; i != to; i++)
		answered[w->response[i % SLOTS]]++;
}

/*
 * A successor: recovers, finishes what is in flight, and the frontend checks all. `shown` are the
 * responses that the frontend has seen before the crash, `taken_most` requests the ring held.
 */
static void succeed(const struct world *crashed, const uint8_t *answered_before)
{
	struct world w = world_copy(crashed);
	struct journal_plan plan;
	uint8_t answered[REQUESTS + SLOTS];
	uint32_t next;

	memcpy(answered, answered_before, sizeof(answered));
	switch (journal_recover(&w.journal, w.req_prod, w.rsp_prod, &plan)) {
	case JOURNAL_FRESH:
		assert_int_equal(w.rsp_prod, w.base);
		plan.req_cons = plan.rsp_prod = w.base;
		break;
	case JOURNAL_RECOVERED:
		break;
	default:
		fail_msg("an honest crash was taken for a lie");
	}
	next = plan.rsp_prod;
	for (uint32_t i = 0; i < plan.rewrite; i++)
		answer(&w, plan.rewrite_slot[i], next++);
	for (uint32_t i = 0; i < plan.resubmit; i++) {
		/* In the order of taking. */
		if (i)
			assert_true(number_in(&w, plan.resubmit_slot[i - 1]) <
					number_in(&w, plan.resubmit_slot[i]));
		answer(&w, plan.resubmit_slot[i], next++);
	}
	reap(&w, w.rsp_prod, next, answered);
	/* What was never taken is taken now: numbers count from the base. */
	for (uint32_t i = plan.req_cons; i != w.req_prod; i++)
		answered[i - w.base]++;
	for (uint32_t n = 0; n < w.req_prod - w.base; n++)
		assert_int_equal(answered[n], 1);
	world_close(&w);
}

/* Every store of a life: the frontend keeps `depth` requests on the ring; completion order by seed. */
static void life(uint32_t base, uint32_t depth, unsigned int seed)
{
	struct world w = world_new(base);
	uint8_t answered[REQUESTS + SLOTS] = { 0 };
	uint32_t cons = base, done = base, busy[SLOTS], n_busy = 0;
	uint16_t free_slot[SLOTS], n_free = 0;

	for (uint16_t s = 0; s < SLOTS; s++)
		free_slot[n_free++] = s;
	succeed(&w, answered);
	journal_start(&w.journal, base, base);
	srand(seed);
	while (done - base < REQUESTS) {
		uint16_t batch[SLOTS];
		uint32_t n = 0;

		while (w.req_prod - w.rsp_prod < depth && w.req_prod - base < REQUESTS)
			w.req_prod++;
		succeed(&w, answered);
		while (cons != w.req_prod) {
			uint16_t slot = free_slot[--n_free];
			uint32_t number = cons - base;

			memcpy(journal_entry(&w.journal, slot)->record, &number, sizeof(number));
			succeed(&w, answered);
			/* journal_take() is two stores: INFLIGHT, then req_cons. */
			journal_take(&w.journal, slot, cons, RECORD);
			w.journal.ring->req_cons = cons;
			succeed(&w, answered);
			w.journal.ring->req_cons = ++cons;
			succeed(&w, answered);
			busy[n_busy++] = slot;
		}
		/* Some of them end, in any order. */
		for (uint32_t ends = 1 + (uint32_t)rand() % n_busy; ends; ends--) {
			uint32_t pick = (uint32_t)rand() % n_busy;
			uint16_t slot = (uint16_t)busy[pick];

			busy[pick] = busy[--n_busy];
			journal_done(&w.journal, slot, 0, done);
			succeed(&w, answered);
			answer(&w, slot, done++);
			succeed(&w, answered);
			batch[n++] = slot;
		}
		reap(&w, w.rsp_prod, done, answered);
		w.rsp_prod = done;
		succeed(&w, answered);
		/* journal_published(): rsp_done, then one entry after the other. */
		w.journal.ring->rsp_done = done;
		succeed(&w, answered);
		for (uint32_t i = 0; i < n; i++) {
			journal_published(&w.journal, &batch[i], 1, done);
			succeed(&w, answered);
			free_slot[n_free++] = batch[i];
		}
	}
	world_close(&w);
}

static void no_store_is_a_bad_moment_to_die(void **state)
{
	static const uint32_t bases[] = { 0, 0xfffffff8u, 0x7ffffffau };

	for (size_t b = 0; b < 3; b++) {
		for (uint32_t depth = 1; depth <= SLOTS; depth++) {
			for (unsigned int seed = 0; seed < 6; seed++)
				life(bases[b], depth, seed);
		}
	}
}

/* Three taken, the second one done but not shown. */
static struct world halfway(void)
{
	struct world w = world_new(100);

	journal_start(&w.journal, 100, 100);
	w.req_prod = 103;
	for (uint16_t slot = 0; slot < 3; slot++) {
		memcpy(journal_entry(&w.journal, slot)->record, &(uint32_t) { slot }, 4);
		journal_take(&w.journal, slot, 100u + slot, RECORD);
	}
	journal_done(&w.journal, 1, 0, 100);
	return w;
}

static void a_lying_ring_is_a_lie_or_harms_only_itself(void **state)
{
	struct journal_plan plan;

	for (uint32_t i = 0; i < 64; i++) {
		uint32_t rsp = i < 32 ? 100 - 16 + i : 100 + (1u << (i - 32));
		struct world w = halfway();
		enum journal_verdict verdict = journal_recover(&w.journal, 103, rsp, &plan);

		if (rsp == 100) {
			assert_int_equal(verdict, JOURNAL_RECOVERED);
			assert_int_equal(plan.rewrite, 1);
			assert_int_equal(plan.resubmit, 2);
		} else if (rsp == 101) {	/* it says that it has seen the answer already */
			assert_int_equal(verdict, JOURNAL_RECOVERED);
			assert_int_equal(plan.rewrite, 0);
			assert_int_equal(plan.resubmit, 2);
		} else {
			assert_int_equal(verdict, JOURNAL_LIE);
		}
		world_close(&w);
	}
	for (uint32_t i = 0; i < 64; i++) {
		uint32_t req = i < 32 ? 103 - 16 + i : 103 + (1u << (i - 32));
		struct world w = halfway();

		assert_int_equal(journal_recover(&w.journal, req, 100, &plan),
				req - 103 <= SLOTS - 3 ? JOURNAL_RECOVERED : JOURNAL_LIE);
		world_close(&w);
	}
}

static void a_journal_written_by_an_attacker_leads_nowhere(void **state)
{
	struct journal_plan plan;

	srand(1);
	for (int round = 0; round < 20000; round++) {
		struct world w = halfway();
		uint8_t *bytes = (uint8_t *)w.journal.ring;
		size_t size = journal_bytes(1, SLOTS, RECORD) - 64;

		for (int i = 0; i < 8; i++)
			bytes[(size_t)rand() % size] = (uint8_t)rand();
		if (journal_recover(&w.journal, 103, 100, &plan) == JOURNAL_RECOVERED) {
			assert_true(plan.rewrite + plan.resubmit <= SLOTS);
			assert_int_equal(plan.rewrite + plan.resubmit, plan.req_cons - plan.rsp_prod);
			for (uint32_t i = 0; i < plan.resubmit; i++)
				assert_true(plan.resubmit_slot[i] < SLOTS);
			for (uint32_t i = 0; i < plan.rewrite; i++)
				assert_true(plan.rewrite_slot[i] < SLOTS);
		}
		world_close(&w);
	}
}

static void a_journal_of_another_connection_is_refused_and_left_alone(void **state)
{
	struct world w = halfway();
	struct journal again;
	struct journal_plan plan;

	assert_int_equal(journal_map(w.fd, GENERATION, 1, SLOTS * 2, RECORD, &again), -EINVAL);
	assert_int_equal(journal_map(w.fd, GENERATION + 1, 1, SLOTS, RECORD, &again), -EPROTO);
	assert_int_equal(journal_map(w.fd, GENERATION, 1, SLOTS / 2, RECORD, &again), -EPROTO);
	assert_int_equal(journal_map(w.fd, GENERATION, 1, SLOTS, RECORD - 8, &again), -EPROTO);
	w.journal.header->drained = 1;
	assert_int_equal(journal_map(w.fd, GENERATION + 1, 1, SLOTS, RECORD, &again), -EPROTO);
	assert_int_equal(journal_map(w.fd, GENERATION, 1, SLOTS, RECORD, &again), 0);
	assert_int_equal(again.header->drained, 0);
	assert_int_equal(journal_recover(&again, 103, 100, &plan), JOURNAL_RECOVERED);
	world_close(&w);
}

static void a_journal_of_another_version_is_taken_over_when_it_is_drained(void **state)
{
	struct world w = halfway();
	struct journal again;
	struct journal_plan plan;

	w.journal.header->version++;
	assert_int_equal(journal_map(w.fd, GENERATION, 1, SLOTS, RECORD, &again), -EPROTO);
	journal_drained(&w.journal);
	w.journal.header->magic++;
	assert_int_equal(journal_map(w.fd, GENERATION, 1, SLOTS, RECORD, &again), -EPROTO);
	w.journal.header->magic--;
	assert_int_equal(journal_map(w.fd, GENERATION, 1, SLOTS, RECORD, &again), 0);
	assert_int_equal(journal_recover(&again, 103, 100, &plan), JOURNAL_FRESH);
	assert_int_equal(again.header->drained, 0);
	world_close(&w);
}

/* Two queues of one file know nothing of each other. */
static void queues_of_one_file_are_apart(void **state)
{
	struct journal journal[2];
	struct journal_plan plan;
	int fd = memfd_create("journal", 0);

	assert_int_equal(ftruncate(fd, (off_t)journal_bytes(2, SLOTS, RECORD)), 0);
	assert_int_equal(journal_map(fd, GENERATION, 2, SLOTS, RECORD, journal), 0);
	journal_start(&journal[0], 5, 5);
	for (uint16_t slot = 0; slot < SLOTS; slot++) {
		memset(journal_entry(&journal[0], slot)->record, 0xff, RECORD);
		journal_take(&journal[0], slot, 5u + slot, RECORD);
	}
	assert_int_equal(journal_recover(&journal[1], 0, 0, &plan), JOURNAL_FRESH);
	journal_start(&journal[1], 9, 9);
	assert_int_equal(journal_recover(&journal[1], 9, 9, &plan), JOURNAL_RECOVERED);
	assert_int_equal(plan.resubmit + plan.rewrite, 0);
	assert_int_equal(journal_recover(&journal[0], 5 + SLOTS, 5, &plan), JOURNAL_RECOVERED);
	assert_int_equal(plan.resubmit, SLOTS);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_store_is_a_bad_moment_to_die),
		cmocka_unit_test(a_lying_ring_is_a_lie_or_harms_only_itself),
		cmocka_unit_test(a_journal_written_by_an_attacker_leads_nowhere),
		cmocka_unit_test(a_journal_of_another_connection_is_refused_and_left_alone),
		cmocka_unit_test(a_journal_of_another_version_is_taken_over_when_it_is_drained),
		cmocka_unit_test(queues_of_one_file_are_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
