/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/unit/vif_world.o tests/unit/fake_xen.o netback/queue.o netback/queue_open.o netback/tx.o netback/rx.o netback/fit.o netback/cut.o netback/ctrl.o netback/steer.o netback/train.o netback/tap.o netback/netif.o netback/offload.o netback/frame.o netback/hash.o netback/filter.o netback/bucket.o ring/sring.o ring/slate.o ring/kicks.o ring/life.o ring/log.o ring/tun.o */
/* What one look at a queue or a control ring leaves behind for the next, and for a successor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "netback/frame.h"
#include "tests/unit/vif_world.h"

#define HEADERS 54u		/* Ethernet, IPv4, TCP */
#define VNET_BYTES 10u		/* in front of each frame on the wire */

static const uint8_t own_mac[6] = { 0, 0x16, 0x3e, 1, 2, 3 }, own_ip[4] = { 10, 0, 0, 7 };
static const uint8_t other_mac[6] = { 0xde, 0xad, 0xbe, 0xef, 0, 1 }, other_ip[4] = { 10, 9, 9, 9 };
static uint32_t produced;
static uint8_t wired[70000];

/* Headers of a TCP segment without PSH; the payload is the caller's. */
static void headers_make(uint8_t *data, const uint8_t *mac, const uint8_t *address, uint16_t number, uint32_t sequence,
		uint32_t payload)
{
	uint8_t *ip = data + 14, *tcp = ip + 20;

	memset(data, 0, HEADERS);
	memset(data, 0xfe, 6);
	memcpy(data + 6, mac, 6);
	memcpy(data + 12, "\x08\0\x45", 3);
	frame_put_u16(ip + 2, 40 + payload);
	frame_put_u16(ip + 4, number);
	memcpy(ip + 8, "\x40\x06", 2);
	memcpy(ip + 12, address, 4);
	memcpy(ip + 16, "\x0a\0\0\x01", 4);
	frame_put_u16(ip + 10, (uint16_t)~frame_ipv4_sum(ip, 20));
	frame_put_u16(tcp, 1234);
	frame_put_u16(tcp + 2, 80);
	frame_put_u32(tcp + 4, sequence);
	memcpy(tcp + 12, "\x50\x10\x01", 3);
}

static void send(const uint8_t *frame, uint32_t bytes, uint16_t flags)
{
	const uint32_t gref = TX_PAGE + produced % 256;

	memcpy(fake.page[gref], frame, bytes);
	tx_slot(produced)->request = (struct netif_tx_request) {
		.gref = gref, .flags = flags, .id = (uint16_t)produced, .size = (uint16_t)bytes };
	produced++;
}

/* One batch of what was sent; every frame that reaches the tap bears the guest's own addresses. */
static unsigned int batch(void)
{
	unsigned int frames = 0;
	ssize_t n;

	*header_at(TX_GREF, 0) = produced;
	queue_work(&queue);
	while ((n = read(wire, wired, sizeof(wired))) > 0) {
		assert_true(n >= (ssize_t)(VNET_BYTES + HEADERS));
		assert_memory_equal(wired + VNET_BYTES + 6, own_mac, 6);
		assert_memory_equal(wired + VNET_BYTES + 26, own_ip, 4);
		frames++;
	}
	return frames;
}

/* Where the worker's buffer has a frame of a batch, with its virtio-net header in front of it. */
#define FIRST_AT 18u
#define NEXT_AT(at, bytes) ((((at) + (bytes) + 63) & ~63u) + FIRST_AT)
#define LAST_AT NEXT_AT(FIRST_AT, 1000)		/* of the first batch below */
#define LONG_AT NEXT_AT(FIRST_AT, 128)		/* of the second one */

/*
 * The last segment of a batch could be followed by another. The next batch begins with one that carries
 * on, but whose payload is a whole frame with another's addresses, and has a copy of its headers where
 * the worker's buffer had that last segment.
 */
