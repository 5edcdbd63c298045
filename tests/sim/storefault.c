/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dom0's faulty way to xenstored: every connection to DIR/socket becomes one to
 * DIR/xenstored.socket, on which requests fail and answers are late as the table's faults say.
 * SIGUSR1 drops all connections. Trusts xenstored; a client that sends nonsense is dropped.
 */
#include "table.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <xen/io/xs_wire.h>

#include "buffer.h"

#define LINES_MAX 256
#define LATE_MAX 1024		/* messages that wait for their time */
#define SWALLOWED_MAX 16	/* answers that the client does not get */

/* One client's connection. */
struct line {
	int client, server;	/* 0: free */
	struct buffer in;	/* of the client, not yet a whole request */
	struct buffer back;	/* of xenstored, not yet a whole message */
	struct buffer late;	/* whole messages, `due` of them */
	struct buffer out;	/* whose time has come */
	struct {
		int64_t at;
		size_t bytes;
	} due[LATE_MAX];
	uint32_t due_count;
	uint32_t swallowed[SWALLOWED_MAX];	/* request ids; 0: free */
};

static struct line lines[LINES_MAX];
static volatile sig_atomic_t drop_asked;

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int socket_at(const char *name, bool listens)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sim_path(address.sun_path, sizeof(address.sun_path), "%s", name);
	if (listens)
		unlink(address.sun_path);
	if (listens ? bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 64) :
			connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

static void line_end(struct line *line)
{
	close(line->client);
	close(line->server);
	buffer_free(&line->in);
	buffer_free(&line->back);
	buffer_free(&line->late);
	buffer_free(&line->out);
	memset(line, 0, sizeof(*line));
}

static void line_new(int client)
{
	int server = client < 0 ? -1 : socket_at("xenstored.socket", false);

	for (int i = 0; i < LINES_MAX && server >= 0; i++) {
		if (!lines[i].client) {
			lines[i].client = client;
			lines[i].server = server;
			return;
		}
	}
	if (client >= 0)
		close(client);
	if (server >= 0)
		close(server);
}

static void send_all(int fd, const void *data, size_t n)
{
	const uint8_t *at = data;
	ssize_t sent;

	for (; n > 0; n -= (size_t)sent, at += sent) {
		sent = send(fd, at, n, MSG_NOSIGNAL);
		if (sent <= 0)
			return;	/* its end is seen when it is read */
	}
}

/* A whole message for the client, to be given to it in `ms`. */
static void answer_late(struct line *line, const struct xsd_sockmsg *header, const void *payload,
		uint32_t ms)
{
	if (line->due_count == LATE_MAX) {
		line_end(line);	/* a client that has stopped reading */
		return;
	}
	buffer_add(&line->late, header, sizeof(*header));
	buffer_add(&line->late, payload, header->len);
	line->due[line->due_count].at = now_ms() + ms;
	line->due[line->due_count++].bytes = sizeof(*header) + header->len;
}

static const char *error_name(uint32_t err)
{
	for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++) {
		if (xsd_errors[i].errnum == (int)err)
			return xsd_errors[i].errstring;
	}
	return "EAGAIN";
}

/* A transaction whose end fails has ended all the same: xenstored is told to forget it. */
static void transaction_forget(struct line *line, const struct xsd_sockmsg *asked)
{
	struct xsd_sockmsg end = *asked;

	end.len = 2;
	for (int i = 0; i < SWALLOWED_MAX; i++) {
		if (line->swallowed[i])
			continue;
		line->swallowed[i] = end.req_id = 0xfffffff0u + (uint32_t)i;
		send_all(line->server, &end, sizeof(end));
		send_all(line->server, "F", 2);
		return;
	}
}

static bool swallow(struct line *line, uint32_t req_id)
{
	for (int i = 0; i < SWALLOWED_MAX; i++) {
		if (line->swallowed[i] && line->swallowed[i] == req_id) {
			line->swallowed[i] = 0;
			return true;
		}
	}
	return false;
}

/* The same numbers each time, and no rhythm that a client's own could fall into. */
static uint32_t scattered(uint32_t n)
{
	n = (n ^ n >> 16) * 0x45d9f3bu;
	n = (n ^ n >> 16) * 0x45d9f3bu;
	return n ^ n >> 16;
}

/* The error that this request gets, 0: none. */
static uint32_t request_error(const struct xsd_sockmsg *header, const uint8_t *payload)
{
	struct sim_faults *faults = &sim_table()->faults;
	bool commit = header->type == XS_TRANSACTION_END && header->len && payload[0] == 'T';

	if (faults->xenstore_one_in && scattered(++faults->n_xenstore) % faults->xenstore_one_in == 0)
		return faults->xenstore_errno ? faults->xenstore_errno : EAGAIN;
	if (commit && faults->xenstore_conflict_every &&
			++faults->n_commit % faults->xenstore_conflict_every == 0)
		return EAGAIN;
	return 0;
}

