/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TCP connection whose every byte says where it belongs, and how long the receiver waited for it.
 *
 *   stream send ADDRESS PORT MBPS    sends at that rate (10^6 bytes a second) until SIGTERM, then ends in
 *                                    good order and prints "sent BYTES"
 *   stream receive ADDRESS PORT      takes one connection; for each wait of a millisecond or more prints
 *                                    "TIME WAIT" (ns; TIME: its end, CLOCK_REALTIME), at the end "received
 *                                    BYTES". Ends with 1 at the first wrong byte
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK_WORDS 2048u	/* 16 KiB a time */
#define CHUNK_BYTES (CHUNK_WORDS * sizeof(uint64_t))
#define WAIT_LEAST_NS 1000000u

static volatile sig_atomic_t stopping;

static void stop_asked(int signal)
{
	(void)signal;
	stopping = 1;
}

static void check(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "stream: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct sockaddr_in address_of(const char *address, const char *port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };

	check(inet_pton(AF_INET, address, &to.sin_addr) == 1, address);
	return to;
}

static void chunk_send(int fd, uint64_t *word)
{
	uint64_t chunk[CHUNK_WORDS];
	size_t done = 0;

	for (uint32_t i = 0; i < CHUNK_WORDS; i++)
		chunk[i] = (*word)++;
	while (done < CHUNK_BYTES) {
		ssize_t got = write(fd, (const uint8_t *)chunk + done, CHUNK_BYTES - done);

		check(got > 0 || (got < 0 && errno == EINTR), "write");
		done += got > 0 ? (size_t)got : 0;
	}
}

static int send_all(const struct sockaddr_in *to, double mbps)
{
	const uint64_t begin = now_ns(CLOCK_MONOTONIC);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	uint64_t word = 0;
	char rest;

	signal(SIGTERM, stop_asked);
	check(connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0, "connect");
	while (!stopping) {
		double due = (double)word * sizeof(word) * 1000 / mbps;	/* ns */
		double late = (double)(now_ns(CLOCK_MONOTONIC) - begin) - due;

		if (late < 0)
			usleep((useconds_t)(-late / 1000) + 1);
		else
			chunk_send(fd, &word);
	}
	shutdown(fd, SHUT_WR);
	check(read(fd, &rest, 1) == 0, "the receiver's end");
	printf("sent %llu\n", (unsigned long long)(word * sizeof(word)));
	return 0;
}

/* Words may come in pieces: what is over is kept. */
static size_t words_check(uint8_t *buffer, size_t have, uint64_t *word)
{
	size_t at = 0;

	for (; have - at >= sizeof(*word); at += sizeof(*word)) {
		uint64_t got;

		memcpy(&got, buffer + at, sizeof(got));
		if (got != *word) {
			fprintf(stderr, "stream: at byte %llu is what belongs to %llu\n",
					(unsigned long long)(*word * 8), (unsigned long long)(got * 8));
			exit(1);
		}
		(*word)++;
	}
	memmove(buffer, buffer + at, have - at);
	return have - at;
}

static int receive_all(const struct sockaddr_in *at)
{
	static uint8_t buffer[1 << 18];
	int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0), fd;
	uint64_t word = 0, last = 0, now;
	size_t have = 0;
	ssize_t got;

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	check(bind(listener, (const struct sockaddr *)at, sizeof(*at)) == 0, "bind");
	check(listen(listener, 1) == 0, "listen");
	setlinebuf(stdout);
	printf("listening\n");
	fd = accept(listener, NULL, NULL);
	while ((got = read(fd, buffer + have, sizeof(buffer) - have)) > 0) {
		now = now_ns(CLOCK_REALTIME);
		if (last && now - last >= WAIT_LEAST_NS)
			printf("%llu %llu\n", (unsigned long long)now, (unsigned long long)(now - last));
		have = words_check(buffer, have + (size_t)got, &word);
		last = now_ns(CLOCK_REALTIME);
	}
	check(got == 0, "read");
	printf("received %llu\n", (unsigned long long)(word * sizeof(word) + have));
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address;

	if (argc < 4) {
		fprintf(stderr, "usage: stream send ADDRESS PORT MBPS | stream receive ADDRESS PORT\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	address = address_of(argv[2], argv[3]);
	if (strcmp(argv[1], "send") == 0)
		return send_all(&address, argc > 4 ? atof(argv[4]) : 20);
	return receive_all(&address);
}
