/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rings, pages and a tap, put together. Trusts the Xen libraries and the kernel; counts as a lie
 * every answer that netfront would not understand.
 */
#include "tests/guest/netqueue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/guest/netctrl.h"
#include "tests/guest/nethdr.h"

#define PAGE_BYTES 4096u
#define EXTRA_XDP 5
#define EXTRAS 6

/* --- open -------------------------------------------------------------------------------------- */

static int pages_grant(struct pages *pages, uint32_t domid, struct page *page, uint32_t n, bool writable)
{
	int rc = pages_open(pages, domid);

	return rc ? rc : pages_share(pages, page, n, writable);
}

static int port_make(struct netqueue *queue, int ring)
{
	int port = xenevtchn_bind_unbound_port(queue->events, queue->config.backend_domid);

	queue->port[ring] = (evtchn_port_t)port;
	return port < 0 ? -errno : 0;
}

static int ports_make(struct netqueue *queue)
{
	int rc;

	queue->events = xenevtchn_open(NULL, 0);
	if (!queue->events)
		return -errno;
	fcntl(xenevtchn_fd(queue->events), F_SETFL, O_NONBLOCK);
	rc = port_make(queue, 0);
	queue->port[1] = queue->port[0];
	return rc || !queue->config.split ? rc : port_make(queue, 1);
}

static void rings_init(struct netqueue *queue)
{
	netif_tx_sring_t *tx = queue->ring_page[0].at;
	netif_rx_sring_t *rx = queue->ring_page[1].at;
	uint32_t start = queue->config.start_index;

	SHARED_RING_INIT(tx);
	SHARED_RING_INIT(rx);
	tx->req_prod = tx->rsp_prod = rx->req_prod = rx->rsp_prod = start;
	tx->req_event = tx->rsp_event = rx->req_event = rx->rsp_event = start + 1;
	FRONT_RING_ATTACH(&queue->tx, tx, start, PAGE_BYTES);
	FRONT_RING_ATTACH(&queue->rx, rx, start, PAGE_BYTES);
	for (uint32_t i = 0; i < NETQUEUE_SLOTS; i++)
		queue->tx_free[queue->tx_free_count++] = (uint16_t)(NETQUEUE_SLOTS - 1 - i);
}

int netqueue_open(struct netqueue *queue, const struct netqueue_config *config)
{
	uint32_t domid = config->backend_domid;
	int rc;

	memset(queue, 0, sizeof(*queue));
	queue->config = *config;
	queue->tap_ready = true;
	rc = pages_grant(&queue->rings, domid, queue->ring_page, 2, true);
	if (!rc)
		rc = pages_grant(&queue->tx_pages, domid, queue->tx_page, NETQUEUE_SLOTS, false);
	if (!rc)
		rc = pages_grant(&queue->rx_pages, domid, queue->rx_page, NETQUEUE_SLOTS, true);
	if (rc)
		return rc;
	rings_init(queue);
	return ports_make(queue);
}

static void pages_end(struct pages *pages, struct page *page, uint32_t n)
{
	if (page[0].at)
		pages_unshare(pages, page, n);
	pages_close(pages);
}

void netqueue_close(struct netqueue *queue)
{
	if (queue->events)
		xenevtchn_close(queue->events);
	pages_end(&queue->rings, queue->ring_page, 2);
	pages_end(&queue->tx_pages, queue->tx_page, NETQUEUE_SLOTS);
	pages_end(&queue->rx_pages, queue->rx_page, NETQUEUE_SLOTS);
	memset(queue, 0, sizeof(*queue));
}

static void lie(struct netqueue *queue, const char *what)
{
	queue->counts.lies++;
	queue->broken = true;
	fprintf(stderr, "netfront: the backend lied: %s\n", what);
}

/* --- tap to ring ------------------------------------------------------------------------------- */

