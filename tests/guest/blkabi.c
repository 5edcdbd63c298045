/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests and responses of the block protocol in the layouts of x86_64 and x86_32 frontends, as
 * packed structs of our own. Trusts nothing in a response; promises that it is read once.
 */
#include "tests/guest/blkabi.h"

#include <stddef.h>
#include <string.h>
#include <xen/io/protocols.h>

#define PACKED __attribute__((packed))

typedef struct blkif_request_segment segment_t[BLKIF_MAX_SEGMENTS_PER_REQUEST];

struct PACKED data_64 {
	uint8_t op, segments;
	uint16_t handle;
	uint32_t pad;
	uint64_t id, sector;
	segment_t segment;
};

struct PACKED discard_64 {
	uint8_t op, flag;
	uint16_t handle;
	uint32_t pad;
	uint64_t id, sector, sectors;
};

struct PACKED indirect_64 {
	uint8_t op, inner;
	uint16_t segments;
	uint32_t pad;
	uint64_t id, sector;
	uint16_t handle, pad2;
	uint32_t gref[BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST];
};

struct PACKED response_64 {
	uint64_t id;
	uint8_t op, pad;
	int16_t status;
	uint32_t pad2;
};

struct PACKED data_32 {
	uint8_t op, segments;
	uint16_t handle;
	uint64_t id, sector;
	segment_t segment;
};

struct PACKED discard_32 {
	uint8_t op, flag;
	uint16_t handle;
	uint64_t id, sector, sectors;
};

struct PACKED indirect_32 {
	uint8_t op, inner;
	uint16_t segments;
	uint64_t id, sector;
	uint16_t handle, pad2;
	uint32_t gref[BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST];
	uint64_t pad3;
};

struct PACKED response_32 {
	uint64_t id;
	uint8_t op, pad;
	int16_t status;
};

#define SAME(ours, theirs) _Static_assert(ours == theirs, #ours " is " #theirs)

SAME(sizeof(struct data_64), sizeof(struct blkif_request));
SAME(offsetof(struct data_64, id), offsetof(struct blkif_request, id));
SAME(offsetof(struct data_64, sector), offsetof(struct blkif_request, sector_number));
SAME(offsetof(struct data_64, segment), offsetof(struct blkif_request, seg));
SAME(offsetof(struct discard_64, sectors), offsetof(struct blkif_request_discard, nr_sectors));
SAME(offsetof(struct indirect_64, handle), offsetof(struct blkif_request_indirect, handle));
SAME(offsetof(struct indirect_64, gref), offsetof(struct blkif_request_indirect, indirect_grefs));
SAME(sizeof(struct response_64), sizeof(struct blkif_response));
SAME(offsetof(struct response_64, status), offsetof(struct blkif_response, status));
/* What an i386 compiler makes of the same header: 64-bit fields 4-aligned. */
SAME(sizeof(struct data_32), 108);
SAME(offsetof(struct data_32, id), 4);
SAME(offsetof(struct data_32, sector), 12);
SAME(offsetof(struct data_32, segment), 20);
SAME(offsetof(struct discard_32, sectors), 20);
SAME(offsetof(struct indirect_32, handle), 20);
SAME(offsetof(struct indirect_32, gref), 24);
SAME(sizeof(struct indirect_32), 64);
SAME(sizeof(struct response_32), 12);
SAME(offsetof(struct response_32, status), 10);
SAME(sizeof(struct blkif_request_segment), 8);

uint32_t blkabi_slot_bytes(enum blkabi abi)
{
	return abi == BLKABI_X86_32 ? sizeof(struct data_32) : sizeof(struct data_64);
}

const char *blkabi_protocol(enum blkabi abi)
{
	switch (abi) {
	case BLKABI_X86_32:
		return XEN_IO_PROTO_ABI_X86_32;
	case BLKABI_X86_64:
		return XEN_IO_PROTO_ABI_X86_64;
	default:
		return NULL;
	}
}

/* The same three writers for each layout; only the structs differ. */
#define WRITERS(bits)                                                                              \
	static void put_data_##bits(void *slot, const struct blkabi_request *r)                    \
	{                                                                                          \
		struct data_##bits *to = slot;                                                     \
		uint32_t n = r->segments;                                                          \
                                                                                                   \
		to->op = r->op;                                                                    \
		to->segments = (uint8_t)n;                                                         \
		to->handle = r->handle;                                                            \
		to->id = r->id;                                                                    \
		to->sector = r->sector;                                                            \
		if (n > BLKIF_MAX_SEGMENTS_PER_REQUEST)                                            \
			n = BLKIF_MAX_SEGMENTS_PER_REQUEST;                                        \
		if (n)                                                                             \
			memcpy(to->segment, r->segment, n * sizeof(r->segment[0]));                \
	}                                                                                          \
                                                                                                   \
	static void put_discard_##bits(void *slot, const struct blkabi_request *r)                 \
	{                                                                                          \
		struct discard_##bits *to = slot;                                                  \
                                                                                                   \
		to->op = r->op;                                                                    \
		to->flag = r->flag;                                                                \
		to->handle = r->handle;                                                            \
		to->id = r->id;                                                                    \
		to->sector = r->sector;                                                            \
		to->sectors = r->sectors;                                                          \
	}                                                                                          \
                                                                                                   \
	static void put_indirect_##bits(void *slot, const struct blkabi_request *r)                \
	{                                                                                          \
		struct indirect_##bits *to = slot;                                                 \
                                                                                                   \
		to->op = BLKIF_OP_INDIRECT;                                                        \
		to->inner = r->op;                                                                 \
		to->segments = r->segments;                                                        \
		to->id = r->id;                                                                    \
		to->sector = r->sector;                                                            \
		to->handle = r->handle;                                                            \
		memcpy(to->gref, r->descriptor_gref, sizeof(to->gref));                            \
	}

WRITERS(64)
WRITERS(32)

void blkabi_put(enum blkabi abi, void *slot, const struct blkabi_request *request)
{
	bool narrow = abi == BLKABI_X86_32;

	if (request->indirect)
		(narrow ? put_indirect_32 : put_indirect_64)(slot, request);
	else if (request->op == BLKIF_OP_DISCARD)
		(narrow ? put_discard_32 : put_discard_64)(slot, request);
	else
		(narrow ? put_data_32 : put_data_64)(slot, request);
}

struct blkabi_response blkabi_get(enum blkabi abi, const void *slot)
{
	union {
		uint32_t word[BLKABI_RESPONSE_BYTES_MAX / 4];
		struct response_64 as_64;
		struct response_32 as_32;
	} copy;
	/* Volatile: each word once. Both layouts have their fields in the first 12 bytes. */
	const volatile uint32_t *word = slot;

	for (uint32_t i = 0; i < sizeof(copy.as_32) / 4; i++)
		copy.word[i] = word[i];
	if (abi == BLKABI_X86_32)
		return (struct blkabi_response) { copy.as_32.id, copy.as_32.op, copy.as_32.status };
	return (struct blkabi_response) { copy.as_64.id, copy.as_64.op, copy.as_64.status };
}
