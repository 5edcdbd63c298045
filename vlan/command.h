/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of vlanbr: one function each. They print, and return the program's exit status. */
#ifndef VLAN_COMMAND_H
#define VLAN_COMMAND_H

#include <stdbool.h>

#include "bridge/links.h"
#include "vlan/plan.h"

#define EXIT_USAGE 2

struct options {
	const char *plan;	/* the plan file */
	bool plan_said;		/* by --plan: then it has to be there */
	bool dry_run;
	bool force;
	const char *guests;	/* directory of guest configurations */
	const char *run;	/* xenbackd's run directory */
	const char *format;
	const char *into;	/* directory, NULL: stdout */
	int argc;		/* what follows the command's name */
	char **argv;
};

int command_apply(const struct options *options);
int command_show(const struct options *options);
int command_check(const struct options *options);
int command_export(const struct options *options);
int command_import(const struct options *options);
int command_attach(const struct options *options);
int command_detach(const struct options *options);

/* Reads the plan; prints what is wrong. `missing_ok`: a plan that is not there is empty. */
int plan_load(const struct options *options, bool missing_ok, struct plan *plan);

/* Opens the socket and reads all links. Prints what is wrong, and then leaves nothing open. */
int system_load(struct netlink *nl, struct links *links);

/* The alias of links made for this plan file: "vlanbr " and its absolute path. */
void plan_mark(const struct options *options, char mark[LINK_ALIAS_BYTES]);

/* Prints "vlanbr: ", the sentence and a newline on stderr. Returns EXIT_FAILURE. */
int fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
