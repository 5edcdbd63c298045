/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ring, event channel and pages of one queue, put together. Trusts the Xen libraries, and the
 * backend as little as blkring.c does; promises that no page is in two requests.
 */
#include "tests/guest/blkqueue.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define SECTORS_PER_PAGE (BLKABI_PAGE_BYTES / BLKABI_SECTOR_BYTES)

static uint32_t descriptor_pages(uint32_t segments)
{
	if (segments <= BLKIF_MAX_SEGMENTS_PER_REQUEST)
		return 0;
	return (segments + BLKABI_SEGMENTS_PER_PAGE - 1) / BLKABI_SEGMENTS_PER_PAGE;
}

int blkqueue_open(struct blkqueue *queue, const struct blkqueue_config *config)
{
	int rc, port;

	memset(queue, 0, sizeof(*queue));
	queue->config = *config;
	rc = pages_open(&queue->pages, config->backend_domid);
	if (rc)
		return rc;
	rc = pages_share(&queue->pages, queue->ring_page, 1u << config->order, true);
	if (rc)
		return rc;
	blkring_init(&queue->ring, queue->ring_page[0].at, config->order, config->abi,
			config->start_index);
	queue->events = xenevtchn_open(NULL, 0);
	if (!queue->events)
		return -errno;
	port = xenevtchn_bind_unbound_port(queue->events, config->backend_domid);
	if (port < 0)
		return -errno;
	queue->port = (evtchn_port_t)port;
	return 0;
}

int blkqueue_equip(struct blkqueue *queue, uint32_t segments_max, uint32_t pool_pages)
{
	uint32_t entries = queue->ring.entries;
	uint32_t pages = segments_max + descriptor_pages(segments_max);

	assert(segments_max && segments_max <= BLKQUEUE_SEGMENTS_MAX);
	queue->segments_max = segments_max;
	queue->request = calloc(entries, sizeof(*queue->request));
	queue->page_store = calloc((size_t)entries * pages, sizeof(*queue->page_store));
	queue->segment_store = calloc((size_t)entries * segments_max, sizeof(*queue->segment_store));
	if (!queue->request || !queue->page_store || !queue->segment_store)
		return -ENOMEM;
	for (uint32_t tag = 0; tag < entries; tag++) {
		queue->request[tag].tag = tag;
		queue->request[tag].page = queue->page_store + (size_t)tag * pages;
		queue->request[tag].segment = queue->segment_store + (size_t)tag * segments_max;
	}
	return queue->config.revoke ? 0 : pages_fill(&queue->pages, pool_pages);
}

static void request_unshare(struct blkqueue *queue, struct blk_request *request)
{
	const struct page *descriptors = request->page + request->pages;

	if (request->pages)
		pages_unshare(&queue->pages, request->page, request->pages);
	if (request->descriptors)
		pages_unshare(&queue->pages, descriptors, request->descriptors);
	request->pages = request->descriptors = 0;
}

void blkqueue_close(struct blkqueue *queue)
{
	if (queue->request && queue->config.revoke)
		for (uint32_t tag = 0; tag < queue->ring.entries; tag++)
			request_unshare(queue, &queue->request[tag]);
	if (queue->events)
		xenevtchn_close(queue->events);
	if (queue->ring_page[0].at)
		pages_unshare(&queue->pages, queue->ring_page, 1u << queue->config.order);
	pages_close(&queue->pages);
	free(queue->request);
	free(queue->page_store);
	free(queue->segment_store);
	memset(queue, 0, sizeof(*queue));
}

void blkqueue_scribble(struct blkqueue *queue)
{
	if (queue->ring_page[0].at)
		memset(queue->ring_page[0].at, 0xa5, BLKABI_PAGE_BYTES << queue->config.order);
	pages_scribble(&queue->pages);
}

/* As Linux grants them: the backend may only read what it is to write to the disk. */
static bool request_share(struct blkqueue *queue, struct blk_request *request, uint32_t pages,
		uint32_t descriptors)
{
	bool writable = request->op == BLKIF_OP_READ;

	if (pages && pages_share(&queue->pages, request->page, pages, writable))
		return false;
	request->pages = pages;
	if (descriptors && pages_share(&queue->pages, request->page + pages, descriptors, false)) {
		request_unshare(queue, request);
		return false;
	}
	request->descriptors = descriptors;
	return true;
}

static bool request_pages(struct blkqueue *queue, struct blk_request *request, uint32_t pages)
{
	uint32_t descriptors = descriptor_pages(pages);

	if (queue->config.revoke)
		return request_share(queue, request, pages, descriptors);
	if (!pages_take(&queue->pages, request->page, pages + descriptors))
		return false;
	request->pages = pages;
	request->descriptors = descriptors;
	return true;
}

struct blk_request *blkqueue_get(struct blkqueue *queue, uint8_t op, uint32_t pages)
{
	uint32_t tag = blkring_claim(&queue->ring);
	struct blk_request *request;

	assert(pages <= queue->segments_max);
	if (tag == BLKRING_FULL)
		return NULL;
	request = &queue->request[tag];
	request->op = op;
	request->flag = 0;
	request->segments = 0;
	request->finished = false;
	if (!request_pages(queue, request, pages)) {
		blkring_release(&queue->ring, tag);
		return NULL;
	}
	return request;
}

