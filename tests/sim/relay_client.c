/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sharing one xenstore connection among clients. A request gets an id that names its client; a
 * watch's token gets the client's number in front. Trusts xenstored; a client that sends nonsense
 * is dropped.
 */
#include "relay_client.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <xen/io/xs_wire.h>

#define WATCHES_MAX 256
#define TRANSACTIONS_MAX 16
#define REQUESTS_MAX 4096	/* a power of two: ids of requests that wait for an answer */
#define NOBODY 0xffff

struct client {
	int fd;				/* 0: free */
	uint16_t life;
	struct buffer in;
	char *watch[WATCHES_MAX];	/* path NUL token NUL, as sent to xenstored */
	size_t watch_len[WATCHES_MAX];
	uint32_t transaction[TRANSACTIONS_MAX];
};

static struct client clients[CLIENTS_MAX];
static struct {
	uint16_t client, life;
	uint32_t req_id;
} requests[REQUESTS_MAX];
static uint32_t next_request;

int client_fd(int client)
{
	return clients[client].fd ? clients[client].fd : -1;
}

void client_new(int fd)
{
	for (int c = 0; c < CLIENTS_MAX && fd > 0; c++) {
		if (clients[c].fd == 0) {
			clients[c].fd = fd;
			clients[c].life++;
			return;
		}
	}
	if (fd > 0)
		close(fd);
}

static void send_request(struct buffer *out, const struct xsd_sockmsg *asked, int client,
		const void *payload, size_t len)
{
	uint32_t id = next_request++ % REQUESTS_MAX;
	struct xsd_sockmsg header = *asked;

	requests[id].client = client < 0 ? NOBODY : (uint16_t)client;
	requests[id].life = client < 0 ? 0 : clients[client].life;
	requests[id].req_id = asked->req_id;
	header.req_id = id;
	header.len = (uint32_t)len;
	buffer_add(out, &header, sizeof(header));
	buffer_add(out, payload, len);
}

/* path NUL token NUL -> path NUL CLIENT:token NUL. Returns the new length, 0: malformed. */
static size_t token_mark(int client, const uint8_t *payload, size_t len, char *marked, size_t room)
{
	size_t path = strnlen((const char *)payload, len) + 1;
	int token;

	if (path >= len || payload[len - 1] != 0 || len + 8 > room)
		return 0;
	memcpy(marked, payload, path);
	token = snprintf(marked + path, room - path, "%d:%s", client, (const char *)payload + path);
	return path + (size_t)token + 1;
}

static void watch_note(struct client *c, uint32_t type, const char *marked, size_t len)
{
	for (int w = 0; w < WATCHES_MAX; w++) {
		bool same = c->watch[w] && c->watch_len[w] == len && memcmp(c->watch[w], marked, len) == 0;

		if (type == XS_WATCH && !c->watch[w]) {
			c->watch[w] = memcpy(malloc(len), marked, len);
			c->watch_len[w] = len;
			return;
		}
		if (type == XS_UNWATCH && same) {
			free(c->watch[w]);
			c->watch[w] = NULL;
			return;
		}
	}
}

static void transaction_note(struct client *c, uint32_t from, uint32_t to)
{
	for (int t = 0; t < TRANSACTIONS_MAX; t++) {
		if (c->transaction[t] == from) {
			c->transaction[t] = to;
			return;
		}
	}
}

static void client_message(int client, const struct xsd_sockmsg *header, const uint8_t *payload,
		struct buffer *out)
{
	char marked[XENSTORE_PAYLOAD_MAX + 16];
	size_t len = header->len;

	if (header->type == XS_WATCH || header->type == XS_UNWATCH) {
		size_t marked_len = token_mark(client, payload, len, marked, sizeof(marked));

		if (marked_len) {
			watch_note(&clients[client], header->type, marked, marked_len);
			send_request(out, header, client, marked, marked_len);
			return;
		}
	}
	if (header->type == XS_TRANSACTION_END)
		transaction_note(&clients[client], header->tx_id, 0);
	send_request(out, header, client, payload, len);
}

