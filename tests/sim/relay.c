/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's way to xenstored: makes the domain known to it (ring page, event channel, introduction)
 * and offers the ring to the processes of that domain as a unix socket. Several clients share the
 * domain's one connection: request ids and watch tokens are rewritten so that each gets its own
 * answers. Permissions and quotas are xenstored's, for this domain. usage: relay DOMID
 */
#include "table.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <xenevtchn.h>
#include <xengnttab.h>
#include <xenstore.h>
#include <xen/io/xs_wire.h>

#include "relay_client.h"

static struct xenstore_domain_interface *ring;
static xenevtchn_handle *events;
static uint32_t port;
static int listener;

static void die(const char *what)
{
	fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* As much of `out` as the request ring takes. */
static void ring_write(struct buffer *out)
{
	uint32_t cons = __atomic_load_n(&ring->req_cons, __ATOMIC_ACQUIRE), prod = ring->req_prod;
	uint32_t room = XENSTORE_RING_SIZE - (prod - cons);
	uint32_t n = out->used < room ? (uint32_t)out->used : room;

	for (uint32_t i = 0; i < n; i++)
		ring->req[MASK_XENSTORE_IDX(prod + i)] = (char)out->data[i];
	if (n == 0)
		return;
	__atomic_store_n(&ring->req_prod, prod + n, __ATOMIC_RELEASE);
	buffer_consume(out, n);
	xenevtchn_notify(events, port);
}

static void ring_read(struct buffer *in)
{
	uint32_t prod = __atomic_load_n(&ring->rsp_prod, __ATOMIC_ACQUIRE), cons = ring->rsp_cons;

	if (prod == cons)
		return;
	while (cons != prod) {
		buffer_add(in, &ring->rsp[MASK_XENSTORE_IDX(cons)], 1);
		cons++;
	}
	__atomic_store_n(&ring->rsp_cons, cons, __ATOMIC_RELEASE);
	xenevtchn_notify(events, port);
}

static void introduce(uint32_t domid)
{
	struct sim_domain *self = sim_domain(domid);
	xenevtchn_port_or_error_t p;
	struct xs_handle *xs;
	char path[256];

	ring = (struct xenstore_domain_interface *)(sim_memory(self) +
			GNTTAB_RESERVED_XENSTORE * SIM_PAGE);
	memset(ring, 0, SIM_PAGE);
	self->grant[GNTTAB_RESERVED_XENSTORE] = (struct sim_grant) {
		.flags = SIM_GRANT_VALID | SIM_GRANT_TAKEN, .to = 0
	};
	events = xenevtchn_open(NULL, 0);
	p = events ? xenevtchn_bind_unbound_port(events, 0) : -1;
	if (p < 0)
		die("cannot allocate an event channel");
	port = (uint32_t)p;
	/* Dom0's faulty way to xenstored, if there is one, is not the guests'. */
	if (access(sim_path(path, sizeof(path), "xenstored.socket"), F_OK))
		sim_path(path, sizeof(path), "socket");
	setenv("XENSTORED_PATH", path, 1);
	xs = xs_open(0);
	if (!xs || !xs_introduce_domain(xs, domid, 1, port))
		die("xenstored does not accept the domain");
	xs_close(xs);
}

static void listen_on(uint32_t domid)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char path[108];

	sim_path(path, sizeof(path), "dom%u.xenstore", domid);
	unlink(path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
			listen(listener, 64))
		die("cannot listen");
}

static void ring_serve(struct buffer *in, struct buffer *out)
{
	xenevtchn_port_or_error_t pending = xenevtchn_pending(events);

	if (pending >= 0)
		xenevtchn_unmask(events, (evtchn_port_t)pending);
	ring_read(in);
	clients_answer(in, out);
}

static void serve(void)
{
	static struct buffer in, out;
	struct pollfd fds[2 + CLIENTS_MAX];

	for (;;) {
		nfds_t n = 2;

		ring_write(&out);
		fds[0] = (struct pollfd) { .fd = xenevtchn_fd(events), .events = POLLIN };
		fds[1] = (struct pollfd) { .fd = listener, .events = POLLIN };
		for (int c = 0; c < CLIENTS_MAX; c++)
			fds[n++] = (struct pollfd) { .fd = client_fd(c), .events = POLLIN };
		if (poll(fds, n, -1) < 0)
			continue;
		if (fds[0].revents)
			ring_serve(&in, &out);
		if (fds[1].revents)
			client_new(accept(listener, NULL, NULL));
		for (int c = 0; c < CLIENTS_MAX; c++) {
			if (fds[2 + c].revents)
				client_read(c, &out);
		}
	}
}

int main(int argc, char **argv)
{
	char pidfile[256];
	FILE *file;

	if (argc != 2 || !sim_table()) {
		fprintf(stderr, "usage: XENSIM=DIR XENSIM_DOMID=D relay D\n");
		return 2;
	}
	introduce((uint32_t)atoi(argv[1]));
	listen_on((uint32_t)atoi(argv[1]));
	if (daemon(1, 0))
		die("cannot go to the background");
	file = fopen(sim_path(pidfile, sizeof(pidfile), "dom%s.pid", argv[1]), "w");
	if (!file)
		die("cannot write the pid file");
	fprintf(file, "%d\n", getpid());
	fclose(file);
	serve();
}
