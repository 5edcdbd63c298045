/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libxengnttab.so.1 over the simulation's table: the real library's functions, symbol versions and
 * documented behaviour. Refuses what Xen and gntdev refuse, injects the faults that the table asks
 * for. Copies and lookups make no system call.
 */
#include "table.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <xengnttab.h>
#include <xentoollog.h>

#include "notify.h"

#define MAPS_MAX 4096

struct sim_map {
	void *address;
	uint32_t pages;
	struct sim_note *note;	/* NULL: none */
};

struct xengntdev_handle {
	int fd;			/* something for xengnttab_fd() */
	struct xentoollog_logger *logger;	/* NULL: stderr */
	uint32_t domid;		/* ours */
	pthread_mutex_t lock;
	struct sim_map map[MAPS_MAX];
	struct sim_notes notes;
};

xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger, unsigned int flags)
{
	struct xengntdev_handle *h;

	if (!sim_domain(sim_self())) {
		errno = ENODEV;
		return NULL;
	}
	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	h->domid = sim_self();
	h->logger = logger;
	h->fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	pthread_mutex_init(&h->lock, NULL);
	return h;
}

static bool every(uint32_t n, uint32_t *count)
{
	return n && __atomic_add_fetch(count, 1, __ATOMIC_RELAXED) % n == 0;
}

/* May `self` use that grant so? GNTST_okay or what Xen says. */
static int grant_check(uint32_t self, const struct sim_domain *domain, uint32_t ref, bool write)
{
	if (!domain)
		return GNTST_bad_domain;
	if (ref >= SIM_GRANTS)
		return GNTST_bad_gntref;
	if (!(domain->grant[ref].flags & SIM_GRANT_VALID) || domain->grant[ref].to != self)
		return GNTST_general_error;
	if (write && (domain->grant[ref].flags & SIM_GRANT_READ_ONLY))
		return GNTST_general_error;
	return GNTST_okay;
}

static struct sim_map *map_slot(struct xengntdev_handle *h, void *address)
{
	for (int i = 0; i < MAPS_MAX; i++) {
		if (h->map[i].address == address)
			return &h->map[i];
	}
	return NULL;
}

static int pages_check(uint32_t self, uint32_t count, const uint32_t *domids, bool one_domid,
		const uint32_t *refs, int prot)
{
	struct sim_faults *faults = &sim_table()->faults;

	if (count == 0)
		return EINVAL;
	if (faults->map_errno && (!faults->map_every || every(faults->map_every, &faults->n_map)))
		return (int)faults->map_errno;
	for (uint32_t i = 0; i < count; i++) {
		if (grant_check(self, sim_domain(domids[one_domid ? 0 : i]), refs[i], prot & PROT_WRITE))
			return EINVAL;
	}
	return 0;
}

