/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blkload: a block frontend that loads its disk, or checks it against a model. The main thread
 * follows the backend, keeps the time and reconnects; a thread per queue does the rest. Exit
 * status: 0; 1: an error, a wrong byte, or a backend that broke the protocol; 2: wrong usage.
 */
#include "tests/bench/blkload.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define LOOK_MS 20	/* how often the main thread looks at the time */
#define DESCRIPTOR_PAGES 8
#define POOL_PAGES_MOST 1800	/* eight queues fit a domain's 32 frames of grants */

static struct load load = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
static struct load_totals totals;

__attribute__((format(printf, 1, 2), noreturn)) static void fail(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "blkload: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_us_now(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
		(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/*
 * Enough pages for the depth, no more: grants are limited. Above the limit here an operation may
 * have to wait for pages.
 */
static uint32_t pool_pages(const struct load_options *o)
{
	uint32_t indirect = o->frontend.indirect == FRONTEND_INDIRECT_DEFAULT ? 32 : o->frontend.indirect;
	uint32_t pages = indirect < BLKIF_MAX_SEGMENTS_PER_REQUEST ? BLKIF_MAX_SEGMENTS_PER_REQUEST :
		indirect;

	if (o->rw != RW_VERIFY && o->bs / BLKABI_PAGE_BYTES + 1 < pages)
		pages = (uint32_t)(o->bs / BLKABI_PAGE_BYTES) + 1;
	pages += pages > BLKIF_MAX_SEGMENTS_PER_REQUEST ? DESCRIPTOR_PAGES : 0;
	if (pages * o->depth <= POOL_PAGES_MOST)
		return pages * o->depth;
	return pages > POOL_PAGES_MOST ? pages : POOL_PAGES_MOST;
}

static void offered_check(const struct frontend_disk *disk, const struct load_options *o)
{
	if (o->flush_every && !disk->flush)
		fail("--flush-every: the backend does not offer flush");
	if (o->barrier_every && !disk->barrier)
		fail("--barrier-every: the backend does not offer barriers");
	if (o->discard_every && !disk->discard)
		fail("--discard-every: the backend does not offer discard");
	if (o->bs % disk->sector_bytes)
		fail("--bs=%" PRIu64 ": the disk's sectors have %u bytes", o->bs, disk->sector_bytes);
	if (o->offset % disk->sector_bytes)
		fail("--offset=%" PRIu64 ": the disk's sectors have %u bytes", o->offset,
				disk->sector_bytes);
}

/* What was asked for, against what there is. */
static void options_check(struct load_options *o)
{
	const struct frontend *f = load.frontend;
	uint64_t bytes = frontend_bytes(f);

	offered_check(&f->disk, o);
	load.bytes_max = f->segments_max * BLKABI_PAGE_BYTES;
	if (o->depth > f->queue[0].ring.entries)
		fail("--iodepth=%u: the ring has %u entries (--order)", o->depth, f->queue[0].ring.entries);
	if (o->bs > load.bytes_max)
		fail("--bs=%" PRIu64 ": a request holds at most %u bytes (--indirect)", o->bs,
				load.bytes_max);
	if (o->offset >= bytes || o->size > bytes - o->offset)
		fail("--offset=%" PRIu64 " --size=%" PRIu64 ": the disk has %" PRIu64 " bytes", o->offset,
				o->size, bytes);
	if (!o->size)
		o->size = bytes - o->offset;
	if (o->barrier_every && o->bs > BLKIF_MAX_SEGMENTS_PER_REQUEST * BLKABI_PAGE_BYTES)
		fail("--barrier-every: a barrier holds at most %u pages (--bs)",
				BLKIF_MAX_SEGMENTS_PER_REQUEST);
	if (o->size / f->queues < (o->bs ? o->bs : f->disk.sector_bytes))
		fail("--size=%" PRIu64 ": less than one operation for each queue", o->size);
}

static void connection_make(struct load_options *o)
{
	int rc;

	if (!o->frontend.pool_pages)
		o->frontend.pool_pages = pool_pages(o);
	rc = frontend_open(&load.frontend, &o->frontend);
	if (!rc)
		rc = frontend_connect(load.frontend);
	if (rc)
		fail("vbd %u: %s", o->frontend.devid,
				load.frontend ? load.frontend->bus.error : strerror(-rc));
}

static void workers_start(void)
{
	load.workers = load.running = load.frontend->queues;
	load.worker = calloc(load.workers, sizeof(*load.worker));
	if (!load.worker)
		fail("no memory for %u workers", load.workers);
	for (uint32_t i = 0; i < load.workers; i++)
		if (worker_init(&load.worker[i], &load, i))
			fail("no memory for worker %u (--size)", i);
	for (uint32_t i = 0; i < load.workers; i++)
		if (pthread_create(&load.worker[i].thread, NULL, worker_run, &load.worker[i]))
			fail("no thread for queue %u", i);
}

/* Until all that still run are parked. Returns false if none runs any more. */
static bool workers_park(void)
{
	bool any;

	pthread_mutex_lock(&load.lock);
	__atomic_store_n(&load.pause, true, __ATOMIC_RELAXED);
	while (load.parked < load.running)
		pthread_cond_wait(&load.changed, &load.lock);
	any = load.running > 0;
	pthread_mutex_unlock(&load.lock);
	return any;
}

static void workers_resume(void)
{
	pthread_mutex_lock(&load.lock);
	__atomic_store_n(&load.pause, false, __ATOMIC_RELAXED);
	load.parked = 0;
	load.round++;
	pthread_cond_broadcast(&load.changed);
	pthread_mutex_unlock(&load.lock);
}

static void reconnect(void)
{
	const struct load_options *o = &load.options;
	enum frontend_return how = o->reconnect_how == RECONNECT_ALL ? totals.reconnects % 4 :
		o->reconnect_how;

	if (workers_park()) {
		totals.lies += frontend_lies(load.frontend);
		if (frontend_reconnect(load.frontend, how))
			fail("reconnect: %s", load.frontend->bus.error);
		if (load.frontend->queues < load.workers)
			fail("reconnect: %u queues instead of %u", load.frontend->queues, load.workers);
		totals.reconnects++;
	}
	workers_resume();
}

static bool workers_run(void)
{
	bool any;

	pthread_mutex_lock(&load.lock);
	any = load.running > 0;
	pthread_mutex_unlock(&load.lock);
	return any;
}

/* Somebody wants an end: the ordinary one, with figures and a closed device. */
static void stop_asked(int signal)
{
	__atomic_store_n(&load.stop, true, __ATOMIC_RELAXED);
}

/* Follows the backend and the time until all workers have ended. */
static void load_run(void)
{
	const struct load_options *o = &load.options;
	double start = seconds_now(), reconnect_at = start + o->reconnect_every;
	double cpu = cpu_us_now();
	struct pollfd pollfd = { .fd = frontend_fd(load.frontend), .events = POLLIN };

	workers_start();
	while (workers_run()) {
		double now = seconds_now();

		poll(&pollfd, 1, LOOK_MS);
		frontend_ready(load.frontend);
		if (frontend_dead(load.frontend))
			fail("the backend closed the device");
		if (o->seconds && now - start >= o->seconds)
			__atomic_store_n(&load.stop, true, __ATOMIC_RELAXED);
		if (o->reconnect_every && now >= reconnect_at && !load.stop) {
			reconnect();
			reconnect_at = seconds_now() + o->reconnect_every;
		}
	}
	totals.seconds = seconds_now() - start;
	totals.cpu_us = cpu_us_now() - cpu;
}

static bool workers_join(void)
{
	bool good = true;

	for (uint32_t i = 0; i < load.workers; i++) {
		struct worker *w = &load.worker[i];

		pthread_join(w->thread, NULL);
		totals.ops += w->completed;
		totals.bytes += w->bytes;
		totals.errors += w->errors;
		totals.figures.notifies += w->figures.notifies;
		totals.figures.events += w->figures.events;
		totals.figures.wakeups += w->figures.wakeups;
		histogram_merge(&totals.latency, &w->latency);
		if (*w->failure) {
			fprintf(stderr, "blkload: %s\n", w->failure);
			good = false;
		}
		verify_free(w);
		free(w->op);
		free(w->free_op);
	}
	free(load.worker);
	return good;
}

int main(int argc, char **argv)
{
	struct load_options *o = &load.options;
	bool good;

	options_parse(argc, argv, o);
	connection_make(o);
	options_check(o);
	if (o->slow && !(load.slow = fopen(o->slow, "we")))
		fail("cannot write to %s", o->slow);
	signal(SIGINT, stop_asked);
	signal(SIGTERM, stop_asked);
	load_run();
	good = workers_join();
	if (load.slow)
		fclose(load.slow);
	totals.lies += frontend_lies(load.frontend);
	report_print(o, load.frontend, &totals);
	if (frontend_disconnect(load.frontend)) {
		fprintf(stderr, "blkload: %s\n", load.frontend->bus.error);
		good = false;
	}
	frontend_free(load.frontend);
	return good && !totals.lies && !totals.errors ? 0 : 1;
}
