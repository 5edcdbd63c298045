/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The block protocol (xen/io/blkif.h): the bytes of one request slot, already copied to private
 * memory, become a struct blk_request in bytes, or a verdict on why not; and an answer becomes the
 * bytes of a response. Pure: no shared memory, no descriptors, no heap, no clock.
 *
 * Sector numbers on the ring are in units of 512 bytes whatever the disk's sector size is (the
 * meaning all frontends agree on; feature-large-sector-size is deprecated and not acted on).
 */
#ifndef BLKBACK_BLKIF_H
#define BLKBACK_BLKIF_H

#include <stdbool.h>
#include <stdint.h>

#include "ring/control.h"
#include "ring/grants.h"

#define BLKIF_SLOT_BYTES_MAX 112
#define BLKIF_SEGMENTS_DIRECT 11
#define BLKIF_SEGMENTS_MAX 256
#define BLKIF_SEGMENT_BYTES 8		/* of one segment in an indirect page, in every ABI */
#define BLKIF_INDIRECT_PAGES 1		/* 512 segments fit one page: 256 never need a second */

/* What the parser has to know of the disk. */
struct blk_geometry {
	uint64_t bytes;			/* capacity now */
	uint32_t sector_bytes;		/* logical block size: 512, 2048 or 4096 */
	uint32_t indirect_max;		/* segments advertised; 0: indirect requests are refused */
	uint32_t flags;			/* enum vbd_flags */
};

enum blk_op {
	BLK_READ,
	BLK_WRITE,
	BLK_BARRIER,	/* a write, after everything before and before everything after, on stable storage */
	BLK_FLUSH,
	BLK_DISCARD,
	BLK_DISCARD_SECURE,
};

/* Why a request is not done. Answered on the wire by blkif_verdict_status(). */
enum blk_verdict {
	BLK_GOOD = 0,
	BLK_UNKNOWN_OP,		/* not an operation of the protocol */
	BLK_NOT_OFFERED,	/* an operation that was not advertised */
	BLK_NO_MEDIUM,
	BLK_READ_ONLY,
	BLK_NO_SEGMENTS,	/* a read or write of nothing */
	BLK_TOO_MANY_SEGMENTS,
	BLK_BAD_SEGMENT,	/* last_sect before first_sect, or beyond the page */
	BLK_BEYOND_END,		/* begins or ends beyond the disk, or its end overflows */
	BLK_MISALIGNED,		/* not whole sectors of the disk */
	BLK_BAD_INDIRECT,	/* the descriptor page cannot be copied, or holds no read or write */
	BLK_VERDICTS
};

struct blk_segment {
	gref_t gref;
	uint16_t offset;	/* in the page, bytes */
	uint16_t bytes;		/* 512..4096 */
};

struct blk_request {
	uint64_t id;		/* the frontend's, opaque */
	uint8_t wire_op;	/* operation to echo in the response */
	uint8_t op;		/* enum blk_op; valid if the verdict is BLK_GOOD */
	uint16_t segments;	/* 0 for flush and discard */
	uint64_t offset;	/* bytes from the start of the disk */
	uint64_t bytes;		/* sum of the segments, or the discard's length */
	struct blk_segment segment[BLKIF_SEGMENTS_MAX];
};

/* Bytes of a request slot, and of a response, on a ring of that ABI. */
uint32_t blkif_slot_bytes(enum blkif_abi abi);
uint32_t blkif_response_bytes(enum blkif_abi abi);

/*
 * Which page an indirect request names, so that the caller can copy its descriptors before the
 * request is journalled. Returns how many segments it claims and that may be copied (1..indirect_max)
 * with *page filled; 0 for every other request, and for one that will be refused anyway.
 */
uint32_t blkif_indirect(const void *slot, enum blkif_abi abi, const struct blk_geometry *geometry,
		gref_t *page);

/*
 * Parses a slot. For an indirect request `descriptors` is the private copy of its segments (8 bytes
 * each, `described` of them; 0 if the copy failed). Fills id and wire_op always, the rest if
 * BLK_GOOD.
 */
enum blk_verdict blkif_parse(const void *slot, enum blkif_abi abi, const void *descriptors,
		uint32_t described, const struct blk_geometry *geometry, struct blk_request *request);

/* What a verdict is on the wire: BLKIF_RSP_ERROR or BLKIF_RSP_EOPNOTSUPP; BLK_GOOD: BLKIF_RSP_OKAY. */
int16_t blkif_verdict_status(enum blk_verdict verdict);

/* A sentence for the log, e.g. "a write to a read-only disk". */
const char *blkif_verdict_text(enum blk_verdict verdict);

/*
 * Writes the response to that request's slot into `response` (16 bytes), padding zeroed. The id and
 * operation come from the slot, so that a successor can answer from a journal record alone.
 */
void blkif_response(const void *slot, enum blkif_abi abi, int16_t status, void *response);

#endif
