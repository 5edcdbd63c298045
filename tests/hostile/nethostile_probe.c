/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Echo requests to Dom0 by hand, and their replies. Dom0's bridge has the address 10.0.0.1 and the
 * MAC 02:00:00:00:00:01, and knows ours (10.0.0.D, 00:16:3e:00:00:D).
 */
#include "tests/hostile/nethostile.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

#define WAIT_USEC 2000000u
#define OPTION_BYTES 12u	/* of IPv4: the header is not where a lazy parser looks */
#define ICMP_AT (14u + 20u + OPTION_BYTES)
#define DATA_BYTES 160u
#define ECHO_BYTES (ICMP_AT + 8u + DATA_BYTES)

static int replies;	/* datagrams: what netqueue takes from the ring, with its virtio-net header */

static void replies_open(void)
{
	int pair[2];

	if (replies)
		return;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair))
		netdev_die("no socket pair");
	netdev.queue[0].config.tap = pair[0];
	replies = pair[1];
}

static uint16_t sum_fold(const uint8_t *bytes, uint32_t count)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i + 1 < count; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void echo_make(uint8_t frame[ECHO_BYTES], uint16_t sequence)
{
	uint8_t *ip = frame + 14, *icmp = frame + ICMP_AT;

	memset(frame, 0, ECHO_BYTES);
	frame[0] = 2;
	frame[5] = 1;
	memcpy(frame + 6, "\x00\x16\x3e", 3);
	frame[11] = (uint8_t)netdev.bus.domid;
	put16(frame + 12, 0x0800);
	ip[0] = 0x40 | (20 + OPTION_BYTES) / 4;
	put16(ip + 2, ECHO_BYTES - 14);
	ip[8] = 64;
	ip[9] = 1;
	memcpy(ip + 12, "\x0a\0\0", 3);
	ip[15] = (uint8_t)netdev.bus.domid;
	memcpy(ip + 16, "\x0a\0\0\x01", 4);
	memset(ip + 20, 1, OPTION_BYTES);	/* no-operation */
	put16(ip + 10, sum_fold(ip, 20 + OPTION_BYTES));
	icmp[0] = 8;
	put16(icmp + 4, 0x1234);
	put16(icmp + 6, sequence);
	for (uint32_t i = 0; i < DATA_BYTES; i++)
		icmp[8 + i] = (uint8_t)(i * 7 + sequence);
	put16(icmp + 2, sum_fold(icmp, 8 + DATA_BYTES));
}

/* Sends it with `first` bytes in the first slot, the rest in parts of `part`. */
static void echo_send(const uint8_t *frame, uint32_t first, uint32_t part)
{
	struct netqueue *queue = &netdev.queue[0];
	struct netif_tx_request slot[18];
	uint32_t n = 0;

	for (uint32_t done = 0; done < ECHO_BYTES; n++) {
		uint32_t want = n ? part : first;
		uint32_t bytes = want < ECHO_BYTES - done ? want : ECHO_BYTES - done;
		uint16_t page = queue->tx_free[--queue->tx_free_count];
		uint32_t offset = 4096 - bytes;		/* the end of the page: nothing follows */

		queue->tx_busy[page] = true;
		memcpy((uint8_t *)queue->tx_page[page].at + offset, frame + done, bytes);
		slot[n] = (struct netif_tx_request) {
			.gref = queue->tx_page[page].gref, .offset = (uint16_t)offset, .id = page,
			.size = (uint16_t)(n ? bytes : ECHO_BYTES),
			.flags = done + bytes < ECHO_BYTES ? NETTXF_more_data : 0,
		};
		done += bytes;
	}
	netqueue_send_raw(queue, slot, n);
}

/* Is what came the reply to that request, with every byte of its data? */
static bool reply_matches(const uint8_t *request)
{
	uint8_t got[2048];
	const uint8_t *frame = got + sizeof(struct virtio_net_hdr);
	ssize_t n = recv(replies, got, sizeof(got), 0);
	uint32_t header;

	if (n < (ssize_t)sizeof(struct virtio_net_hdr) + 14 + 20 + 8 || frame[12] != 8 || frame[13] || frame[14 + 9] != 1)
		return false;
	header = (frame[14] & 15u) * 4;
	if ((uint32_t)n < sizeof(struct virtio_net_hdr) + 14 + header + 8 + DATA_BYTES)
		return false;
	frame += 14 + header;
	return frame[0] == 0 && memcmp(frame + 4, request + ICMP_AT + 4, 4 + DATA_BYTES) == 0;
}

static bool echo_came(const uint8_t *request, uint32_t wait_usec)
{
	struct netqueue *queue = &netdev.queue[0];
	struct pollfd pollfd = { .fd = xenevtchn_fd(queue->events), .events = POLLIN };
	const uint64_t end = now_usec() + wait_usec;

	for (;;) {
		netqueue_work(queue);
		if (queue->broken)
			netdev_die("the backend broke the protocol");
		if (reply_matches(request))
			return true;
		if (now_usec() > end)
			return false;
		if (poll(&pollfd, 1, 10) == 1)
			netqueue_event(queue);
	}
}

static void echo_wait(const uint8_t *request, const char *what, uint32_t number)
{
	if (!echo_came(request, WAIT_USEC))
		netdev_die("%s %u: no reply", what, number);
}

/* A bridge hears of a new carrier up to a second later. */
static void link_wait(void)
{
	uint8_t frame[ECHO_BYTES];

	replies_open();
	for (uint16_t i = 0; i < 100; i++) {
		echo_make(frame, (uint16_t)(60000 + i));
		echo_send(frame, ECHO_BYTES, ECHO_BYTES);
		if (echo_came(frame, 50000))
			return;
	}
	netdev_die("no reply in 5 s");
}

void do_splits(char *rest)
{
	uint8_t frame[ECHO_BYTES];

	link_wait();
	for (uint32_t first = 1; first < ECHO_BYTES; first++) {
		echo_make(frame, (uint16_t)first);
		echo_send(frame, first, ECHO_BYTES);
		echo_wait(frame, "first slot of", first);
		echo_make(frame, (uint16_t)(1000 + first));
		echo_send(frame, first, 14);
		echo_wait(frame, "parts of 14 after a first slot of", first);
	}
	printf("splits: every packet arrived whole\n");
}

static int compare(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

void do_ping(char *rest)
{
	const uint32_t count = number_next(&rest, "how many");
	uint32_t *usec = calloc(count, sizeof(*usec));
	uint8_t frame[ECHO_BYTES];

	if (!usec || count == 0)
		netdev_die("%u echoes", count);
	link_wait();
	for (uint32_t i = 0; i < count; i++) {
		uint64_t begin = now_usec();

		echo_make(frame, (uint16_t)i);
		echo_send(frame, ECHO_BYTES, ECHO_BYTES);
		echo_wait(frame, "echo", i);
		usec[i] = (uint32_t)(now_usec() - begin);
	}
	qsort(usec, count, sizeof(*usec), compare);
	printf("ping: %u echoes p50 %u p99 %u us\n", count, usec[count / 2], usec[count - 1 - count / 100]);
	free(usec);
}
