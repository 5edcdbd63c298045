/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A load generator that is a block frontend: one thread per queue, no heap and few system calls
 * per operation. What its files share.
 */
#ifndef BENCH_BLKLOAD_H
#define BENCH_BLKLOAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/guest/frontend.h"

/* ---- blkload_options.c ---- */

enum load_rw { RW_READ, RW_WRITE, RW_RANDREAD, RW_RANDWRITE, RW_MIXED, RW_VERIFY };

struct load_options {
	struct frontend_config frontend;
	enum load_rw rw;
	uint64_t bs;		/* bytes of one operation; verify: of the largest; 0: what the ring takes */
	uint32_t depth;		/* operations in flight per queue */
	uint32_t seconds;	/* 0: no limit */
	uint64_t ops;		/* per queue; 0: no limit */
	uint32_t rate;		/* operations begun a second, per queue; 0: as many as go */
	uint64_t offset, size;	/* the part of the disk that is used; size 0: all the rest */
	uint64_t seed;
	uint32_t mix;		/* percent of reads of mixed */
	uint32_t flush_every, discard_every, barrier_every;	/* every n-th operation; 0: none */
	bool discard_zeroes;	/* verify: what was discarded must read as zeroes */
	uint32_t reconnect_every;	/* seconds; 0: never */
	uint32_t reconnect_how;		/* enum frontend_return; RECONNECT_ALL: in turn */
	uint32_t stall;		/* seconds without an answer that are a failure */
	bool json;
	const char *slow;	/* file for operations of SLOW_NS and more; NULL: none */
	const char *job, *ground, *system;	/* of the records; job NULL: made from the rest */
};

#define RECONNECT_ALL UINT32_MAX
#define SLOW_NS 1000000u

/* Fills *options from the command line; prints a sentence and exits with 2 where it is wrong. */
void options_parse(int argc, char **argv, struct load_options *options);

/* ---- blkload_report.c ---- */

/* Logarithmic buckets, 32 per octave: 3 % wide, nanoseconds. */
#define HISTOGRAM_SUB_BITS 5
#define HISTOGRAM_BUCKETS (60u << HISTOGRAM_SUB_BITS)

struct histogram {
	uint64_t count;
	uint64_t bucket[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t ns);
void histogram_merge(struct histogram *to, const struct histogram *from);
/* The value below which that share (0..1) lies, in microseconds; 0 if empty. */
double histogram_us(const struct histogram *histogram, double share);

struct load_totals {
	double seconds;
	uint64_t ops, bytes, errors;
	uint64_t lies;		/* of the backend, over all connections */
	uint64_t reconnects;
	double cpu_us;		/* of this process, while it loaded */
	struct blkqueue_figures figures;
	struct histogram latency;
};

/* One line for people, or the records with --json and the line on stderr. */
void report_print(const struct load_options *options, const struct frontend *frontend,
		const struct load_totals *totals);

/* ---- blkload_worker.c ---- */

/* One operation that is in flight, or a free place. Outlives the connection it was submitted on. */
struct op {
	bool in_flight;
	uint8_t op;		/* BLKIF_OP_* */
	uint64_t offset, bytes;
	uint32_t pages;		/* of its request */
	uint32_t generation;	/* verify: of a write */
	uint8_t lead;		/* verify: sectors left free before the data in the first page */
	bool ragged;		/* verify: pieces of any length anywhere in their pages */
	uint64_t submitted_ns;
};

struct worker;
struct verify;

/* What a worker does: load, or verify. */
struct load_kind {
	/*
	 * Decides the next operation; `pages` is what it needs of them. False: none now; with
	 * nothing in flight: none ever.
	 */
	bool (*next)(struct worker *worker, struct op *op);
	/* Gives the request its segments, and its data; when it is submitted again, again. */
	void (*prepare)(struct worker *worker, const struct op *op, struct blk_request *request);
	/* Takes the answer. False: a failure that worker_fail() has described. */
	bool (*done)(struct worker *worker, const struct op *op, const struct blk_request *request);
};

struct load;

struct worker {
	struct load *load;
	const struct load_kind *kind;
	uint32_t index;		/* its queue's, too */
	pthread_t thread;
	uint64_t base, span;	/* its part of the disk, bytes */
	uint64_t random;	/* state of the generator */
	uint64_t next;		/* sequential: where the next one begins, relative to base */
	uint64_t issued, completed, bytes, errors;
	uint32_t in_flight;
	struct op *op;		/* options.depth of them */
	uint32_t *free_op, free_ops;	/* a stack of their numbers */
	struct op *pending;	/* waits until enough pages are free; NULL: none */
	uint64_t answered_ns;	/* when the last answer came */
	uint64_t begun_ns;	/* when the last operation was begun */
	bool waits;		/* for its rate to allow another */
	struct blkqueue_figures figures;	/* of the connections before this one */
	struct histogram latency;
	struct verify *verify;
	char failure[400];	/* "" if there is none */
};

struct load {
	struct load_options options;
	struct frontend *frontend;
	struct worker *worker;
	uint32_t workers;
	uint32_t bytes_max;	/* of one request */
	FILE *slow;		/* NULL: nobody asks */
	bool stop;		/* atomic: the time is over */
	bool failed;		/* atomic: a worker has failed, all end at once */
	bool pause;		/* atomic: park */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint32_t running, parked, round;	/* under lock */
};

/* Prepares what a worker needs; 0 or -ENOMEM. */
int worker_init(struct worker *worker, struct load *load, uint32_t index);
void *worker_run(void *worker);
/* Records its failure as a sentence, and ends all workers. Returns false. */
bool worker_fail(struct worker *worker, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds the figures of its queue to its own; before the queue goes. */
void worker_account(struct worker *worker);
/* True when the options say that no new operation shall begin. */
bool worker_enough(const struct worker *worker);

static inline uint64_t worker_random(struct worker *worker)
{
	/* xorshift64*: any non-zero state. */
	worker->random ^= worker->random >> 12;
	worker->random ^= worker->random << 25;
	worker->random ^= worker->random >> 27;
	return worker->random * 0x2545f4914f6cdd1d;
}

/* 0..n-1 */
static inline uint64_t worker_below(struct worker *worker, uint64_t n)
{
	return (uint64_t)((unsigned __int128)worker_random(worker) * n >> 64);
}

extern const struct load_kind load_plain;

/* ---- blkload_verify.c ---- */

extern const struct load_kind load_verify;
/* The model of the worker's part of the disk. 0 or -ENOMEM. */
int verify_init(struct worker *worker);
void verify_free(struct worker *worker);

#endif
