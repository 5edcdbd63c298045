/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: ring/journal.o */
/*
 * Recovery from a journal and a ring that hold anything, at a ring of four slots: every state of every entry,
 * with every distance of its index that can matter, under every difference of the four indices. A second
 * reading, in plain integers, says whether there is a plan and what is in it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ring/journal.h"

#define SLOTS 4
#define BASE 0xfffffffeu	/* req_cons; the other indices lie around it, and cross zero */
#define FAR INT32_MIN		/* half-way round: behind, as everything that is not ahead */

/* An entry: in flight since `at` from req_cons, or done with its answer `at` from rsp_prod. */
struct kind {
	uint32_t state;
	int32_t at;
};

static const struct kind kinds[] = {
	{ JOURNAL_FREE, 0 }, { JOURNAL_FREE, -1 }, { 3, -1 }, { JOURNAL_INFLIGHT, -1 }, { JOURNAL_INFLIGHT, 0 }, { JOURNAL_INFLIGHT, FAR },
	{ JOURNAL_DONE, -1 }, { JOURNAL_DONE, 0 }, { JOURNAL_DONE, 1 }, { JOURNAL_DONE, 2 }, { JOURNAL_DONE, 3 },
	{ JOURNAL_DONE, 4 }, { JOURNAL_DONE, FAR },
};
#define KINDS (int)(sizeof(kinds) / sizeof(kinds[0]))

static _Alignas(64) uint8_t room[sizeof(struct journal_ring) + SLOTS * 32];
static struct journal journal = {
	.ring = (struct journal_ring *)room, .entries = room + sizeof(struct journal_ring), .slots = SLOTS, .stride = 32,
	.record_bytes = 8,
};

/* Distances: answers that are taken and not shown, shown and not noted, requests that wait. */
struct distances {
	int32_t open, noted, ahead;
};

static void wrong(const char *what, const struct distances *d, const struct kind *const entry[SLOTS])
{
	printf("%s: open %d, noted %d, ahead %d;", what, d->open, d->noted, d->ahead);
	for (int i = 0; i < SLOTS; i++)
		printf(" %u at %d", entry[i]->state, entry[i]->at);
	puts("");
	exit(1);
}

static bool again(const struct kind *entry)
{
	return entry->state == JOURNAL_INFLIGHT && entry->at < 0;
}

static bool rewritten(const struct kind *entry)
{
	return entry->state == JOURNAL_DONE && entry->at >= 0;
}

/* Are the answers that are to be written again the next ones, each once? */
static bool follow(const struct kind *const entry[SLOTS], int count)
{
	for (int next = 0; next < count; next++) {
		int found = 0;

		for (int i = 0; i < SLOTS; i++)
			found += rewritten(entry[i]) && entry[i]->at == next;
		if (found != 1)
			return false;
	}
	return true;
}

static bool plan_is_due(const struct distances *d, const struct kind *const entry[SLOTS])
{
	int resubmit = 0, rewrite = 0;

	for (int i = 0; i < SLOTS; i++) {
		resubmit += again(entry[i]);
		rewrite += rewritten(entry[i]);
	}
	return d->noted >= 0 && d->noted <= SLOTS && d->open >= 0 && d->ahead >= 0 && d->open + d->ahead <= SLOTS &&
		resubmit + rewrite == d->open && follow(entry, rewrite);
}

/* Later slots were taken earlier. */
static void fill(const struct distances *d, const struct kind *const entry[SLOTS])
{
	const uint32_t rsp_prod = BASE - (uint32_t)d->open;

	journal.ring->started = 1;
	journal.ring->req_cons = BASE;
	journal.ring->rsp_done = rsp_prod - (uint32_t)d->noted;
	for (uint32_t i = 0; i < SLOTS; i++)
		*journal_entry(&journal, i) = (struct journal_entry) {
			.state = entry[i]->state, .req_idx = BASE + (uint32_t)entry[i]->at, .seq = SLOTS - i,
			.rsp_idx = rsp_prod + (uint32_t)entry[i]->at,
		};
}

static bool plan_is_right(const struct distances *d, const struct kind *const entry[SLOTS], const struct journal_plan *plan)
{
	uint32_t resubmit = 0;

	for (int i = SLOTS - 1; i >= 0; i--) {
		if (again(entry[i]) && plan->resubmit_slot[resubmit++] != i)
			return false;
		if (rewritten(entry[i]) && plan->rewrite_slot[entry[i]->at] != i)
			return false;
		if (!again(entry[i]) && !rewritten(entry[i]) && journal_entry(&journal, (uint32_t)i)->state != JOURNAL_FREE)
			return false;
	}
	return plan->resubmit == resubmit && plan->resubmit + plan->rewrite == (uint32_t)d->open &&
		plan->req_cons == BASE && plan->rsp_prod == BASE - (uint32_t)d->open;
}

static void judge(const struct distances *d, const struct kind *const entry[SLOTS])
{
	struct journal_plan plan;
	enum journal_verdict verdict;

	fill(d, entry);
	verdict = journal_recover(&journal, BASE + (uint32_t)d->ahead, BASE - (uint32_t)d->open, &plan);
	if (verdict != (plan_is_due(d, entry) ? JOURNAL_RECOVERED : JOURNAL_LIE))
		wrong("the verdict is wrong", d, entry);
	if (verdict == JOURNAL_RECOVERED && !plan_is_right(d, entry, &plan))
		wrong("the plan is wrong", d, entry);
}

static void entries_all(const struct distances *d)
{
	for (int n = 0; n < KINDS * KINDS * KINDS * KINDS; n++) {
		const struct kind *const entry[SLOTS] = {
			&kinds[n % KINDS], &kinds[n / KINDS % KINDS], &kinds[n / KINDS / KINDS % KINDS],
			&kinds[n / KINDS / KINDS / KINDS],
		};

		judge(d, entry);
	}
}

int main(void)
{
	struct distances d;

	for (d.open = -2; d.open <= SLOTS + 1; d.open++)
		for (d.noted = -1; d.noted <= SLOTS + 1; d.noted++)
			for (d.ahead = -2; d.ahead <= SLOTS + 1; d.ahead++)
				entries_all(&d);
	return 0;
}
