/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random operations against a model of the disk: fill it, use it, read it all. Operations that
 * overlap are never in flight together, because their order is nobody's promise. Promises that
 * every sector read is compared with the last write that was answered, every byte of it.
 */
#include "tests/bench/blkload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/blkload_model.h"

#define SECTORS_PER_PAGE (BLKABI_PAGE_BYTES / MODEL_SECTOR)
#define PLACES_TRIED 16		/* before waiting for an operation in the way to end */
#define POISON 0xee		/* in pages that the backend is to fill */

enum phase { FILL, USE, CHECK };

struct verify {
	enum phase phase;
	uint64_t at;			/* FILL and CHECK: where the next operation begins */
	uint32_t generation;		/* of the last write */
	uint32_t sector_sectors;	/* the disk's own sector in units of 512 */
	uint32_t sectors_max;		/* of one operation */
	uint32_t sector[];		/* the model: generation and MODEL_BUSY */
};

int verify_init(struct worker *w)
{
	uint64_t sectors = w->span / MODEL_SECTOR;
	uint64_t most = w->load->options.bs ? w->load->options.bs : w->load->bytes_max;

	w->verify = calloc(1, sizeof(*w->verify) + sectors * sizeof(w->verify->sector[0]));
	if (!w->verify)
		return -ENOMEM;
	w->verify->sector_sectors = w->load->frontend->disk.sector_bytes / MODEL_SECTOR;
	if (most > w->span)
		most = w->span;
	w->verify->sectors_max = (uint32_t)(most / MODEL_SECTOR);
	return 0;
}

void verify_free(struct worker *w)
{
	free(w->verify);
	w->verify = NULL;
}

static uint32_t *model_at(struct worker *w, uint64_t offset)
{
	return &w->verify->sector[(offset - w->base) / MODEL_SECTOR];
}

static bool model_busy(struct worker *w, const struct op *op)
{
	const uint32_t *sector = model_at(w, op->offset);

	for (uint64_t i = 0; i < op->bytes / MODEL_SECTOR; i++)
		if (sector[i] & MODEL_BUSY)
			return true;
	return false;
}

static void model_claim(struct worker *w, const struct op *op)
{
	uint32_t *sector = model_at(w, op->offset);

	for (uint64_t i = 0; i < op->bytes / MODEL_SECTOR; i++)
		sector[i] |= MODEL_BUSY;
}

/* The operation is over: what the disk holds there now, and that it is free. */
static void model_settle(struct worker *w, const struct op *op)
{
	uint32_t after = w->load->options.discard_zeroes ? MODEL_ZEROES : MODEL_UNKNOWN;
	uint32_t *sector = model_at(w, op->offset);

	for (uint64_t i = 0; i < op->bytes / MODEL_SECTOR; i++) {
		if (op->op == BLKIF_OP_READ)
			sector[i] &= ~MODEL_BUSY;
		else
			sector[i] = op->op == BLKIF_OP_DISCARD ? after : op->generation;
	}
}

/* A barrier cannot be indirect: that holds only reads and writes. */
static uint32_t pages_most(const struct worker *w, uint8_t op)
{
	return op == BLKIF_OP_WRITE_BARRIER ? BLKIF_MAX_SEGMENTS_PER_REQUEST :
		w->load->frontend->segments_max;
}

/* How its pages are laid out: mostly whole pages, else a late start, else pieces of any length. */
static void shape_choose(struct worker *w, struct op *op)
{
	uint32_t sectors = (uint32_t)(op->bytes / MODEL_SECTOR), most = pages_most(w, op->op);
	uint32_t shape = (uint32_t)worker_below(w, 4);

	op->lead = 0;
	op->ragged = false;
	op->pages = (sectors + SECTORS_PER_PAGE - 1) / SECTORS_PER_PAGE;
	/* A disk with large sectors wants whole sectors in each piece, too. */
	if (shape < 2 || w->verify->sector_sectors > 1)
		return;
	if (shape == 2) {
		uint32_t lead = (uint32_t)worker_below(w, SECTORS_PER_PAGE);
		uint32_t pages = (lead + sectors + SECTORS_PER_PAGE - 1) / SECTORS_PER_PAGE;

		if (pages <= most) {
			op->lead = (uint8_t)lead;
			op->pages = pages;
		}
		return;
	}
	if (most > sectors)
		most = sectors;
	op->ragged = true;
	op->pages += (uint32_t)worker_below(w, most - op->pages + 1);
}

