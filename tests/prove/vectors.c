/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Holds the mirrors of tests/prove to the product: `vectors PROOF` prints, as SMT-LIB, what the C
 * function that PROOF mirrors says of thousands of inputs, most of them at the edges; the solver then
 * has to agree with every one. `vectors` alone runs functions of small widths over all their inputs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <xen/xen.h>
#include <xen/io/blkif.h>

#include "blkback/arena.h"
#include "blkback/blkif.h"
#include "netback/hash.h"
#include "netback/netif.h"
#include "ring/control.h"
#include "ring/journal.h"
#include "ring/sring.h"

#define VECTORS 400

static uint64_t seed = 88172645463325252ull;

/* xorshift64: the same vectors each time. */
static uint64_t any(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* A distance as rings have them: mostly small, sometimes anything. */
static uint32_t near(void)
{
	uint64_t roll = any();

	return roll % 4 ? (uint32_t)(any() % 70) - 3 : roll % 3 ? (uint32_t)any() : 0x80000000u + (uint32_t)(any() % 5) - 2;
}

#define SAY(result, ...)                                                                           \
	(printf("(assert (= ("), printf(__VA_ARGS__), printf(") %s))\n", (result) ? "true" : "false"))

static _Alignas(4096) uint32_t page[1024];

static struct sring ring_at(uint32_t cons, uint32_t rsp)
{
	struct sring ring;

	sring_attach(&ring, page, 32, 16, cons, rsp);
	return ring;
}

static void ring_look(void)
{
	uint32_t rsp = (uint32_t)any(), cons = rsp + (uint32_t)(any() % 33), prod = cons + near();
	struct sring ring = ring_at(cons, rsp);

	page[0] = prod;
	SAY(sring_look(&ring) < 0, "look_refuses #x%08x #x%08x #x%08x #x00000020", prod, rsp, cons);
}

static void ring_notify(void)
{
	uint32_t before = (uint32_t)any(), now = before + 1 + (uint32_t)(any() % 32), event = before + near();
	struct sring ring = ring_at(now, now);

	ring.rsp_shown = before;
	page[3] = event;
	SAY(sring_publish(&ring), "notifies #x%08x #x%08x #x%08x", before, now, event);
}

/* A discard has its bytes from the guest: the only operation whose length is not the segments'. */
static void disk_range(void)
{
	struct blk_geometry geometry = { .bytes = any() % 3 ? any() % 4096 * 512 : any() & ~511ull,
		.sector_bytes = 512, .flags = VBD_DISCARD };
	uint64_t sectors = geometry.bytes / 512, count, sector;
	struct blkif_request_discard slot = { .operation = BLKIF_OP_DISCARD };
	struct blk_request request;

	count = sectors ? 1 + any() % sectors : 0;
	sector = any() % 2 ? sectors - count + any() % 3 - 1 : any();
	if (count == 0)
		return;
	slot.nr_sectors = count;
	slot.sector_number = sector;
	SAY(blkif_parse(&slot, BLKIF_ABI_NATIVE, NULL, 0, &geometry, &request) == BLK_BEYOND_END,
			"range_refuses #x%016" PRIx64 " #x%016" PRIx64 " #x%016" PRIx64, sector, count * 512, geometry.bytes);
}

static void segment(void)
{
	const struct blk_geometry geometry = { .bytes = 1 << 20, .sector_bytes = 512 };
	struct blkif_request slot = { .operation = BLKIF_OP_READ, .nr_segments = 1 };
	struct blk_request request;
	uint8_t first = (uint8_t)(any() % 10), last = (uint8_t)(any() % 10);
	enum blk_verdict verdict;

	slot.seg[0] = (struct blkif_request_segment) { 1, first, last };
	verdict = blkif_parse(&slot, BLKIF_ABI_NATIVE, NULL, 0, &geometry, &request);
	SAY(verdict == BLK_BAD_SEGMENT, "segment_refuses #x%02x #x%02x", first, last);
	if (verdict == BLK_GOOD)
		printf("(assert (and (= (segment_offset #x%02x) #x%04x) (= (segment_bytes #x%02x #x%02x) #x%04x)))\n",
				first, request.segment[0].offset, first, last, request.segment[0].bytes);
}

static void gather(void)
{
	uint64_t bytes = any() % 2 ? any() % (1u << 20) + 1 : any() % 256 * 4096 + any() % 3;

	printf("(assert (= (gather_pages #x%016" PRIx64 ") #x%08x))\n", bytes, arena_pages(bytes));
}

static void packet_slots(void)
{
	uint32_t bytes = 1 + (uint32_t)(any() % 65535), headroom = (uint32_t)(any() % 2049);

	printf("(assert (= (rx_slots #x%08x #x%08x) #x%08x))\n", bytes, headroom, netif_rx_slots(bytes, headroom));
}

static bool mapping_refused(uint32_t count, uint32_t offset, uint32_t size)
{
	struct xen_netif_ctrl_request request = { .type = XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, .data = { size } };
	struct xen_netif_ctrl_response response;
	static const uint32_t zeros[HASH_MAPPING_MAX];
	struct hash hash;

	hash_init(&hash, 4);
	hash_request(&hash, &request, NULL, &response);
	request = (struct xen_netif_ctrl_request) {
		.type = XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, .data = { 1, count, offset },
	};
	hash_request(&hash, &request, zeros, &response);
	return response.status != XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static void hash_mapping(void)
{
	uint32_t size = (uint32_t)(any() % 129), count = any() % 8 ? (uint32_t)(any() % 140) : (uint32_t)any();
	uint32_t offset = any() % 4 ? (uint32_t)(any() % 140) : 0u - (uint32_t)(any() % 140);

	SAY(mapping_refused(count, offset, size), "mapping_refuses #x%08x #x%08x #x%08x", count, offset, size);
}

/* With no request in flight, a plan is made exactly where the indices do not lie and nothing waits. */
static void journal_indices(void)
{
	static struct journal journal;
	struct journal_plan plan;
	uint32_t done = (uint32_t)any(), rsp = done + near(), cons = any() % 2 ? rsp : rsp + near(), req = cons + near();

	if (!journal.ring) {
		int file = memfd_create("journal", 0);

		if (ftruncate(file, (off_t)journal_bytes(1, 32, 16)) || journal_map(file, 1, 1, 32, 16, &journal))
			exit(2);
	}
	journal_start(&journal, cons, done);
	printf("(assert (= (and (not (indices_lie #x%08x #x%08x #x%08x #x%08x #x00000020)) (= #x%08x #x%08x)) %s))\n",
			cons, done, req, rsp, cons, rsp,
			journal_recover(&journal, req, rsp, &plan) == JOURNAL_RECOVERED ? "true" : "false");
}

/* --- all inputs of small functions ------------------------------------------------------------- */

static void wrong(const char *what, uint32_t a, uint32_t b, uint32_t c)
{
	printf("%s is wrong for %u, %u, %u\n", what, a, b, c);
	exit(1);
}

static void segments_all(void)
{
	const struct blk_geometry geometry = { .bytes = 1 << 20, .sector_bytes = 512 };
	struct blkif_request slot = { .operation = BLKIF_OP_READ, .nr_segments = 1 };
	struct blk_request request;

	for (uint32_t pair = 0; pair < 65536; pair++) {
		uint32_t first = pair >> 8, last = pair & 255;
		bool good;

		slot.seg[0] = (struct blkif_request_segment) { 1, (uint8_t)first, (uint8_t)last };
		good = blkif_parse(&slot, BLKIF_ABI_NATIVE, NULL, 0, &geometry, &request) == BLK_GOOD;
		if (good != (first <= last && last < 8) ||
				(good && request.segment[0].offset + request.segment[0].bytes != (last + 1) * 512))
			wrong("a segment", first, last, 0);
	}
}

static void mappings_all(void)
{
	for (uint32_t size = 0; size <= 128; size++)
		for (uint32_t count = 0; count <= 130; count++)
			for (uint32_t offset = 0; offset <= 130; offset++)
				if (mapping_refused(count, offset, size) != (offset + count > size))
					wrong("a hash mapping", count, offset, size);
}

static void slots_all(void)
{
	for (uint32_t headroom = 0; headroom <= 2048; headroom += 64)
		for (uint32_t bytes = 1; bytes <= 65535; bytes++) {
			uint32_t n = netif_rx_slots(bytes, headroom), room = 4096 - headroom;

			if (n * room < bytes || (n - 1) * room >= bytes)
				wrong("the slots of a frame", bytes, headroom, n);
		}
}

/* Every difference of the three indices of a ring of four slots, at six places of the circle. */
static void rings_all(void)
{
	static const uint32_t places[] = { 0, 1, 0x7ffffffe, 0x80000000u, 0xfffffffcu, 0xffffffffu };

	for (uint32_t p = 0; p < 6; p++)
		for (uint32_t flight = 0; flight <= 4; flight++)
			for (int32_t claim = -300; claim <= 300; claim++) {
				struct sring ring;
				uint32_t cons = places[p] + flight;
				bool fits = claim >= 0 && (uint32_t)claim <= 4 - flight;

				sring_attach(&ring, page, 4, 16, cons, places[p]);
				page[0] = cons + (uint32_t)claim;
				if (sring_look(&ring) != (fits ? claim : -1))
					wrong("a claim", flight, (uint32_t)claim, places[p]);
			}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*say)(void);
	} proofs[] = {
		{ "ring-look", ring_look }, { "ring-notify", ring_notify }, { "disk-range", disk_range },
		{ "segment", segment }, { "gather", gather }, { "packet-slots", packet_slots }, { "hash-mapping", hash_mapping },
		{ "journal-indices", journal_indices },
	};

	if (argc == 1) {
		segments_all();
		mappings_all();
		slots_all();
		rings_all();
		return 0;
	}
	for (size_t p = 0; p < sizeof(proofs) / sizeof(proofs[0]); p++) {
		for (int i = 0; i < VECTORS && strcmp(proofs[p].name, argv[1]) == 0; i++)
			proofs[p].say();
	}
	return 0;
}
