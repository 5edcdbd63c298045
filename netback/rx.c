/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the tap to the guest: read -> fit -> copy -> answer, each step for a batch. Back-pressure is
 * the tap's own bounded queue: a frame is read only when the ring has room for the largest frame so
 * far, or when nothing else is under way. Promises that a request is taken only for a frame that
 * fills it, that its answer is in its own place (frontends rely on that), and that a guest that does
 * not refill its ring costs a bounded amount of memory and no wake-ups.
 */
#include "netback/queue.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "netback/fit.h"
#include "netback/tap.h"
#include "netback/txrx.h"
#include "ring/log.h"

#define NO_PLACE UINT32_MAX	/* a slot without data: an extra info */
#define LOOKS_MAX 512u		/* of one pass: frames that are dropped fill neither ring nor buffer */
#define RX_FIRST (GRANT_PAGE_BYTES - TUN_HEADER_BYTES)	/* a batch's first frame begins a page */

enum reading { READ_ONE, READ_NOTHING, READ_LATER };

static void count_drop(struct queue *queue)
{
	stats_add(&queue->vif->stats->packet_drops[VIF_RX], 1);
}

/* --- read -------------------------------------------------------------------------------------- */

/* Requests of the ring that this batch has not taken. */
static uint32_t requests_left(const struct rx *rx)
{
	return rx->ring.req_prod - rx->ring.req_cons;
}

static bool may_read(struct rx *rx)
{
	const uint32_t wanted = rx->slots ? rx->largest : 1;

	if (!rx->tap_ready || rx->arena_used + TAP_ROOM > RX_ARENA_BYTES)
		return false;
	if (requests_left(rx) >= wanted)
		return true;
	rx->wanted = wanted;
	return false;
}

/* The next frame, held until it is known to fit. */
static enum reading read_one(struct queue *queue)
{
	struct rx *rx = &queue->rx;
	int got;

	if (rx->held)
		return READ_ONE;
	if (!may_read(rx))
		return READ_LATER;
	got = tap_read(queue->tap, rx->arena + rx->arena_used);
	stats_add(&queue->vif->stats->syscalls, 1);
	if (got == -EBADMSG)
		return READ_NOTHING;
	if (got < 0) {
		rx->tap_ready = false;
		if (got != -EAGAIN)
			log_warn("queue %u cannot read from the tap: %s", queue->index, strerror(-got));
		return READ_LATER;
	}
	rx->held = rx->arena + rx->arena_used;
	rx->held_bytes = (uint32_t)got;
	return READ_ONE;
}

static void release_held(struct rx *rx)
{
	rx->held = NULL;
	rx->cut_bytes = 0;
	rx->credit_usec = 0;
}

/* --- give --------------------------------------------------------------------------------------- */

/* Room and credit for it now? Otherwise it stays held. */
static bool may_give(struct queue *queue, const struct fit *fit)
{
	struct rx *rx = &queue->rx;
	uint64_t wait;

	if (fit->slots > rx->largest)
		rx->largest = fit->slots;
	if (requests_left(rx) < fit->slots) {
		rx->wanted = fit->slots;
		rx->credit_usec = 0;	/* it may have waited for credit: now it waits for room */
		return false;
	}
	if (fit->slots > NETIF_RING_SLOTS - rx->slots || fit->slots > grant_batch_room(rx->batch))
		return false;
	wait = bucket_take(&queue->vif->rate[VIF_RX], fit->bytes, queue->now_usec);
	rx->credit_usec = wait ? queue->now_usec + wait : 0;
	return wait == 0;
}

/* --- give --------------------------------------------------------------------------------------- */

static void answer_put(struct rx *rx, const void *answer)
{
	memcpy(slate_place(rx->slate, &rx->ring, rx->slots), answer, sizeof(uint64_t));
	rx->slots++;
}