/* What a client leaves behind in the shared connection is taken back in its name. */
static void client_end(int client, struct buffer *out)
{
	struct client *c = &clients[client];

	for (int w = 0; w < WATCHES_MAX; w++) {
		struct xsd_sockmsg unwatch = { .type = XS_UNWATCH };

		if (c->watch[w])
			send_request(out, &unwatch, -1, c->watch[w], c->watch_len[w]);
		free(c->watch[w]);
		c->watch[w] = NULL;
	}
	for (int t = 0; t < TRANSACTIONS_MAX; t++) {
		struct xsd_sockmsg end = { .type = XS_TRANSACTION_END, .tx_id = c->transaction[t] };

		if (c->transaction[t])
			send_request(out, &end, -1, "F", 2);
		c->transaction[t] = 0;
	}
	close(c->fd);
	c->fd = 0;
	c->in.used = 0;
}

void client_read(int client, struct buffer *out)
{
	struct client *c = &clients[client];
	struct xsd_sockmsg header;
	uint8_t bytes[8192];
	ssize_t got = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0)
		buffer_add(&c->in, bytes, (size_t)got);
	while (c->in.used >= sizeof(header)) {
		memcpy(&header, c->in.data, sizeof(header));
		if (header.len > XENSTORE_PAYLOAD_MAX) {
			got = 0;
			break;
		}
		if (c->in.used < sizeof(header) + header.len)
			break;
		client_message(client, &header, c->in.data + sizeof(header), out);
		buffer_consume(&c->in, sizeof(header) + header.len);
	}
	if (got <= 0)
		client_end(client, out);
}

static void client_send(struct client *c, struct xsd_sockmsg header, const void *payload, size_t len)
{
	uint8_t message[sizeof(header) + XENSTORE_PAYLOAD_MAX];

	header.len = (uint32_t)len;
	memcpy(message, &header, sizeof(header));
	memcpy(message + sizeof(header), payload, len);
	/* A client that does not read its answers blocks only its own domain. */
	if (send(c->fd, message, sizeof(header) + len, MSG_NOSIGNAL) < 0)
		return;
}

/* An event's token says whose it is; the mark is taken off. */
static void event_deliver(struct xsd_sockmsg *header, const uint8_t *payload)
{
	size_t path = strnlen((const char *)payload, header->len) + 1;
	const char *mark = (const char *)payload + path;
	const char *colon = path < header->len ? strchr(mark, ':') : NULL;
	char event[XENSTORE_PAYLOAD_MAX];
	size_t token;
	int client;

	if (!colon)
		return;
	client = atoi(mark);
	if (client < 0 || client >= CLIENTS_MAX || !clients[client].fd)
		return;
	token = header->len - (size_t)(colon + 1 - (const char *)payload);
	memcpy(event, payload, path);
	memcpy(event + path, colon + 1, token);
	client_send(&clients[client], *header, event, path + token);
}

static void answer_deliver(struct xsd_sockmsg *header, const uint8_t *payload, struct buffer *out)
{
	uint32_t id = header->req_id % REQUESTS_MAX;
	struct client *c = requests[id].client == NOBODY ? NULL : &clients[requests[id].client];

	if (!c || !c->fd || c->life != requests[id].life) {
		struct xsd_sockmsg end = { .type = XS_TRANSACTION_END };

		if (c && header->type == XS_TRANSACTION_START) {
			end.tx_id = (uint32_t)atoi((const char *)payload);
			send_request(out, &end, -1, "F", 2);
		}
		return;
	}
	if (header->type == XS_TRANSACTION_START)
		transaction_note(c, 0, (uint32_t)atoi((const char *)payload));
	header->req_id = requests[id].req_id;
	client_send(c, *header, payload, header->len);
}

void clients_answer(struct buffer *in, struct buffer *out)
{
	struct xsd_sockmsg header;

	while (in->used >= sizeof(header)) {
		memcpy(&header, in->data, sizeof(header));
		if (in->used < sizeof(header) + header.len)
			return;
		if (header.type == XS_WATCH_EVENT)
			event_deliver(&header, in->data + sizeof(header));
		else
			answer_deliver(&header, in->data + sizeof(header), out);
		buffer_consume(in, sizeof(header) + header.len);
	}
}
