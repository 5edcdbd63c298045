/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world around one queue of a vif. Trusts the tests; promises that what a worker had is gone
 * after its death, but for its slates.
 */
#include "netback/txrx.h"
#include "tests/unit/vif_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define WIRE_BYTES (8 << 20)
#define RINGS QUEUE_RINGS

struct vif vif;
struct stats figures;
struct queue queue;
struct ctrl ctrl;
int wire = -1;

static struct slate *slates;
static void *note;
static int tap = -1, steer_file;
static uint64_t generation;

static void need(bool done, const char *what)
{
	if (done)
		return;
	fprintf(stderr, "the world of a vif: %s\n", what);
	abort();
}

static void *slot_at(uint32_t gref, uint32_t index, uint32_t slots, uint32_t bytes)
{
	return fake.page[gref] + SRING_HEADER_BYTES + index % slots * bytes;
}

union netif_slot *tx_slot(uint32_t index)
{
	return slot_at(TX_GREF, index, NETIF_RING_SLOTS, sizeof(union netif_slot));
}

void *rx_slot(uint32_t index)
{
	return slot_at(RX_GREF, index, NETIF_RING_SLOTS, sizeof(struct netif_rx_request));
}

void *ctrl_slot(uint32_t index)
{
	return slot_at(CTRL_GREF, index, CTRL_RING_SLOTS, sizeof(struct xen_netif_ctrl_request));
}

uint32_t *header_at(uint32_t gref, unsigned int word)
{
	return (uint32_t *)fake.page[gref] + word;
}

/* As netback/main.c does it. */
static void note_adopt(void)
{
	if (vif.note->generation == vif.params.generation) {
		hash_adopt(&vif.note->hash, VIF_QUEUES);
		return;
	}
	memset(vif.note, 0, sizeof(*vif.note));
	hash_init(&vif.note->hash, VIF_QUEUES);
	vif.note->generation = vif.params.generation;
}

const char *vif_worker_start(void)
{
	const char *wrong;
	int err = 0;

	memset(&queue, 0, sizeof(queue));
	memset(&ctrl, 0, sizeof(ctrl));
	vif.draining = false;
	vif.note = note;
	wrong = queue_open(&queue, &vif, 0, tap, slates, &err);
	if (!wrong)
		wrong = ctrl_open(&ctrl, &vif, dup(steer_file), &err);
	if (wrong)
		return wrong;
	note_adopt();
	wrong = queue_attach(&queue);
	return wrong ? wrong : ctrl_attach(&ctrl);
}

void vif_worker_die(void)
{
	if (ctrl.steer)
		munmap(ctrl.steer, sizeof(*ctrl.steer));
	munmap(queue.tx.arena, TX_ARENA_BYTES);
	munmap(queue.rx.arena, RX_ARENA_BYTES);
	free(queue.tx.batch);
	free(queue.rx.batch);
	free(ctrl.batch);
	events_close(queue.events);
	events_close(ctrl.events);
	grants_close(queue.grants);
	grants_close(ctrl.grants);
	if (queue.life.wake > 0)
		close(queue.life.wake);
}

/* The kernel's bound on what waits in a socket is far below that of a tap. */
static void wire_open(void)
{
	const int bytes = WIRE_BYTES;
	int pair[2];

	need(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0, "no sockets");
	tap = pair[0];
	wire = pair[1];
	for (int i = 0; i < 2; i++)
		if (setsockopt(pair[i], SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)))
			setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

static void world_once(void)
{
	int file;

	if (slates)
		return;
	file = memfd_create("slates", MFD_CLOEXEC);
	need(ftruncate(file, (off_t)slate_bytes(RINGS)) == 0, "no slates");
	slates = slate_map(file, RINGS, &note);
	need(slates, "no slates");
	steer_file = memfd_create("steer", MFD_CLOEXEC);
	need(ftruncate(steer_file, sizeof(struct steer)) == 0, "no page for the hash");
	vif.main_wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	wire_open();
}

static void ring_begin(uint32_t gref, uint32_t index)
{
	*header_at(gref, 0) = *header_at(gref, 2) = index;
	*header_at(gref, 1) = *header_at(gref, 3) = index + 1;
}

void vif_connect(uint32_t flags, bool with_ctrl, uint32_t index)
{
	static const uint8_t mac[6] = { 0, 0x16, 0x3e, 1, 2, 3 };

	world_once();
	tun_discard(tap);	/* what is under way belongs to the last connection */
	tun_discard(wire);
	memset(&figures, 0, sizeof(figures));
	vif.stats = &figures;
	vif.params = (struct device_params) {
		.kind = DEVICE_VIF, .domid = 7, .queues = VIF_QUEUES, .generation = ++generation,
		.queue[0].ring = { { .port = 3, .pages = 1, .gref = { TX_GREF } }, { .port = flags & VIF_SPLIT ? 4 : 3, .pages = 1, .gref = { RX_GREF } } },
		.vif = { .flags = flags, .mtu = 1500, .rx_drain_msec = 10000, .rx_stall_msec = 60000, .addresses = 2,
			.address = { { 4, 32, { [12] = 10, 0, 0, 7 } }, { 6, 64, { 0x20, 1, 0xd, 0xb8 } } },
			.ctrl = { .port = 5, .pages = with_ctrl, .gref = { CTRL_GREF } } },
	};
	memcpy(vif.params.vif.mac, mac, sizeof(mac));
	vif.headroom = 0;
	vif.multicast = flags & VIF_MULTICAST_CONTROL;
	bucket_set(&vif.rate[VIF_TX], 0, 0);
	bucket_set(&vif.rate[VIF_RX], 0, 0);
	ring_begin(TX_GREF, index);
	ring_begin(RX_GREF, index);
	ring_begin(CTRL_GREF, index);
}
