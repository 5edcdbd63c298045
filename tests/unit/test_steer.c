/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: netback/hash.o netback/frame.o netback/steer.o xenbus/steer.o */
/* The kernel's program that chooses queues, run by the kernel, agrees with the hash that the guest is told. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include "netback/frame.h"
#include "netback/steer.h"
#include "xenbus/steer.h"

#define QUEUES 8u
#define FRAMES 3000
#define TOEPLITZ XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ

static struct hash hash;
static struct steer *page;
static int program;

/* Such a run begins behind an Ethernet header, the tap's with it: so there are two. */
static uint32_t kernel_says(const uint8_t *frame, uint32_t bytes)
{
	uint8_t twice[14 + 256] = { 0 }, back[14 + 256];
	union bpf_attr attr;

	memcpy(twice + 14, frame, bytes);
	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)program;
	attr.test.data_in = (uint64_t)(uintptr_t)twice;
	attr.test.data_size_in = 14 + bytes;
	attr.test.data_out = (uint64_t)(uintptr_t)back;
	attr.test.data_size_out = sizeof(back);
	assert_int_equal(syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)), 0);
	return attr.test.retval % QUEUES;
}

static uint32_t we_say(const uint8_t *frame, uint32_t bytes)
{
	const struct hash_table *table = hash_current(&hash);
	struct hash_value value = { 0 };

	if (!hash_frame(&hash, frame, bytes, &value))
		value.value = 0;
	return table->size ? table->mapping[value.value % table->size] : value.value % QUEUES;
}

static uint32_t tags_put(uint8_t *frame)
{
	uint32_t at = 12;

	for (int tags = rand() % 3; tags > 0; tags--, at += 4) {
		frame[at] = rand() & 1 ? 0x81 : 0x88;
		frame[at + 1] = frame[at] == 0x81 ? 0 : 0xa8;
	}
	return at;
}

static uint8_t protocol_any(void)
{
	static const uint8_t protocols[] = { FRAME_TCP, FRAME_TCP, FRAME_TCP, FRAME_UDP, FRAME_ICMP };

	return protocols[(size_t)rand() % sizeof(protocols)];
}

/* A packet as it may come: random addresses, ports and options around headers that hold together. */
static uint32_t frame_any(uint8_t *frame)
{
	const uint32_t payload = 4 + (uint32_t)rand() % 60;
	uint32_t at, header;

	for (uint32_t i = 0; i < 256; i++)
		frame[i] = (uint8_t)rand();
	at = tags_put(frame);
	if (rand() % 8 == 0) {
		frame[at] = 8;
		frame[at + 1] = 6;
		return at + 2 + 28;
	}
	if (rand() & 1) {
		header = 20 + 4 * ((uint32_t)rand() % 11);
		memcpy(frame + at, "\x08\x00", 2);
		at += 2;
		frame[at] = (uint8_t)(0x40 | header / 4);
		frame[at + 2] = 0;
		frame[at + 3] = (uint8_t)(header + payload);
		if (rand() % 4)
			frame[at + 6] = frame[at + 7] = 0;
		frame[at + 9] = protocol_any();
		return at + header + payload;
	}
	memcpy(frame + at, "\x86\xdd", 2);
	at += 2;
	frame[at] = 0x60;
	frame[at + 4] = 0;
	frame[at + 5] = (uint8_t)payload;
	frame[at + 6] = protocol_any();
	return at + 40 + payload;
}

static void agree(void)
{
	uint8_t frame[256];
	uint32_t used = 0;

	steer_fill(page, &hash);
	for (int i = 0; i < FRAMES; i++) {
		const uint32_t bytes = frame_any(frame), queue = kernel_says(frame, bytes);

		assert_int_equal(queue, we_say(frame, bytes));
		used |= 1u << queue;
	}
	if (hash_current(&hash)->flags && hash_current(&hash)->size != 1)
		assert_int_equal(used, (1u << QUEUES) - 1);
}

static void packets_go_where_their_hash_says(void **state)
{
	struct hash_table *table = &hash.table[0];

	hash_init(&hash, QUEUES);
	table->algorithm = TOEPLITZ;
	for (size_t i = 0; i < sizeof(table->key); i++)
		table->key[i] = (uint8_t)rand();
	for (uint32_t i = 0; i < HASH_MAPPING_MAX; i++)
		table->mapping[i] = (uint32_t)rand() % QUEUES;
	for (table->flags = 0; table->flags <= HASH_FLAGS_KNOWN; table->flags += 5) {
		static const uint32_t sizes[] = { 0, 1, 100, 128 };

		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			table->size = sizes[i];
			agree();
		}
	}
}

static void frames_that_end_early_have_no_ports(void **state)
{
	uint8_t frame[256] = { [12] = 8, [14] = 0x4f, [17] = 60, [23] = FRAME_TCP };

	steer_fill(page, &hash);
	for (uint32_t bytes = 14; bytes < 80; bytes++)
		assert_in_range(kernel_says(frame, bytes), 0, QUEUES - 1);
}

static void with_hashing_off_all_queues_are_used(void **state)
{
	uint8_t frame[256];
	uint32_t used = 0;

	hash_init(&hash, QUEUES);
	steer_fill(page, &hash);
	for (int i = 0; i < FRAMES; i++)
		used |= 1u << kernel_says(frame, frame_any(frame));
	assert_int_equal(used, (1u << QUEUES) - 1);
}

/* What a worker that has been taken over may write. */
static void a_page_full_of_anything_is_survived(void **state)
{
	uint8_t frame[256];

	for (size_t i = 0; i < sizeof(*page); i++)
		((uint8_t *)page)[i] = (uint8_t)rand();
	for (int i = 0; i < FRAMES; i++)
		assert_in_range(kernel_says(frame, frame_any(frame)), 0, QUEUES - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_go_where_their_hash_says),
		cmocka_unit_test(frames_that_end_early_have_no_ports),
		cmocka_unit_test(with_hashing_off_all_queues_are_used),
		cmocka_unit_test(a_page_full_of_anything_is_survived),
	};
	const int map = steer_map();

	if (map == -EPERM || map == -ENOSYS) {
		printf("needs bpf(2): %s\n", strerror(-map));
		return 77;
	}
	program = map < 0 ? map : steer_program(map);
	page = map < 0 ? NULL : steer_open(map);
	if (program < 0 || !page) {
		printf("no program: %s\n", strerror(program < 0 ? -program : errno));
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
