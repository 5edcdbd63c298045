/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: blkback/blkif.o */
/*
 * A request slot of each ABI, and the descriptors of an indirect one: what the parser calls good lies
 * inside of the disk and of its pages, and adds up.
 */
#include "blkback/blkif.h"
#include "ring/control.h"
#include "tests/fuzz/feed.h"

#define SLOT_BYTES_MAX 112

static void good_holds(const struct blk_request *request, const struct blk_geometry *geometry)
{
	uint64_t bytes = 0;

	HOLDS(request->segments <= BLKIF_SEGMENTS_MAX);
	HOLDS(request->op <= BLK_DISCARD_SECURE);
	for (uint32_t i = 0; i < request->segments; i++) {
		HOLDS(request->segment[i].bytes >= 512);
		HOLDS(request->segment[i].offset + request->segment[i].bytes <= 4096);
		bytes += request->segment[i].bytes;
	}
	HOLDS(request->segments == 0 || bytes == request->bytes);
	HOLDS(request->bytes <= geometry->bytes);
	HOLDS(request->op == BLK_FLUSH || request->offset <= geometry->bytes - request->bytes);
	HOLDS(request->op == BLK_FLUSH || request->offset % geometry->sector_bytes == 0);
	/* A barrier without data is a flush. */
	HOLDS(request->op == BLK_READ || request->bytes == 0 || !(geometry->flags & VBD_READ_ONLY));
	HOLDS(!(geometry->flags & VBD_NO_MEDIUM));
}

/* An answer is the slot's id, its operation and the status, and zeros. */
static void response_holds(const uint8_t *slot, enum blkif_abi abi, const struct blk_request *request)
{
	uint8_t response[16];
	uint64_t id;

	memset(response, 0xa5, sizeof(response));
	blkif_response(slot, abi, -1, response);
	memcpy(&id, response, sizeof(id));
	HOLDS(id == request->id);
	HOLDS(response[8] == request->wire_op && response[9] == 0);
	HOLDS(blkif_response_bytes(abi) <= sizeof(response));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = { data, size };
	const uint8_t knobs = feed_u8(&feed);
	const enum blkif_abi abi = (enum blkif_abi)(knobs % 3);
	const struct blk_geometry geometry = {
		.bytes = (uint64_t)feed_u32(&feed) / 8 * 4096,
		.sector_bytes = knobs & 4 ? 4096 : knobs & 16 ? 2048 : 512,
		.indirect_max = knobs & 8 ? 256 : 0,
		.flags = feed_u8(&feed),
	};
	static uint8_t descriptors[BLKIF_SEGMENTS_MAX * 8];
	uint8_t slot[SLOT_BYTES_MAX];
	struct blk_request request;
	enum blk_verdict verdict;
	uint32_t described;
	gref_t page;

	feed_bytes(&feed, slot, sizeof(slot));
	described = blkif_indirect(slot, abi, &geometry, &page);
	HOLDS(described <= geometry.indirect_max);
	feed_bytes(&feed, descriptors, (size_t)described * 8);
	if (knobs & 16)	/* the copy of the descriptors has failed */
		described = 0;
	verdict = blkif_parse(slot, abi, descriptors, described, &geometry, &request);
	HOLDS(verdict < BLK_VERDICTS && blkif_verdict_text(verdict)[0]);
	HOLDS((blkif_verdict_status(verdict) == 0) == (verdict == BLK_GOOD));
	if (verdict == BLK_GOOD)
		good_holds(&request, &geometry);
	response_holds(slot, abi, &request);
	return 0;
}