static netif_tx_request_t *tx_next(struct netqueue *queue, bool extra)
{
	uint32_t index = queue->tx.req_prod_pvt++;

	queue->tx_extra[index % NETQUEUE_SLOTS] = extra;
	return RING_GET_REQUEST(&queue->tx, index);
}

static void tx_part(struct netqueue *queue, uint16_t page, uint32_t bytes, uint16_t flags)
{
	queue->tx_busy[page] = true;
	*tx_next(queue, false) = (netif_tx_request_t) {
		.gref = queue->tx_page[page].gref, .flags = flags, .id = page, .size = (uint16_t)bytes,
	};
}

static void tx_extra(struct netqueue *queue, const struct virtio_net_hdr *header)
{
	struct netif_extra_info extra = { .type = XEN_NETIF_EXTRA_TYPE_GSO };

	extra.u.gso.size = header->gso_size;
	extra.u.gso.type = (header->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) == VIRTIO_NET_HDR_GSO_TCPV6 ?
		XEN_NETIF_GSO_TYPE_TCPV6 : XEN_NETIF_GSO_TYPE_TCPV4;
	memcpy(tx_next(queue, true), &extra, sizeof(extra));
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* A packet that lies in the first pages of the free stack becomes requests. */
static void tx_send(struct netqueue *queue, const struct virtio_net_hdr *header, uint32_t bytes)
{
	bool gso = header->gso_type != VIRTIO_NET_HDR_GSO_NONE;
	uint16_t flags = 0;

	if (header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		flags |= NETTXF_csum_blank | NETTXF_data_validated;
	for (uint32_t done = 0; done < bytes; done += PAGE_BYTES) {
		uint16_t page = queue->tx_free[--queue->tx_free_count];
		uint32_t left = bytes - done, part = min_u32(left, PAGE_BYTES);

		flags |= left > part ? NETTXF_more_data : 0;
		flags |= done == 0 && gso ? NETTXF_extra_info : 0;
		/* The first request says how long all of it is. */
		tx_part(queue, page, done ? part : bytes, flags);
		if (done == 0 && gso)
			tx_extra(queue, header);
		flags = 0;
	}
	queue->counts.tx_packets++;
	queue->counts.tx_bytes += bytes;
}

static bool tx_one(struct netqueue *queue)
{
	struct virtio_net_hdr header;
	struct iovec iov[NETQUEUE_PARTS];
	ssize_t got;

	if (!queue->tap_ready || queue->tx_free_count < NETQUEUE_PARTS ||
			RING_FREE_REQUESTS(&queue->tx) < (int)NETQUEUE_PARTS + 1)
		return false;
	iov[0] = (struct iovec) { &header, sizeof(header) };
	for (uint32_t i = 1; i < NETQUEUE_PARTS; i++)
		iov[i] = (struct iovec) {
			queue->tx_page[queue->tx_free[queue->tx_free_count - i]].at, PAGE_BYTES };
	got = readv(queue->config.tap, iov, NETQUEUE_PARTS);
	if (got <= (ssize_t)sizeof(header)) {
		queue->tap_ready = false;
		return false;
	}
	tx_send(queue, &header, (uint32_t)got - sizeof(header));
	return true;
}

static void tx_show(struct netqueue *queue)
{
	int notify;

	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&queue->tx, notify);
	if (notify)
		xenevtchn_notify(queue->events, queue->port[0]);
}

void netqueue_send_raw(struct netqueue *queue, const struct netif_tx_request *slot, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		*tx_next(queue, false) = slot[i];
	tx_show(queue);
}

static void tx_reap_one(struct netqueue *queue, uint32_t index)
{
	netif_tx_response_t response = *RING_GET_RESPONSE(&queue->tx, index);

	if (queue->tx_extra[index % NETQUEUE_SLOTS]) {
		if (response.status != NETIF_RSP_NULL)
			lie(queue, "an extra info was answered with a status");
		return;
	}
	if (response.id >= NETQUEUE_SLOTS || !queue->tx_busy[response.id]) {
		lie(queue, "a transmit answer to nothing");
		return;
	}
	queue->tx_busy[response.id] = false;
	queue->tx_free[queue->tx_free_count++] = response.id;
	if (response.status != NETIF_RSP_OKAY)
		queue->counts.tx_errors++;
}

/* Returns true if there was anything. */
static bool tx_reap(struct netqueue *queue)
{
	uint32_t prod = queue->tx.sring->rsp_prod;
	bool any = prod != queue->tx.rsp_cons;

	xen_rmb();	/* the responses are read after the index that says they are written */
	if (prod - queue->tx.rsp_cons > queue->tx.req_prod_pvt - queue->tx.rsp_cons) {
		lie(queue, "the transmit index is impossible");
		return false;
	}
	while (queue->tx.rsp_cons != prod && !queue->broken)
		tx_reap_one(queue, queue->tx.rsp_cons++);
	return any;
}

/* --- ring to tap ------------------------------------------------------------------------------- */

static void rx_refill(struct netqueue *queue)
{
	int notify;

	while (queue->rx.req_prod_pvt - queue->rx.rsp_cons < queue->config.refill) {
		uint32_t index = queue->rx.req_prod_pvt++, page = index % NETQUEUE_SLOTS;

		*RING_GET_REQUEST(&queue->rx, index) = (netif_rx_request_t) {
			.id = (uint16_t)page, .gref = queue->rx_page[page].gref,
		};
	}
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&queue->rx, notify);
	if (notify)
		xenevtchn_notify(queue->events, queue->port[1]);
}

