/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the guest to the tap: take -> parse -> copy -> join, send -> answer, each step for a batch of whole
 * packets, in ring order. Promises that every taken slot is answered once, in its place; that the
 * memory it uses does not depend on what the guest does; and that what is sent is what was looked
 * at: a copy in one piece, so that headers are linear by construction.
 */
#include "netback/queue.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "netback/offload.h"
#include "netback/tap.h"
#include "netback/txrx.h"
#include "ring/log.h"

#define LIE_COST (BUCKET_BURST / TX_LIES_BURST)

static bool gso_offered(const struct queue *queue)
{
	return !(queue->vif->params.vif.flags & VIF_TX_CSUM_OFF);
}

/* --- take -------------------------------------------------------------------------------------- */

static void take_one(struct tx *tx)
{
	uint32_t at = tx->ring.req_cons % NETIF_RING_SLOTS;

	sring_take(&tx->ring, &tx->slot[at]);
	tx->slot[at + NETIF_RING_SLOTS] = tx->slot[at];
}

/* All that the frontend shows: a packet has to be there whole. */
static bool take(struct queue *queue)
{
	struct tx *tx = &queue->tx;
	int found = queue_may_begin(queue) ? sring_look(&tx->ring) : 0;

	if (found < 0)
		life_halt(&queue->life, "the frontend's transmit index is beyond the ring");
	for (int i = 0; i < found; i++)
		take_one(tx);
	queue->took |= found > 0;
	return found > 0;
}

/* --- parse ------------------------------------------------------------------------------------- */

/* A packet is wrong: counts it. One that is wrong too often has to wait, for the others' sake. */
static int16_t lie(struct queue *queue, int16_t status)
{
	struct tx *tx = &queue->tx;
	uint64_t wait;

	if (tx->lies.bytes == 0)
		bucket_set(&tx->lies, TX_LIES * LIE_COST, TX_LIES_USEC);
	wait = bucket_take(&tx->lies, LIE_COST, queue->now_usec);
	if (wait)
		tx->pause_usec = queue->now_usec + wait;
	stats_add(&queue->vif->stats->lies, 1);
	stats_add(&queue->vif->stats->packet_drops[VIF_TX], 1);
	return status;
}

static void refuse(struct queue *queue, struct tx_packet *out, enum netif_verdict verdict)
{
	out->status = lie(queue, NETIF_RSP_ERROR);
	log_warn("queue %u refused %s", queue->index, netif_verdict_text(verdict));
}

static void list_change(struct queue *queue, const struct netif_packet *packet, struct tx_packet *out)
{
	struct groups *groups = &queue->vif->note->groups;

	out->status = NETIF_RSP_OKAY;
	if (packet->list_change == XEN_NETIF_EXTRA_TYPE_MCAST_DEL)
		groups_remove(groups, packet->list_address);
	else if (groups_add(groups, packet->list_address))
		out->status = NETIF_RSP_ERROR;
}

static uint32_t round_up(uint32_t n, uint32_t to)
{
	return (n + to - 1) & ~(to - 1);
}

/*
 * Where in the arena the packet is to lie: so that its whole pages are pages there, too, and a small one is
 * in one. Each piece of a page is a copy for itself, whose page the kernel has to find.
 */
static uint32_t arena_place(const struct tx *tx, const struct netif_packet *packet)
{
	const uint32_t at = tx->arena_used + TX_HEADROOM, left = round_up(at, GRANT_PAGE_BYTES) - at;
	uint32_t ahead = 0;

	for (uint32_t i = 0; i < packet->parts; ahead += packet->part[i++].bytes) {
		if (packet->part[i].bytes == GRANT_PAGE_BYTES)
			return round_up(at + ahead, GRANT_PAGE_BYTES) - ahead;
	}
	return packet->bytes > left && packet->bytes <= GRANT_PAGE_BYTES ? at + left : at;
}