static uint8_t op_choose(struct worker *w)
{
	const struct load_options *o = &w->load->options;
	uint64_t n = w->issued + 1;

	if (o->flush_every && n % o->flush_every == 0)
		return BLKIF_OP_FLUSH_DISKCACHE;
	if (o->discard_every && n % o->discard_every == 0)
		return BLKIF_OP_DISCARD;
	if (o->barrier_every && n % o->barrier_every == 0)
		return BLKIF_OP_WRITE_BARRIER;
	return worker_below(w, 100) < o->mix ? BLKIF_OP_READ : BLKIF_OP_WRITE;
}

/* Any size in units of the disk's sector, small ones as often as large ones by order of magnitude. */
static uint32_t size_choose(struct worker *w, uint8_t op)
{
	uint32_t unit = w->verify->sector_sectors, most = pages_most(w, op) * SECTORS_PER_PAGE;
	uint32_t limit;

	if (most > w->verify->sectors_max)
		most = w->verify->sectors_max;
	most /= unit;
	limit = 1u << (1 + worker_below(w, 32 - (uint32_t)__builtin_clz(most)));
	if (limit > most)
		limit = most;
	return (1 + (uint32_t)worker_below(w, limit)) * unit;
}

static bool use_next(struct worker *w, struct op *op)
{
	uint32_t unit = w->verify->sector_sectors;

	op->op = op_choose(w);
	if (op->op == BLKIF_OP_FLUSH_DISKCACHE) {
		op->offset = w->base;
		op->bytes = 0;
		op->pages = 0;
		return true;
	}
	for (int i = 0; i < PLACES_TRIED; i++) {
		uint32_t sectors = size_choose(w, op->op);
		uint64_t places = (w->span / MODEL_SECTOR - sectors) / unit + 1;

		op->bytes = (uint64_t)sectors * MODEL_SECTOR;
		op->offset = w->base + worker_below(w, places) * unit * MODEL_SECTOR;
		if (!model_busy(w, op))
			return true;
	}
	return false;
}

/* The whole span from front to back. False at its end. */
static bool sweep_next(struct worker *w, struct op *op, uint8_t what)
{
	struct verify *v = w->verify;

	if (v->at == w->span)
		return false;
	op->op = what;
	op->offset = w->base + v->at;
	op->bytes = (uint64_t)v->sectors_max * MODEL_SECTOR;
	if (op->bytes > w->span - v->at)
		op->bytes = w->span - v->at;
	v->at += op->bytes;
	return true;
}

/* In this phase. False: none now. */
static bool phase_next(struct worker *w, struct op *op)
{
	switch (w->verify->phase) {
	case FILL:
		return sweep_next(w, op, BLKIF_OP_WRITE);
	case USE:
		return !worker_enough(w) && use_next(w, op);
	default:
		return sweep_next(w, op, BLKIF_OP_READ);
	}
}

static bool verify_next(struct worker *w, struct op *op)
{
	struct verify *v = w->verify;

	while (!phase_next(w, op)) {
		if (w->in_flight || v->phase == CHECK)
			return false;
		v->phase++;
		v->at = 0;
	}
	if (op->bytes && op->op != BLKIF_OP_DISCARD)
		shape_choose(w, op);
	else
		op->pages = 0;
	if (op->op == BLKIF_OP_WRITE || op->op == BLKIF_OP_WRITE_BARRIER)
		op->generation = ++v->generation;
	model_claim(w, op);
	return true;
}

