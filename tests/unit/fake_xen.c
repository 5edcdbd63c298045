/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Xen of one guest in plain memory. Trusts the test that drives it; promises that a batch goes on
 * after a failed segment, as the real one does, and that a failed call has copied nothing.
 */
#include "tests/unit/fake_xen.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ring/events.h"
#include "ring/grants.h"

#define OUR_PORT 17u		/* the first of a handle; the second is the next number */

struct fake_xen fake __attribute__((aligned(4096)));

struct grants {
	uint32_t domid;
};

struct copy {
	gref_t ref;
	uint32_t offset, bytes;
	void *to_us;
	const void *from_us;
	bool ok;
};

struct grant_batch {
	uint32_t capacity, count;
	struct copy copy[];
};

struct events {
	uint32_t domid;
	uint32_t bound;
};

static int handle_open(void)
{
	return fake.no_handle && --fake.no_handle == 0 ? -EMFILE : 0;
}

int grants_open(struct grants **grants, uint32_t domid)
{
	if (handle_open())
		return -EMFILE;
	*grants = calloc(1, sizeof(**grants));
	(*grants)->domid = domid;
	return 0;
}

void grants_close(struct grants *grants)
{
	free(grants);
}

int grants_map(struct grants *grants, const gref_t *refs, uint32_t n, bool writable, void **address)
{
	for (uint32_t i = 0; i < n; i++) {
		if (refs[i].ref >= FAKE_PAGES || fake.map_refused[refs[i].ref]) {
			fake.maps_failed++;
			return -EINVAL;
		}
		/* The mapping is the memory itself: consecutive addresses are consecutive references. */
		assert(refs[i].ref == refs[0].ref + i);
	}
	fake.maps += n;
	*address = fake.page[refs[0].ref];
	return 0;
}

int grants_unmap(struct grants *grants, void *address, uint32_t n)
{
	fake.unmaps += n;
	return 0;
}

struct grant_batch *grant_batch_new(uint32_t capacity)
{
	struct grant_batch *batch = calloc(1, sizeof(*batch) + capacity * sizeof(batch->copy[0]));

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

static uint32_t batch_add(struct grant_batch *batch, struct copy copy)
{
	assert(batch->count < batch->capacity);
	assert(copy.bytes <= FAKE_PAGE_BYTES && copy.offset <= FAKE_PAGE_BYTES - copy.bytes);
	/* One direction only. */
	assert(batch->count == 0 || !batch->copy[0].to_us == !copy.to_us);
	batch->copy[batch->count] = copy;
	return batch->count++;
}

uint32_t grant_batch_from_guest(struct grant_batch *batch, const struct grants *grants, gref_t ref,
		uint32_t offset, uint32_t bytes, void *local)
{
	return batch_add(batch, (struct copy) { ref, offset, bytes, .to_us = local });
}

uint32_t grant_batch_to_guest(struct grant_batch *batch, const struct grants *grants, gref_t ref,
		uint32_t offset, uint32_t bytes, const void *local)
{
	return batch_add(batch, (struct copy) { ref, offset, bytes, .from_us = local });
}

static void copy_run(struct copy *copy)
{
	uint8_t *guest;

	copy->ok = copy->ref.ref < FAKE_PAGES && !fake.copy_refused[copy->ref.ref];
	if (!copy->ok)
		return;
	guest = fake.page[copy->ref.ref] + copy->offset;
	if (copy->to_us)
		memcpy(copy->to_us, guest, copy->bytes);
	else
		memcpy(guest, copy->from_us, copy->bytes);
}

int grant_batch_run(struct grant_batch *batch, struct grants *grants)
{
	if (batch->count == 0)
		return 0;
	fake.copy_calls++;
	for (uint32_t i = 0; i < batch->count && !fake.calls_fail; i++)
		copy_run(&batch->copy[i]);
	for (uint32_t i = 0; i < batch->count && fake.calls_fail; i++)
		batch->copy[i].ok = false;
	return fake.calls_fail ? -EFAULT : 0;
}

bool grant_batch_ok(const struct grant_batch *batch, uint32_t place)
{
	assert(place < batch->count);
	return batch->copy[place].ok;
}

void grant_batch_clear(struct grant_batch *batch)
{
	batch->count = 0;
}

int events_open(struct events **events, uint32_t domid)
{
	if (handle_open())
		return -EMFILE;
	*events = calloc(1, sizeof(**events));
	(*events)->domid = domid;
	return 0;
}

void events_close(struct events *events)
{
	free(events);
}

int events_fd(const struct events *events)
{
	return -1;
}

int events_bind(struct events *events, remote_port_t remote, port_t *local)
{
	if (fake.unbound)
		return -EINVAL;
	fake.pending |= 1u << events->bound;
	local->port = OUR_PORT + events->bound++;
	return 0;
}

int events_take(struct events *events, port_t *port)
{
	if (!fake.pending)
		return -EAGAIN;
	port->port = OUR_PORT + (uint32_t)__builtin_ctz(fake.pending);
	fake.pending &= fake.pending - 1;
	return 0;
}

int events_unmask(struct events *events, port_t port)
{
	assert(port.port - OUR_PORT < events->bound);
	fake.unmasked++;
	return 0;
}

int events_notify(struct events *events, port_t port)
{
	assert(port.port - OUR_PORT < events->bound);
	fake.notified++;
	return 0;
}