static void give_data(struct queue *queue, const struct fit *fit, uint32_t done, uint32_t bytes,
		uint16_t flags)
{
	struct rx *rx = &queue->rx;
	struct netif_rx_request request;
	struct netif_rx_response response;

	sring_take(&rx->ring, &request);
	rx->place[rx->slots] = grant_batch_to_guest(rx->batch, queue->grants, (gref_t) { request.gref },
			fit->headroom, bytes, fit->data + done);
	response = (struct netif_rx_response) {
		.id = request.id,
		.offset = (uint16_t)fit->headroom,
		.flags = flags,
		.status = (int16_t)bytes,
	};
	answer_put(rx, &response);
}

/* The request's page is not used: the frontend has it back with the info in its place. */
static void give_extras(struct queue *queue, const struct fit *fit)
{
	struct rx *rx = &queue->rx;
	struct netif_rx_request request;

	for (uint32_t i = 0; i < fit->extras; i++) {
		sring_take(&rx->ring, &request);
		rx->place[rx->slots] = NO_PLACE;
		answer_put(rx, &fit->extra[i]);
	}
}

static void give(struct queue *queue, const struct fit *fit)
{
	const uint32_t room = GRANT_PAGE_BYTES - fit->headroom;
	uint16_t flags = fit->offload.flags | (fit->extras ? NETRXF_extra_info : 0);

	for (uint32_t done = 0; done < fit->bytes; done += room) {
		uint32_t left = fit->bytes - done;

		give_data(queue, fit, done, left < room ? left : room,
				flags | (left > room ? NETRXF_more_data : 0));
		if (done == 0)
			give_extras(queue, fit);
		flags = 0;
	}
	stats_add(&queue->vif->stats->packets[VIF_RX], 1);
	stats_add(&queue->vif->stats->packet_bytes[VIF_RX], fit->bytes);
	if (fit->offload.gso_type)
		stats_add(&queue->vif->stats->packet_gso[VIF_RX], 1);
}

static void given(struct rx *rx, const struct fit *fit)
{
	arena_keep(rx, fit->bytes);
	rx->cut_bytes += fit->cut_bytes;
	rx->credit_usec = 0;
	if (fit->cut_bytes == 0 || fit->last)
		release_held(rx);
}

/* One frame from the tap into the batch, or a segment of it. False: none is left, or it has to wait. */
static bool gather_one(struct queue *queue)
{
	struct rx *rx = &queue->rx;
	struct fit fit;

	switch (read_one(queue)) {
	case READ_LATER:
		return false;
	case READ_NOTHING:
		return true;
	case READ_ONE:
		break;
	}
	switch (fit_make(queue, &fit)) {
	case FIT_LATER:
		return false;
	case FIT_DROP:
		count_drop(queue);
		release_held(rx);
		return true;
	case FIT_GIVE:
		break;
	}
	if (!may_give(queue, &fit))
		return false;
	give(queue, &fit);
	given(rx, &fit);
	return true;
}

/* --- copy, answer ------------------------------------------------------------------------------ */

/* A page that could not be written: its answer says so, whatever it said before. */
static void answers_judge(struct queue *queue)
{
	struct rx *rx = &queue->rx;

	for (uint32_t i = 0; i < rx->slots; i++) {
		uint64_t *place = slate_place(rx->slate, &rx->ring, i);
		struct netif_rx_response response;

		if (rx->place[i] == NO_PLACE || grant_batch_ok(rx->batch, rx->place[i]))
			continue;
		memcpy(&response, place, sizeof(response));
		response.status = NETIF_RSP_ERROR;
		memcpy(place, &response, sizeof(response));
		stats_add(&queue->vif->stats->lies, 1);
		log_warn("queue %u cannot write to the guest's pages for a packet", queue->index);
	}
}

/* The frame that has to wait moves to where the next batch begins; mostly it is there already. */
static void arena_reset(struct rx *rx)
{
	uint8_t *first = rx->arena + RX_FIRST;

	if (rx->held && rx->held != first) {
		memmove(first, rx->held, TUN_HEADER_BYTES + rx->held_bytes);
		rx->held = first;
	}
	rx->arena_used = RX_FIRST;
}

/* --- a guest that does not refill its ring ----------------------------------------------------- */

static void stalled_say(struct queue *queue, bool stalled)
{
	queue->rx.stalled = stalled;
	__atomic_store_n(&queue->rx_stalled, stalled, __ATOMIC_RELAXED);
	if (stalled)
		stats_add(&queue->vif->stats->rx_stalls, 1);
	life_tell(&queue->life);
}

