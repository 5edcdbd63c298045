/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xenbackctl: what runs, how it does, and a few orders. Figures are read from the run directories'
 * mapped pages without asking anybody; orders go to the control that serves the device.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ring/control.h"
#include "ring/stats.h"
#include "xenbus/command.h"
#include "xenbus/rundir.h"
#include "xenbus/version.h"

#define EXIT_USAGE 2
#define ANSWER_SEC 10

static const char *run = DEFAULT_RUN;
static bool as_json;

__attribute__((format(printf, 2, 3), noreturn))
static void die(int status, const char *fmt, ...)
{
	va_list args;

	fputs("xenbackctl: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

/* --- asking a control -------------------------------------------------------------------------- */

static int run_open(void)
{
	int dir = rundir_open(run, ".", 0);

	if (dir < 0)
		die(EXIT_FAILURE, "cannot open the run directory %s: %s; has xenbackd been started?",
				run, strerror(-dir));
	return dir;
}

__attribute__((noreturn))
static void die_unheard(int err)
{
	if (err == EACCES)
		die(EXIT_FAILURE, "only root may ask the control in %s", run);
	die(EXIT_FAILURE, "no control answers in %s: is xenbackd running?", run);
}

/* One record of the answer; false: the control has gone or is silent. */
static bool answer(int fd, char text[COMMAND_MAX])
{
	const struct timeval patience = { .tv_sec = ANSWER_SEC };
	ssize_t got;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	got = recv(fd, text, COMMAND_MAX - 1, 0);
	text[got < 0 ? 0 : got] = 0;
	return got > 0;
}

static void ask(int fd, const char *request)
{
	fcntl(fd, F_SETFL, 0);	/* we have nothing else to do than to wait */
	if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
		die(EXIT_FAILURE, "cannot ask the control in %s: %s", run, strerror(errno));
}

/* What an order did is printed; why it was refused is the end. */
static void answer_print(int fd)
{
	char text[COMMAND_MAX];

	if (!answer(fd, text))
		die(EXIT_FAILURE, "the control in %s does not answer", run);
	if (strncmp(text, "ok", 2))
		die(EXIT_FAILURE, "%s", text + strcspn(text, " ") + 1);
	printf("%s\n", text[2] ? text + 3 : "done");
}

/* To the control of one device: its own, or xenbackd. */
static int order(const char *device, const char *verb)
{
	char text[COMMAND_MAX];
	int dir = run_open(), fd;

	snprintf(text, sizeof(text), "%s." COMMAND_SOCKET, device);
	fd = rundir_connect(dir, text);
	if (fd < 0)
		fd = rundir_connect(dir, COMMAND_SOCKET);
	close(dir);
	if (fd < 0)
		die_unheard(-fd);
	snprintf(text, sizeof(text), "%s %s", verb, device);
	ask(fd, text);
	answer_print(fd);
	close(fd);
	return EXIT_SUCCESS;
}

static bool is_control(const char *name)
{
	const size_t length = strlen(name), end = strlen("." COMMAND_SOCKET);

	return strcmp(name, COMMAND_SOCKET) == 0 ||
			(length > end && strcmp(name + length - end, "." COMMAND_SOCKET) == 0);
}

/* To every control: xenbackd, or those with one device each that run where there is none. */
static void ask_all(const char *request, void (*take)(int fd))
{
	DIR *dir = fdopendir(run_open());
	struct dirent *entry;
	int heard = 0, err = ENOENT;

	if (!dir)
		die(EXIT_FAILURE, "cannot read the run directory %s: %s", run, strerror(errno));
	while ((entry = readdir(dir))) {
		int fd = is_control(entry->d_name) ? rundir_connect(dirfd(dir), entry->d_name) : -ENOENT;

		if (fd == -EACCES)
			err = EACCES;
		if (fd < 0)
			continue;	/* one that was killed leaves its socket */
		ask(fd, request);
		take(fd);
		close(fd);
		heard++;
	}
	closedir(dir);
	if (heard == 0)
		die_unheard(err);
}

/* --- run directories --------------------------------------------------------------------------- */

/* The run directory's name of what the user called a device: NAME, or DOMID DEVID. */
static const char *device_of(int n, char **words)
{
	static char name[64];
	static const char *const kinds[] = { "vbd", "vif" };

	if (n == 1) {
		snprintf(name, sizeof(name), "%s", words[0]);
		return name;
	}
	if (n != 2)
		die(EXIT_USAGE, "which device? DOMID DEVID, or a name like vbd-7-51712");
	for (size_t k = 0; k < 2; k++) {
		int dir;

		snprintf(name, sizeof(name), "%s-%s-%s", kinds[k], words[0], words[1]);
		dir = strchr(name, '/') ? -1 : rundir_open(run, name, 0);
		if (dir >= 0) {
			close(dir);
			return name;
		}
	}
	die(EXIT_FAILURE, "there is no device %s of domain %s in %s", words[1], words[0], run);
}

/* The figures of a device, mapped; NULL with errno. */
static const struct stats *figures(const char *device)
{
	int dir = rundir_open(run, device, 0), fd;
	const struct stats *stats;

	errno = ENOENT;
	if (dir < 0)
		return NULL;
	fd = openat(dir, "stats", O_RDONLY | O_CLOEXEC);
	stats = fd < 0 ? NULL : stats_map_read(fd);
	if (fd >= 0)
		close(fd);
	close(dir);
	return stats;
}

static bool connection(const char *device, struct device_params *params)
{
	int dir = rundir_open(run, device, 0);
	ssize_t got = dir < 0 ? -1 : rundir_read(dir, "params", params, sizeof(*params));

	if (dir >= 0)
		close(dir);
	return got == sizeof(*params) && params->magic == PARAMS_MAGIC &&
			params->version == PARAMS_VERSION;
}

/* --- list -------------------------------------------------------------------------------------- */

struct row {
	char name[32], worker[16], target[COMMAND_MAX];
	int state, pid;
	long port, gref;		/* of the first queue; -1: not connected, as xl prints it */
	uint64_t reads, writes, bytes_read, bytes_written, errors;
};

static void row_fill(struct row *row)
{
	struct device_params params;
	const struct stats *stats = figures(row->name);

	row->port = row->gref = -1;
	if (connection(row->name, &params)) {
		row->port = params.queue[0].ring[0].port;
		row->gref = params.queue[0].ring[0].gref[0];
	}
	if (!stats)
		return;
	row->reads = stats->op[STATS_READ].operations;
	row->writes = stats->op[STATS_WRITE].operations;
	row->bytes_read = stats->op[STATS_READ].bytes;
	row->bytes_written = stats->op[STATS_WRITE].bytes;
	if (stats->kind == DEVICE_VIF) {	/* read: what the guest receives */
		row->reads = stats->packets[1];
		row->writes = stats->packets[0];
		row->bytes_read = stats->packet_bytes[1];
		row->bytes_written = stats->packet_bytes[0];
	}
	row->errors = stats->errors + stats->lies;
	munmap((void *)stats, STATS_BYTES);	/* const is our promise, not munmap's */
}

static void row_print(const struct row *row)
{
	printf("%-18s %5d %6ld %8ld %-8s %7d %10" PRIu64 " %10" PRIu64 " %9" PRIu64 " %9" PRIu64
			" %6" PRIu64 "  %s\n", row->name, row->state, row->port, row->gref, row->worker,
			row->pid, row->reads, row->writes, row->bytes_read >> 20,
			row->bytes_written >> 20, row->errors, row->target);
}

static json_t *row_json(const struct row *row)
{
	return json_pack("{s:s,s:i,s:I,s:I,s:s,s:i,s:I,s:I,s:I,s:I,s:I,s:s}", "device", row->name,
			"state", row->state, "event_channel", (json_int_t)row->port, "ring_ref",
			(json_int_t)row->gref, "worker", row->worker, "pid", row->pid, "reads",
			(json_int_t)row->reads, "writes", (json_int_t)row->writes, "bytes_read",
			(json_int_t)row->bytes_read, "bytes_written", (json_int_t)row->bytes_written,
			"errors", (json_int_t)row->errors, "target", row->target);
}

static void json_print(json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(json);
}

static json_t *rows;	/* of --json */

static void header_print(void)
{
	static bool printed;

	if (!printed)
		printf("%-18s %5s %6s %8s %-8s %7s %10s %10s %9s %9s %6s  %s\n", "device", "state",
				"evt-ch", "ring-ref", "worker", "pid", "reads", "writes", "MiB-read",
				"MiB-writ", "errors", "target");
	printed = true;
}

static void rows_take(int fd)
{
	char text[COMMAND_MAX];

	if (!rows)
		header_print();
	for (;;) {
		struct row row = { 0 };

		if (!answer(fd, text))
			die(EXIT_FAILURE, "the control in %s has ended or is silent: the list is not whole", run);
		if (strncmp(text, "ok", 2) == 0)
			return;
		if (sscanf(text, "device %31s %d %15s %d %511[^\n]", row.name, &row.state,
				row.worker, &row.pid, row.target) != 5)
			continue;
		row_fill(&row);
		if (rows)
			json_array_append_new(rows, row_json(&row));
		else
			row_print(&row);
	}
}

static int list(void)
{
	rows = as_json ? json_array() : NULL;
	ask_all("list", rows_take);
	if (rows)
		json_print(rows);
	return EXIT_SUCCESS;
}

/* --- stats ------------------------------------------------------------------------------------- */

static json_t *latency_json(const struct stats_latency *latency)
{
	return json_pack("{s:I,s:I,s:I,s:I,s:I}", "operations", (json_int_t)latency->operations,
			"bytes", (json_int_t)latency->bytes, "usec_total",
			(json_int_t)latency->usec_total, "p50_us",
			(json_int_t)stats_percentile(latency, 0.50), "p99_us",
			(json_int_t)stats_percentile(latency, 0.99));
}

static json_t *common_json(const struct stats *stats)
{
	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}",
			"domid", (json_int_t)stats->domid, "devid", (json_int_t)stats->devid,
			"pid", (json_int_t)stats->pid, "starts", (json_int_t)stats->starts,
			"wakeups", (json_int_t)stats->wakeups, "events", (json_int_t)stats->events,
			"notifies", (json_int_t)stats->notifies,
			"syscalls", (json_int_t)stats->syscalls,
			"grant_copies", (json_int_t)stats->grant_copies,
			"grant_segments", (json_int_t)stats->grant_segments,
			"lies", (json_int_t)stats->lies, "errors", (json_int_t)stats->errors,
			"in_flight", (json_int_t)stats->in_flight,
			"recovered", (json_int_t)stats->recovered);
}