/* One packet as it is taken from the ring. */
struct rx_packet {
	struct virtio_net_hdr header;
	struct iovec iov[NETQUEUE_PARTS + 2];
	int parts;		/* of iov; [0] is the header */
	uint32_t bytes;
	uint16_t flags;		/* of the first response */
	bool bad;
};

static void rx_hash(struct netqueue *queue, const struct netif_extra_info *extra)
{
	const struct netqueue_config *config = &queue->config;
	uint32_t hash;

	memcpy(&hash, extra->u.hash.value, sizeof(hash));
	queue->counts.rx_hash++;
	if (config->hash && netctrl_hash_queue(config->hash, config->queues, hash) != config->index)
		queue->counts.rx_strayed++;
}

static void rx_extra(struct netqueue *queue, struct rx_packet *packet, const struct netif_extra_info *extra)
{
	switch (extra->type) {
	case XEN_NETIF_EXTRA_TYPE_GSO:
		packet->header.gso_size = extra->u.gso.size;
		packet->header.gso_type = extra->u.gso.type == XEN_NETIF_GSO_TYPE_TCPV6 ?
			VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
		queue->counts.rx_gso++;
		return;
	case XEN_NETIF_EXTRA_TYPE_HASH:
		rx_hash(queue, extra);
		return;
	case EXTRA_XDP:
		queue->counts.rx_xdp++;
		return;
	}
	lie(queue, "an extra info of an unknown type");
}

static void rx_part(struct netqueue *queue, struct rx_packet *packet, uint32_t index,
		const netif_rx_response_t *response)
{
	uint32_t page = index % NETQUEUE_SLOTS;

	if (response->id != page)
		lie(queue, "a receive answer in another request's place");
	if (response->status < 0) {
		packet->bad = true;
		return;
	}
	if (response->offset + response->status > (int)PAGE_BYTES || packet->parts > (int)NETQUEUE_PARTS) {
		lie(queue, "a part of a packet beyond its page, or one too many");
		return;
	}
	packet->iov[packet->parts++] = (struct iovec) {
		(uint8_t *)queue->rx_page[page].at + response->offset, (size_t)response->status };
	packet->bytes += (uint32_t)response->status;
}

