/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world around one queue: its worker's parameters, its file, and a frontend. Trusts the tests;
 * promises that an answer to an unknown id, or one too many, is noticed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/queue_world.h"

struct vbd vbd;
struct stats stats;
struct queue queue;
int disk, journal_fd;
uint32_t req_prod, rsp_cons;	/* the frontend's own */
unsigned int answers[IDS];	/* how often each id was answered */
int16_t status[IDS];

struct blkif_request *slot(uint32_t index)
{
	return (struct blkif_request *)(fake.page[RING_GREF] + 64) + index % RING_SLOTS;
}

uint32_t *index_at(unsigned int word)
{
	return (uint32_t *)fake.page[RING_GREF] + word;
}

const char *worker_try(int *err)
{
	struct journal journal;
	const char *wrong;

	memset(&queue, 0, sizeof(queue));
	assert_int_equal(journal_map(journal_fd, vbd.params.generation, 1, RING_SLOTS,
			vbd_record_bytes(vbd.params.vbd.indirect_max), &journal), 0);
	wrong = queue_open(&queue, &vbd, 0, &journal, err);
	if (wrong)
		return wrong;
	assert_int_equal(queue_start(&queue, disk), 0);
	return queue_attach(&queue);
}

void worker_start(void)
{
	int err = 0;

	assert_null(worker_try(&err));
}

void worker_die(void)
{
	if (queue.engine)
		queue.engine->ops->close(queue.engine);
	queue.engine = NULL;
	if (queue.timer > 0)
		close(queue.timer);
	queue.timer = 0;
}

void world_open(const char *engine, uint32_t flags)
{
	memset(&fake, 0, sizeof(fake));
	memset(&stats, 0, sizeof(stats));
	memset(answers, 0, sizeof(answers));
	disk = memfd_create("disk", 0);
	journal_fd = memfd_create("journal", 0);
	assert_int_equal(ftruncate(disk, DISK_BYTES), 0);
	assert_int_equal(ftruncate(journal_fd,
			(off_t)journal_bytes(1, RING_SLOTS, vbd_record_bytes(256))), 0);
	vbd = (struct vbd) {
		.params = {
			.kind = DEVICE_VBD, .domid = 7, .queues = 1, .generation = 1,
			.queue[0].ring[0] = { .port = 3, .pages = 1, .gref = { RING_GREF } },
			.vbd = { .flags = flags, .bytes = DISK_BYTES, .sector_bytes = 512,
				.indirect_max = 256, .pool_bytes = 4u << 20, .aio_depth = 32 },
		},
		.stats = &stats, .bytes = DISK_BYTES,
		.main_wake = eventfd(0, EFD_NONBLOCK),
	};
	strcpy(vbd.params.vbd.engine, engine);
	/* Near the end of the indices, so that every test of some length goes round it. */
	req_prod = rsp_cons = 0xfffffff8u;
	*index_at(0) = *index_at(2) = req_prod;
	*index_at(1) = *index_at(3) = req_prod + 1;
	worker_start();
}

int copying(void **state)
{
	world_open("aio", ALL);
	return 0;
}

int mapping(void **state)
{
	world_open("aio", ALL | VBD_PERSISTENT);
	return 0;
}

int by_hand(void **state)
{
	world_open("aio", ALL | VBD_PERSISTENT | VBD_BY_HAND);
	return 0;
}

int world_close(void **state)
{
	worker_die();
	close(disk);
	close(journal_fd);
	return close(vbd.main_wake);
}

struct blkif_request *ask(uint8_t op, uint64_t id, uint64_t sector, uint8_t segments, uint32_t gref)
{
	struct blkif_request *request = slot(req_prod++);

	memset(request, 0, sizeof(*request));
	request->operation = op;
	request->nr_segments = segments;
	request->id = id;
	request->sector_number = sector;
	for (uint8_t i = 0; i < segments && i < 11; i++)
		request->seg[i] = (struct blkif_request_segment) { gref + i, 0, 7 };
	return request;
}

void ask_discard(uint64_t id, uint64_t sector, uint64_t count)
{
	struct blkif_request_discard request = {
		.operation = BLKIF_OP_DISCARD, .id = id, .sector_number = sector, .nr_sectors = count,
	};

	memcpy(slot(req_prod++), &request, sizeof(request));
}

void ask_indirect(uint8_t op, uint64_t id, uint64_t sector, uint16_t segments, uint32_t gref)
{
	struct blkif_request_segment *at = (void *)fake.page[gref - 1];
	struct blkif_request_indirect request = {
		.operation = BLKIF_OP_INDIRECT, .indirect_op = op, .nr_segments = segments, .id = id,
		.sector_number = sector, .indirect_grefs = { gref - 1 },
	};

	for (uint16_t i = 0; i < segments; i++)
		at[i] = (struct blkif_request_segment) { gref + i, 0, 7 };
	memcpy(slot(req_prod++), &request, sizeof(request));
}

void push(void)
{
	__atomic_store_n(index_at(0), req_prod, __ATOMIC_RELEASE);
}

void hear(void)
{
	for (; rsp_cons != *index_at(2); rsp_cons++) {
		struct blkif_response response;

		/* Responses lie in request-sized slots. */
		memcpy(&response, slot(rsp_cons), sizeof(response));
		assert_true(response.id < IDS);
		answers[response.id]++;
		status[response.id] = response.status;
	}
	*index_at(3) = rsp_cons + 1;
}

void settle(void)
{
	push();
	for (int tries = 0; rsp_cons != req_prod && tries < 2000; tries++) {
		queue_work(&queue);
		hear();
		if (rsp_cons != req_prod)
			poll(NULL, 0, 1);
	}
	assert_int_equal(rsp_cons, req_prod);
	queue_work(&queue);
}

int16_t answered(uint64_t id)
{
	assert_int_equal(answers[id], 1);
	return status[id];
}

void paint(uint32_t gref, uint32_t pages, uint8_t seed)
{
	for (uint32_t i = 0; i < pages; i++)
		memset(fake.page[gref + i], seed + (int)i, FAKE_PAGE_BYTES);
}

void on_disk(uint64_t offset, uint32_t bytes, int want)
{
	uint8_t got[FAKE_PAGE_BYTES], expected[FAKE_PAGE_BYTES];

	memset(expected, want, sizeof(expected));
	assert_int_equal(pread(disk, got, bytes, (off_t)offset), bytes);
	assert_memory_equal(got, expected, bytes);
}