/* All pages side by side, each from its domain's memory, or nothing. */
static void *pages_map(uint32_t count, const uint32_t *domids, bool one_domid, const uint32_t *refs,
		int prot)
{
	uint8_t *base = mmap(NULL, count * SIM_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (base == MAP_FAILED)
		return NULL;
	for (uint32_t i = 0; i < count; i++) {
		const struct sim_domain *domain = sim_domain(domids[one_domid ? 0 : i]);

		if (!domain || mmap(base + i * SIM_PAGE, SIM_PAGE, prot, MAP_SHARED | MAP_FIXED,
				sim_memory_fd(domain), (off_t)(refs[i] * SIM_PAGE)) == MAP_FAILED) {
			munmap(base, count * SIM_PAGE);
			return NULL;
		}
	}
	return base;
}

/* The line that the real library writes for each failure, and where it writes it. */
__attribute__((format(printf, 3, 4)))
static void say(struct xentoollog_logger *logger, int err, const char *format, ...)
{
	va_list args;

	if (!logger) {
		fprintf(stderr, "gnttab: error: %s: %s\n", format, strerror(err));
		return;
	}
	va_start(args, format);
	logger->vmessage(logger, XTL_ERROR, err, "gnttab", format, args);
	va_end(args);
}

static void *map_any(xengnttab_handle *h, uint32_t count, const uint32_t *domids, bool one_domid,
		const uint32_t *refs, int prot)
{
	struct sim_map *slot;
	void *base = NULL;
	int err = pages_check(h->domid, count, domids, one_domid, refs, prot);

	if (err) {
		say(h->logger, err, "mmap failed");
		errno = err;
		return NULL;
	}
	pthread_mutex_lock(&h->lock);
	slot = map_slot(h, NULL);
	if (slot)
		base = pages_map(count, domids, one_domid, refs, prot);
	if (base)
		*slot = (struct sim_map) { .address = base, .pages = count };
	pthread_mutex_unlock(&h->lock);
	if (!base) {
		say(h->logger, ENOSPC, "mmap failed");
		errno = ENOSPC;
	}
	return base;
}

void *xengnttab_map_grant_ref(xengnttab_handle *h, uint32_t domid, uint32_t ref, int prot)
{
	return map_any(h, 1, &domid, true, &ref, prot);
}

void *xengnttab_map_grant_refs(xengnttab_handle *h, uint32_t count, uint32_t *domids, uint32_t *refs,
		int prot)
{
	return map_any(h, count, domids, false, refs, prot);
}

void *xengnttab_map_domain_grant_refs(xengnttab_handle *h, uint32_t count, uint32_t domid,
		uint32_t *refs, int prot)
{
	return map_any(h, count, &domid, true, refs, prot);
}

void *xengnttab_map_grant_ref_notify(xengnttab_handle *h, uint32_t domid, uint32_t ref, int prot,
		uint32_t notify_offset, evtchn_port_t notify_port)
{
	bool clears = notify_offset < SIM_PAGE;
	void *address = map_any(h, 1, &domid, true, &ref, prot);
	struct sim_note *note = NULL;

	if (!address || (!clears && notify_port == UINT32_MAX))
		return address;
	pthread_mutex_lock(&h->lock);
	/* A byte of a page that is mapped read-only cannot be cleared. */
	if (!clears || (prot & PROT_WRITE))
		note = sim_note_add(&h->notes, h->domid, sim_domain(domid), ref, notify_offset, notify_port);
	else
		errno = EINVAL;
	map_slot(h, address)->note = note;
	pthread_mutex_unlock(&h->lock);
	if (!note) {
		int err = errno;

		xengnttab_unmap(h, address, 1);
		errno = err;
	}
	return note ? address : NULL;
}

int xengnttab_unmap(xengnttab_handle *h, void *start_address, uint32_t count)
{
	struct sim_map *slot;
	int err = EINVAL;

	pthread_mutex_lock(&h->lock);
	slot = start_address ? map_slot(h, start_address) : NULL;
	if (slot && slot->pages == count) {
		if (slot->note)
			sim_note_fire(slot->note);
		munmap(slot->address, slot->pages * SIM_PAGE);
		*slot = (struct sim_map) { .address = NULL };
		err = 0;
	}
	pthread_mutex_unlock(&h->lock);
	errno = err;
	return err ? -1 : 0;
}

/* As with gntdev, what is still mapped stays so until the process ends; so does its watcher. */
int xengnttab_close(xengnttab_handle *h)
{
	if (!h)
		return 0;
	close(h->fd);
	free(h);
	return 0;
}

int xengnttab_fd(xengnttab_handle *h)
{
	return h->fd;
}

int xengnttab_set_max_grants(xengnttab_handle *h, uint32_t nr_grants)
{
	return 0;
}

/* gntdev's own checks, which fail the whole call. */
static bool segment_possible(const xengnttab_grant_copy_segment_t *s)
{
	if (s->flags & GNTCOPY_source_gref && s->source.foreign.offset + s->len > SIM_PAGE)
		return false;
	if (s->flags & GNTCOPY_dest_gref && s->dest.foreign.offset + s->len > SIM_PAGE)
		return false;
	return s->flags & (GNTCOPY_source_gref | GNTCOPY_dest_gref);
}

static int end_address(uint32_t self, bool gref, const union xengnttab_copy_ptr *ptr, bool write,
		uint8_t **address)
{
	const struct sim_domain *domain;
	int status;

	if (!gref) {
		*address = ptr->virt;
		return GNTST_okay;
	}
	domain = sim_domain(ptr->foreign.domid);
	status = grant_check(self, domain, ptr->foreign.ref, write);
	if (status == GNTST_okay) {
		uint8_t *memory = sim_memory(domain);

		if (!memory)
			return GNTST_bad_domain;
		*address = memory + ptr->foreign.ref * SIM_PAGE + ptr->foreign.offset;
	}
	return status;
}

static int segment_copy(uint32_t self, const xengnttab_grant_copy_segment_t *s)
{
	uint8_t *from, *to;
	int status;

	if (s->len == 0)
		return GNTST_okay;	/* gntdev asks Xen nothing, not even whether there is a grant */
	status = end_address(self, s->flags & GNTCOPY_source_gref, &s->source, false, &from);
	if (status == GNTST_okay)
		status = end_address(self, s->flags & GNTCOPY_dest_gref, &s->dest, true, &to);
	if (status == GNTST_okay)
		memmove(to, from, s->len);
	return status;
}

static bool segment_faulty(struct sim_faults *faults, const xengnttab_grant_copy_segment_t *s)
{
	if (!faults->copy_status)
		return false;
	if (faults->copy_gref)
		return (s->flags & GNTCOPY_source_gref && s->source.foreign.ref == faults->copy_gref) ||
			(s->flags & GNTCOPY_dest_gref && s->dest.foreign.ref == faults->copy_gref);
	return every(faults->copy_every, &faults->n_copy);
}

/*
 * gntdev marks a segment as okay when it accepts it, before Xen has copied anything. So after a
 * call that fails because of a later segment, statuses may say okay where nothing was copied.
 */
int xengnttab_grant_copy(xengnttab_handle *h, uint32_t count, xengnttab_grant_copy_segment_t *segs)
{
	struct sim_faults *faults = &sim_table()->faults;

	if (faults->copy_errno) {
		errno = (int)faults->copy_errno;
		return -1;
	}
	if (every(faults->copy_noop, &faults->n_call))
		return 0;
	for (uint32_t i = 0; i < count; i++) {
		if (!segment_possible(&segs[i])) {
			while (i > 0)
				segs[--i].status = GNTST_okay;
			errno = EINVAL;
			return -1;
		}
	}
	for (uint32_t i = 0; i < count; i++)
		segs[i].status = (int16_t)(segment_faulty(faults, &segs[i]) ? faults->copy_status :
				segment_copy(h->domid, &segs[i]));
	return 0;
}

/* DMA buffers are not simulated. */
int xengnttab_dmabuf_exp_from_refs(xengnttab_handle *h, uint32_t domid, uint32_t flags, uint32_t count,
		const uint32_t *refs, uint32_t *dmabuf_fd)
{
	errno = ENOSYS;
	return -1;
}

int xengnttab_dmabuf_exp_wait_released(xengnttab_handle *h, uint32_t fd, uint32_t wait_to_ms)
{
	errno = ENOSYS;
	return -1;
}

int xengnttab_dmabuf_imp_to_refs(xengnttab_handle *h, uint32_t domid, uint32_t fd, uint32_t count,
		uint32_t *refs)
{
	errno = ENOSYS;
	return -1;
}

int xengnttab_dmabuf_imp_release(xengnttab_handle *h, uint32_t fd)
{
	errno = ENOSYS;
	return -1;
}
