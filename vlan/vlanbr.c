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

#include "vlan/command.h"
#include "vlan/file.h"

#ifndef VERSION
#define VERSION "0.1"
#endif

static const struct command {
	const char *name;
	int (*run)(const struct options *options);
	int args_min, args_max;
	const char *help;
} commands[] = {
	{ "apply", command_apply, 0, 0, "make the system as the plan says" },
	{ "show", command_show, 0, 1, "[BRIDGE]: bridges, their VLANs, ports and guests" },
	{ "check", command_check, 0, 0, "compare plan, system and guest configurations" },
	{ "export", command_export, 0, 0, "print the plan in another tool's words" },
	{ "import", command_import, 0, 1, "[FILE]: print ifupdown's interfaces as a plan" },
	{ "attach", command_attach, 2, 3, "PORT BRIDGE [VLANS]: as the hotplug script does" },
	{ "detach", command_detach, 1, 1, "PORT: take it off its bridge" },
};

static const char usage_text[] =
	"Usage: vlanbr [--plan FILE] COMMAND\n"
	"  --plan FILE     the plan, instead of " PLAN_FILE "\n"
	"  --dry-run       (apply) print the changes and make none\n"
	"  --force         (apply) even if guests are cut off\n"
	"  --guests DIR    (check) guest configurations, instead of /etc/xen\n"
	"  --run DIR       (show) xenbackd's run directory, instead of " RUN_DIR "\n"
	"  --format FORMAT (export) ifupdown, networkd or netplan\n"
	"  --into DIR      (export) write files there instead of stdout\n"
	"Commands:\n";

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

static void usage(FILE *to)
{
	fputs(usage_text, to);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(to, "  %-15s %s\n", commands[i].name, commands[i].help);
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
		return fail("cannot read the plan %s: %s", options->plan, strerror(-error));
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

static int command_run(struct options *options, int argc, char **argv)
{
	options->argc = argc - 1;
	options->argv = argv + 1;
	for (size_t i = 0; argc && i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command *command = &commands[i];

		if (strcmp(command->name, argv[0]))
			continue;
		if (argc - 1 >= command->args_min && argc - 1 <= command->args_max)
			return command->run(options);
		fprintf(stderr, "vlanbr %s %s\n", command->name, command->help);
		return EXIT_USAGE;
	}
	if (argc)
		fprintf(stderr, "vlanbr: there is no command %s\n", argv[0]);
	usage(stderr);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct options options = { .plan = PLAN_FILE, .guests = "/etc/xen", .run = RUN_DIR };
	int option;

	while ((option = getopt_long(argc, argv, "hV", long_options, NULL)) != -1) {
		if (option == OPTION_HELP) {
			usage(stdout);
			return EXIT_SUCCESS;
		}
		if (option == OPTION_VERSION) {
			puts("vlanbr " VERSION);
			return EXIT_SUCCESS;
		}
		if (!option_take(&options, option))
			return EXIT_USAGE;
	}
	return command_run(&options, argc - optind, argv + optind);
}