/* The guest has room for what it lacked room for. */
static void moves_again(struct queue *queue)
{
	queue->took |= queue->rx.stuck_usec != 0;
	queue->rx.stuck_usec = 0;
	queue->rx.wanted = 0;
	if (queue->rx.stalled)
		stalled_say(queue, false);
}

static uint64_t drain_usec(const struct queue *queue)
{
	return queue->vif->params.vif.rx_drain_msec * 1000ull;
}

static uint64_t stall_usec(const struct queue *queue)
{
	return queue->vif->params.vif.rx_stall_msec * 1000ull;
}

/* What has waited too long: the held frame, and all that the tap holds. */
static void drop_waiting(struct queue *queue)
{
	struct rx *rx = &queue->rx;

	if (rx->held)
		count_drop(queue);
	release_held(rx);
	if (rx->tap_ready)
		stats_add(&queue->vif->stats->packet_drops[VIF_RX], tun_discard(queue->tap));
	rx->tap_ready = false;
}

/* Does a packet wait for the guest, and since when? Only a guest that tells about refills can stall. */
static void stuck_look(struct queue *queue)
{
	struct rx *rx = &queue->rx;
	const bool notifies = queue->vif->params.vif.flags & VIF_RX_NOTIFY;

	if (requests_left(rx) >= rx->wanted) {
		moves_again(queue);
		return;
	}
	if (!rx->stuck_usec && (rx->held || rx->tap_ready)) {
		rx->stuck_usec = queue->now_usec;
		stats_add(&queue->vif->stats->rx_ring_full, 1);
	}
	if (!rx->stuck_usec)
		return;
	if (queue->now_usec - rx->stuck_usec >= drain_usec(queue))
		drop_waiting(queue);
	if (notifies && !rx->stalled && queue->now_usec - rx->stuck_usec >= stall_usec(queue))
		stalled_say(queue, true);
}

/* --- the batch --------------------------------------------------------------------------------- */

static void give_batch(struct queue *queue)
{
	struct rx *rx = &queue->rx;

	batch_run(queue, rx->batch);
	answers_judge(queue);
	queue_show(queue, rx->slate, &rx->ring, rx->port, sizeof(struct netif_rx_response), rx->slots);
	rx->slots = 0;
	grant_batch_clear(rx->batch);
	arena_reset(rx);
	moves_again(queue);
}

bool rx_pass(struct queue *queue)
{
	struct rx *rx = &queue->rx;

	if (!queue_may_begin(queue) || !(rx->tap_ready || rx->held || rx->stuck_usec))
		return false;
	if (sring_look(&rx->ring) < 0) {
		life_halt(&queue->life, "the frontend's receive index is beyond the ring");
		return false;
	}
	if (rx->credit_usec <= queue->now_usec) {
		for (uint32_t i = 0; i < LOOKS_MAX && gather_one(queue); i++)
			continue;
	}
	if (rx->slots) {
		give_batch(queue);
		return true;
	}
	arena_reset(rx);
	stuck_look(queue);
	return false;
}

/* When the patience with a guest ends next. */
static uint64_t deadline(const struct queue *queue)
{
	const struct rx *rx = &queue->rx;
	const bool notifies = queue->vif->params.vif.flags & VIF_RX_NOTIFY;
	const uint64_t drain = rx->stuck_usec + drain_usec(queue);

	if (queue->now_usec < drain && (rx->held || rx->tap_ready))
		return drain;
	return notifies && !rx->stalled ? rx->stuck_usec + stall_usec(queue) : UINT64_MAX;
}

uint64_t rx_rest(struct queue *queue)
{
	struct rx *rx = &queue->rx;

	if (!queue_may_begin(queue))
		return UINT64_MAX;
	if (rx->held && rx->credit_usec)
		return rx->credit_usec;
	if (!rx->stuck_usec)
		return rx->tap_ready || rx->held ? 0 : UINT64_MAX;
	if (sring_rest_for(&rx->ring, rx->wanted ? rx->wanted : 1))
		return 0;
	return deadline(queue);
}
