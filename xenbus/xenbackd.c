/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xenbackd: serves every device of its domain. Under the names blkback and netback, or with
 * --device, the same program with a list of one. Every descriptor that can wake this process and
 * who answers is in dispatch().
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "ring/log.h"
#include "xenbus/command.h"
#include "xenbus/lifecycle.h"
#include "xenbus/lock.h"
#include "xenbus/notify.h"
#include "xenbus/resize.h"
#include "xenbus/rundir.h"
#include "xenbus/storeid.h"
#include "xenbus/vbd.h"
#include "xenbus/version.h"
#include "xenbus/worker.h"

#define EXIT_USAGE 2
#define EXIT_CONFIG 78		/* EX_CONFIG of sysexits.h: the units do not try again */
#define CONFIG_KEPT "xenback.conf"	/* in the run directory: the last one without a mistake */
#define TAKEOVER_MSEC 10000	/* for controls of one device to end */
#define STORE_WAIT_MSEC 1000	/* between two tries to reach xenstored */

struct options {
	const char *program;	/* as which we were called */
	const char *config;
	bool config_given;
	bool check;		/* say what is wrong with it, and end */
	const char *run;
	const char *libexec;
	struct device_id only;
};

static struct fleet fleet;
static struct options options;
static int signal_fd;

__attribute__((format(printf, 2, 3), noreturn))
static void die(int status, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", options.program);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(status);
}

/* --- options ----------------------------------------------------------------------------------- */

static void usage(void)
{
	printf("usage: xenbackd [OPTION]...\n"
		"       blkback [OPTION]... DOMID DEVID\n"
		"       netback [OPTION]... DOMID DEVID\n"
		"Serves the virtual disks and interfaces of Xen guests, each with a process of its own.\n"
		"As xenbackd every device of this domain, as blkback or netback one.\n\n"
		"  -c, --config FILE     configuration, default %s\n"
		"  -C, --check           say each mistake of the configuration, and end\n"
		"  -r, --run DIR         run directory, default %s or $XENBACK_RUN\n"
		"  -l, --libexec DIR     directory of the workers, default %s\n"
		"  -d, --device NAME     serve one device, for example vbd-7-51712\n"
		"  -v, --log-level N     3 errors, 4 warnings, 5 notices, 6 info (default), 7 debug\n"
		"  -h, --help            this text\n"
		"  -V, --version         the version\n\n"
		"Always in the foreground; -f, --foreground says so explicitly. SIGTERM ends it and\n"
		"leaves the workers running for the next one; SIGHUP reads the configuration again and,\n"
		"unless it has a mistake, replaces every worker.\n",
		DEFAULT_CONFIG, DEFAULT_RUN, DEFAULT_LIBEXEC);
}

static void set_log_level(const char *text)
{
	uint32_t level;

	if (parse_u32(text, LOG_ERROR, LOG_DEBUG, &level))
		die(EXIT_USAGE, "the log level has to be 3 to 7, not `%s'", text);
	log_level((enum log_level)level);
}

static void set_device(const char *name)
{
	if (parse_device_name(name, &options.only))
		die(EXIT_USAGE, "a device is called like vbd-7-51712, not `%s'", name);
}

static void option(int letter)
{
	switch (letter) {
	case 'c':
		options.config = optarg;
		options.config_given = true;
		break;
	case 'C':
		options.check = true;
		break;
	case 'r':
		options.run = optarg;
		break;
	case 'l':
		options.libexec = optarg;
		break;
	case 'd':
		set_device(optarg);
		break;
	case 'v':
		set_log_level(optarg);
		break;
	case 'f':
		break;
	case 'h':
		usage();
		exit(EXIT_SUCCESS);
	case 'V':
		printf("%s %s\n", options.program, XENBACK_VERSION);
		exit(EXIT_SUCCESS);
	default:	/* getopt has said what is wrong */
		die(EXIT_USAGE, "try --help");
	}
}

/* blkback and netback are told their device by its numbers. */
static void positional(int n, char **args)
{
	uint32_t kind = strcmp(options.program, "blkback") == 0 ? DEVICE_VBD :
			strcmp(options.program, "netback") == 0 ? DEVICE_VIF : 0;

	if (kind == 0 || options.only.kind) {
		if (n > 0)
			die(EXIT_USAGE, "`%s' is one argument too many; try --help", args[0]);
		return;
	}
	if (n != 2)
		die(EXIT_USAGE, "wants a domain number and a device number; try --help");
	options.only.kind = kind;
	if (parse_u32(args[0], 0, DOMID_LAST, &options.only.domid))
		die(EXIT_USAGE, "the domain has to be a number from 0 to %u, not `%s'", DOMID_LAST,
				args[0]);
	if (parse_u32(args[1], 0, ID_ANY - 1, &options.only.devid))
		die(EXIT_USAGE, "the device has to be a number, not `%s'", args[1]);
}

