/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a queue comes to life: new, or where a worker that has died left its rings. Trusts control's
 * parameters (checked integers); the indices on the rings it does not trust. Promises that queue_open(),
 * which has privileges, does not look at them.
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

const char *ring_map(struct grants *grants, const struct ring_params *params, void **page, int *err)
{
	gref_t ref = { params->gref[0] };

	if (params->pages != 1)
		return "a ring of an interface has one page";
	*err = grants_map(grants, &ref, 1, true, page);
	return *err ? "cannot map the frontend's ring pages" : NULL;
}

const char *ring_indices(const void *page, uint32_t slots, uint32_t *req_prod, uint32_t *rsp_prod)
{
	sring_indices(page, req_prod, rsp_prod);
	return *req_prod - *rsp_prod > slots ? "the frontend's request index is beyond the ring" : NULL;
}

static const char *rings_map(struct queue *queue, int *err)
{
	const struct ring_params *ring = queue->vif->params.queue[queue->index].ring;
	const char *wrong = ring_map(queue->grants, &ring[VIF_TX], &queue->page[VIF_TX], err);

	return wrong ? wrong : ring_map(queue->grants, &ring[VIF_RX], &queue->page[VIF_RX], err);
}

/* Ours are pending at once, so no event from before is lost. */
static int ports_bind(struct queue *queue)
{
	const struct ring_params *ring = queue->vif->params.queue[queue->index].ring;
	int err = events_bind(queue->events, (remote_port_t) { ring[VIF_TX].port }, &queue->tx.port);

	queue->rx.port = queue->tx.port;
	if (err == 0 && ring[VIF_RX].port != ring[VIF_TX].port)
		err = events_bind(queue->events, (remote_port_t) { ring[VIF_RX].port }, &queue->rx.port);
	return err;
}

const char *queue_open(struct queue *queue, struct vif *vif, uint32_t index, int tap,
		struct slate *slates, int *err)
{
	const char *wrong;

	queue->vif = vif;
	queue->index = index;
	queue->tap = tap;
	queue->tx.slate = &slates[VIF_TX];
	queue->rx.slate = &slates[VIF_RX];
	wrong = handles_open(queue, err);
	if (!wrong)
		wrong = rings_map(queue, err);
	if (wrong)
		return wrong;
	*err = ports_bind(queue);
	return *err ? "cannot bind the frontend's event channel" : NULL;
}

/* Goes on where the slate says: answers that were decided are given before anything is taken. */
static const char *ring_attach(struct queue *queue, enum vif_direction direction, uint32_t slot_bytes,
		uint32_t answer_bytes, struct slate *slate, struct sring *ring)
{
	void *page = queue->page[direction];
	uint32_t req_prod, rsp_prod, rewrite;
	const char *wrong = ring_indices(page, NETIF_RING_SLOTS, &req_prod, &rsp_prod);

	if (wrong)
		return wrong;
	if (!slate_recover(slate, queue->vif->params.generation, req_prod, rsp_prod, NETIF_RING_SLOTS,
			&rewrite))
		return "the ring's indices do not agree with the answers that were given";
	sring_attach(ring, page, NETIF_RING_SLOTS, slot_bytes, rsp_prod + rewrite, rsp_prod);
	slate_rewrite(slate, ring, answer_bytes, rewrite);
	sring_publish(ring);
	return NULL;
}

const char *queue_attach(struct queue *queue)
{
	struct tx *tx = &queue->tx;
	struct rx *rx = &queue->rx;
	const char *wrong = ring_attach(queue, VIF_TX, sizeof(union netif_slot),
			sizeof(struct netif_tx_response), tx->slate, &tx->ring);

	if (!wrong)
		wrong = ring_attach(queue, VIF_RX, sizeof(struct netif_rx_request),
				sizeof(struct netif_rx_response), rx->slate, &rx->ring);
	if (wrong)
		return wrong;
	tx->next = tx->ring.req_cons;
	rx->largest = netif_rx_slots(queue->vif->params.vif.mtu + 18, 0);
	rx->tap_ready = true;
	/* The frontend may have lost one of a predecessor's. */
	events_notify(queue->events, tx->port);
	if (rx->port.port != tx->port.port)
		events_notify(queue->events, rx->port);
	return NULL;
}
