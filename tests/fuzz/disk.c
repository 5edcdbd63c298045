/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/unit/queue_world.o tests/unit/fake_xen.o blkback/queue.o blkback/queue_open.o blkback/queue_loop.o blkback/move.o blkback/persist.o blkback/arena.o blkback/request.o blkback/blkif.o blkback/engine/engine.o blkback/engine/aio.o blkback/engine/discard.o blkback/engine/null.o blkback/engine/fault.o ring/control.o ring/journal.o ring/kicks.o ring/life.o ring/log.o ring/sring.o ring/stats.o */
/* libs: -laio -lcmocka */
/*
 * A whole disk: the worker's own queue over a Xen of plain memory, and a frontend that mostly keeps to
 * the protocol, each knob of it wrong once in 256 times. Every id that was taken is answered exactly
 * once, or the ring is halted; then the frontend starts anew.
 */
#include <unistd.h>

#include "ring/log.h"
#include "tests/fuzz/feed.h"
#include "tests/unit/queue_world.h"

static uint64_t open_id[RING_SLOTS];	/* asked and not answered */
static uint32_t opened;
static bool lied;		/* an index that cannot be: the ring is to halt */

/* All pages are granted, but for the ring's own: a guest that reads onto its ring harms itself. */
static void grants_reset(void)
{
	memset(fake.copy_refused, 0, sizeof(fake.copy_refused));
	fake.copy_refused[RING_GREF] = fake.map_refused[RING_GREF] = true;
}

static void world_once(void)
{
	static bool there;

	if (there)
		return;
	log_level(LOG_ERROR);
	/* One operation in seven fails; answers come in another order. */
	world_open("fault:error=7,reorder=3:null", ALL | VBD_PERSISTENT);
	grants_reset();
	there = true;
}

/* Wrong once in 256 times, by the input's word. */
static bool wrong(struct feed *feed)
{
	return feed_u8(feed) == 255;
}

static void segments_fill(struct feed *feed, struct blkif_request_segment *segment, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		segment[i] = (struct blkif_request_segment) {
			DATA_GREF + (uint32_t)(feed_u8(feed) % 64), 0, 7,
		};
		if (wrong(feed))
			segment[i].gref = feed_u32(feed);
		if (wrong(feed))
			segment[i].first_sect = feed_u8(feed);
		if (wrong(feed))
			segment[i].last_sect = feed_u8(feed);
	}
}

static void ask_indirectly(struct feed *feed, struct blkif_request *request)
{
	struct blkif_request_indirect indirect = {
		.operation = BLKIF_OP_INDIRECT, .indirect_op = request->operation, .id = request->id,
		.sector_number = request->sector_number, .nr_segments = (uint16_t)(feed_u8(feed) % 32 + 1),
		.indirect_grefs = { DATA_GREF + 100 },
	};

	segments_fill(feed, (void *)fake.page[DATA_GREF + 100], indirect.nr_segments);
	if (wrong(feed))
		indirect.nr_segments = (uint16_t)feed_u32(feed);
	if (wrong(feed))
		indirect.indirect_grefs[0] = feed_u32(feed);
	memcpy(request, &indirect, sizeof(indirect));
}

static void ask_one(struct feed *feed)
{
	static const uint8_t operations[] = {
		BLKIF_OP_READ, BLKIF_OP_WRITE, BLKIF_OP_WRITE_BARRIER, BLKIF_OP_FLUSH_DISKCACHE,
		BLKIF_OP_DISCARD, BLKIF_OP_READ, BLKIF_OP_WRITE, BLKIF_OP_READ,
	};
	struct blkif_request *request = slot(req_prod);
	uint8_t what = feed_u8(feed);

	memset(request, 0, sizeof(*request));
	request->operation = operations[what % 8];
	request->id = feed_u32(feed);
	request->sector_number = feed_u8(feed) * 8u;
	request->nr_segments = request->operation == BLKIF_OP_FLUSH_DISKCACHE ? 0 : what / 8 % 11 + 1;
	if (request->operation == BLKIF_OP_DISCARD)
		((struct blkif_request_discard *)request)->nr_sectors = feed_u8(feed);
	else
		segments_fill(feed, request->seg, request->nr_segments);
	if (wrong(feed))
		request->operation = feed_u8(feed);
	if (wrong(feed))
		request->nr_segments = feed_u8(feed);
	if (wrong(feed))
		request->sector_number = (uint64_t)feed_u32(feed) << 32;
	if (what & 128 && (request->operation == BLKIF_OP_READ || request->operation == BLKIF_OP_WRITE))
		ask_indirectly(feed, request);
	open_id[opened++] = request->operation == BLKIF_OP_INDIRECT ?
		((struct blkif_request_indirect *)request)->id : request->id;
	req_prod++;
}

static void answers_take(void)
{
	for (; rsp_cons != *index_at(2); rsp_cons++) {
		struct blkif_response response;
		uint32_t i = 0;

		memcpy(&response, slot(rsp_cons), sizeof(response));
		while (i < opened && open_id[i] != response.id)
			i++;
		HOLDS(i < opened);
		open_id[i] = open_id[--opened];
	}
	*index_at(3) = rsp_cons + 1;
}

static void happen(struct feed *feed)
{
	const uint8_t what = feed_u8(feed);

	if (what < 128 && opened < RING_SLOTS && !lied)
		ask_one(feed);
	else if (what < 160 && !lied)
		push();
	else if (what < 200)
		queue_work(&queue);
	else if (what < 210)
		answers_take();
	else if (what < 220)
		queue_event(&queue);
	else if (what < 230)
		queue_rest(&queue);
	else if (what < 240)
		fake.copy_refused[DATA_GREF + what % 8] ^= true;
	else if (what < 250)
		queue.move.by_hand ^= true;
	else if (what == 255) {
		lied = true;
		*index_at(0) = req_prod + RING_SLOTS + 1 + feed_u32(feed) % 0x40000000;
	}
}

/* One turn of the worker. Discards are done by a thread: let it, when there is nothing else to do. */
static void turn(int tries)
{
	queue_work(&queue);
	answers_take();
	if (tries > 20)
		usleep(200);
}

/* The frontend goes on honestly until all is answered; one that lied is found out and starts anew. */
static void settle_all(void)
{
	if (!lied)
		push();
	for (int tries = 0; tries < 2000 && (lied ? queue.life.state == QUEUE_RUNNING : opened > 0); tries++)
		turn(tries);
	HOLDS(lied == (queue.life.state == QUEUE_HALTED));
	for (int tries = 0; tries < 2000 && queue.requests.free_count < RING_SLOTS; tries++)
		turn(tries);
	HOLDS(lied || opened == 0);
	HOLDS(queue.requests.in_progress == 0 && queue.requests.free_count == RING_SLOTS);
	HOLDS(queue.ring.req_cons == queue.ring.rsp_prod);
	queue.life.state = QUEUE_RUNNING;
	req_prod = rsp_cons = queue.ring.rsp_prod;
	*index_at(0) = req_prod;
	opened = 0;
	lied = false;
	grants_reset();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = { data, size };

	world_once();
	while (feed.left)
		happen(&feed);
	settle_all();
	return 0;
}
