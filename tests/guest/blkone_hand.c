/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operations of blkone that go around the library: slots written byte by byte, and requests
 * whose order of completion matters. Trusts its caller that nothing else is in flight.
 */
#include "tests/guest/blkone.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_BYTES 16
#define RAW_PAGES 16
#define ANSWER_MS 2000
#define ORDER_MOST 15

static struct page raw_page[RAW_PAGES];
static bool raw_pages_taken;

void hand_forget(void)
{
	raw_pages_taken = false;
}

static uint32_t hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

	if (!at)
		fail("raw: '%c': hex digits, gN for the grant of page N, dots between", c);
	return (uint32_t)(at - digits);
}

static void raw_pages_take(struct blkqueue *q)
{
	if (raw_pages_taken)
		return;
	if (!pages_take(&q->pages, raw_page, RAW_PAGES))
		fail("raw: the pool has no %u pages", RAW_PAGES);
	raw_pages_taken = true;
}

/* 00112233.g0.0007: bytes in hex; gN becomes the four bytes of page N's grant (N one hex digit). */
static void raw_parse(const char *text, uint8_t *slot, uint32_t room)
{
	uint32_t at = 0;

	while (*text) {
		if (*text == '.') {
			text++;
		} else if (*text == 'g' && at + 4 <= room) {
			memcpy(slot + at, &raw_page[hex_digit(text[1])].gref, 4);
			at += 4;
			text += 2;
		} else if (at < room) {
			slot[at++] = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
			text += 2;
		} else {
			fail("raw: more than a slot: %s", text);
		}
	}
}

void hand_raw(struct blkqueue *q, const struct args *args)
{
	struct blkring *ring = &q->ring;
	uint8_t bytes[BLKABI_SLOT_BYTES_MAX] = { 0 };
	int waited = ANSWER_MS;

	raw_pages_take(q);
	raw_parse(args->text[0], bytes, ring->slot_bytes);
	memcpy(blkring_slot(ring, ring->req_prod++), bytes, ring->slot_bytes);
	blkqueue_publish(q);
	for (; waited > 0 && blkring_rsp_prod(ring) == ring->rsp_cons; waited -= 100)
		if (blkqueue_wait(q, 100) < 0)
			fail("raw: the event channel is broken");
	if (blkring_rsp_prod(ring) == ring->rsp_cons) {
		printf("raw: no answer\n");
		return;
	}
	memcpy(bytes, blkring_slot(ring, ring->rsp_cons), ring->slot_bytes);
	ring->rsp_seen = ++ring->rsp_cons;
	printf("raw: status %d operation %u slot", blkabi_get(ring->abi, bytes).status,
			blkabi_get(ring->abi, bytes).op);
	bytes_print(bytes, ring->slot_bytes);
	putchar('\n');
}

void hand_page(struct blkqueue *q, const struct args *args)
{
	struct page *page = &raw_page[number_of(args, 0, RAW_PAGES - 1)];

	raw_pages_take(q);
	if (args->count > 1)
		memset(page->at, (int)number_of(args, 1, 255), BLKABI_PAGE_BYTES);
	printf("page %s:", args->text[0]);
	bytes_print(page->at, SHOWN_BYTES);
	putchar('\n');
}

static void order_submit(struct blkqueue *q, uint8_t op, uint32_t place, const char *name)
{
	struct blk_request *request = blkqueue_get(q, op, 1);

	if (!request)
		fail("order: the ring is full");
	request->offset = place * (uint64_t)BLKABI_PAGE_BYTES;
	blkrequest_spread(request, BLKABI_PAGE_BYTES, 0);
	request->owner = (void *)name;	/* only read, and by us */
	blkqueue_submit(q, request);
}

/* Prints 1 for a write before the barrier, B, 2 for one after it, ! for each that failed. */
static uint32_t order_reap(struct blkqueue *q)
{
	struct blk_request *request;
	uint32_t taken = 0;
	int rc;

	while ((rc = blkqueue_reap(q, &request)) == 1) {
		printf("%s", request->status ? "!" : (const char *)request->owner);
		blkqueue_put(q, request);
		taken++;
	}
	if (rc < 0)
		fail("order: the backend broke the protocol");
	return taken;
}

void hand_order(struct blkqueue *q, const struct args *args)
{
	uint32_t n = (uint32_t)number_of(args, 0, ORDER_MOST), left = 2 * n + 1;
	int waited = ANSWER_MS;

	for (uint32_t i = 0; i < n; i++)
		order_submit(q, BLKIF_OP_WRITE, i, "1");
	order_submit(q, BLKIF_OP_WRITE_BARRIER, n, "B");
	for (uint32_t i = 0; i < n; i++)
		order_submit(q, BLKIF_OP_WRITE, n + 1 + i, "2");
	blkqueue_publish(q);
	printf("order: ");
	while (left) {
		left -= order_reap(q);
		if (left && blkqueue_wait(q, 100) < 0)
			fail("order: the event channel is broken");
		if (left && (waited -= 100) < 0)
			fail("order: %u requests got no answer", left);
	}
	putchar('\n');
}