static void vbd_json(const struct stats *stats, json_t *json)
{
	static const char *const names[STATS_OPS] = { "read", "write", "flush", "discard" };

	for (unsigned int op = 0; op < STATS_OPS; op++)
		json_object_set_new(json, names[op], latency_json(&stats->op[op]));
}

static void vif_json(const struct stats *stats, json_t *json)
{
	static const char *const names[2] = { "guest_to_host", "host_to_guest" };

	for (unsigned int way = 0; way < 2; way++)
		json_object_set_new(json, names[way], json_pack("{s:I,s:I,s:I,s:I}",
				"packets", (json_int_t)stats->packets[way],
				"bytes", (json_int_t)stats->packet_bytes[way],
				"drops", (json_int_t)stats->packet_drops[way],
				"gso", (json_int_t)stats->packet_gso[way]));
	json_object_set_new(json, "rx_ring_full", json_integer((json_int_t)stats->rx_ring_full));
	json_object_set_new(json, "rx_stalls", json_integer((json_int_t)stats->rx_stalls));
}

/* One line per figure: "read.operations 12". */
static void figures_print(const char *above, json_t *json)
{
	const char *key;
	json_t *value;

	json_object_foreach(json, key, value) {
		if (json_is_object(value))
			figures_print(key, value);
		else
			printf("%s%s%s %" JSON_INTEGER_FORMAT "\n", above, above[0] ? "." : "", key,
					json_integer_value(value));
	}
}

