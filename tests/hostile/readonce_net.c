/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/hostile/accesses.o tests/unit/vif_world.o tests/unit/fake_xen.o netback/queue.o netback/queue_open.o netback/tx.o netback/rx.o netback/fit.o netback/cut.o netback/ctrl.o netback/steer.o netback/train.o netback/tap.o netback/netif.o netback/offload.o netback/frame.o netback/hash.o netback/filter.o netback/bucket.o ring/sring.o ring/slate.o ring/kicks.o ring/life.o ring/log.o ring/tun.o */
/*
 * Counts every access of an interface's data path to its three ring pages. Ends with status 1 and a sentence
 * where a word of a transmit slot, an extra info, a receive request or a control request is read twice, where
 * a part of a word is, or where anything but ring/sring.c touches the pages.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/hostile/accesses.h"
#include "tests/unit/vif_world.h"

#define RINGS 3u
#define BASE 0xfffffff0u

/* Of each ring: bytes of a slot and of the words that sring_take() reads it in; what the frontend has shown. */
static const struct {
	const char *name;
	uint32_t slot_bytes, word;
} rings[RINGS] = { { "transmit", 12, 4 }, { "receive", 8, 8 }, { "control", 16, 8 } };

static uint32_t prod[RINGS];

static void show(uint32_t ring)
{
	__atomic_store_n(header_at(TX_GREF + ring, 0), prod[ring], __ATOMIC_RELEASE);
}

static union netif_slot *tx_next(void)
{
	return memset(tx_slot(prod[0]++), 0, sizeof(union netif_slot));
}

static void data(uint16_t bytes, uint16_t flags)
{
	tx_next()->request = (struct netif_tx_request) { .gref = TX_PAGE, .size = bytes, .flags = flags, .id = (uint16_t)prod[0] };
}

static void extra(uint8_t type, uint8_t flags, uint8_t gso_type)
{
	union netif_slot *slot = tx_next();

	slot->extra.type = type;
	slot->extra.flags = flags;
	slot->extra.u.gso.size = 1400;
	slot->extra.u.gso.type = gso_type;
}

static void buffers(uint32_t n)
{
	for (; n > 0; n--) {
		const struct netif_rx_request request = { .id = (uint16_t)prod[1], .gref = RX_PAGE + prod[1] % 64 };

		memcpy(rx_slot(prod[1]++), &request, sizeof(request));
	}
}

static void ask(uint16_t type, uint32_t a, uint32_t b)
{
	const struct xen_netif_ctrl_request request = { .id = 7, .type = type, .data = { a, b } };

	memcpy(ctrl_slot(prod[2]++), &request, sizeof(request));
}

/* A TCP packet over IPv4, as long as it is said to be. */
static void frame_arrives(uint32_t bytes)
{
	static uint8_t frame[TUN_HEADER_BYTES + 9000];

	memset(frame, 0, sizeof(frame));
	memcpy(frame + TUN_HEADER_BYTES + 12, "\x08\0\x45\0\0\x28\0\0\0\0\x40\x06", 12);
	if (write(wire, frame, TUN_HEADER_BYTES + bytes) < 0)
		_exit(2);
	queue.rx.tap_ready = true;
}

/* Each ring's slots from `taken` on were read once, word by word; of its header what is ours to read. */
static int slots_check(uint32_t ring, uint32_t slots)
{
	uint8_t reads[FAKE_PAGE_BYTES] = { 0 };
	uint32_t seen = 0;

	for (uint32_t i = 0; i < access_count; i++) {
		const struct access *one = &accesses[i];
		const uint32_t at = one->at % FAKE_PAGE_BYTES;

		if (one->at / FAKE_PAGE_BYTES != ring)
			continue;
		if (!access_is_the_rings(one))
			return access_complain(one, "touched by another function than the ring's own");
		if (one->write)
			continue;
		if (at < SRING_HEADER_BYTES ? at != 0 && at != 12 : (at - SRING_HEADER_BYTES) % rings[ring].word)
			return access_complain(one, at < SRING_HEADER_BYTES ? "a word of the header that is not ours to read" :
					"a part of a word read again");
		if (at >= SRING_HEADER_BYTES && reads[at]++)
			return access_complain(one, "read twice");
		seen += at >= SRING_HEADER_BYTES;
	}
	if (seen == slots * rings[ring].slot_bytes / rings[ring].word)
		return 0;
	printf("%s ring: %u words of %u slots were read: this test sees nothing\n", rings[ring].name, seen, slots);
	return 1;
}

static int round_check(const char *name)
{
	const uint32_t before[RINGS] = { queue.tx.ring.req_cons, queue.rx.ring.req_cons, ctrl.ring.req_cons };
	const char *broken;
	int wrong = 0;

	for (uint32_t ring = 0; ring < RINGS; ring++)
		show(ring);
	accesses_begin();
	queue_work(&queue);
	broken = ctrl_work(&ctrl, 0);
	queue_rest(&queue, ctrl_rest(&ctrl, 0));
	accesses_end();
	wrong |= slots_check(0, queue.tx.ring.req_cons - before[0]);
	wrong |= slots_check(1, queue.rx.ring.req_cons - before[1]);
	wrong |= slots_check(2, ctrl.ring.req_cons - before[2]);
	printf("%s: %u accesses, %u, %u and %u slots, %s\n", name, access_count, queue.tx.ring.req_cons - before[0],
			queue.rx.ring.req_cons - before[1], ctrl.ring.req_cons - before[2],
			wrong || broken ? "WRONG" : "each word read once");
	return wrong || broken;
}

/* Everything that a guest can put onto its rings, in the shapes that the data path tells apart. */
static int rounds(void)
{
	int wrong;

	data(100, 0);
	data(5000, NETTXF_more_data);
	data(2000, 0);
	data(0, NETTXF_extra_info);
	extra(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 0, 0);
	wrong = round_check("packets and a change of the multicast list");
	ask(XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 1, 0);
	ask(XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, 15, 0);
	ask(XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, NOTE_GREF, 40);
	ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, 4, 0);
	ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, NOTE_GREF, 4);
	ask(99, 1, 2);
	wrong |= round_check("control requests");
	buffers(20);
	frame_arrives(60);
	frame_arrives(9000);
	wrong |= round_check("frames for the guest, with hashes");
	data(10, 0);
	data(100, NETTXF_extra_info);
	extra(XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_EXTRA_FLAG_MORE, XEN_NETIF_GSO_TYPE_TCPV4);
	extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, XEN_NETIF_GSO_TYPE_TCPV4);
	for (int i = 0; i < 18; i++)
		data(10, NETTXF_more_data);
	data(10, 0);
	wrong |= round_check("packets that are refused");
	extra(XEN_NETIF_EXTRA_TYPE_GSO, 0, 0);
	data(100, NETTXF_more_data | NETTXF_extra_info);
	extra(77, 0, 0);
	return wrong | round_check("nonsense");
}

int main(void)
{
	accesses_watch(fake.page[TX_GREF], RINGS * FAKE_PAGE_BYTES);
	vif_connect(VIF_SG | VIF_CSUM_V4, true, BASE);
	if (vif_worker_start())
		return 2;
	for (uint32_t ring = 0; ring < RINGS; ring++)
		prod[ring] = BASE;
	return rounds();
}