/* Takes all slots of the packet that begins at *index, as far as `prod` shows them. */
static void rx_gather(struct netqueue *queue, struct rx_packet *packet, uint32_t *index, uint32_t prod)
{
	netif_rx_response_t response = *RING_GET_RESPONSE(&queue->rx, *index);
	struct netif_extra_info extra = { .flags = XEN_NETIF_EXTRA_FLAG_MORE };

	*packet = (struct rx_packet) { .parts = 1, .flags = response.flags };
	packet->iov[0] = (struct iovec) { &packet->header, sizeof(packet->header) };
	rx_part(queue, packet, (*index)++, &response);
	while (packet->flags & NETRXF_extra_info && extra.flags & XEN_NETIF_EXTRA_FLAG_MORE &&
			*index != prod) {
		memcpy(&extra, RING_GET_RESPONSE(&queue->rx, *index), sizeof(extra));
		rx_extra(queue, packet, &extra);
		(*index)++;
	}
	while (response.flags & NETRXF_more_data && *index != prod && !queue->broken) {
		response = *RING_GET_RESPONSE(&queue->rx, *index);
		rx_part(queue, packet, (*index)++, &response);
	}
	if (response.flags & NETRXF_more_data && *index == prod && !queue->broken)
		lie(queue, "a packet that is not there whole");
}

static void rx_deliver(struct netqueue *queue, struct rx_packet *packet)
{
	if (packet->bad) {
		queue->counts.rx_errors++;
		return;
	}
	/* The checksum's place is not told: it is found in the first part, as netfront does. */
	if (packet->flags & NETRXF_csum_blank && !nethdr_checksum(packet->iov[1].iov_base,
			(uint32_t)packet->iov[1].iov_len, &packet->header))
		queue->counts.rx_errors++;
	queue->counts.rx_packets++;
	queue->counts.rx_bytes += packet->bytes;
	if (writev(queue->config.tap, packet->iov, packet->parts) < 0)
		queue->counts.tap_refused++;
}

static bool rx_reap(struct netqueue *queue)
{
	uint32_t prod = queue->rx.sring->rsp_prod, index = queue->rx.rsp_cons;
	bool any = prod != index;

	xen_rmb();	/* the responses are read after the index that says they are written */
	if (prod - index > queue->rx.req_prod_pvt - index) {
		lie(queue, "the receive index is impossible");
		return false;
	}
	while (index != prod && !queue->broken) {
		struct rx_packet packet;

		rx_gather(queue, &packet, &index, prod);
		if (!queue->broken)
			rx_deliver(queue, &packet);
	}
	queue->rx.rsp_cons = index;
	return any;
}

/* --- both -------------------------------------------------------------------------------------- */

void netqueue_event(struct netqueue *queue)
{
	xenevtchn_port_or_error_t port;

	while ((port = xenevtchn_pending(queue->events)) >= 0)
		xenevtchn_unmask(queue->events, (evtchn_port_t)port);
}

static bool more_to_reap(struct netqueue *queue)
{
	int tx, rx;

	RING_FINAL_CHECK_FOR_RESPONSES(&queue->tx, tx);
	RING_FINAL_CHECK_FOR_RESPONSES(&queue->rx, rx);
	return tx || rx;
}

static bool pass(struct netqueue *queue)
{
	bool did = tx_reap(queue);

	for (uint32_t i = 0; i < 64 && tx_one(queue); i++)
		did = true;
	tx_show(queue);
	if (rx_reap(queue)) {
		rx_refill(queue);
		did = true;
	}
	return did;
}

void netqueue_work(struct netqueue *queue)
{
	do {
		while (!queue->broken && pass(queue))
			continue;
	} while (!queue->broken && more_to_reap(queue));
}

void netqueue_start(struct netqueue *queue)
{
	rx_refill(queue);
	xenevtchn_notify(queue->events, queue->port[0]);
	if (queue->config.split)
		xenevtchn_notify(queue->events, queue->port[1]);
}
