/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a queue comes to life: new, or where a worker that has died left its rings. Trusts control's
 * parameters (checked integers); the indices on the rings it does not trust.
 */
#include "netback/queue.h"

#include <errno.h>
#include <sys/mman.h>

#include "netback/txrx.h"
#include "ring/log.h"

static int arena_map(uint8_t **arena, uint32_t bytes)
{
	void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			-1, 0);

	if (map == MAP_FAILED)
		return -errno;
	*arena = map;
	return 0;
}

static int buffers_open(struct queue *queue)
{
	int err = arena_map(&queue->tx.arena, TX_ARENA_BYTES);

	if (err == 0)
		err = arena_map(&queue->rx.arena, RX_ARENA_BYTES);
	queue->tx.batch = grant_batch_new(NETIF_RING_SLOTS);
	queue->rx.batch = grant_batch_new(NETIF_RING_SLOTS);
	if (err == 0 && (!queue->tx.batch || !queue->rx.batch))
		err = -ENOMEM;
	return err;
}

static const char *handles_open(struct queue *queue, int *err)
{
	const uint32_t domid = queue->vif->params.domid;

	*err = events_open(&queue->events, domid);
	if (*err)
		return "cannot open the event channel device /dev/xen/evtchn";
	*err = grants_open(&queue->grants, domid);
	if (*err)
		return "cannot open the grant device /dev/xen/gntdev";
	*err = buffers_open(queue);
	if (*err)
		return "cannot get memory for the queue";
	*err = life_open(&queue->life, queue->vif->main_wake);
	return *err ? "cannot make an eventfd" : NULL;
}

const char *ring_map(struct grants *grants, const struct ring_params *params, uint32_t slots,
		void **page, uint32_t *req_prod, uint32_t *rsp_prod, int *err)
{
	gref_t ref = { params->gref[0] };

	if (params->pages != 1)
		return "a ring of an interface has one page";
	*err = grants_map(grants, &ref, 1, true, page);
	if (*err)
		return "cannot map the frontend's ring pages";
	sring_indices(*page, req_prod, rsp_prod);
	if (*req_prod - *rsp_prod > slots)
		return "the frontend's request index is beyond the ring";
	return NULL;
}

/* Goes on where the slate says: answers that were decided are given before anything is taken. */
static const char *ring_open(struct queue *queue, enum vif_direction direction, uint32_t slot_bytes,
		uint32_t answer_bytes, struct slate *slate, struct sring *ring, int *err)
{
	const struct device_params *params = &queue->vif->params;
	uint32_t req_prod, rsp_prod, rewrite;
	const char *wrong;
	void *page;

	wrong = ring_map(queue->grants, &params->queue[queue->index].ring[direction], NETIF_RING_SLOTS,
			&page, &req_prod, &rsp_prod, err);
	if (wrong)
		return wrong;
	if (!slate_recover(slate, params->generation, req_prod, rsp_prod, NETIF_RING_SLOTS, &rewrite))
		return "the ring's indices do not agree with the answers that were given";
	sring_attach(ring, page, NETIF_RING_SLOTS, slot_bytes, rsp_prod + rewrite, rsp_prod);
	slate_rewrite(slate, ring, answer_bytes, rewrite);
	sring_publish(ring);
	return NULL;
}

static const char *rings_open(struct queue *queue, struct slate *slates, int *err)
{
	const char *wrong;

	queue->tx.slate = &slates[VIF_TX];
	queue->rx.slate = &slates[VIF_RX];
	wrong = ring_open(queue, VIF_TX, sizeof(union netif_slot), sizeof(struct netif_tx_response),
			queue->tx.slate, &queue->tx.ring, err);
	if (!wrong)
		wrong = ring_open(queue, VIF_RX, sizeof(struct netif_rx_request),
				sizeof(struct netif_rx_response), queue->rx.slate, &queue->rx.ring, err);
	queue->tx.next = queue->tx.ring.req_cons;
	queue->rx.largest = netif_rx_slots(queue->vif->params.vif.mtu + 18, 0);
	return wrong;
}

/* Ours are pending at once, so no event from before is lost; the frontend may have lost one of ours. */
static int ports_bind(struct queue *queue)
{
	const struct ring_params *ring = queue->vif->params.queue[queue->index].ring;
	int err = events_bind(queue->events, (remote_port_t) { ring[VIF_TX].port }, &queue->tx.port);

	queue->rx.port = queue->tx.port;
	if (err == 0 && ring[VIF_RX].port != ring[VIF_TX].port)
		err = events_bind(queue->events, (remote_port_t) { ring[VIF_RX].port }, &queue->rx.port);
	if (err)
		return err;
	events_notify(queue->events, queue->tx.port);
	if (queue->rx.port.port != queue->tx.port.port)
		events_notify(queue->events, queue->rx.port);
	return 0;
}

const char *queue_open(struct queue *queue, struct vif *vif, uint32_t index, int tap,
		struct slate *slates, int *err)
{
	const char *wrong;

	queue->vif = vif;
	queue->index = index;
	queue->tap = tap;
	queue->rx.tap_ready = true;
	wrong = handles_open(queue, err);
	if (!wrong)
		wrong = rings_open(queue, slates, err);
	if (wrong)
		return wrong;
	*err = ports_bind(queue);
	return *err ? "cannot bind the frontend's event channel" : NULL;
}
