/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vlanbr: the administrator's tool for bridges and VLANs. Options and the choice of the command;
 * what a command does is in its own file.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build.h" /* made by the Makefile */
#include "vlan/command.h"
#include "vlan/file.h"

enum option_code {
	OPTION_PLAN = 1,
	OPTION_DRY_RUN,
	OPTION_FORCE,
	OPTION_GUESTS,
	OPTION_RUN,
	OPTION_FORMAT,
	OPTION_INTO,
	OPTION_HELP = 'h',
	OPTION_VERSION = 'V',
};

#define BIT(code) (1u << (code))

static const struct command {
	const char *name;
	int (*run)(const struct options *options);
	unsigned int takes; /* bits of its options, beside --plan */
	int args_min, args_max;
	const char *args, *help;
} commands[] = {
	{ "apply", command_apply, BIT(OPTION_DRY_RUN) | BIT(OPTION_FORCE), 0, 0, "no arguments",
		"make the system as the plan says" },
	{ "show", command_show, BIT(OPTION_RUN), 0, 1, "[BRIDGE]",
		"bridges, their VLANs, ports and guests" },
	{ "check", command_check, BIT(OPTION_GUESTS), 0, 0, "no arguments",
		"compare plan, system and guest configurations" },
	{ "export", command_export, BIT(OPTION_FORMAT) | BIT(OPTION_INTO), 0, 0, "no arguments",
		"print the plan in another tool's words" },
	{ "import", command_import, 0, 0, 1, "[FILE]", "print ifupdown's interfaces as a plan" },
	{ "attach", command_attach, 0, 2, 3, "PORT BRIDGE [VLANS]", "as the hotplug script does" },
	{ "detach", command_detach, 0, 1, 1, "PORT", "take it off its bridge" },
};

static const char usage_text[] =
	"usage: vlanbr [OPTION]... COMMAND\n\n"
	"  --plan FILE     the plan, instead of " PLAN_FILE "\n"
	"  --dry-run       (apply) print the changes and make none\n"
	"  --force         (apply) even if guests are cut off\n"
	"  --guests DIR    (check) guest configurations, instead of /etc/xen\n"
	"  --run DIR       (show) xenbackd's run directory, instead of " RUN_DIR "\n"
	"  --format FORMAT (export) ifupdown, networkd or netplan\n"
	"  --into DIR      (export) write files there instead of stdout\n"
	"  -h, --help      this text\n"
	"  -V, --version   the version\n\n";

int fail(const char *fmt, ...)
{
	va_list args;

	fputs("vlanbr: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return EXIT_FAILURE;
}

static void usage(void)
{
	fputs(usage_text, stdout);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		printf("  %-7s %-20s %s\n", commands[i].name,
			commands[i].args_max ? commands[i].args : "", commands[i].help);
}

int plan_load(const struct options *options, bool missing_ok, struct plan *plan)
{
	struct complaint why = { 0 };
	size_t bytes;
	char *text;
	int error = file_read(options->plan, &text, &bytes);

	memset(plan, 0, sizeof(*plan));
	if (error == -ENOENT && missing_ok && !options->plan_said)
		return 0;
	if (error)
		return fail("cannot read the plan %s: %s; --plan names another", options->plan,
			strerror(-error));
	error = plan_parse(text, bytes, plan, &why);
	free(text);
	if (error == 0)
		return 0;
	complaint_print(&why, options->plan);
	plan_free(plan);
	return EXIT_FAILURE;
}

int system_load(struct netlink *nl, struct links *links)
{
	int error = netlink_open(nl);

	if (error)
		return fail("cannot talk to the kernel about links: %s", strerror(-error));
	error = links_read(nl, links);
	if (error == 0)
		return 0;
	fail("cannot read the links: %s", netlink_said(nl));
	links_free(links);
	netlink_close(nl);
	return EXIT_FAILURE;
}

void plan_mark(const struct options *options, char mark[LINK_ALIAS_BYTES])
{
	char *path = realpath(options->plan, NULL);

	snprintf(mark, LINK_ALIAS_BYTES, "vlanbr %s", path ? path : options->plan);
	free(path);
}

/* In the order of their codes, so that a code leads to its name. */
static const struct option long_options[] = {
	{ "plan", required_argument, NULL, OPTION_PLAN },
	{ "dry-run", no_argument, NULL, OPTION_DRY_RUN },
	{ "force", no_argument, NULL, OPTION_FORCE },
	{ "guests", required_argument, NULL, OPTION_GUESTS },
	{ "run", required_argument, NULL, OPTION_RUN },
	{ "format", required_argument, NULL, OPTION_FORMAT },
	{ "into", required_argument, NULL, OPTION_INTO },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ 0 },
};

/* Takes one option. Returns false where the program is not to go on. */
static bool option_take(struct options *options, int option)
{
	switch (option) {
	case OPTION_PLAN:
		options->plan = optarg;
		options->plan_said = true;
		return true;
	case OPTION_DRY_RUN:
		return options->dry_run = true;
	case OPTION_FORCE:
		return options->force = true;
	case OPTION_GUESTS:
		options->guests = optarg;
		return true;
	case OPTION_RUN:
		options->run = optarg;
		return true;
	case OPTION_FORMAT:
		options->format = optarg;
		return true;
	case OPTION_INTO:
		options->into = optarg;
		return true;
	default:
		return false;
	}
}

static const struct command *command_named(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

/* `said`: bits of the options that were given. */
static int command_run(struct options *options, unsigned int said, int argc, char **argv)
{
	const struct command *command = argc ? command_named(argv[0]) : NULL;

	options->argc = argc - 1;
	options->argv = argv + 1;
	if (argc == 0) {
		fail("wants a command; try --help");
	} else if (command == NULL) {
		fail("there is no command `%s'; try --help", argv[0]);
	} else if (options->argc < command->args_min || options->argc > command->args_max) {
		fail("%s takes %s, not %d word%s; try --help", argv[0], command->args, options->argc,
			options->argc == 1 ? "" : "s");
	} else if (said & ~command->takes) {
		unsigned int code = (unsigned int)__builtin_ctz(said & ~command->takes);

		fail("%s takes no --%s; try --help", argv[0], long_options[code - 1].name);
	} else {
		return command->run(options);
	}
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct options options = { .plan = PLAN_FILE, .guests = "/etc/xen", .run = RUN_DIR };
	unsigned int said = 0;
	int option;

	argv[0] = (char[]) { "vlanbr" }; /* getopt's messages start with it */
	while ((option = getopt_long(argc, argv, "hV", long_options, NULL)) != -1) {
		if (option == OPTION_HELP) {
			usage();
			return EXIT_SUCCESS;
		}
		if (option == OPTION_VERSION) {
			puts("vlanbr " XENBACK_VERSION);
			return EXIT_SUCCESS;
		}
		if (!option_take(&options, option))
			return EXIT_USAGE;
		said |= option == OPTION_PLAN ? 0 : BIT(option);
	}
	return command_run(&options, said, argc - optind, argv + optind);
}