/* Is there room in this batch for one more packet like this, and may it be sent now? */
static bool may_send(struct queue *queue, const struct netif_packet *packet)
{
	struct tx *tx = &queue->tx;
	uint64_t wait;

	if (arena_place(tx, packet) + packet->bytes > TX_ARENA_BYTES ||
			packet->parts > grant_batch_room(tx->batch))
		return false;
	wait = bucket_take(&queue->vif->rate[VIF_TX], packet->bytes, queue->now_usec);
	tx->credit_usec = wait ? queue->now_usec + wait : 0;
	return wait == 0;
}

static void copy_begin(struct queue *queue, const struct netif_packet *packet, struct tx_packet *out)
{
	struct tx *tx = &queue->tx;
	uint8_t *to = tx->arena + arena_place(tx, packet);

	out->data = to;
	out->bytes = packet->bytes;
	out->offload = packet->offload;
	out->parts = (uint16_t)packet->parts;
	out->place = grant_batch_count(tx->batch);
	for (uint32_t i = 0; i < packet->parts; i++) {
		const struct netif_part *part = &packet->part[i];

		grant_batch_from_guest(tx->batch, queue->grants, part->gref, part->offset, part->bytes,
				to);
		to += part->bytes;
	}
	tx->arena_used = round_up((uint32_t)(to - tx->arena), 64);	/* whole cache lines */
}

/* One packet into the batch. False: none is left, or this one has to wait. */
static bool gather_one(struct queue *queue, uint32_t *at)
{
	struct tx *tx = &queue->tx;
	struct tx_packet *out = &tx->packet[tx->packets];
	struct netif_packet packet;
	enum netif_verdict verdict;

	if (*at == tx->ring.req_cons || queue->life.state != QUEUE_RUNNING)
		return false;
	verdict = netif_parse(&tx->slot[*at % NETIF_RING_SLOTS], tx->ring.req_cons - *at,
			gso_offered(queue), &packet);
	if (verdict >= NETIF_FATAL) {
		life_halt(&queue->life, netif_verdict_text(verdict));
		return false;
	}
	if (verdict == NETIF_GOOD && !may_send(queue, &packet))
		return false;
	*out = (struct tx_packet) { .slots = (uint16_t)packet.slots, .extras = (uint16_t)packet.extras };
	if (verdict == NETIF_GOOD)
		copy_begin(queue, &packet, out);
	else if (verdict == NETIF_LIST)
		list_change(queue, &packet, out);
	else
		refuse(queue, out, verdict);
	*at += packet.slots;
	tx->packets++;
	return true;
}

/* --- copy, send -------------------------------------------------------------------------------- */

static bool copied(const struct queue *queue, const struct tx_packet *packet)
{
	for (uint32_t i = 0; i < packet->parts; i++) {
		if (!grant_batch_ok(queue->tx.batch, packet->place + i))
			return false;
	}
	return true;
}

/* What the checks before the tap say of a frame; NETIF_RSP_OKAY: it is to be sent with that header. */
static int16_t check_one(struct queue *queue, struct tx_packet *packet, struct virtio_net_hdr *header)
{
	const struct vif_params *vif = &queue->vif->params.vif;
	enum offload_verdict verdict;
	enum filter_verdict filter;

	if (!copied(queue, packet)) {
		log_warn("queue %u cannot read the guest's pages of a packet", queue->index);
		return lie(queue, NETIF_RSP_ERROR);
	}
	filter = filter_from_guest(vif, packet->data, packet->bytes);
	if (filter) {
		log_warn("queue %u dropped %s", queue->index, filter_verdict_text(filter));
		return lie(queue, NETIF_RSP_DROPPED);
	}
	verdict = offload_to_tap(&packet->offload, vif->flags & VIF_TX_CSUM_OFF, packet->data,
			packet->bytes, header);
	if (verdict) {
		log_warn("queue %u refused %s", queue->index, offload_verdict_text(verdict));
		return lie(queue, NETIF_RSP_ERROR);
	}
	return NETIF_RSP_OKAY;
}

static int16_t sent_one(struct queue *queue, const struct tx_packet *packet, int err)
{
	struct stats *stats = queue->vif->stats;

	if (err) {
		stats_add(&stats->errors, 1);
		stats_add(&stats->packet_drops[VIF_TX], 1);
		return NETIF_RSP_DROPPED;
	}
	stats_add(&stats->packets[VIF_TX], 1);
	stats_add(&stats->packet_bytes[VIF_TX], packet->bytes);
	if (packet->offload.gso_type)
		stats_add(&stats->packet_gso[VIF_TX], 1);
	return NETIF_RSP_OKAY;
}