static void options_read(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'C' },
		{ "run", required_argument, NULL, 'r' },
		{ "libexec", required_argument, NULL, 'l' },
		{ "device", required_argument, NULL, 'd' },
		{ "foreground", no_argument, NULL, 'f' },
		{ "log-level", required_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	const char *run = getenv("XENBACK_RUN");
	const char *slash = strrchr(argv[0], '/');
	int letter;

	options.program = argv[0] = slash ? (char *)slash + 1 : argv[0];
	options.config = DEFAULT_CONFIG;
	options.run = run && run[0] ? run : DEFAULT_RUN;
	options.libexec = DEFAULT_LIBEXEC;
	while ((letter = getopt_long(argc, argv, "c:Cr:l:d:v:fhV", longs, NULL)) != -1)
		option(letter);
	positional(argc - optind, argv + optind);
}

/* --- start ------------------------------------------------------------------------------------- */

/*
 * The lock; from controls of one device it is taken over: they were started because no xenbackd ran, as
 * during an upgrade. Their workers go on, and are adopted.
 */
static int lock_wait(pid_t *holder, bool *all)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000000 };
	const uint64_t end = now_msec() + TAKEOVER_MSEC;
	int r;

	while ((r = lock_take(options.run, options.only, holder, all)) == -EBUSY && !*all &&
			options.only.kind == 0 && *holder > 0 && now_msec() < end) {
		kill(*holder, SIGTERM);
		nanosleep(&pause, NULL);
	}
	return r;
}

static void take_lock(void)
{
	pid_t holder = 0;
	bool all = false;
	int r = lock_wait(&holder, &all);

	if (r == 0)
		return;
	if (r != -EBUSY)
		die(EXIT_FAILURE, "cannot lock the run directory %s: %s", options.run, strerror(-r));
	if (all && options.only.kind) {
		printf("%s: xenbackd (process %d) serves every device of this domain, this one too\n",
				options.program, (int)holder);
		exit(EXIT_SUCCESS);
	}
	if (all)
		die(EXIT_FAILURE, "another xenbackd runs already, process %d", (int)holder);
	if (options.only.kind)
		die(EXIT_FAILURE, "process %d serves %s %u/%u already", (int)holder,
				kind_name(options.only.kind), options.only.domid, options.only.devid);
	die(EXIT_FAILURE, "process %d serves a device of this domain and does not end; kill it, its "
			"worker goes on", (int)holder);
}

/*
 * A mistake must not leave running guests without control: the last configuration that had none goes on.
 * Without one no guest is served yet, and the defaults are none to serve them with: they lack anti-spoof,
 * and nobody would notice.
 */
static void config_load(void)
{
	char why[512], kept[PATH_MAX], other[512];

	fleet.config = config_read(options.config, options.config_given, why, sizeof(why));
	if (fleet.config)
		return;
	snprintf(kept, sizeof(kept), "%s/" CONFIG_KEPT, options.run);
	fleet.config = config_read(kept, true, other, sizeof(other));
	if (!fleet.config)
		die(EXIT_CONFIG, "%s", why);
	log_error("%s: the last configuration without a mistake is used, %s", why, kept);
}

/* For config_load() of the next. */
static void config_keep(void)
{
	size_t length;
	const char *text = config_text(fleet.config, &length);
	int dir = rundir_open(options.run, ".", 0);
	int r = dir < 0 ? dir : rundir_write(dir, CONFIG_KEPT, text, length, 0600);

	if (r)
		log_warn("the configuration cannot be kept in %s: %s", options.run, strerror(-r));
	if (dir >= 0)
		close(dir);
}

/* Returns whether there is another one now. */
static bool config_reload(void)
{
	char why[512];
	struct config *config = config_read(options.config, options.config_given, why, sizeof(why));

	if (!config) {
		log_error("%s: the old configuration stays, and every worker", why);
		return false;
	}
	config_free(fleet.config);
	fleet.config = config;
	config_keep();
	return true;
}

static void signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Three descriptors per disk, up to eleven per interface, and a few of our own. */
static void descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Returns false when it is time to end. */
static bool signalled(void)
{
	struct signalfd_siginfo info;

	if (read(signal_fd, &info, sizeof(info)) != sizeof(info))
		return true;
	if (info.ssi_signo != SIGHUP)
		return false;
	if (config_reload())
		log_notice("replacing %u workers", command_upgrade(&fleet));
	return true;
}

/*
 * Workers need no xenstored. Who ended without it would be started again ten times a second, and would say
 * so each time.
 */
static void store_wait(void)
{
	struct pollfd signals = { .fd = signal_fd, .events = POLLIN };

	fleet.store = store_open();
	if (fleet.store)
		return;
	log_error("cannot reach xenstored (%s): waiting for it. This has to be Dom0 or a driver domain with "
			"xenstored running", strerror(errno));
	while (!fleet.store) {
		notify_systemd("STATUS=Waiting for xenstored\nEXTEND_TIMEOUT_USEC=10000000");
		if (poll(&signals, 1, STORE_WAIT_MSEC) > 0 && !signalled())
			exit(EXIT_SUCCESS);
		fleet.store = store_open();
	}
	log_notice("xenstored is there");
	notify_systemd("STATUS=");
}

