/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of blkload: its own options here, those of every frontend in options.c. */
#include "tests/bench/blkload.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: blkload --devid=N [--OPTION=VALUE...]\n"
	"  --rw=read|write|randread|randwrite|mixed|verify   (randread); --verify means --rw=verify\n"
	"  --bs=BYTES        of each operation (4096); verify: of the largest (what the ring takes)\n"
	"  --iodepth=N       operations in flight per queue (32)\n"
	"  --time=SEC --ops=N     ends after either; ops are per queue (10 s)\n"
	"  --rate=N          operations begun a second, per queue (as many as go)\n"
	"  --offset=BYTES --size=BYTES     the part of the disk that is used (all)\n"
	"  --seed=N          of places, sizes and patterns (1)\n"
	"  --mix=PERCENT     reads of mixed (50)\n"
	"  --flush-every=N --discard-every=N --barrier-every=N   every n-th operation (0: none)\n"
	"  --discard-zeroes  verify: what was discarded must read as zeroes\n"
	"  --reconnect-every=SEC --reconnect=reopen|reload|kexec|resume|all   (all)\n"
	"  --stall=SEC       without an answer is a failure (30)\n"
	"  --slow=FILE       gets a line for each operation of 1 ms and more: its end (ns, CLOCK_REALTIME)\n"
	"                    and how long it took (ns)\n"
	"  --json            records on stdout, the line on stderr; --job= --ground= --system= name them\n"
	"of the frontend, as --NAME=VALUE:\n" FRONTEND_OPTIONS
	"verify fills its part of the disk, does random reads and writes of all sizes and checks them,\n"
	"then reads all of it. It exits with 1 at the first wrong byte. BYTES take k, m and g.\n";

__attribute__((format(printf, 1, 2), noreturn)) static void wrong(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "blkload: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}

enum kind { FLAG, U32, U64, TEXT };

struct option {
	const char *name;
	enum kind kind;
	size_t at;	/* offset in struct load_options */
};

#define AT(field) offsetof(struct load_options, field)

static const struct option table[] = {
	{ "bs", U64, AT(bs) },
	{ "iodepth", U32, AT(depth) },
	{ "time", U32, AT(seconds) },
	{ "ops", U64, AT(ops) },
	{ "rate", U32, AT(rate) },
	{ "offset", U64, AT(offset) },
	{ "size", U64, AT(size) },
	{ "seed", U64, AT(seed) },
	{ "mix", U32, AT(mix) },
	{ "flush-every", U32, AT(flush_every) },
	{ "discard-every", U32, AT(discard_every) },
	{ "barrier-every", U32, AT(barrier_every) },
	{ "discard-zeroes", FLAG, AT(discard_zeroes) },
	{ "reconnect-every", U32, AT(reconnect_every) },
	{ "stall", U32, AT(stall) },
	{ "slow", TEXT, AT(slow) },
	{ "json", FLAG, AT(json) },
	{ "job", TEXT, AT(job) },
	{ "ground", TEXT, AT(ground) },
	{ "system", TEXT, AT(system) },
};

static uint64_t number(const char *name, const char *text, uint64_t most)
{
	static const char units[] = "kmg";
	uint64_t value;
	const char *unit;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	unit = *end ? strchr(units, *end) : NULL;
	if (unit && __builtin_mul_overflow(value, 1ull << (10 * (unit - units + 1)), &value))
		errno = ERANGE;
	if (errno || *text < '0' || *text > '9' || end[unit != NULL] || value > most)
		wrong("--%s=%s: a number up to %llu", name, text, (unsigned long long)most);
	return value;
}

/* One of several words; their numbers are their places. */
static uint32_t choice(const char *name, const char *text, const char *const *words, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (!strcmp(text, words[i]))
			return i;
	wrong("--%s=%s: not one of those that the usage names", name, text);
}

static bool choice_set(struct load_options *options, const char *name, const char *value)
{
	static const char *const rw[] = { "read", "write", "randread", "randwrite", "mixed", "verify" };
	static const char *const how[] = { "reopen", "reload", "kexec", "resume", "all" };

	if (!strcmp(name, "verify")) {
		options->rw = RW_VERIFY;
	} else if (!strcmp(name, "rw")) {
		options->rw = (enum load_rw)choice(name, value, rw, 6);
	} else if (!strcmp(name, "reconnect")) {
		options->reconnect_how = choice(name, value, how, 5);
		if (options->reconnect_how == 4)
			options->reconnect_how = RECONNECT_ALL;
	} else {
		return false;
	}
	return true;
}

static bool table_set(struct load_options *options, const char *name, const char *value)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char *at = (char *)options + table[i].at;	/* by offset; its type is table[i].kind */

		if (strcmp(name, table[i].name))
			continue;
		if (table[i].kind == FLAG)
			*(bool *)at = true;
		else if (table[i].kind == U32)
			*(uint32_t *)at = (uint32_t)number(name, value, UINT32_MAX);
		else if (table[i].kind == U64)
			*(uint64_t *)at = number(name, value, UINT64_MAX);
		else
			*(const char **)at = value;
		return true;
	}
	return false;
}

static void frontend_set(struct load_options *options, const char *name, const char *value)
{
	char error[160];
	int rc = frontend_option(&options->frontend, name, value, error, sizeof(error));

	if (rc == -ENOENT)
		wrong("--%s: no such option", name);
	if (rc)
		wrong("--%s", error);
}

static bool is_flag(const char *name)
{
	return !strcmp(name, "json") || !strcmp(name, "verify") || !strcmp(name, "discard-zeroes");
}

/* --name=value or --name value; flags alone. Returns how many words it took. */
static int option_parse(char **argv, struct load_options *options)
{
	char *value = argv[0] + 2, *name;
	int words = 1;

	if (strncmp(argv[0], "--", 2))
		wrong("%s: options begin with --", argv[0]);
	name = strsep(&value, "=");
	if (!value && !is_flag(name)) {
		value = argv[1];
		words = 2;
		if (!value)
			wrong("--%s: needs a value", name);
	}
	if (!choice_set(options, name, value) && !table_set(options, name, value))
		frontend_set(options, name, value);
	return words;
}

void options_parse(int argc, char **argv, struct load_options *options)
{
	*options = (struct load_options) {
		.frontend = frontend_defaults(0),
		.rw = RW_RANDREAD,
		.depth = 32,
		.seed = 1,
		.mix = 50,
		.reconnect_how = RECONNECT_ALL,
		.stall = 30,
		.ground = "native",
		.system = "ours",
	};
	if (argc < 2 || !strcmp(argv[1], "--help")) {
		fputs(usage, argc < 2 ? stderr : stdout);
		exit(argc < 2 ? 2 : 0);
	}
	for (int i = 1; i < argc;)
		i += option_parse(argv + i, options);
	if (!options->frontend.devid)
		wrong("--devid=N is needed: the number of the vbd, 51712 for xvda");
	if (!options->bs && options->rw != RW_VERIFY)
		options->bs = 4096;
	if (!options->seconds && !options->ops)
		options->seconds = 10;
	if (!options->depth || options->depth > BLKRING_ENTRIES_MAX)
		wrong("--iodepth=%u: 1 to %u", options->depth, BLKRING_ENTRIES_MAX);
	if (options->bs % BLKABI_SECTOR_BYTES)
		wrong("--bs=%llu: a multiple of 512", (unsigned long long)options->bs);
}
