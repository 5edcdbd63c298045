/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The granting half of libxengnttab.so.1: a domain shares pages of its own memory. Pages handed out
 * stay granted until they are unshared or the domain is destroyed, as a guest's kernel's would.
 */
#include "table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <xengnttab.h>

#include "notify.h"

#define SHARES_MAX SIM_GRANTS

struct xengntdev_handle {
	int fd;
	struct {
		void *address;
		uint32_t first, count;
		struct sim_note *note;	/* NULL: none */
	} share[SHARES_MAX];	/* guarded by sim_lock() */
	struct sim_notes notes;
};

xengntshr_handle *xengntshr_open(struct xentoollog_logger *logger, unsigned int flags)
{
	const struct sim_domain *self = sim_domain(sim_self());
	struct xengntdev_handle *h;

	if (!self || !sim_memory(self)) {
		errno = ENODEV;
		return NULL;
	}
	h = calloc(1, sizeof(*h));
	if (h)
		h->fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	return h;
}

int xengntshr_close(xengntshr_handle *h)
{
	close(h->fd);
	free(h);
	return 0;
}

int xengntshr_fd(xengntshr_handle *h)
{
	return h->fd;
}

/* The first of `count` free grants in a row, searched from where the last search ended. */
static uint32_t grants_find(struct sim_domain *domain, uint32_t count)
{
	uint32_t run = 0, ref = domain->grant_next < SIM_GRANT_FIRST ? SIM_GRANT_FIRST :
		domain->grant_next;

	for (uint32_t looked = 0; looked < 2 * SIM_GRANTS; looked++, ref++) {
		if (ref == SIM_GRANTS) {
			ref = SIM_GRANT_FIRST;
			run = 0;
		}
		run = domain->grant[ref].flags & SIM_GRANT_TAKEN ? 0 : run + 1;
		if (run == count) {
			domain->grant_next = ref + 1;
			return ref + 1 - count;
		}
	}
	return 0;
}

static void *pages_share(xengntshr_handle *h, struct sim_domain *self, uint32_t first, uint32_t n,
		struct sim_grant grant)
{
	void *base = mmap(NULL, n * SIM_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			sim_memory_fd(self), (off_t)(first * SIM_PAGE));
	int i = 0;

	if (base == MAP_FAILED)
		return NULL;
	memset(base, 0, n * SIM_PAGE);
	while (i < SHARES_MAX - 1 && h->share[i].address)
		i++;
	h->share[i].address = base;
	h->share[i].first = first;
	h->share[i].count = n;
	h->share[i].note = NULL;
	for (uint32_t g = first; g < first + n; g++)
		self->grant[g] = grant;
	return base;
}

void *xengntshr_share_pages(xengntshr_handle *h, uint32_t domid, int count, uint32_t *refs, int writable)
{
	const struct sim_grant grant = {
		.flags = (uint16_t)(SIM_GRANT_VALID | SIM_GRANT_TAKEN | (writable ? 0 : SIM_GRANT_READ_ONLY)),
		.to = (uint16_t)domid,
	};
	struct sim_domain *self = sim_domain(sim_self());
	uint32_t first, n = (uint32_t)count;
	void *base = NULL;

	sim_lock();
	first = self && count > 0 ? grants_find(self, n) : 0;
	if (first)
		base = pages_share(h, self, first, n, grant);
	sim_unlock();
	for (uint32_t i = 0; base && i < n; i++)
		refs[i] = first + i;
	if (!base)
		errno = ENOSPC;
	return base;
}

static int share_slot(const xengntshr_handle *h, const void *address)
{
	for (int i = 0; address && i < SHARES_MAX; i++) {
		if (h->share[i].address == address)
			return i;
	}
	return -1;
}

void *xengntshr_share_page_notify(xengntshr_handle *h, uint32_t domid, uint32_t *ref, int writable,
		uint32_t notify_offset, evtchn_port_t notify_port)
{
	void *address = xengntshr_share_pages(h, domid, 1, ref, writable);
	struct sim_note *note;

	if (!address || (notify_offset >= SIM_PAGE && notify_port == UINT32_MAX))
		return address;
	sim_lock();
	note = sim_note_add(&h->notes, sim_self(), sim_domain(sim_self()), *ref, notify_offset, notify_port);
	h->share[share_slot(h, address)].note = note;
	sim_unlock();
	if (!note) {
		int err = errno;

		xengntshr_unshare(h, address, 1);
		errno = err;
	}
	return note ? address : NULL;
}

/* Ends the grants; the pages go back to the domain. A page that a peer has mapped stays with it. */
int xengntshr_unshare(xengntshr_handle *h, void *start_address, uint32_t count)
{
	struct sim_domain *self = sim_domain(sim_self());
	struct sim_note *note = NULL;
	int slot, err = EINVAL;

	sim_lock();
	slot = self ? share_slot(h, start_address) : -1;
	if (slot >= 0 && h->share[slot].count == count) {
		note = h->share[slot].note;
		memset(&self->grant[h->share[slot].first], 0, count * sizeof(self->grant[0]));
		munmap(start_address, count * SIM_PAGE);
		h->share[slot].address = NULL;
		err = 0;
	}
	sim_unlock();
	if (note)
		sim_note_fire(note);
	errno = err;
	return err ? -1 : 0;
}
