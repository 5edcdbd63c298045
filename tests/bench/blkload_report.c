/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Latency histogram and the two ways a run is told: a line for people, records for programs. */
#include "tests/bench/blkload.h"

#include <inttypes.h>
#include <stdio.h>

#define SUBS (1u << HISTOGRAM_SUB_BITS)

static uint32_t bucket_of(uint64_t ns)
{
	uint32_t top;

	if (ns < SUBS)
		return (uint32_t)ns;
	top = 63 - (uint32_t)__builtin_clzll(ns);
	/* The octave, then the bits below its leading one. */
	return ((top - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS) +
		(uint32_t)(ns >> (top - HISTOGRAM_SUB_BITS)) - SUBS;
}

static double bucket_ns(uint32_t bucket)
{
	uint32_t octave = bucket >> HISTOGRAM_SUB_BITS;

	if (octave == 0)
		return bucket;
	/* The middle of the bucket. */
	return (double)((uint64_t)(SUBS + (bucket & (SUBS - 1))) << (octave - 1)) +
		(double)(1ull << (octave - 1)) / 2;
}

void histogram_add(struct histogram *histogram, uint64_t ns)
{
	histogram->count++;
	histogram->bucket[bucket_of(ns)]++;
}

void histogram_merge(struct histogram *to, const struct histogram *from)
{
	to->count += from->count;
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		to->bucket[i] += from->bucket[i];
}

double histogram_us(const struct histogram *histogram, double share)
{
	double want = share * (double)histogram->count;
	uint64_t seen = 0;

	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->bucket[i];
		if (histogram->bucket[i] && (double)seen >= want)
			return bucket_ns(i) / 1000;
	}
	return 0;
}

static const char *const rw_name[] = { "read", "write", "randread", "randwrite", "mixed", "verify" };

static void job_name(const struct load_options *o, char *text, size_t bytes)
{
	const char *unit = o->bs % 1024 ? "" : "k";

	if (o->job)
		snprintf(text, bytes, "%s", o->job);
	else if (!o->bs)
		snprintf(text, bytes, "%s-qd%u", rw_name[o->rw], o->depth);
	else
		snprintf(text, bytes, "%s-%" PRIu64 "%s-qd%u", rw_name[o->rw], o->bs / (*unit ? 1024 : 1),
				unit, o->depth);
}

struct metric {
	const char *name, *unit;
	double value;
};

static void records_print(const struct load_options *o, const struct metric *metric, uint32_t count)
{
	char job[80];

	job_name(o, job, sizeof(job));
	for (uint32_t i = 0; i < count; i++)
		printf("%s{\"ground\": \"%s\", \"job\": \"%s\", \"system\": \"%s\", \"metric\": \"%s\", "
				"\"value\": %.6g, \"unit\": \"%s\", \"runs\": 1, \"spread\": 0}",
				i ? ",\n " : "[", o->ground, job, o->system, metric[i].name,
				metric[i].value, metric[i].unit);
	printf("]\n");
}

static double per(double n, double count)
{
	return count > 0 ? n / count : 0;
}

static void line_print(FILE *to, const struct load_options *o, const struct frontend *f,
		const struct load_totals *t)
{
	const char *protocol = blkabi_protocol(o->frontend.abi);
	char job[80];
	double ops = (double)t->ops;

	job_name(o, job, sizeof(job));
	fprintf(to, "%s: %.0f IOPS, %.1f MB/s, p50 %.1f us, p99 %.1f us, %.2f us CPU; ", job,
			per(ops, t->seconds), per((double)t->bytes / 1e6, t->seconds),
			histogram_us(&t->latency, 0.5), histogram_us(&t->latency, 0.99),
			per(t->cpu_us, ops));
	fprintf(to, "per operation: notified %.3f, was notified %.3f, woke %.3f; ",
			per((double)t->figures.notifies, ops), per((double)t->figures.events, ops),
			per((double)t->figures.wakeups, ops));
	fprintf(to, "%" PRIu64 " operations in %.1f s, %" PRIu64 " errors, %" PRIu64 " lies, %" PRIu64
			" reconnects; ", t->ops, t->seconds, t->errors, t->lies, t->reconnects);
	fprintf(to, "queues %u, order %u, segments %u, persistent %s (backend %s), abi %s\n", f->queues,
			f->order, f->segments_max, o->frontend.persistent ? "on" : "off",
			f->disk.persistent ? "on" : "off", protocol ? protocol : "native");
}

void report_print(const struct load_options *options, const struct frontend *frontend,
		const struct load_totals *t)
{
	double ops = (double)t->ops;
	const struct metric metric[] = {
		{ "iops", "1/s", per(ops, t->seconds) },
		{ "MBps", "MB/s", per((double)t->bytes / 1e6, t->seconds) },
		{ "lat_p50_us", "us", histogram_us(&t->latency, 0.5) },
		{ "lat_p99_us", "us", histogram_us(&t->latency, 0.99) },
		{ "frontend_notifications_sent", "1/op", per((double)t->figures.notifies, ops) },
		{ "frontend_notifications_received", "1/op", per((double)t->figures.events, ops) },
		{ "frontend_wakeups", "1/op", per((double)t->figures.wakeups, ops) },
		{ "frontend_cpu_us", "us/op", per(t->cpu_us, ops) },
		{ "errors", "1", (double)t->errors },
		{ "lies", "1", (double)t->lies },
	};

	line_print(options->json ? stderr : stdout, options, frontend, t);
	if (options->json)
		records_print(options, metric, sizeof(metric) / sizeof(metric[0]));
}