static void store_connect(void)
{
	char path[STORE_BACKEND_BYTES];

	store_wait();
	store_backend(fleet.store, options.only, path);
	if (options.only.kind && !store_exists(fleet.store, path))
		die(EXIT_FAILURE, "there is no device %s: the toolstack makes it, for example with "
				"xl %s-attach", path, options.only.kind == DEVICE_VBD ? "block" : "network");
}

/*
 * Workers whose guests xenstored has forgotten go on by themselves. To serve others beside them would let a
 * guest that is started once more share the disk with the one that still runs.
 */
static void store_recognize(void)
{
	unsigned int lost = 0;
	int r = storeid_check(fleet.store, options.run, &lost);

	if (r == -ESTALE)
		die(EXIT_CONFIG, "xenstored was started anew and has forgotten the guests of %u worker%s, which go on "
				"serving them; when those guests have ended, kill the processes that %s/*/pid name, "
				"and start %s again", lost, lost == 1 ? "" : "s", options.run, options.program);
	if (r)
		die(EXIT_FAILURE, "cannot find out whether xenstored still knows the guests of the workers in %s: %s",
				options.run, strerror(-r));
}

/* As the kernel says of the domain that it runs in: PV, PVH or HVM. */
static bool is_paravirtual(void)
{
	char path[PATH_MAX], type[8] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/hypervisor/guest_type", fleet.sys);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(type, sizeof(type), file))
		type[0] = 0;
	fclose(file);
	return strcmp(type, "PV\n") == 0;
}

static void start(void)
{
	int r;

	fleet.run = options.run;
	fleet.libexec = options.libexec;
	fleet.only = options.only;
	fleet.sys = getenv("XENBACK_SYS") ? getenv("XENBACK_SYS") : "/sys";
	fleet.paravirtual = is_paravirtual();
	cgroups_open(&fleet.cgroups, getenv("XENBACK_CGROUP"));
	config_load();
	signals_open();		/* before store_open(): its threads inherit the mask */
	store_connect();
	take_lock();
	store_recognize();
	config_keep();
	descriptors_raise();
	r = fleet_open(&fleet);
	if (r == 0)
		r = resize_open(&fleet);
	if (r == 0)
		r = command_open(&fleet);
	if (r == 0)
		r = fleet_watch(&fleet, signal_fd, EVENT_SIGNAL, 0);
	if (r == 0)
		r = fleet_watch(&fleet, store_fd(fleet.store), EVENT_STORE, 0);
	if (r == 0)
		r = fleet_start(&fleet);
	if (r)
		die(EXIT_FAILURE, "cannot start in %s: %s", options.run, strerror(-r));
	notify_systemd("READY=1");
}

/* --- loop -------------------------------------------------------------------------------------- */

static void worker_event(enum event_tag tag, uint32_t slot)
{
	struct device *device = fleet.device[slot];

	if (!device)	/* closed by an event before this one */
		return;
	if (tag == EVENT_EXIT)
		worker_exited(device);
	else
		worker_readable(device);
	fleet_look(&fleet, device);
}

/* Returns false when it is time to end. */
static bool dispatch(enum event_tag tag, uint32_t slot)
{
	switch (tag) {
	case EVENT_SIGNAL:
		return signalled();
	case EVENT_STORE:
		if (fleet_store_event(&fleet) == 0)
			return true;
		die(EXIT_FAILURE, "xenstored has gone; the workers go on");
	case EVENT_TIMER:
		fleet_timer_event(&fleet);
		command_connect(&fleet);
		return true;
	case EVENT_COMMAND:
		command_connect(&fleet);
		return true;
	case EVENT_CLIENT:
		command_client(&fleet, slot);
		return true;
	case EVENT_FILES:
		resize_files_event(&fleet);
		return true;
	case EVENT_UEVENT:
		resize_uevent(&fleet);
		return true;
	case EVENT_OPENED:
		vbd_opened(&fleet, (int)slot);
		return true;
	case EVENT_WORKER:
	case EVENT_EXIT:
		worker_event(tag, slot);
		return true;
	}
	return true;
}

int main(int argc, char **argv)
{
	bool going = true;

	log_never_wait();
	mallopt(M_ARENA_MAX, 1);	/* the threads of store.c allocate next to nothing */
	options_read(argc, argv);
	if (options.check)
		return config_check(options.config, options.config_given, stderr) ? EXIT_SUCCESS :
				EXIT_FAILURE;
	start();
	while (going && !(fleet.only_gone && !fleet_find(&fleet, fleet.only))) {
		struct epoll_event events[32];
		int n = epoll_wait(fleet.epoll_fd, events, 32, -1);

		for (int i = 0; i < n && going; i++)
			going = dispatch((enum event_tag)(events[i].data.u64 >> 32),
					(uint32_t)events[i].data.u64);
		fleet_set_timer(&fleet);
	}
	command_close(&fleet);
	return EXIT_SUCCESS;
}