/* Pieces of 1 to 8 sectors, anywhere in their pages, as many as there are pages. */
static void ragged_lay(struct worker *w, struct blk_request *request, uint64_t bytes)
{
	uint32_t left = (uint32_t)(bytes / MODEL_SECTOR);

	for (uint32_t i = 0; i < request->pages; i++) {
		uint32_t after = request->pages - 1 - i;	/* pages that follow, a sector each at least */
		uint32_t least = left > after * SECTORS_PER_PAGE ? left - after * SECTORS_PER_PAGE : 1;
		uint32_t most = left - after < SECTORS_PER_PAGE ? left - after : SECTORS_PER_PAGE;
		uint32_t n = least + (uint32_t)worker_below(w, most - least + 1);
		uint32_t first = (uint32_t)worker_below(w, SECTORS_PER_PAGE - n + 1);

		request->segment[i] = (struct blk_segment) {
			.page = (uint16_t)i,
			.first = (uint8_t)first,
			.last = (uint8_t)(first + n - 1),
		};
		left -= n;
	}
	request->segments = request->pages;
	request->bytes = bytes;
}

static void verify_prepare(struct worker *w, const struct op *op, struct blk_request *request)
{
	uint64_t at = op->offset;
	uint32_t n;

	if (!op->pages)
		return;
	if (op->ragged)
		ragged_lay(w, request, op->bytes);
	else
		blkrequest_spread(request, op->bytes, op->lead);
	for (uint32_t i = 0; i < request->segments; i++, at += n) {
		void *data = blkrequest_bytes(request, i, &n);

		if (op->op == BLKIF_OP_READ)
			memset(request->page[request->segment[i].page].at, POISON, BLKABI_PAGE_BYTES);
		else
			pattern_fill(data, n, at, op->generation, w->load->options.seed);
	}
}

/* The page around a piece that was read must be as it was. */
static bool outside_check(struct worker *w, const struct op *op, const struct blk_request *request,
		uint32_t i)
{
	const struct blk_segment *s = &request->segment[i];
	const uint8_t *page = request->page[s->page].at;

	for (uint32_t at = 0; at < BLKABI_PAGE_BYTES; at++) {
		if (at == s->first * MODEL_SECTOR)
			at = (s->last + 1u) * MODEL_SECTOR;
		if (at < BLKABI_PAGE_BYTES && page[at] != POISON)
			return worker_fail(w, "read of %llu bytes at %llu: byte %u of page %u was written, its "
					"piece is sectors %u to %u", (unsigned long long)op->bytes,
					(unsigned long long)op->offset, at, i, s->first, s->last);
	}
	return true;
}

static bool read_check(struct worker *w, const struct op *op, const struct blk_request *request)
{
	uint64_t at = op->offset;
	char sentence[300];
	uint32_t n;

	for (uint32_t i = 0; i < request->segments; i++) {
		const uint8_t *data = blkrequest_bytes(request, i, &n);

		for (uint32_t end = n; n; n -= MODEL_SECTOR, at += MODEL_SECTOR)
			if (!pattern_check(data + (end - n), at, *model_at(w, at) & ~MODEL_BUSY,
					w->load->options.seed, sentence, sizeof(sentence)))
				return worker_fail(w, "read of %llu bytes at %llu, piece %u of %u: %s",
						(unsigned long long)op->bytes,
						(unsigned long long)op->offset, i,
						request->segments, sentence);
		if (!outside_check(w, op, request, i))
			return false;
	}
	return true;
}

static bool verify_done(struct worker *w, const struct op *op, const struct blk_request *request)
{
	if (request->status != BLKIF_RSP_OKAY) {
		w->errors++;
		return worker_fail(w, "operation %u, %llu bytes at %llu in %u pieces: status %d", op->op,
				(unsigned long long)op->bytes, (unsigned long long)op->offset,
				request->segments, request->status);
	}
	if (op->op == BLKIF_OP_READ && !read_check(w, op, request))
		return false;
	model_settle(w, op);
	return true;
}

const struct load_kind load_verify = { verify_next, verify_prepare, verify_done };
