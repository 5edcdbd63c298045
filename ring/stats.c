/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The figures page. Trusts nothing it finds in a page written by an earlier worker but its layout;
 * promises that a reader never sees a half-written 64-bit counter.
 */
#include "ring/stats.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct stats *stats_map(int fd, uint32_t kind, uint32_t domid, uint32_t devid)
{
	struct stats *stats = mmap(NULL, STATS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (stats == MAP_FAILED)
		return NULL;
	if (stats->magic != STATS_MAGIC || stats->version != STATS_VERSION)
		memset(stats, 0, sizeof(*stats));
	stats->magic = STATS_MAGIC;
	stats->version = STATS_VERSION;
	stats->kind = kind;
	stats->domid = domid;
	stats->devid = devid;
	stats->pid = (uint32_t)getpid();
	stats->in_flight = 0;
	stats->starts++;
	return stats;
}

const struct stats *stats_map_read(int fd)
{
	struct stat file;
	struct stats *stats;

	if (fstat(fd, &file))
		return NULL;
	errno = EPROTO;
	if (file.st_size < STATS_BYTES)	/* one that is being made: to look behind its end would be our own end */
		return NULL;
	stats = mmap(NULL, STATS_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	if (stats == MAP_FAILED)
		return NULL;
	if (stats->magic != STATS_MAGIC || stats->version != STATS_VERSION) {
		munmap(stats, STATS_BYTES);
		errno = EPROTO;
		return NULL;
	}
	return stats;
}

static unsigned int bucket_of(uint64_t usec)
{
	unsigned int bits = usec ? 64u - (unsigned int)__builtin_clzll(usec) : 0;

	return bits < STATS_BUCKETS ? bits : STATS_BUCKETS - 1;
}

void stats_operation(struct stats *stats, enum stats_op op, uint64_t bytes, uint64_t usec)
{
	struct stats_latency *latency = &stats->op[op];

	stats_add(&latency->operations, 1);
	stats_add(&latency->bytes, bytes);
	stats_add(&latency->usec_total, usec);
	stats_add(&latency->bucket[bucket_of(usec)], 1);
}

uint64_t stats_percentile(const struct stats_latency *latency, double share)
{
	uint64_t total = 0, seen = 0;

	for (unsigned int b = 0; b < STATS_BUCKETS; b++)
		total += latency->bucket[b];
	for (unsigned int b = 0; b < STATS_BUCKETS; b++) {
		seen += latency->bucket[b];
		if (total && (double)seen >= share * (double)total)
			return 1ull << b;
	}
	return 0;
}
