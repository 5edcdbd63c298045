/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of the block protocol, from the bytes of a slot to bytes on a disk. Trusts nothing in
 * the slot; promises that a request found good lies inside the disk, has segments inside their
 * pages, and is one that was offered. The only place in the data path that knows about 512.
 */
#include "blkback/blkif.h"

#include <stddef.h>
#include <string.h>
#include <xen/xen.h>
#include <xen/io/blkif.h>

#define SECTOR 512u
#define SECTOR_LAST 7u		/* of a 4096-byte page */

/* Where the two layouts keep their fields: 64-bit fields are 8-aligned on x86_64, 4-aligned on x86_32. */
struct layout {
	uint8_t slot_bytes, response_bytes;
	uint8_t id, sector, segments;		/* read, write, barrier, flush */
	uint8_t discard_sectors;
	uint8_t indirect_id, indirect_sector, indirect_gref;
	uint8_t response_op, response_status;
};

static const struct layout layout_64 = { 112, 16, 8, 16, 24, 24, 8, 16, 28, 8, 10 };
static const struct layout layout_32 = { 108, 12, 4, 12, 20, 20, 4, 12, 24, 8, 10 };

_Static_assert(sizeof(struct blkif_request) == 112 && offsetof(struct blkif_request, id) == 8 &&
		offsetof(struct blkif_request, sector_number) == 16 &&
		offsetof(struct blkif_request, seg) == 24, "the native layout is the x86_64 one");
_Static_assert(offsetof(struct blkif_request_discard, nr_sectors) == 24 &&
		offsetof(struct blkif_request_indirect, indirect_grefs) == 28 &&
		offsetof(struct blkif_request_indirect, nr_segments) == 2, "and so are its variants");
_Static_assert(sizeof(struct blkif_response) == 16 && offsetof(struct blkif_response, status) == 10,
		"and its response");
_Static_assert(sizeof(struct blkif_request_segment) == BLKIF_SEGMENT_BYTES, "segments have no padding");

/* Same place in every ABI. */
#define OPERATION_AT 0
#define NR_SEGMENTS_AT 1
#define DISCARD_FLAG_AT 1
#define INDIRECT_OP_AT 1
#define INDIRECT_SEGMENTS_AT 2

static const struct layout *layout_of(enum blkif_abi abi)
{
	return abi == BLKIF_ABI_X86_32 ? &layout_32 : &layout_64;
}