static void a_segment_does_not_join_what_has_been_sent(void **state)
{
	uint8_t frame[4096] = { 0 };

	vif_connect(VIF_ANTI_SPOOF_MAC | VIF_ANTI_SPOOF_IP | VIF_CSUM_V4, false, 0);
	assert_null(vif_worker_start());
	headers_make(frame, own_mac, own_ip, 1, 5, 1000 - HEADERS);
	send(frame, 1000, 0);
	headers_make(frame, own_mac, own_ip, 100, 1000, 500);
	send(frame, HEADERS + 500, NETTXF_csum_blank);
	assert_int_equal(batch(), 2);

	headers_make(frame, own_mac, own_ip, 7, 1500, 128 - HEADERS);
	headers_make(frame + HEADERS, other_mac, other_ip, 9, 1, 128 - 2 * HEADERS);
	send(frame, 128, NETTXF_csum_blank);
	headers_make(frame, own_mac, own_ip, 2, 5, 1200 - HEADERS);
	headers_make(frame + LAST_AT - VNET_BYTES - LONG_AT, own_mac, own_ip, 7, 0, 128 - HEADERS);
	send(frame, 1200, 0);
	assert_int_equal(batch(), 2);
	vif_worker_die();
}

/* A flood of frames that the guest is not given keeps nothing else waiting. */
static void frames_that_are_dropped_do_not_hold_the_queue(void **state)
{
	static const uint8_t group[VNET_BYTES + 60] = { [VNET_BYTES] = 1, 0, 0x5e, 1, 2, 3 };
	uint32_t written = 0;

	vif_connect(VIF_MULTICAST_CONTROL, false, 0);
	assert_null(vif_worker_start());
	*header_at(RX_GREF, 0) = 256;
	while (written < 2000 && write(wire, group, sizeof(group)) == sizeof(group))
		written++;
	assert_true(written > 1000);
	queue_work(&queue);
	assert_in_range(figures.packet_drops[VIF_RX], 1, 600);
	assert_int_equal(queue_rest(&queue, UINT64_MAX), 0);
	for (int i = 0; i < 10; i++)
		queue_work(&queue);
	assert_int_equal(figures.packet_drops[VIF_RX], written);
	vif_worker_die();
}

static uint32_t asked;

static void ask(uint16_t type, uint32_t a, uint32_t b)
{
	const struct xen_netif_ctrl_request request = { .id = (uint16_t)asked, .type = type, .data = { a, b } };

	memcpy(ctrl_slot(asked), &request, sizeof(request));
	*header_at(CTRL_GREF, 0) = ++asked;
	assert_null(ctrl_work(&ctrl, 1));
}

/* The worker dies between writing the last response and showing it; the successor shows it. */
static void die_before_it_is_shown(void)
{
	struct xen_netif_ctrl_response response;

	*header_at(CTRL_GREF, 2) -= 1;
	vif_worker_die();
	assert_null(vif_worker_start());
	assert_null(ctrl_work(&ctrl, 2));
	assert_int_equal(*header_at(CTRL_GREF, 2), asked);
	memcpy(&response, ctrl_slot(asked - 1), sizeof(response));
	assert_int_equal(response.id, asked - 1);
	assert_int_equal(response.status, XEN_NETIF_CTRL_STATUS_SUCCESS);
}

/* A response lies where its request was: a successor does not take the one for the other. */
static void a_control_request_is_not_done_again_as_its_answer(void **state)
{
	const struct hash_table *table;

	asked = 0;
	vif_connect(0, true, 0);
	assert_null(vif_worker_start());
	memset(fake.page[NOTE_GREF], 0x6d, 40);
	ask(XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, 0);
	die_before_it_is_shown();
	ask(XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, NOTE_GREF, 40);
	die_before_it_is_shown();
	table = hash_current(&vif.note->hash);
	assert_int_equal(table->algorithm, XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ);
	assert_int_equal(table->key[0], 0x6d);
	vif_worker_die();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_that_are_dropped_do_not_hold_the_queue),
		cmocka_unit_test(a_control_request_is_not_done_again_as_its_answer),
		cmocka_unit_test(a_segment_does_not_join_what_has_been_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
