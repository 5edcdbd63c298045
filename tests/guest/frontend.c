/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a block frontend's connection: what it reads, allocates and writes, and in which
 * order, is what Linux's blkfront does. Trusts the backend's keys no more than a guest should;
 * promises that each state is written only after all it announces.
 */
#include "tests/guest/frontend.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INDIRECT_LIKE_LINUX 32
#define POOL_PAGES_MOST 4096
#define CLOSING_OR_CLOSED (GUESTBUS_STATE(XenbusStateClosing) | GUESTBUS_STATE(XenbusStateClosed))
#define CLOSED_OR_GONE (GUESTBUS_STATE(XenbusStateClosed) | GUESTBUS_STATE(XenbusStateUnknown))

int frontend_open(struct frontend **frontend, const struct frontend_config *config)
{
	struct frontend *f = calloc(1, sizeof(*f));
	int rc;

	*frontend = f;
	if (!f)
		return -ENOMEM;
	f->config = *config;
	rc = guestbus_open(&f->bus, "vbd", config->domid, config->devid);
	f->bus.timeout_ms = config->timeout_ms;
	return rc;
}

static void queues_close(struct frontend *f)
{
	for (uint32_t i = 0; f->queue && i < f->queues; i++)
		blkqueue_close(&f->queue[i]);
	free(f->queue);
	f->queue = NULL;
}

void frontend_free(struct frontend *f)
{
	if (!f)
		return;
	queues_close(f);
	guestbus_close(&f->bus);
	free(f);
}

/* Less than asked for: what Linux takes, or an error where a test must have what it names. */
static int offered(struct frontend *f, const char *key, uint64_t offer, uint32_t asked, uint32_t *taken)
{
	*taken = asked <= offer ? asked : (uint32_t)offer;
	if (*taken == asked || f->config.clamp || f->config.early)
		return 0;
	return guestbus_fail(&f->bus, EOPNOTSUPP, "%u asked for, but %s/%s offers %llu", asked,
			f->bus.back, key, (unsigned long long)offer);
}

static int queues_open(struct frontend *f)
{
	struct blkqueue_config config = {
		.backend_domid = f->bus.backend_domid,
		.order = f->order,
		.abi = f->config.abi,
		.start_index = f->config.start_index,
		.handle = (uint16_t)f->config.devid,	/* Linux truncates it, too */
		.revoke = f->config.revoke,
	};
	int rc;

	f->queue = calloc(f->queues, sizeof(*f->queue));
	if (!f->queue)
		return guestbus_fail(&f->bus, ENOMEM, "no memory for %u queues", f->queues);
	for (uint32_t i = 0; i < f->queues; i++) {
		rc = blkqueue_open(&f->queue[i], &config);
		if (rc)
			return guestbus_fail(&f->bus, -rc, "queue %u has no ring or event channel: %s",
					i, strerror(-rc));
	}
	return 0;
}

static void queue_keys(struct guestbus_txn *txn, const struct frontend *f, uint32_t n, const char *prefix)
{
	const struct blkqueue *queue = &f->queue[n];
	bool named = f->order || f->config.order_key;
	char key[48];

	for (uint32_t i = 0; i < 1u << f->order; i++) {
		if (named)
			snprintf(key, sizeof(key), "%sring-ref%u", prefix, i);
		else
			snprintf(key, sizeof(key), "%sring-ref", prefix);
		guestbus_put(txn, key, "%u", queue->ring_page[i].gref);
	}
	snprintf(key, sizeof(key), "%sevent-channel", prefix);
	guestbus_put(txn, key, "%u", queue->port);
}

/* What an earlier connection with other features may have left behind. */
static void keys_remove(struct guestbus_txn *txn)
{
	static const char *const plain[] = { "ring-ref", "event-channel", "ring-page-order",
		"multi-queue-num-queues", "protocol" };
	char key[48];

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		guestbus_remove(txn, plain[i]);
	for (uint32_t i = 0; i < 1u << BLKRING_ORDER_MAX; i++) {
		snprintf(key, sizeof(key), "ring-ref%u", i);
		guestbus_remove(txn, key);
	}
	for (uint32_t i = 0; i < FRONTEND_QUEUES_MAX; i++) {
		snprintf(key, sizeof(key), "queue-%u", i);
		guestbus_remove(txn, key);
	}
}

static void connection_keys(struct guestbus_txn *txn, void *arg)
{
	const struct frontend *f = arg;
	const char *protocol = blkabi_protocol(f->config.abi);
	char prefix[24];

	keys_remove(txn);
	if (f->order || f->config.order_key)
		guestbus_put(txn, "ring-page-order", "%u", f->order);
	if (f->queues == 1) {
		queue_keys(txn, f, 0, "");
	} else {
		guestbus_put(txn, "multi-queue-num-queues", "%u", f->queues);
		for (uint32_t i = 0; i < f->queues; i++) {
			snprintf(prefix, sizeof(prefix), "queue-%u/", i);
			queue_keys(txn, f, i, prefix);
		}
	}
	if (protocol)
		guestbus_put(txn, "protocol", "%s", protocol);
	guestbus_put(txn, "feature-persistent", "%u", f->config.persistent);
}