/* memcpy, because fields of the 32-bit layout are not aligned for this machine's types. */
static uint64_t get64(const uint8_t *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

static uint16_t get16(const uint8_t *at)
{
	uint16_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

uint32_t blkif_slot_bytes(enum blkif_abi abi)
{
	return layout_of(abi)->slot_bytes;
}

uint32_t blkif_response_bytes(enum blkif_abi abi)
{
	return layout_of(abi)->response_bytes;
}

uint32_t blkif_indirect(const void *slot, enum blkif_abi abi, const struct blk_geometry *geometry,
		gref_t *page)
{
	const uint8_t *bytes = slot;
	uint32_t segments = get16(bytes + INDIRECT_SEGMENTS_AT);

	if (bytes[OPERATION_AT] != BLKIF_OP_INDIRECT || segments > geometry->indirect_max)
		return 0;
	page->ref = get32(bytes + layout_of(abi)->indirect_gref);
	return segments;
}

/* An operation that carries data in segments, and what it is here; BLK_UNKNOWN_OP otherwise. */
static enum blk_verdict data_op(uint8_t wire_op, const struct blk_geometry *geometry, uint8_t *op)
{
	bool flush = geometry->flags & VBD_FLUSH;

	switch (wire_op) {
	case BLKIF_OP_READ:
		*op = BLK_READ;
		return BLK_GOOD;
	case BLKIF_OP_WRITE:
		*op = BLK_WRITE;
		return BLK_GOOD;
	case BLKIF_OP_WRITE_BARRIER:
		*op = BLK_BARRIER;
		return flush ? BLK_GOOD : BLK_NOT_OFFERED;
	case BLKIF_OP_FLUSH_DISKCACHE:
		*op = BLK_FLUSH;
		return flush ? BLK_GOOD : BLK_NOT_OFFERED;
	default:
		return BLK_UNKNOWN_OP;
	}
}

/* Inside the disk and whole sectors? Subtraction form: neither product nor sum can overflow. */
static enum blk_verdict range_check(uint64_t sector, uint64_t bytes, const struct blk_geometry *geometry,
		uint64_t *offset)
{
	if (sector > geometry->bytes / SECTOR)
		return BLK_BEYOND_END;
	*offset = sector * SECTOR;
	if (bytes > geometry->bytes - *offset)
		return BLK_BEYOND_END;
	if (*offset % geometry->sector_bytes || bytes % geometry->sector_bytes)
		return BLK_MISALIGNED;
	return BLK_GOOD;
}

static enum blk_verdict segments_parse(const uint8_t *at, uint32_t n, struct blk_request *request)
{
	request->bytes = 0;
	for (uint32_t i = 0; i < n; i++, at += BLKIF_SEGMENT_BYTES) {
		uint8_t first = at[4], last = at[5];

		if (last > SECTOR_LAST || first > last)
			return BLK_BAD_SEGMENT;
		request->segment[i] = (struct blk_segment) {
			.gref = { get32(at) },
			.offset = (uint16_t)(first * SECTOR),
			.bytes = (uint16_t)((last - first + 1u) * SECTOR),
		};
		request->bytes += request->segment[i].bytes;
	}
	request->segments = (uint16_t)n;
	return BLK_GOOD;
}

/* A read or write, once its segments are found: direct and indirect requests end here. */
static enum blk_verdict data_parse(uint64_t sector, const uint8_t *segments, uint32_t n,
		const struct blk_geometry *geometry, struct blk_request *request)
{
	enum blk_verdict verdict;

	if (geometry->flags & VBD_NO_MEDIUM)
		return BLK_NO_MEDIUM;
	if (request->op != BLK_READ && (geometry->flags & VBD_READ_ONLY))
		return BLK_READ_ONLY;
	verdict = segments_parse(segments, n, request);
	if (verdict)
		return verdict;
	return range_check(sector, request->bytes, geometry, &request->offset);
}

static enum blk_verdict direct_parse(const uint8_t *slot, const struct layout *layout,
		const struct blk_geometry *geometry, struct blk_request *request)
{
	enum blk_verdict verdict = data_op(slot[OPERATION_AT], geometry, &request->op);
	uint8_t n = slot[NR_SEGMENTS_AT];

	if (verdict)
		return verdict;
	if (n > BLKIF_SEGMENTS_DIRECT)
		return BLK_TOO_MANY_SEGMENTS;
	/* A flush carries no data; its sector is then meaningless. With data it is a write and a flush. */
	if (n == 0 && (request->op == BLK_FLUSH || request->op == BLK_BARRIER)) {
		if (geometry->flags & VBD_NO_MEDIUM)
			return BLK_NO_MEDIUM;
		/* An empty barrier still orders what is around it. */
		request->segments = 0;
		request->bytes = 0;
		request->offset = 0;
		return BLK_GOOD;
	}
	if (n == 0)
		return BLK_NO_SEGMENTS;
	if (request->op == BLK_FLUSH)
		request->op = BLK_BARRIER;
	return data_parse(get64(slot + layout->sector), slot + layout->segments, n, geometry, request);
}

static enum blk_verdict indirect_parse(const uint8_t *slot, const struct layout *layout,
		const uint8_t *descriptors, uint32_t described, const struct blk_geometry *geometry,
		struct blk_request *request)
{
	uint8_t inner = slot[INDIRECT_OP_AT];
	uint32_t n = get16(slot + INDIRECT_SEGMENTS_AT);

	if (geometry->indirect_max == 0)
		return BLK_NOT_OFFERED;
	if (inner != BLKIF_OP_READ && inner != BLKIF_OP_WRITE)
		return BLK_BAD_INDIRECT;
	if (n == 0)
		return BLK_NO_SEGMENTS;
	if (n > geometry->indirect_max)
		return BLK_TOO_MANY_SEGMENTS;
	if (described != n)
		return BLK_BAD_INDIRECT;
	request->op = inner == BLKIF_OP_READ ? BLK_READ : BLK_WRITE;
	return data_parse(get64(slot + layout->indirect_sector), descriptors, n, geometry, request);
}

static enum blk_verdict discard_parse(const uint8_t *slot, const struct layout *layout,
		const struct blk_geometry *geometry, struct blk_request *request)
{
	uint64_t sectors = get64(slot + layout->discard_sectors);
	bool secure = slot[DISCARD_FLAG_AT] & BLKIF_DISCARD_SECURE;

	if (geometry->flags & VBD_NO_MEDIUM)
		return BLK_NO_MEDIUM;
	if (!(geometry->flags & (secure ? VBD_DISCARD_SECURE : VBD_DISCARD)))
		return BLK_NOT_OFFERED;
	if (geometry->flags & VBD_READ_ONLY)
		return BLK_READ_ONLY;
	if (sectors == 0)
		return BLK_NO_SEGMENTS;
	if (sectors > geometry->bytes / SECTOR)
		return BLK_BEYOND_END;
	request->op = secure ? BLK_DISCARD_SECURE : BLK_DISCARD;
	request->segments = 0;
	request->bytes = sectors * SECTOR;
	return range_check(get64(slot + layout->sector), request->bytes, geometry, &request->offset);
}

static uint64_t slot_id(const uint8_t *slot, const struct layout *layout)
{
	return get64(slot + (slot[OPERATION_AT] == BLKIF_OP_INDIRECT ? layout->indirect_id : layout->id));
}

/*
 * The operation a response carries: the frontend checks it against its request, and for an indirect
 * one that is the operation inside.
 */
static uint8_t slot_wire_op(const uint8_t *slot)
{
	return slot[OPERATION_AT] == BLKIF_OP_INDIRECT ? slot[INDIRECT_OP_AT] : slot[OPERATION_AT];
}

enum blk_verdict blkif_parse(const void *slot, enum blkif_abi abi, const void *descriptors,
		uint32_t described, const struct blk_geometry *geometry, struct blk_request *request)
{
	const struct layout *layout = layout_of(abi);
	const uint8_t *bytes = slot;

	request->id = slot_id(bytes, layout);
	request->wire_op = slot_wire_op(bytes);
	switch (bytes[OPERATION_AT]) {
	case BLKIF_OP_INDIRECT:
		return indirect_parse(bytes, layout, descriptors, described, geometry, request);
	case BLKIF_OP_DISCARD:
		return discard_parse(bytes, layout, geometry, request);
	default:
		return direct_parse(bytes, layout, geometry, request);
	}
}

int16_t blkif_verdict_status(enum blk_verdict verdict)
{
	switch (verdict) {
	case BLK_GOOD:
		return BLKIF_RSP_OKAY;
	case BLK_UNKNOWN_OP:
	case BLK_NOT_OFFERED:
		return BLKIF_RSP_EOPNOTSUPP;
	default:
		return BLKIF_RSP_ERROR;
	}
}

const char *blkif_verdict_text(enum blk_verdict verdict)
{
	static const char *const text[BLK_VERDICTS] = {
		[BLK_GOOD] = "a good request",
		[BLK_UNKNOWN_OP] = "an operation the protocol does not have",
		[BLK_NOT_OFFERED] = "an operation that was not offered",
		[BLK_NO_MEDIUM] = "a request to an empty drive",
		[BLK_READ_ONLY] = "a write to a read-only disk",
		[BLK_NO_SEGMENTS] = "a request for no data",
		[BLK_TOO_MANY_SEGMENTS] = "more segments than were offered",
		[BLK_BAD_SEGMENT] = "a segment that does not fit its page",
		[BLK_BEYOND_END] = "a request beyond the end of the disk",
		[BLK_MISALIGNED] = "a request that is not whole sectors",
		[BLK_BAD_INDIRECT] = "an indirect request that cannot be read",
	};

	return text[verdict];
}

void blkif_response(const void *slot, enum blkif_abi abi, int16_t status, void *response)
{
	const struct layout *layout = layout_of(abi);
	const uint8_t *bytes = slot;
	uint8_t *out = response;
	uint64_t id = slot_id(bytes, layout);

	memset(out, 0, 16);
	memcpy(out, &id, sizeof(id));
	out[layout->response_op] = slot_wire_op(bytes);
	memcpy(out + layout->response_status, &status, sizeof(status));
}
