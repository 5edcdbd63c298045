/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/prove/crashpoints.o ring/journal.o ring/slate.o ring/sring.o */
/*
 * Recovery as a whole, at rings of two and four slots: every order in which a guest asks and a worker takes, completes
 * and shows, with a crash after every store of the worker and of every successor. A disk's ring with its
 * journal, a network's with its slate. In every state each request that was handed over is taken, done again
 * or answered from the book; no id is answered twice, none with another's status, none is lost.
 */
#include <stdio.h>
#include <string.h>

#include "ring/journal.h"
#include "ring/slate.h"
#include "ring/sring.h"
#include "tests/prove/crashpoints.h"

#define SLOTS_MAX 4u
#define BASE 0xfffffffdu	/* the indices cross zero */
#define GENERATION 42u
#define RING_AT 0u
#define BOOK_AT 128u		/* after the ring's header and four slots of 16 bytes */

struct request {
	uint64_t id;		/* its number, from 0 */
	uint64_t body;
};

struct response {
	uint32_t id;
	uint32_t status;
};

/* Everything there is at one moment. A worker that is dead has only the world. */
struct moment {
	struct sring ring;
	uint32_t alive;
	uint32_t asked;		/* requests that the guest has shown */
	uint32_t heard;		/* bit n: request n was answered */
	uint32_t shown;		/* answers that the guest has seen */
	uint32_t waiting;	/* answers that are written and not shown */
	uint16_t answered[SLOTS_MAX];
	uint8_t in_flight[SLOTS_MAX];
	uint32_t pad;
	uint8_t world[];
};

/* What a kind of worker has beside its ring. */
struct book {
	const char *name;
	uint32_t bytes;		/* of the world */
	uint32_t slot_bytes;
	void (*succeed)(void *);
	void (*work)(void);	/* each thing that the worker may do now: do_one() */
	void (*smallest)(uint8_t *world);	/* counts that only grow become small, in the same order */
};

static uint32_t slots, requests;	/* of the ring; that the guest asks: enough to use slots again */
static bool at_once;		/* the guest asks for all that there is room for */
static const struct book *book;
static struct moment *at;	/* the moment that is visited; operations change it */
static struct moment *before;	/* as it was found */
static uint32_t chosen;		/* what an operation is about */
static struct crashes crashes;

static uint32_t status_of(uint64_t id)
{
	return 1000 + (uint32_t)id * 3;
}

static size_t moment_bytes(void)
{
	return sizeof(struct moment) + book->bytes;
}

/* --- the guest --------------------------------------------------------------------------------- */

static void *slot_of(uint8_t *page, uint32_t index)
{
	return page + RING_AT + SRING_HEADER_BYTES + index % slots * book->slot_bytes;
}

/* The guest asks once more, or for all that the ring has room for. */
static void guest_asks(void)
{
	const uint32_t first = at->asked;

	for (; at->asked < requests && at->asked - at->shown < slots; at->asked++) {
		const struct request request = { .id = at->asked, .body = ~(uint64_t)at->asked };

		if (at->asked != first && !at_once)
			break;
		memcpy(slot_of(at->world, BASE + at->asked), &request, book->slot_bytes);
	}
	if (at->asked == first)
		return;
	((uint32_t *)at->world)[0] = BASE + at->asked;
	state_add(at);	/* a copy of what was found, which is as small as can be */
	memcpy(at, before, moment_bytes());
}

/* What it sees of a world: each answer is to one that waits, and is that one's. */
static void guest_hears(struct moment *moment)
{
	const uint32_t rsp_prod = ((uint32_t *)moment->world)[2] - BASE;
	struct response response;

	HOLDS(rsp_prod - moment->shown <= slots && rsp_prod <= moment->asked);
	for (; moment->shown != rsp_prod; moment->shown++) {
		memcpy(&response, slot_of(moment->world, BASE + moment->shown), sizeof(response));
		HOLDS(response.id < moment->asked && !(moment->heard >> response.id & 1));
		HOLDS(response.status == status_of(response.id));
		moment->heard |= 1u << response.id;
	}
}

/* --- every moment ------------------------------------------------------------------------------ */

static void moment_add(const uint8_t *now)
{
	memcpy(at->world, now, book->bytes);
	guest_hears(at);
	book->smallest(at->world);
	state_add(at);
}

/* The worker does it; after each of its stores it may be dead. */
static void do_one(void (*operation)(void *), uint32_t what)
{
	chosen = what;
	memcpy(world, before->world, book->bytes);
	crashes_of(operation, NULL, &crashes);
	moment_add(world);
	for (uint32_t i = 0; i < crashes.count; i++) {
		memcpy(at, before, moment_bytes());
		memset(&at->ring, 0, sizeof(at->ring));
		memset(at->answered, 0, sizeof(at->answered));
		memset(at->in_flight, 0, sizeof(at->in_flight));
		at->alive = at->waiting = 0;
		moment_add(crashes.after[i]);
	}
	memcpy(at, before, moment_bytes());
}

