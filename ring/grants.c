/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only file that knows libxengnttab. Trusts the library for memory safety, not for success:
 * every status starts as an error and only an exact GNTST_okay counts (a hypervisor has returned
 * positive statuses and untouched ones before: XSA-316, XSA-318).
 */
#include "ring/grants.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <xengnttab.h>

#include "ring/quiet.h"

/*
 * Mapping is an ioctl and an mmap (allowed as such); copying is an ioctl.
 * #ioctls: IOCTL_GNTDEV_MAP_GRANT_REF IOCTL_GNTDEV_UNMAP_GRANT_REF IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR
 * #ioctls: IOCTL_GNTDEV_GRANT_COPY
 */
struct grants {
	xengnttab_handle *handle;
	uint32_t domid;
};

struct grant_batch {
	uint32_t capacity;
	uint32_t count;
	xengnttab_grant_copy_segment_t segment[];
};

int grants_open(struct grants **grants, uint32_t domid)
{
	struct grants *g = calloc(1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	g->domid = domid;
	g->handle = xengnttab_open(quiet_logger(), 0);
	if (!g->handle) {
		int err = errno ? -errno : -ENODEV;

		free(g);
		return err;
	}
	*grants = g;
	return 0;
}

void grants_close(struct grants *grants)
{
	xengnttab_close(grants->handle);
	free(grants);
}

int grants_map(struct grants *grants, const gref_t *refs, uint32_t n, bool writable, void **address)
{
	uint32_t raw[RING_GRANTS_MAP_MAX];
	int prot = writable ? PROT_READ | PROT_WRITE : PROT_READ;

	assert(n && n <= RING_GRANTS_MAP_MAX);
	for (uint32_t i = 0; i < n; i++)
		raw[i] = refs[i].ref;
	errno = 0;
	*address = xengnttab_map_domain_grant_refs(grants->handle, n, grants->domid, raw, prot);
	if (*address)
		return 0;
	return errno ? -errno : -EINVAL;
}

int grants_unmap(struct grants *grants, void *address, uint32_t n)
{
	return xengnttab_unmap(grants->handle, address, n) ? -errno : 0;
}

struct grant_batch *grant_batch_new(uint32_t capacity)
{
	struct grant_batch *batch = calloc(1, sizeof(*batch) + capacity * sizeof(batch->segment[0]));

	if (batch)
		batch->capacity = capacity;
	return batch;
}

uint32_t grant_batch_room(const struct grant_batch *batch)
{
	return batch->capacity - batch->count;
}

uint32_t grant_batch_count(const struct grant_batch *batch)
{
	return batch->count;
}

static xengnttab_grant_copy_segment_t *batch_next(struct grant_batch *batch, uint32_t offset,
		uint32_t bytes)
{
	xengnttab_grant_copy_segment_t *segment = &batch->segment[batch->count];

	assert(batch->count < batch->capacity);
	assert(bytes <= GRANT_PAGE_BYTES && offset <= GRANT_PAGE_BYTES - bytes);
	segment->len = (uint16_t)bytes;
	segment->status = GNTST_general_error;
	batch->count++;
	return segment;
}

uint32_t grant_batch_from_guest(struct grant_batch *batch, const struct grants *grants, gref_t ref,
		uint32_t offset, uint32_t bytes, void *local)
{
	xengnttab_grant_copy_segment_t *segment = batch_next(batch, offset, bytes);

	segment->flags = GNTCOPY_source_gref;
	segment->source.foreign.ref = ref.ref;
	segment->source.foreign.offset = (uint16_t)offset;
	segment->source.foreign.domid = (uint16_t)grants->domid;
	segment->dest.virt = local;
	return batch->count - 1;
}

uint32_t grant_batch_to_guest(struct grant_batch *batch, const struct grants *grants, gref_t ref,
		uint32_t offset, uint32_t bytes, const void *local)
{
	xengnttab_grant_copy_segment_t *segment = batch_next(batch, offset, bytes);

	segment->flags = GNTCOPY_dest_gref;
	segment->source.virt = (void *)local;	/* the library's struct has no const; it only reads */
	segment->dest.foreign.ref = ref.ref;
	segment->dest.foreign.offset = (uint16_t)offset;
	segment->dest.foreign.domid = (uint16_t)grants->domid;
	return batch->count - 1;
}

/* After a failed call no status may be believed, not even one that says okay. */
static void batch_fail(struct grant_batch *batch)
{
	for (uint32_t i = 0; i < batch->count; i++)
		batch->segment[i].status = GNTST_general_error;
}

int grant_batch_run(struct grant_batch *batch, struct grants *grants)
{
	int err;

	if (batch->count == 0)
		return 0;
	errno = 0;
	if (xengnttab_grant_copy(grants->handle, batch->count, batch->segment) == 0)
		return 0;
	err = errno ? -errno : -EIO;
	batch_fail(batch);
	return err;
}

bool grant_batch_ok(const struct grant_batch *batch, uint32_t place)
{
	assert(place < batch->count);
	return batch->segment[place].status == GNTST_okay;
}

void grant_batch_clear(struct grant_batch *batch)
{
	batch->count = 0;
}
