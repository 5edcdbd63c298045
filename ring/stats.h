/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures of one worker in one shared page: the worker writes, any tool maps and reads without
 * asking anybody. Counters only grow; a reader may see them a few operations apart.
 */
#ifndef RING_STATS_H
#define RING_STATS_H

#include <stdint.h>

#include "ring/log.h"

#define STATS_MAGIC 0x58425331u	/* "XBS1" */
#define STATS_VERSION 2
#define STATS_BYTES 4096
#define STATS_BUCKETS 24	/* bucket n: latency below 2^n microseconds; the last: everything else */
#define STATS_OPS 4

enum stats_op { STATS_READ, STATS_WRITE, STATS_FLUSH, STATS_DISCARD };

struct stats_latency {
	uint64_t operations;	/* completed, with or without error */
	uint64_t bytes;
	uint64_t usec_total;
	uint64_t bucket[STATS_BUCKETS];
};

struct stats {
	uint32_t magic;		/* STATS_MAGIC */
	uint32_t version;	/* STATS_VERSION */
	uint32_t kind;		/* enum device_kind */
	uint32_t domid;
	uint32_t devid;
	uint32_t pid;		/* of the worker that writes now */
	uint64_t starts;	/* workers that have written here: 1 + restarts */
	/* both kinds */
	uint64_t wakeups;	/* returns from epoll_wait */
	uint64_t events;	/* event-channel notifications taken */
	uint64_t notifies;	/* sent to the frontend */
	uint64_t syscalls;	/* system calls and library calls that make one, on the data path */
	uint64_t grant_copies;	/* calls */
	uint64_t grant_segments; /* segments in them */
	uint64_t lies;		/* requests answered with an error because they were wrong */
	uint64_t errors;	/* requests answered with an error because the world failed */
	uint64_t in_flight;	/* now */
	uint64_t recovered;	/* requests submitted again after a worker died */
	/* vbd */
	struct stats_latency op[STATS_OPS];
	/* vif: [0] guest to host, [1] host to guest */
	uint64_t packets[2];
	uint64_t packet_bytes[2];
	uint64_t packet_drops[2];
	uint64_t packet_gso[2];
	uint64_t rx_ring_full;	/* times the tap had to wait for the guest */
	uint64_t rx_stalls;
	/* both kinds: what all workers of this device may still say; see log.h */
	struct log_site log;
};

_Static_assert(sizeof(struct stats) <= STATS_BYTES, "figures fit one page");

/*
 * Maps the page behind fd for writing. A page with a foreign magic or version is set to zero first;
 * otherwise counters go on where the last worker stopped, except those marked "now".
 * Returns the page or NULL with errno of mmap(2). Unmapped by the end of the process.
 */
struct stats *stats_map(int fd, uint32_t kind, uint32_t domid, uint32_t devid);

/* Maps the page behind fd for reading. NULL: errno; EPROTO where magic or version differ. */
const struct stats *stats_map_read(int fd);

/* Counts one completed operation. Called by one thread per page at a time, or with add_shared. */
void stats_operation(struct stats *stats, enum stats_op op, uint64_t bytes, uint64_t usec);

/*
 * Adds to a counter that several queue threads share. Relaxed: a figure, not a lock. Writing it as
 * one atomic add keeps counts right with many queues; with one it costs a few cycles.
 */
static inline void stats_add(uint64_t *counter, uint64_t n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

/* The latency in microseconds below which that share (0..1) of an operation's requests ended. */
uint64_t stats_percentile(const struct stats_latency *latency, double share);

#endif