/* Sends the frames that are joined: of the packets from *sent up to `end`, those that are to be sent. */
static void send_train(struct queue *queue, uint32_t *sent, uint32_t end)
{
	struct tx *tx = &queue->tx;
	int err = 0;

	if (tx->train.frames) {
		train_finish(&tx->train);
		err = tap_write(queue->tap, &tx->train.header, tx->train.part, tx->train.frames);
		stats_add(&queue->vif->stats->syscalls, 1);
	}
	if (err && err != -EIO)	/* EIO: somebody has taken the interface down */
		log_warn("queue %u: the tap refused a frame of %u bytes: %s", queue->index, tx->train.bytes,
				strerror(-err));
	for (; *sent < end; ++*sent) {
		struct tx_packet *packet = &tx->packet[*sent];

		if (packet->data && packet->status == NETIF_RSP_OKAY)
			packet->status = sent_one(queue, packet, err);
	}
	tx->train.frames = 0;
}

static void send_batch(struct queue *queue)
{
	struct tx *tx = &queue->tx;
	struct virtio_net_hdr header;
	uint32_t sent = 0;

	batch_run(queue, tx->batch);
	for (uint32_t i = 0; i < tx->packets; i++) {
		struct tx_packet *packet = &tx->packet[i];

		if (!packet->data)
			continue;
		packet->status = check_one(queue, packet, &header);
		if (packet->status != NETIF_RSP_OKAY ||
				train_join(&tx->train, &header, packet->data, packet->bytes))
			continue;
		send_train(queue, &sent, i);
		train_begin(&tx->train, &header, packet->data, packet->bytes);
	}
	send_train(queue, &sent, tx->packets);
}

/* --- answer ------------------------------------------------------------------------------------ */

/* The answers of one packet's slots onto the slate. Returns how many. */
static uint32_t answer_one(struct tx *tx, const struct tx_packet *packet, uint32_t ahead)
{
	for (uint32_t i = 0; i < packet->slots; i++) {
		uint32_t at = (tx->ring.rsp_prod + ahead + i) % NETIF_RING_SLOTS;
		const struct netif_tx_response response = {
			.id = tx->slot[at].request.id,
			.status = i && i <= packet->extras ? NETIF_RSP_NULL : packet->status,
		};

		memcpy(slate_place(tx->slate, &tx->ring, ahead + i), &response, sizeof(response));
	}
	return packet->slots;
}

static void answer_batch(struct queue *queue)
{
	struct tx *tx = &queue->tx;
	uint32_t n = 0;

	for (uint32_t i = 0; i < tx->packets; i++)
		n += answer_one(tx, &tx->packet[i], n);
	queue_show(queue, tx->slate, &tx->ring, tx->port, sizeof(struct netif_tx_response), n);
	tx->next += n;
	assert(tx->next == tx->ring.rsp_prod);
	tx->packets = 0;
	tx->arena_used = 0;
	grant_batch_clear(tx->batch);
}

bool tx_pass(struct queue *queue)
{
	struct tx *tx = &queue->tx;
	uint32_t at = tx->next;
	bool did = take(queue);

	if (tx->credit_usec > queue->now_usec || tx->pause_usec > queue->now_usec)
		return did;
	while (gather_one(queue, &at))
		continue;
	if (tx->packets == 0)
		return did;
	send_batch(queue);
	answer_batch(queue);
	return true;
}

uint64_t tx_rest(struct queue *queue)
{
	struct tx *tx = &queue->tx;

	/* An impossible index is found by the next pass. */
	if (queue_may_begin(queue) && sring_rest(&tx->ring))
		return 0;
	if (queue->life.state != QUEUE_RUNNING)
		return UINT64_MAX;
	if (tx->pause_usec > queue->now_usec)
		return tx->pause_usec;
	return tx->credit_usec ? tx->credit_usec : UINT64_MAX;
}
