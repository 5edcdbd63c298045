/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests with any field wrong, and what comes back for them. Trusts nothing that the backend
 * writes; promises to notice a lost, doubled or wrong answer, and every byte of a slot that an answer
 * may not touch.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/hostile/blkhostile.h"

#define SEGMENTS_MAX 512
#define WAITING_MAX 512
#define ANY INT16_MAX
#define REFUSED (INT16_MAX - 1)	/* whichever way: anything but okay */

struct piece {
	const uint8_t *at;	/* NULL: no page of ours */
	uint32_t bytes;
};

/* A request that waits for its answer. */
struct waiting {
	bool busy;
	uint64_t id;
	uint8_t op;		/* that the answer has to echo */
	int16_t want;
	uint64_t offset;
	uint32_t pieces;	/* of a write, for the model */
	struct piece piece[SEGMENTS_MAX];
};

static struct waiting waiting[WAITING_MAX];
static uint32_t waiting_count;
static uint8_t shadow[BLKRING_ENTRIES_MAX][BLKABI_SLOT_BYTES_MAX];	/* slots as we left them */

/* --- asking ------------------------------------------------------------------------------------ */

struct asked {
	struct blkabi_request wire;
	struct blkif_request_segment segment[SEGMENTS_MAX];
	struct piece piece[SEGMENTS_MAX];
	uint32_t segments;
	uint32_t wire_op;	/* UINT32_MAX: as the kind of request has it */
	int16_t want;
};

static bool key_is(const char *text, const char *key, const char **value)
{
	size_t length = strlen(key);

	if (strncmp(text, key, length) || text[length] != '=')
		return false;
	*value = text + length + 1;
	return true;
}

static int16_t status_named(const char *name)
{
	static const struct { const char *name; int16_t status; } names[] = {
		{ "okay", BLKIF_RSP_OKAY }, { "error", BLKIF_RSP_ERROR },
		{ "unsupported", BLKIF_RSP_EOPNOTSUPP }, { "any", ANY },
		{ "refused", REFUSED },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i].name))
			return names[i].status;
	fail("want=%s: okay, error, unsupported, refused or any", name);
}

/* GREF/FIRST-LAST, where GREF is pN, `ring' or any number. */
static void segment_parse(struct hostile *hostile, struct asked *asked, char *text)
{
	char *sectors = strchr(text, '/'), *last;
	struct blkif_request_segment *to = &asked->segment[asked->segments];
	struct piece *piece = &asked->piece[asked->segments];
	struct page *page = NULL;

	if (asked->segments == SEGMENTS_MAX)
		fail("more than %u segments", SEGMENTS_MAX);
	if (sectors)
		*sectors++ = 0;
	*to = (struct blkif_request_segment) { .first_sect = 0, .last_sect = 7 };
	if (sectors) {
		to->first_sect = (uint8_t)strtoul(sectors, &last, 0);
		to->last_sect = (uint8_t)number(*last == '-' ? last + 1 : "", 255);
	}
	if (*text == 'p' || *text == 'r')
		page = page_named(hostile, text);
	to->gref = page ? page->gref : (uint32_t)number(text, UINT32_MAX);
	if (page && to->last_sect < 8 && to->first_sect <= to->last_sect)
		*piece = (struct piece) {
			.at = (const uint8_t *)page->at + to->first_sect * 512u,
			.bytes = (to->last_sect - to->first_sect + 1u) * 512u,
		};
	asked->segments++;
}

/* A list with commas; pA..B stands for all pages between. */
static void segments_parse(struct hostile *hostile, struct asked *asked, const char *list)
{
	char copy[1u << 16], *next = copy, *text;
	uint32_t from, to;

	snprintf(copy, sizeof(copy), "%s", list);
	while ((text = strsep(&next, ","))) {
		if (sscanf(text, "p%u..%u", &from, &to) == 2) {
			for (; from <= to; from++) {
				char name[32];

				snprintf(name, sizeof(name), "p%u", from);
				segment_parse(hostile, asked, name);
			}
		} else if (*text) {
			segment_parse(hostile, asked, text);
		}
	}
}

/* The descriptors go into that page; a request names up to eight of them. */
static void indirect_set(struct hostile *hostile, struct asked *asked, const char *where)
{
	struct page *page = *where == 'p' || *where == 'r' ? page_named(hostile, where) : NULL;

	asked->wire.indirect = true;
	for (uint32_t i = 0; i < BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST; i++)
		asked->wire.descriptor_gref[i] = page ? page->gref : (uint32_t)number(where, UINT32_MAX);
	if (page && *where == 'p')
		memcpy(page->at, asked->segment, asked->segments * sizeof(asked->segment[0]));
}

static void key_set(struct hostile *hostile, struct asked *asked, const char *text)
{
	const char *value;

	if (key_is(text, "n", &value))
		asked->wire.segments = (uint16_t)number(value, UINT16_MAX);
	else if (key_is(text, "id", &value))
		asked->wire.id = number(value, UINT64_MAX);
	else if (key_is(text, "flag", &value))
		asked->wire.flag = (uint8_t)number(value, 255);
	else if (key_is(text, "sectors", &value))
		asked->wire.sectors = number(value, UINT64_MAX);
	else if (key_is(text, "in", &value))
		indirect_set(hostile, asked, value);
	else if (key_is(text, "wire", &value))
		asked->wire_op = (uint32_t)number(value, 255);
	else if (key_is(text, "want", &value))
		asked->want = status_named(value);
	else
		fail("%s: no key of a request", text);
}