static void everything(const struct book *which, uint32_t ring_slots, uint32_t asks, bool whole)
{
	static _Alignas(8) uint8_t room[2][sizeof(struct moment) + WORLD_BYTES];

	book = which;
	slots = ring_slots;
	requests = asks;
	at_once = whole;
	at = (struct moment *)room[0];
	before = (struct moment *)room[1];
	memset(room, 0, sizeof(room));
	crashes_open(book->bytes);
	states_open(moment_bytes());
	for (uint32_t word = 0; word < 4; word++)
		((uint32_t *)at->world)[word] = BASE + word % 2;
	state_add(at);
	while (state_next(before)) {
		memcpy(at, before, moment_bytes());
		guest_asks();
		if (!at->alive)
			do_one(book->succeed, 0);
		else if (at->asked == requests && at->ring.rsp_shown == BASE + requests)
			HOLDS(at->heard == (1u << requests) - 1);
		else
			book->work();
	}
	fprintf(stderr, "%s of %u slots, %u requests: %u moments\n", book->name, slots, requests, states_seen());
}

/* --- a disk: the journal ----------------------------------------------------------------------- */

#define STRIDE (sizeof(struct journal_entry) + sizeof(struct request))

static struct journal journal_at(uint8_t *bytes)
{
	return (struct journal) {
		.ring = (struct journal_ring *)(bytes + BOOK_AT), .entries = bytes + BOOK_AT + sizeof(struct journal_ring),
		.slots = slots, .stride = STRIDE, .record_bytes = sizeof(struct request),
	};
}

static struct journal journal_here(void)
{
	return journal_at(world);
}

static struct request request_of(const struct journal *journal, uint32_t slot)
{
	struct request request;

	memcpy(&request, journal_entry(journal, slot)->record, sizeof(request));
	HOLDS(request.id < requests && request.body == ~request.id);
	return request;
}

static void respond(const struct journal *journal, uint32_t slot, uint32_t status)
{
	const struct response response = { (uint32_t)request_of(journal, slot).id, status };

	sring_answer(&at->ring, &response, sizeof(response));
}

/* As blkback/queue_open.c goes on: answers that wait are shown first, then requests are done again. */
static void goes_on(struct journal *journal, const struct journal_plan *plan, uint32_t rsp_prod)
{
	uint64_t last = 0;

	sring_attach(&at->ring, world, slots, sizeof(struct request), plan->req_cons, plan->rsp_prod);
	HOLDS(plan->rsp_prod == rsp_prod && plan->rewrite + plan->resubmit <= slots);
	for (uint32_t i = 0; i < plan->rewrite; i++)
		respond(journal, plan->rewrite_slot[i], (uint32_t)journal_entry(journal, plan->rewrite_slot[i])->status);
	sring_publish(&at->ring);
	journal_published(journal, plan->rewrite_slot, plan->rewrite, at->ring.rsp_shown);
	for (uint32_t i = 0; i < plan->resubmit; i++) {
		const uint64_t id = request_of(journal, plan->resubmit_slot[i]).id;

		HOLDS(id >= last && !(at->heard >> id & 1) && !at->in_flight[plan->resubmit_slot[i]]);
		last = id;
		at->in_flight[plan->resubmit_slot[i]] = 1;
	}
}

static void journal_succeed(void *arg)
{
	struct journal journal = journal_here();
	struct journal_plan plan;
	enum journal_verdict verdict;
	uint32_t req_prod, rsp_prod;

	sring_indices(world, &req_prod, &rsp_prod);
	verdict = journal_recover(&journal, req_prod, rsp_prod, &plan);
	HOLDS(verdict != JOURNAL_LIE);
	at->alive = 1;
	if (verdict == JOURNAL_RECOVERED) {
		goes_on(&journal, &plan, rsp_prod);
		return;
	}
	HOLDS(at->heard == 0);
	sring_attach(&at->ring, world, slots, sizeof(struct request), rsp_prod, rsp_prod);
	journal_start(&journal, rsp_prod, rsp_prod);
}