/* Rings and ports, told to the backend: Initialised. */
static int connection_offer(struct frontend *f)
{
	struct guestbus *bus = &f->bus;
	int rc = offered(f, "multi-queue-max-queues", guestbus_read(bus, "multi-queue-max-queues", 1),
			f->config.queues, &f->queues);

	rc = rc ? rc : offered(f, "max-ring-page-order", guestbus_read(bus, "max-ring-page-order", 0),
			f->config.order, &f->order);
	rc = rc ? rc : queues_open(f);
	rc = rc ? rc : guestbus_write(bus, connection_keys, f);
	return rc ? rc : guestbus_switch(bus, XenbusStateInitialised);
}

static int disk_read(struct frontend *f, struct frontend_disk *disk)
{
	struct guestbus *bus = &f->bus;
	uint64_t sectors, sector_bytes;
	int rc = guestbus_need(bus, "sectors", &sectors);

	rc = rc ? rc : guestbus_need(bus, "sector-size", &sector_bytes);
	if (rc)
		return rc;
	if (sector_bytes < BLKABI_SECTOR_BYTES || (sector_bytes & (sector_bytes - 1)) ||
			sector_bytes > BLKABI_PAGE_BYTES || sectors > UINT64_MAX / BLKABI_SECTOR_BYTES)
		return guestbus_fail(bus, EPROTO, "%llu sectors of %llu bytes are no disk",
				(unsigned long long)sectors, (unsigned long long)sector_bytes);
	*disk = (struct frontend_disk) {
		/* In units of 512 bytes whatever the sector size is. */
		.bytes = sectors * BLKABI_SECTOR_BYTES,
		.sector_bytes = (uint32_t)sector_bytes,
		.physical_bytes = (uint32_t)guestbus_read(bus, "physical-sector-size", sector_bytes),
		.info = (uint32_t)guestbus_read(bus, "info", 0),
		.flush = guestbus_read(bus, "feature-flush-cache", 0) == 1,
		.barrier = guestbus_read(bus, "feature-barrier", 0) == 1,
		.persistent = guestbus_read(bus, "feature-persistent", 0) == 1,
		.discard = guestbus_read(bus, "feature-discard", 0) == 1,
		.discard_secure = guestbus_read(bus, "discard-secure", 0) == 1,
		.discard_granularity = (uint32_t)guestbus_read(bus, "discard-granularity", sector_bytes),
		.discard_alignment = (uint32_t)guestbus_read(bus, "discard-alignment", 0),
	};
	return 0;
}

static int segments_agree(struct frontend *f)
{
	uint64_t offer = guestbus_read(&f->bus, "feature-max-indirect-segments", 0);
	uint32_t asked = f->config.indirect, taken;
	int rc;

	if (asked == FRONTEND_INDIRECT_DEFAULT)
		asked = offer < INDIRECT_LIKE_LINUX ? (uint32_t)offer : INDIRECT_LIKE_LINUX;
	rc = offered(f, "feature-max-indirect-segments", offer, asked, &taken);
	f->segments_max = taken > BLKIF_MAX_SEGMENTS_PER_REQUEST ? taken : BLKIF_MAX_SEGMENTS_PER_REQUEST;
	return rc;
}

static uint32_t pool_pages(const struct frontend *f)
{
	uint32_t all = f->queue[0].ring.entries * f->segments_max;

	if (f->config.pool_pages)
		return f->config.pool_pages;
	return all < POOL_PAGES_MOST ? all : POOL_PAGES_MOST;
}

/* The backend is connected: read the disk, make the requests: Connected. */
static int connection_finish(struct frontend *f)
{
	struct frontend_disk disk;
	int rc = disk_read(f, &disk);

	rc = rc ? rc : segments_agree(f);
	if (rc)
		return rc;
	f->disk = disk;
	for (uint32_t i = 0; i < f->queues; i++) {
		rc = blkqueue_equip(&f->queue[i], f->segments_max, pool_pages(f));
		if (rc)
			return guestbus_fail(&f->bus, -rc, "queue %u cannot grant %u pages: %s (the limit is "
					"in /sys/module/xen_gntalloc/parameters/limit; pool= asks for less)",
					i, pool_pages(f), strerror(-rc));
	}
	return guestbus_switch(&f->bus, XenbusStateConnected);
}

