/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The layouts of a block ring as frontends see them (xen/io/blkif.h): one request or response in
 * protocol terms, to and from the bytes of a slot. Written apart from the product's parser, so that
 * a wrong offset in one of them shows.
 */
#ifndef GUEST_BLKABI_H
#define GUEST_BLKABI_H

#include <stdbool.h>
#include <stdint.h>
#include <xen/xen.h>
#include <xen/io/blkif.h>

#define BLKABI_PAGE_BYTES 4096u
#define BLKABI_SECTOR_BYTES 512u	/* the unit of every sector number on the ring */
#define BLKABI_SLOT_BYTES_MAX 112
#define BLKABI_RESPONSE_BYTES_MAX 16
#define BLKABI_SEGMENTS_PER_PAGE (BLKABI_PAGE_BYTES / sizeof(struct blkif_request_segment))

/* NATIVE is the header's own structs, and no `protocol` key: what a guest of the host's kind does. */
enum blkabi { BLKABI_NATIVE, BLKABI_X86_32, BLKABI_X86_64 };

/* A request in protocol terms: numbers are written as given, also wrong ones. */
struct blkabi_request {
	uint8_t op;		/* BLKIF_OP_*; of an indirect request the operation inside */
	bool indirect;
	uint8_t flag;		/* discard only: BLKIF_DISCARD_SECURE */
	uint16_t handle;
	uint16_t segments;
	uint64_t id;
	uint64_t sector;	/* units of 512 bytes */
	uint64_t sectors;	/* discard only: units of 512 bytes */
	const struct blkif_request_segment *segment;	/* direct: the first 11 of `segments` */
	uint32_t descriptor_gref[BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST]; /* indirect only */
};

struct blkabi_response {
	uint64_t id;
	uint8_t op;
	int16_t status;		/* BLKIF_RSP_* */
};

/* Bytes of a slot: 112, or 108 for x86_32. */
uint32_t blkabi_slot_bytes(enum blkabi abi);

/* What the frontend writes as `protocol`; NULL for none. */
const char *blkabi_protocol(enum blkabi abi);

/* Writes a request into a slot of the ring; bytes that the request does not need stay as they are. */
void blkabi_put(enum blkabi abi, void *slot, const struct blkabi_request *request);

/* Reads a response from a slot, each byte once: the backend is not trusted either. */
struct blkabi_response blkabi_get(enum blkabi abi, const void *slot);

#endif
