/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grant references of one frontend domain: mapping its pages and copying to and from them
 * (libxengnttab). Success of a grant operation is exactly GNTST_okay (0); a status that the
 * hypervisor did not write counts as failure, because it is preset to one.
 */
#ifndef RING_GRANTS_H
#define RING_GRANTS_H

#include <stdbool.h>
#include <stdint.h>

#define GRANT_PAGE_BYTES 4096u
#define RING_GRANTS_MAP_MAX 32		/* pages in one mapping */

/* A grant reference of the frontend. A struct, so that a port or an index does not compile. */
typedef struct {
	uint32_t ref;
} gref_t;

struct grants;		/* one libxengnttab handle and the domain it is used for */
struct grant_batch;	/* copies to be done in one call */

/* Opens a handle for that domain's grants. 0 or -errno. */
int grants_open(struct grants **grants, uint32_t domid);
void grants_close(struct grants *grants);

/*
 * Maps n (1..RING_GRANTS_MAP_MAX) pages at consecutive addresses, all or none. 0 and *address, or
 * -errno (EINVAL: a reference is not granted to us; ENOMEM, ENOSPC: no room here). Unmap with the same n.
 */
int grants_map(struct grants *grants, const gref_t *refs, uint32_t n, bool writable, void **address);
int grants_unmap(struct grants *grants, void *address, uint32_t n);

/* Room for `capacity` copies, made once at connect. NULL: no memory. */
struct grant_batch *grant_batch_new(uint32_t capacity);
uint32_t grant_batch_room(const struct grant_batch *batch);
uint32_t grant_batch_count(const struct grant_batch *batch);

/*
 * Adds one copy; offset + bytes <= 4096 and room are the caller's to keep (asserted). `local` is
 * ordinary memory of ours. One batch holds one direction only. Returns its place in the batch.
 */
uint32_t grant_batch_from_guest(struct grant_batch *batch, const struct grants *grants, gref_t ref,
		uint32_t offset, uint32_t bytes, void *local);
uint32_t grant_batch_to_guest(struct grant_batch *batch, const struct grants *grants, gref_t ref,
		uint32_t offset, uint32_t bytes, const void *local);

/*
 * Does all copies in one call. 0: each has a status of its own; -errno: none may be believed (their
 * statuses say so too). grant_batch_ok() stays valid until grant_batch_clear().
 */
int grant_batch_run(struct grant_batch *batch, struct grants *grants);
bool grant_batch_ok(const struct grant_batch *batch, uint32_t place);
void grant_batch_clear(struct grant_batch *batch);

#endif
