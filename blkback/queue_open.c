/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a queue comes to life: new, or from the journal of a worker that has died. Trusts control's
 * parameters (checked integers); the indices on the ring and in the journal it does not trust. Promises
 * that queue_open(), which has privileges, looks at neither.
 */
#include "blkback/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>

#include "ring/log.h"

static uint32_t slots_of(const struct queue *queue)
{
	return blkif_ring_slots(queue->vbd->params.queue[queue->index].ring[0].pages);
}

static int lists_open(struct queue *queue)
{
	uint32_t slots = slots_of(queue);

	queue->answered = calloc(slots, sizeof(queue->answered[0]));
	queue->descriptors = grant_batch_new(slots);
	if (!queue->answered || !queue->descriptors || fifo_open(&queue->waiting, slots) ||
			fifo_open(&queue->ready, slots) || fifo_open(&queue->over, slots))
		return -ENOMEM;
	return requests_open(&queue->requests, slots);
}

static int ring_map(struct queue *queue)
{
	const struct ring_params *ring = &queue->vbd->params.queue[queue->index].ring[0];
	gref_t refs[RING_PAGES_MAX];

	for (uint32_t i = 0; i < ring->pages; i++)
		refs[i].ref = ring->gref[i];
	return grants_map(queue->move.grants, refs, ring->pages, true, &queue->ring_page);
}

/*
 * Writes again what a dead worker answered without showing it, and shows it. Kicks in any case: the
 * dead worker may have shown an answer and not lived to tell, and a frontend that still waits for that
 * event is told of no later answer either (sring_publish()).
 */
static void rewrite(struct queue *queue, const struct journal_plan *plan)
{
	uint64_t response[2];

	for (uint32_t i = 0; i < plan->rewrite; i++) {
		uint16_t slot = plan->rewrite_slot[i];
		const struct journal_entry *entry = journal_entry(&queue->journal, slot);

		blkif_response(entry->record, queue->vbd->params.vbd.abi, entry->status, response);
		sring_answer(&queue->ring, response,
				blkif_response_bytes(queue->vbd->params.vbd.abi));
	}
	sring_publish(&queue->ring);
	journal_published(&queue->journal, plan->rewrite_slot, plan->rewrite, queue->ring.rsp_shown);
	events_notify(queue->events, queue->port);	/* a frontend that has gone needs no event */
}

/* Does again what a dead worker had begun, in the order in which it was taken. */
static const char *resubmit(struct queue *queue, const struct journal_plan *plan)
{
	for (uint32_t i = 0; i < plan->resubmit; i++) {
		struct request *request = request_claim(&queue->requests, plan->resubmit_slot[i]);

		if (!request)
			return "the journal names a request twice";
		queue_recover(queue, request);
	}
	stats_add(&queue->vbd->stats->recovered, plan->resubmit);
	return NULL;
}

const char *queue_attach(struct queue *queue)
{
	const uint32_t slots = slots_of(queue);
	const uint32_t slot_bytes = blkif_slot_bytes(queue->vbd->params.vbd.abi);
	struct journal_plan plan;
	uint32_t req_prod, rsp_prod;

	sring_indices(queue->ring_page, &req_prod, &rsp_prod);
	switch (journal_recover(&queue->journal, req_prod, rsp_prod, &plan)) {
	case JOURNAL_LIE:
		return "the ring's indices do not agree with the journal of requests in flight";
	case JOURNAL_FRESH:
		if (req_prod - rsp_prod > slots)
			return "the frontend's request index is beyond the ring";
		sring_attach(&queue->ring, queue->ring_page, slots, slot_bytes, rsp_prod, rsp_prod);
		journal_start(&queue->journal, rsp_prod, rsp_prod);
		return NULL;
	case JOURNAL_RECOVERED:
		break;
	}
	sring_attach(&queue->ring, queue->ring_page, slots, slot_bytes, plan.req_cons, plan.rsp_prod);
	log_notice("queue %u goes on: %u answers to show, %u requests to do again", queue->index,
			plan.rewrite, plan.resubmit);
	rewrite(queue, &plan);
	return resubmit(queue, &plan);
}

/* The data pool is the device's: each queue gets its share, never less than one largest request. */
static uint32_t pool_pages(const struct queue *queue)
{
	const struct vbd_params *vbd = &queue->vbd->params.vbd;
	uint32_t share = vbd->pool_bytes / ARENA_PAGE_BYTES / queue->vbd->params.queues;
	uint32_t least = vbd->indirect_max > BLKIF_SEGMENTS_DIRECT ? vbd->indirect_max :
		BLKIF_SEGMENTS_DIRECT;

	if (share > ARENA_PAGES_MAX)
		share = ARENA_PAGES_MAX;
	return share > least ? share : least;
}

static const char *handles_open(struct queue *queue, int *err)
{
	const struct device_params *params = &queue->vbd->params;
	struct grants *grants;

	*err = events_open(&queue->events, params->domid);
	if (*err)
		return "cannot open the event channel device /dev/xen/evtchn";
	*err = grants_open(&grants, params->domid);
	if (*err)
		return "cannot open the grant device /dev/xen/gntdev";
	*err = move_open(&queue->move, grants, pool_pages(queue), params->vbd.sector_bytes,
			params->vbd.flags & VBD_PERSISTENT, params->vbd.flags & VBD_BY_HAND);
	if (*err == 0)
		*err = lists_open(queue);
	if (*err)
		return "cannot get memory for the queue";
	*err = life_open(&queue->life, queue->vbd->main_wake);
	if (*err)
		return "cannot make an eventfd";
	queue->timer_usec = UINT64_MAX;
	queue->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	*err = queue->timer < 0 ? -errno : 0;
	return *err ? "cannot make a timer" : NULL;
}

const char *queue_open(struct queue *queue, struct vbd *vbd, uint32_t index,
		const struct journal *journal, int *err)
{
	const remote_port_t remote = { vbd->params.queue[index].ring[0].port };
	const char *wrong;

	queue->vbd = vbd;
	queue->index = index;
	queue->journal = *journal;
	wrong = handles_open(queue, err);
	if (wrong)
		return wrong;
	*err = ring_map(queue);
	if (*err)
		return "cannot map the frontend's ring pages";
	*err = events_bind(queue->events, remote, &queue->port);
	return *err ? "cannot bind the frontend's event channel" : NULL;
}

int queue_start(struct queue *queue, int backing_fd)
{
	const struct vbd_params *vbd = &queue->vbd->params.vbd;
	const struct engine_config config = {
		.fd = backing_fd,
		.depth = vbd->aio_depth < slots_of(queue) ? vbd->aio_depth : slots_of(queue),
		.bytes = vbd->bytes,
		.block_device = vbd->flags & VBD_BLOCK_DEVICE,
		.discard = vbd->flags & (VBD_DISCARD | VBD_DISCARD_SECURE),
	};

	return engine_open(&queue->engine, vbd->flags & VBD_NO_MEDIUM ? "null" : vbd->engine, &config);
}
