/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short words for what most facts do with the libraries. What cannot be done ends the program. */
#include "belief.h"

#include <poll.h>
#include <stdio.h>

struct share share_pages(uint32_t domid, uint32_t count, bool writable)
{
	struct share share = { .handle = xengntshr_open(NULL, 0), .count = count };

	need(share.handle != NULL, "/dev/xen/gntalloc cannot be opened");
	share.page = xengntshr_share_pages(share.handle, domid, (int)count, share.ref, writable);
	need(share.page != NULL, "%u pages cannot be shared", count);
	return share;
}

void share_end(struct share *share)
{
	need(xengntshr_unshare(share->handle, share->page, share->count) == 0, "a page cannot be unshared");
}

xengnttab_handle *grants_open(void)
{
	xengnttab_handle *grants = xengnttab_open(NULL, 0);

	need(grants != NULL, "/dev/xen/gntdev cannot be opened");
	return grants;
}

xengnttab_grant_copy_segment_t copy_in(uint32_t domid, uint32_t ref, uint32_t offset, uint32_t bytes,
		void *local)
{
	return (xengnttab_grant_copy_segment_t) {
		.source.foreign = { .ref = ref, .offset = (uint16_t)offset, .domid = (domid_t)domid },
		.dest.virt = local,
		.len = (uint16_t)bytes,
		.flags = GNTCOPY_source_gref,
		.status = GNTST_general_error,
	};
}

xengnttab_grant_copy_segment_t copy_out(uint32_t domid, uint32_t ref, uint32_t offset, uint32_t bytes,
		void *local)
{
	return (xengnttab_grant_copy_segment_t) {
		.source.virt = local,
		.dest.foreign = { .ref = ref, .offset = (uint16_t)offset, .domid = (domid_t)domid },
		.len = (uint16_t)bytes,
		.flags = GNTCOPY_dest_gref,
		.status = GNTST_general_error,
	};
}

int copy_one(xengnttab_handle *grants, xengnttab_grant_copy_segment_t segment)
{
	need(xengnttab_grant_copy(grants, 1, &segment) == 0, "a copy of one segment was refused");
	return segment.status;
}

bool all_bytes(const uint8_t *bytes, uint32_t count, uint8_t value)
{
	for (uint32_t i = 0; i < count; i++) {
		if (bytes[i] != value)
			return false;
	}
	return true;
}

xenevtchn_handle *events_open(void)
{
	xenevtchn_handle *events = xenevtchn_open(NULL, 0);

	need(events != NULL, "/dev/xen/evtchn cannot be opened");
	return events;
}

uint32_t port_offer(xenevtchn_handle *events, uint32_t domid)
{
	xenevtchn_port_or_error_t port = xenevtchn_bind_unbound_port(events, domid);

	need(port > 0, "no port can be offered to domain %u", domid);
	return (uint32_t)port;
}

uint32_t port_bind(xenevtchn_handle *events, uint32_t domid, uint32_t remote)
{
	xenevtchn_port_or_error_t port = xenevtchn_bind_interdomain(events, domid, remote);

	need(port > 0, "port %u of domain %u cannot be bound", remote, domid);
	need(event_take(events, 1000) == port, "the bound port is not pending");
	xenevtchn_unmask(events, (evtchn_port_t)port);
	return (uint32_t)port;
}

int event_take(xenevtchn_handle *events, int ms)
{
	struct pollfd pollfd = { .fd = xenevtchn_fd(events), .events = POLLIN };

	return poll(&pollfd, 1, ms) == 1 ? xenevtchn_pending(events) : -1;
}

const char *path_in(const struct belief *b, const char *name)
{
	static char paths[8][128];
	static unsigned int next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", b->dir, name);
	return path;
}

void node_write(struct xs_handle *xs, xs_transaction_t txn, const char *path, const char *value)
{
	need(xs_write(xs, txn, path, value, (unsigned int)strlen(value)), "%s cannot be written", path);
}

bool node_is(struct xs_handle *xs, xs_transaction_t txn, const char *path, const char *value)
{
	char *text = xs_read(xs, txn, path, NULL);
	bool is = text && strcmp(text, value) == 0;

	free(text);
	return is;
}

char *watch_event(struct xs_handle *xs, int ms)
{
	struct pollfd pollfd = { .fd = xs_fileno(xs), .events = POLLIN };
	char **event = xs_check_watch(xs), *path;

	if (!event && poll(&pollfd, 1, ms) == 1)
		event = xs_check_watch(xs);
	path = event ? strdup(event[XS_WATCH_PATH]) : NULL;
	free(event);
	return path;
}

void watch_quietly(struct xs_handle *xs, const char *path)
{
	char *first;

	need(xs_watch(xs, path, "token"), "%s cannot be watched", path);
	first = watch_event(xs, 2000);
	need(first != NULL, "the watch of %s did not fire at its registration", path);
	free(first);
}