static int show_stats(const char *device)
{
	const struct stats *stats = figures(device);
	json_t *json;

	if (!stats)
		die(EXIT_FAILURE, "there are no figures of %s in %s: %s; `xenbackctl list' shows the "
				"devices", device, run, strerror(errno));
	json = common_json(stats);
	if (stats->kind == DEVICE_VIF)
		vif_json(stats, json);
	else
		vbd_json(stats, json);
	if (as_json) {
		json_print(json);
	} else {
		figures_print("", json);
		json_decref(json);
	}
	return EXIT_SUCCESS;
}

/* --- main -------------------------------------------------------------------------------------- */

static void usage(void)
{
	printf("usage: xenbackctl [OPTION]... COMMAND\n\n"
		"  list               every device that is served, its worker and its figures\n"
		"  stats DEVICE       all figures of one device\n"
		"  resize DEVICE      the disk behind it has another size now: tell the guest\n"
		"  drain DEVICE       end its worker in good order and start a new one\n"
		"  upgrade            the same for every device: running workers become the installed\n"
		"                     ones, no guest notices\n\n"
		"DEVICE is DOMID DEVID, or a name like vbd-7-51712.\n\n"
		"  -j, --json         list and stats as JSON\n"
		"  -r, --run DIR      run directory, default %s or $XENBACK_RUN\n"
		"  -h, --help         this text\n"
		"  -V, --version      the version\n", DEFAULT_RUN);
}

static void options_read(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "run", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	const char *dir = getenv("XENBACK_RUN");
	int letter;

	argv[0] = (char[]) { "xenbackctl" };	/* getopt's messages start with it */
	run = dir && dir[0] ? dir : run;
	while ((letter = getopt_long(argc, argv, "jr:hV", longs, NULL)) != -1) {
		switch (letter) {
		case 'j':
			as_json = true;
			break;
		case 'r':
			run = optarg;
			break;
		case 'h':
			usage();
			exit(EXIT_SUCCESS);
		case 'V':
			printf("xenbackctl %s\n", XENBACK_VERSION);
			exit(EXIT_SUCCESS);
		default:	/* getopt has said what is wrong */
			exit(EXIT_USAGE);
		}
	}
}

int main(int argc, char **argv)
{
	const char *verb;

	options_read(argc, argv);
	argv += optind;
	argc -= optind;
	if (argc == 0)
		die(EXIT_USAGE, "wants a command; try --help");
	verb = argv[0];
	if (strcmp(verb, "list") == 0 && argc == 1)
		return list();
	if (strcmp(verb, "upgrade") == 0 && argc == 1) {
		ask_all(verb, answer_print);
		return EXIT_SUCCESS;
	}
	if (strcmp(verb, "stats") == 0)
		return show_stats(device_of(argc - 1, argv + 1));
	if (strcmp(verb, "resize") == 0 || strcmp(verb, "drain") == 0)
		return order(device_of(argc - 1, argv + 1), verb);
	die(EXIT_USAGE, "there is no command `%s' with %d argument%s; try --help", verb, argc - 1,
			argc == 2 ? "" : "s");
}
