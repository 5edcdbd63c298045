/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vlanbr import: the plan on stdout, what it does not carry on stderr. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vlan/command.h"
#include "vlan/file.h"
#include "vlan/import.h"

#define INTERFACES_FILE "/etc/network/interfaces"

static int import_print(const struct import *import, const char *path)
{
	for (size_t i = 0; i < import->notes; i++)
		complaint_print(&import->note[i], path);
	if (import->refused)
		return fail("no plan made: see above");
	if (import->plan.count == 0)
		return fail("%s has no bridge: no stanza has bridge_ports", path);
	printf("# made from %s by vlanbr import; vlanbr.plan(5)\n", path);
	for (size_t i = 0; i < import->plan.count; i++) {
		char text[PLAN_LINE_BYTES];

		plan_format(&import->plan.bridge[i], text, sizeof(text));
		puts(text);
	}
	return EXIT_SUCCESS;
}

static int import_text(const char *text, size_t bytes, const char *path)
{
	struct interfaces interfaces;
	struct import import = { 0 };
	struct complaint why = { 0 };
	int status = EXIT_FAILURE, error = interfaces_parse(text, bytes, &interfaces, &why);

	if (error == 0)
		error = import_make(&interfaces, &import);
	if (error == 0)
		status = import_print(&import, path);
	else if (why.text[0])
		complaint_print(&why, path);
	else
		fail("%s: %s", path, strerror(-error));
	import_free(&import);
	interfaces_free(&interfaces);
	return status;
}

int command_import(const struct options *options)
{
	const char *path = options->argc ? options->argv[0] : INTERFACES_FILE;
	size_t bytes;
	char *text;
	int status, error = file_read(path, &text, &bytes);

	if (error)
		return fail("cannot read %s: %s", path, strerror(-error));
	status = import_text(text, bytes, path);
	free(text);
	return status;
}