static void journal_takes(void *arg)
{
	struct journal journal = journal_here();
	const int found = sring_look(&at->ring);
	uint32_t slot[SLOTS_MAX], index[SLOTS_MAX];

	for (int i = 0; i < found; i++) {
		for (slot[i] = 0; at->in_flight[slot[i]]; slot[i]++)
			HOLDS(slot[i] + 1 < slots);
		at->in_flight[slot[i]] = 1;
		index[i] = sring_take(&at->ring, journal_entry(&journal, slot[i])->record);
		HOLDS(request_of(&journal, slot[i]).id == index[i] - BASE);
	}
	for (int i = 0; i < found; i++)
		journal_take(&journal, slot[i], index[i], sizeof(struct request));
}

/* One of those in flight ends. Its place is free when its answer is shown. */
static void journal_ends(void *arg)
{
	struct journal journal = journal_here();
	const uint32_t status = status_of(request_of(&journal, chosen).id);

	journal_done(&journal, chosen, (int16_t)status, at->ring.rsp_prod);
	respond(&journal, chosen, status);
	at->in_flight[chosen] = 2;
	at->answered[at->waiting++] = (uint16_t)chosen;
}

static void journal_shows(void *arg)
{
	struct journal journal = journal_here();

	sring_publish(&at->ring);
	journal_published(&journal, at->answered, at->waiting, at->ring.rsp_shown);
	for (; at->waiting; at->waiting--) {
		at->in_flight[at->answered[at->waiting - 1]] = 0;
		at->answered[at->waiting - 1] = 0;
	}
}

static void journal_work(void)
{
	if (at->ring.req_cons != BASE + at->asked)
		do_one(journal_takes, 0);
	for (uint32_t slot = 0; slot < slots; slot++)
		if (at->in_flight[slot] == 1)
			do_one(journal_ends, slot);
	if (at->waiting)
		do_one(journal_shows, 0);
}

/* Sequence numbers: a take that is cut short has used one up. Only their order says anything. */
static void journal_smallest(uint8_t *bytes)
{
	struct journal journal = journal_at(bytes);
	uint64_t *seq[SLOTS_MAX + 1], rank[SLOTS_MAX + 1];

	for (uint32_t i = 0; i <= slots; i++)
		seq[i] = i < slots ? &journal_entry(&journal, i)->seq : &journal.ring->seq;
	for (uint32_t i = 0; i <= slots; i++) {
		rank[i] = *seq[i] != 0;
		for (uint32_t j = 0; j <= slots; j++)
			rank[i] += *seq[j] && *seq[j] < *seq[i];
	}
	for (uint32_t i = 0; i <= slots; i++)
		*seq[i] = rank[i];
	/* With few slots what is left in a free entry is looked at too. */
	for (uint32_t i = 0; i < slots && at_once; i++)
		if (journal_entry(&journal, i)->state == JOURNAL_FREE)
			memset(journal_entry(&journal, i), 0, STRIDE);
}

/* --- a network: the slate ---------------------------------------------------------------------- */

static struct slate *slate_here(void)
{
	return (struct slate *)(world + BOOK_AT);
}

/* As netback/queue_open.c. */
static void slate_succeed(void *arg)
{
	uint32_t req_prod, rsp_prod, rewritten;

	sring_indices(world, &req_prod, &rsp_prod);
	HOLDS(slate_recover(slate_here(), GENERATION, req_prod, rsp_prod, slots, &rewritten));
	sring_attach(&at->ring, world, slots, sizeof(uint64_t), rsp_prod + rewritten, rsp_prod);
	slate_rewrite(slate_here(), &at->ring, sizeof(struct response), rewritten);
	sring_publish(&at->ring);
	at->alive = 1;
}

static void slate_answers(void *arg)
{
	uint64_t id;

	sring_look(&at->ring);
	for (uint32_t i = 0; i < chosen; i++) {
		sring_take(&at->ring, &id);
		HOLDS(id == at->ring.req_cons - 1 - BASE);
		memcpy(slate_place(slate_here(), &at->ring, i), &(struct response) { (uint32_t)id, status_of(id) },
				sizeof(struct response));
	}
	slate_show(slate_here(), &at->ring, sizeof(struct response), chosen);
}

static void slate_work(void)
{
	for (uint32_t n = 1; n <= BASE + at->asked - at->ring.req_cons; n++)
		do_one(slate_answers, n);
}

static void slate_smallest(uint8_t *bytes)
{
	(void)bytes;	/* nothing in it grows */
}

int main(void)
{
	static const struct book journal = {
		"journal", BOOK_AT + sizeof(struct journal_ring) + SLOTS_MAX * STRIDE, sizeof(struct request),
		journal_succeed, journal_work, journal_smallest,
	}, slate = {
		"slate", BOOK_AT + sizeof(struct slate), sizeof(uint64_t), slate_succeed, slate_work, slate_smallest,
	};

	everything(&slate, 4, 9, false);
	everything(&journal, 2, 5, false);
	everything(&journal, 4, 4, true);
	return 0;
}