static void wait_begin(const struct asked *asked, uint8_t op)
{
	struct waiting *w = waiting;

	while (w->busy)
		if (++w == waiting + WAITING_MAX)
			fail("more than %u requests wait", WAITING_MAX);
	*w = (struct waiting) {
		.busy = true, .id = asked->wire.id, .op = op, .want = asked->want,
		.offset = asked->wire.sector * 512u,
	};
	if (op == BLKIF_OP_WRITE || op == BLKIF_OP_WRITE_BARRIER || op == BLKIF_OP_FLUSH_DISKCACHE) {
		w->pieces = asked->wire.segments < asked->segments ? asked->wire.segments : asked->segments;
		memcpy(w->piece, asked->piece, w->pieces * sizeof(w->piece[0]));
	}
	waiting_count++;
}

void ask(struct hostile *hostile, const struct word *word)
{
	struct blkring *ring = &hostile->queue->ring;
	uint8_t *slot = blkring_slot(ring, ring->req_prod);
	static struct asked asked;

	memset(&asked, 0, sizeof(asked));
	asked.wire_op = UINT32_MAX;
	asked.want = ANY;
	asked.wire.op = (uint8_t)number(word->part[1], 255);
	asked.wire.sector = number(word->part[2], UINT64_MAX);
	asked.wire.id = hostile->next_id++;
	asked.wire.segment = asked.segment;
	segments_parse(hostile, &asked, word->part[3]);
	asked.wire.segments = (uint16_t)asked.segments;
	for (int i = 4; i < word->count; i++)
		key_set(hostile, &asked, word->part[i]);
	memset(slot, 0xa5, ring->slot_bytes);
	blkabi_put(ring->abi, slot, &asked.wire);
	if (asked.wire_op != UINT32_MAX)
		slot[0] = (uint8_t)asked.wire_op;
	memcpy(shadow[ring->req_prod & (ring->entries - 1)], slot, ring->slot_bytes);
	ring->req_prod++;
	/* Of an indirect request the answer echoes the operation inside. */
	wait_begin(&asked, slot[0] == BLKIF_OP_INDIRECT ? slot[1] : slot[0]);
}

void show(struct hostile *hostile, bool kick)
{
	struct blkqueue *queue = hostile->queue;

	if (!blkring_publish(&queue->ring) && !kick)
		return;
	if (xenevtchn_notify(queue->events, queue->port))
		fail("the event channel is broken");
}

/* --- answers ----------------------------------------------------------------------------------- */

/* Padding is zero, and what lies behind an answer is still what we wrote there. */
static void slot_check(const struct blkring *ring, const uint8_t *slot, const uint8_t *before)
{
	uint32_t end = ring->abi == BLKABI_X86_32 ? 12 : 16;
	bool clean = slot[9] == 0;

	for (uint32_t i = 12; i < end; i++)
		clean &= slot[i] == 0;
	if (!clean)
		fail("the padding of an answer has a byte that is not zero");
	if (memcmp(slot + end, before + end, ring->slot_bytes - end))
		fail("an answer has changed what lies behind it in its slot");
}

static void model_apply(const struct hostile *hostile, const struct waiting *w)
{
	uint64_t at = w->offset;

	if (hostile->model < 0)
		return;
	for (uint32_t i = 0; i < w->pieces; at += w->piece[i++].bytes) {
		const struct piece *piece = &w->piece[i];

		if (!piece->at)
			fail("a write from a grant that is not ours went well");
		if (pwrite(hostile->model, piece->at, piece->bytes, (off_t)at) != (ssize_t)piece->bytes)
			fail("the model cannot be written");
	}
}

static void answer_check(struct hostile *hostile, const struct blkabi_response *response)
{
	struct waiting *w = waiting;

	while (!w->busy || w->id != response->id || w->op != response->op)
		if (++w == waiting + WAITING_MAX)
			fail("an answer to nothing: id %#llx operation %u status %d",
					(unsigned long long)response->id, response->op, response->status);
	if (response->status > 0 || response->status < BLKIF_RSP_EOPNOTSUPP)
		fail("an answer with status %d", response->status);
	if (w->want == REFUSED ? response->status == BLKIF_RSP_OKAY :
			w->want != ANY && w->want != response->status)
		fail("request %#llx, operation %u: status %d, not %d", (unsigned long long)w->id, w->op,
				response->status, w->want);
	if (response->status == BLKIF_RSP_OKAY)
		model_apply(hostile, w);
	else
		hostile->told++;
	w->busy = false;
	waiting_count--;
	hostile->answers++;
}

static void answers_take(struct hostile *hostile)
{
	struct blkring *ring = &hostile->queue->ring;
	uint32_t prod = blkring_rsp_prod(ring);
	uint8_t copy[BLKABI_SLOT_BYTES_MAX];

	if (prod - ring->rsp_cons > ring->req_shown - ring->rsp_cons)
		fail("answers to requests that were not shown");
	for (; ring->rsp_cons != prod; ring->rsp_cons++) {
		struct blkabi_response response;

		memcpy(copy, blkring_slot(ring, ring->rsp_cons), ring->slot_bytes);
		response = blkabi_get(ring->abi, copy);
		slot_check(ring, copy, shadow[ring->rsp_cons & (ring->entries - 1)]);
		answer_check(hostile, &response);
	}
}

void reap(struct hostile *hostile, int ms)
{
	for (;; ms -= 20) {
		answers_take(hostile);
		if (!waiting_count)
			return;
		if (ms <= 0)
			fail("%u requests have no answer", waiting_count);
		if (blkqueue_wait(hostile->queue, 20) < 0)
			fail("the event channel is broken");
	}
}

void forget(struct hostile *hostile)
{
	memset(waiting, 0, sizeof(waiting));
	waiting_count = 0;
}
