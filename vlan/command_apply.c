/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vlanbr apply: plan, picture, diff, and then the kernel. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vlan/apply.h"
#include "vlan/command.h"
#include "vlan/file.h"

/* Steps on the way, to a deletion for instance, and marks say nothing to a person. */
static bool unspoken(const struct diff *diff, size_t at)
{
	const struct op *op = &diff->op[at];

	if (op_silent(op))
		return true;
	if (op->line || op->kind < OP_SET_STP)
		return false;
	for (size_t i = at + 1; i < diff->count; i++) {
		if ((diff->op[i].kind == OP_DELETE_BRIDGE || diff->op[i].kind == OP_DELETE_VLAN) &&
			strcmp(diff->op[i].name, op->name) == 0)
			return true;
	}
	return false;
}

static void diff_print(const struct diff *diff)
{
	for (size_t i = 0; i < diff->count; i++) {
		char text[OP_TEXT];

		if (unspoken(diff, i))
			continue;
		op_format(&diff->op[i], text);
		if (diff->op[i].harm[0])
			printf("%s (cuts off %s)\n", text, diff->op[i].harm);
		else
			puts(text);
	}
	if (diff->count == 0)
		puts("nothing to do");
}

static int diff_run(const struct options *options, struct netlink *nl, const struct diff *diff,
	const char *mark)
{
	struct complaint why = { 0 };

	if (options->dry_run) {
		diff_print(diff);
		return EXIT_SUCCESS;
	}
	if ((options->force || diff_harmless(diff, &why) == 0) &&
		diff_apply(nl, diff, mark, options->force, &why) == 0) {
		diff_print(diff);
		return EXIT_SUCCESS;
	}
	complaint_print(&why, options->plan);
	return EXIT_FAILURE;
}

static int plan_run(const struct options *options, const struct plan *plan)
{
	struct complaint why = { 0 };
	char mark[LINK_ALIAS_BYTES];
	struct links links;
	struct diff diff;
	struct netlink nl;
	int status;

	if (system_load(&nl, &links))
		return EXIT_FAILURE;
	plan_mark(options, mark);
	status = diff_make(plan, &links, mark, NULL, &diff, &why);
	if (status == 0) {
		status = diff_run(options, &nl, &diff, mark);
	} else {
		complaint_print(&why, options->plan);
		status = EXIT_FAILURE;
	}
	diff_free(&diff);
	links_free(&links);
	netlink_close(&nl);
	return status;
}

int command_apply(const struct options *options)
{
	struct plan plan;
	int status, error = options->dry_run ? 0 : lock_take();

	if (error)
		return fail("cannot take the lock %s: %s%s", LOCK_FILE, strerror(-error),
			error == -EACCES ? "; only root may change bridges" : "");
	status = plan_load(options, false, &plan);
	if (status == 0)
		status = plan_run(options, &plan);
	plan_free(&plan);
	return status;
}