void blkqueue_put(struct blkqueue *queue, struct blk_request *request)
{
	if (queue->config.revoke)
		request_unshare(queue, request);
	else
		pages_give(&queue->pages, request->page, request->pages + request->descriptors);
	request->pages = request->descriptors = 0;
	blkring_release(&queue->ring, request->tag);
}

void blkrequest_spread(struct blk_request *request, uint64_t bytes, uint32_t lead)
{
	uint32_t sectors = (uint32_t)(bytes / BLKABI_SECTOR_BYTES);

	request->bytes = bytes;
	request->segments = 0;
	while (sectors) {
		uint32_t n = SECTORS_PER_PAGE - lead < sectors ? SECTORS_PER_PAGE - lead : sectors;

		assert(request->segments < request->pages);
		request->segment[request->segments] = (struct blk_segment) {
			.page = (uint16_t)request->segments,
			.first = (uint8_t)lead,
			.last = (uint8_t)(lead + n - 1),
		};
		request->segments++;
		sectors -= n;
		lead = 0;
	}
}

void *blkrequest_bytes(const struct blk_request *request, uint32_t segment, uint32_t *bytes)
{
	const struct blk_segment *s = &request->segment[segment];

	*bytes = (s->last - s->first + 1u) * BLKABI_SECTOR_BYTES;
	return (uint8_t *)request->page[s->page].at + s->first * BLKABI_SECTOR_BYTES;
}

void blkrequest_fill(struct blk_request *request, const void *buffer)
{
	const uint8_t *from = buffer;
	uint32_t n;

	for (uint32_t i = 0; i < request->segments; i++, from += n) {
		void *to = blkrequest_bytes(request, i, &n);

		memcpy(to, from, n);
	}
}

void blkrequest_drain(const struct blk_request *request, void *buffer)
{
	uint8_t *to = buffer;
	uint32_t n;

	for (uint32_t i = 0; i < request->segments; i++, to += n) {
		const void *from = blkrequest_bytes(request, i, &n);

		memcpy(to, from, n);
	}
}

static struct blkif_request_segment wire_segment(const struct blk_request *request, uint32_t i)
{
	const struct blk_segment *s = &request->segment[i];

	return (struct blkif_request_segment) {
		.gref = request->page[s->page].gref,
		.first_sect = s->first,
		.last_sect = s->last,
	};
}

/* The segments as 8-byte descriptors in the request's own descriptor pages. */
static void indirect_put(const struct blk_request *request, struct blkabi_request *wire)
{
	wire->indirect = true;
	for (uint32_t i = 0; i < request->descriptors; i++)
		wire->descriptor_gref[i] = request->page[request->pages + i].gref;
	for (uint32_t i = 0; i < request->segments; i++) {
		const struct page *page =
			&request->page[request->pages + i / BLKABI_SEGMENTS_PER_PAGE];
		struct blkif_request_segment *to = page->at;

		to[i % BLKABI_SEGMENTS_PER_PAGE] = wire_segment(request, i);
	}
}

void blkqueue_submit(struct blkqueue *queue, struct blk_request *request)
{
	struct blkif_request_segment direct[BLKIF_MAX_SEGMENTS_PER_REQUEST];
	struct blkabi_request wire = {
		.op = request->op,
		.flag = request->flag,
		.handle = queue->config.handle,
		.segments = (uint16_t)request->segments,
		.sector = request->offset / BLKABI_SECTOR_BYTES,
		.sectors = request->bytes / BLKABI_SECTOR_BYTES,
		.segment = direct,
	};

	if (request->segments > BLKIF_MAX_SEGMENTS_PER_REQUEST)
		indirect_put(request, &wire);
	else
		for (uint32_t i = 0; i < request->segments; i++)
			direct[i] = wire_segment(request, i);
	blkring_put(&queue->ring, request->tag, &wire);
	queue->figures.submitted++;
}

int blkqueue_publish(struct blkqueue *queue)
{
	if (!blkring_publish(&queue->ring))
		return 0;
	queue->figures.notifies++;
	return xenevtchn_notify(queue->events, queue->port) ? -errno : 0;
}

int blkqueue_reap(struct blkqueue *queue, struct blk_request **request)
{
	uint32_t tag;
	int16_t status;
	int rc = blkring_reap(&queue->ring, &tag, &status);

	if (rc != 1)
		return rc;
	*request = &queue->request[tag];
	(*request)->status = status;
	queue->figures.completed++;
	return 1;
}

int blkqueue_fd(const struct blkqueue *queue)
{
	return xenevtchn_fd(queue->events);
}

int blkqueue_ready(struct blkqueue *queue)
{
	int port = xenevtchn_pending(queue->events);

	if (port < 0)
		return -errno;
	queue->figures.events++;
	return xenevtchn_unmask(queue->events, (evtchn_port_t)port) ? -errno : 0;
}

int blkqueue_wait(struct blkqueue *queue, int timeout_ms)
{
	struct pollfd pollfd = { .fd = blkqueue_fd(queue), .events = POLLIN };
	int rc;

	if (blkring_rest(&queue->ring))
		return 1;
	rc = poll(&pollfd, 1, timeout_ms);
	queue->figures.wakeups++;
	if (rc < 0)
		return errno == EINTR ? 0 : -errno;
	if (rc == 0)
		return 0;
	rc = blkqueue_ready(queue);
	if (rc)
		return rc;
	return blkring_rsp_prod(&queue->ring) != queue->ring.rsp_cons;
}