static void request(struct line *line, const struct xsd_sockmsg *header, const uint8_t *payload)
{
	uint32_t err = request_error(header, payload);
	struct xsd_sockmsg answer = *header;
	const char *name;

	if (!err) {
		send_all(line->server, header, sizeof(*header));
		send_all(line->server, payload, header->len);
		return;
	}
	if (header->type == XS_TRANSACTION_END)
		transaction_forget(line, header);
	name = error_name(err);
	answer.type = XS_ERROR;
	answer.len = (uint32_t)strlen(name) + 1;
	answer_late(line, &answer, name, sim_table()->faults.xenstore_delay);
}

/* Reads what is there. False: the connection has ended. */
static bool bytes_read(int fd, struct buffer *buffer)
{
	uint8_t bytes[8192];
	ssize_t got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (got > 0)
		buffer_add(buffer, bytes, (size_t)got);
	return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/* The next whole message of a buffer; false: there is none. A malformed one has a length of ~0. */
static bool message_next(const struct buffer *buffer, struct xsd_sockmsg *header)
{
	if (buffer->used < sizeof(*header))
		return false;
	memcpy(header, buffer->data, sizeof(*header));
	return header->len > XENSTORE_PAYLOAD_MAX || buffer->used >= sizeof(*header) + header->len;
}

static void client_readable(struct line *line)
{
	bool goes_on = bytes_read(line->client, &line->in);
	struct xsd_sockmsg header;

	while (line->client && message_next(&line->in, &header)) {
		if (header.len > XENSTORE_PAYLOAD_MAX) {
			goes_on = false;
			break;
		}
		request(line, &header, line->in.data + sizeof(header));
		if (line->client)
			buffer_consume(&line->in, sizeof(header) + header.len);
	}
	if (line->client && !goes_on)
		line_end(line);
}

static void server_readable(struct line *line)
{
	bool goes_on = bytes_read(line->server, &line->back);
	struct xsd_sockmsg header;

	while (line->client && message_next(&line->back, &header)) {
		if (!swallow(line, header.req_id))
			answer_late(line, &header, line->back.data + sizeof(header),
					sim_table()->faults.xenstore_delay);
		if (line->client)
			buffer_consume(&line->back, sizeof(header) + header.len);
	}
	if (line->client && !goes_on)
		line_end(line);
}

/* Gives the client what is due. Returns how many ms the next message has to wait, -1: there is none. */
static int line_deliver(struct line *line)
{
	int64_t now = now_ms();
	uint32_t n = 0;
	ssize_t sent;

	while (n < line->due_count && line->due[n].at <= now) {
		buffer_add(&line->out, line->late.data, line->due[n].bytes);
		buffer_consume(&line->late, line->due[n].bytes);
		n++;
	}
	line->due_count -= n;
	memmove(line->due, line->due + n, line->due_count * sizeof(line->due[0]));
	if (line->out.used) {
		sent = send(line->client, line->out.data, line->out.used, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent > 0)
			buffer_consume(&line->out, (size_t)sent);
	}
	return line->due_count ? (int)(line->due[0].at - now) : -1;
}

static void drop_all(void)
{
	for (int i = 0; i < LINES_MAX; i++) {
		if (lines[i].client)
			line_end(&lines[i]);
	}
	drop_asked = 0;
}

static void on_usr1(int signal)
{
	drop_asked = 1;
}

/* What each line waits for; returns the time to sleep at most, ms. */
static int lines_prepare(struct pollfd *fds)
{
	int least = -1;

	for (int i = 0; i < LINES_MAX; i++) {
		struct line *line = &lines[i];
		int wait = line->client ? line_deliver(line) : -1;

		if (wait >= 0 && (least < 0 || wait < least))
			least = wait;
		fds[2 * i].fd = line->client ? line->client : -1;
		fds[2 * i].events = (short)(POLLIN | (line->out.used ? POLLOUT : 0));
		fds[2 * i + 1].fd = line->client ? line->server : -1;
		fds[2 * i + 1].events = POLLIN;
	}
	return least;
}

static void serve(int listener, const sigset_t *asleep)
{
	static struct pollfd fds[2 * LINES_MAX + 1];

	for (;;) {
		int ms = lines_prepare(fds);
		struct timespec timeout = { ms / 1000, ms % 1000 * 1000000L };

		fds[2 * LINES_MAX] = (struct pollfd) { .fd = listener, .events = POLLIN };
		/* SIGUSR1 comes only while this sleeps. */
		if (ppoll(fds, 2 * LINES_MAX + 1, ms < 0 ? NULL : &timeout, asleep) < 0) {
			if (drop_asked)
				drop_all();
			continue;
		}
		for (int i = 0; i < LINES_MAX; i++) {
			if (lines[i].client && (fds[2 * i].revents & ~POLLOUT))
				client_readable(&lines[i]);
			if (lines[i].client && fds[2 * i + 1].revents)
				server_readable(&lines[i]);
		}
		if (fds[2 * LINES_MAX].revents)
			line_new(accept(listener, NULL, NULL));
	}
}

int main(void)
{
	struct sigaction drop = { .sa_handler = on_usr1 };
	sigset_t usr1, asleep;
	int listener;

	if (!sim_table() || (listener = socket_at("socket", true)) < 0) {
		fprintf(stderr, "storefault: cannot listen: %s\n", strerror(errno));
		return 1;
	}
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, &asleep);
	sigdelset(&asleep, SIGUSR1);
	sigaction(SIGUSR1, &drop, NULL);
	serve(listener, &asleep);
}