static int connection_make(struct frontend *f)
{
	/* After a resume the backend may still show a state of the connection before. */
	uint32_t refused = f->config.early ? 0 : CLOSING_OR_CLOSED;
	int rc = connection_offer(f);

	if (rc)
		return rc;
	rc = guestbus_wait(&f->bus, GUESTBUS_STATE(XenbusStateConnected) | refused);
	if (rc < 0)
		return rc;
	if (rc != XenbusStateConnected) {
		/* As Linux follows a backend that closes: it may then be tried again. */
		guestbus_switch(&f->bus, XenbusStateClosed);
		return guestbus_fail(&f->bus, ECONNREFUSED, "the backend refused: %s/state is %d",
				f->bus.back, rc);
	}
	return connection_finish(f);
}

int frontend_connect(struct frontend *f)
{
	int rc = 0;

	__atomic_store_n(&f->dead, false, __ATOMIC_RELAXED);
	if (!f->config.early) {
		if (guestbus_front_state(&f->bus) != XenbusStateInitialising)
			rc = guestbus_switch(&f->bus, XenbusStateInitialising);
		if (!rc)
			rc = guestbus_wait(&f->bus, GUESTBUS_STATE(XenbusStateInitWait));
		if (rc < 0)
			return rc;
	}
	rc = connection_make(f);
	if (rc)
		queues_close(f);
	return rc;
}

/* Writes our state and waits for the backend's answer to it. */
static int step(struct frontend *f, enum xenbus_state ours, uint32_t theirs)
{
	int rc = guestbus_switch(&f->bus, ours);

	rc = rc ? rc : guestbus_wait(&f->bus, theirs);
	return rc < 0 ? rc : 0;
}

int frontend_disconnect(struct frontend *f)
{
	int rc = step(f, XenbusStateClosing, CLOSING_OR_CLOSED);

	rc = rc ? rc : step(f, XenbusStateClosed, CLOSED_OR_GONE);
	queues_close(f);
	return rc;
}

/*
 * The new kernel knows nothing of the old one's pages. It walks the states, and from then on the
 * pages hold something else: a backend that still uses them is found by that.
 */
static int kexec_close(struct frontend *f)
{
	int rc = step(f, XenbusStateClosing, CLOSING_OR_CLOSED);

	rc = rc ? rc : step(f, XenbusStateClosed, CLOSED_OR_GONE);
	rc = rc ? rc : step(f, XenbusStateInitialising, GUESTBUS_STATE(XenbusStateInitWait));
	for (uint32_t i = 0; i < f->queues; i++)
		blkqueue_scribble(&f->queue[i]);
	queues_close(f);
	return rc;
}

static int resume(struct frontend *f)
{
	bool early = f->config.early;
	int rc;

	queues_close(f);
	f->config.early = true;
	rc = frontend_connect(f);
	f->config.early = early;
	return rc;
}

int frontend_reconnect(struct frontend *f, enum frontend_return how)
{
	int rc = 0;

	switch (how) {
	case FRONTEND_RESUME:
		return resume(f);
	case FRONTEND_KEXEC:
		rc = kexec_close(f);
		break;
	case FRONTEND_RELOAD:
		rc = step(f, XenbusStateClosed, CLOSED_OR_GONE);
		queues_close(f);
		break;
	case FRONTEND_REOPEN:
		rc = frontend_disconnect(f);
		break;
	}
	return rc ? rc : frontend_connect(f);
}

int frontend_fd(const struct frontend *f)
{
	return guestbus_fd(&f->bus);
}

static void capacity_read(struct frontend *f)
{
	uint64_t bytes = guestbus_read(&f->bus, "sectors", f->disk.bytes / BLKABI_SECTOR_BYTES) *
		BLKABI_SECTOR_BYTES;

	if (bytes == f->disk.bytes)
		return;
	f->resizes++;
	__atomic_store_n(&f->disk.bytes, bytes, __ATOMIC_RELAXED);
}

void frontend_ready(struct frontend *f)
{
	guestbus_drain(&f->bus);
	if (!f->queue || frontend_dead(f))
		return;
	switch (guestbus_backend_state(&f->bus)) {
	case XenbusStateConnected:
		capacity_read(f);
		break;
	case XenbusStateClosing:
	case XenbusStateClosed:
	case XenbusStateUnknown:
		__atomic_store_n(&f->dead, true, __ATOMIC_RELAXED);
		guestbus_switch(&f->bus, XenbusStateClosed);
		break;
	default:
		break;
	}
}

uint64_t frontend_bytes(const struct frontend *f)
{
	return __atomic_load_n(&f->disk.bytes, __ATOMIC_RELAXED);
}

bool frontend_dead(const struct frontend *f)
{
	return __atomic_load_n(&f->dead, __ATOMIC_RELAXED);
}

uint64_t frontend_lies(const struct frontend *f)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; f->queue && i < f->queues; i++)
		sum += blkring_lies(&f->queue[i].ring);
	return sum;
}
