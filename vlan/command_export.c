/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vlanbr export: chooses the format, and opens the files it asks for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vlan/command.h"
#include "vlan/export.h"

static const struct format {
	const char *name;
	int (*run)(struct export *export, const struct plan *plan, struct complaint *why);
} formats[] = {
	{ "ifupdown", export_ifupdown },
	{ "networkd", export_networkd },
	{ "netplan", export_netplan },
};

/* Ends the file before. Returns false if its text did not all reach the disk. */
static bool finish(struct export *export)
{
	FILE *out = export->out;

	export->out = NULL;
	if (out == NULL)
		return true;
	return (out == stdout ? fflush(out) : fclose(out)) == 0;
}

static FILE *begin(struct export *export, const char *file)
{
	char path[4096];
	FILE *out;

	if (!finish(export)) {
		fail("cannot write: %s", strerror(errno));
		return NULL;
	}
	if (export->into == NULL) {
		printf("# %s\n", file);
		return stdout;
	}
	snprintf(path, sizeof(path), "%s/%s", export->into, file);
	out = fopen(path, "we");
	if (out == NULL)
		fail("cannot write %s: %s", path, strerror(errno));
	else
		fprintf(out, "# %s, made by vlanbr export; vlanbr(8)\n", file);
	return out;
}

static int export_run(
	const struct options *options, const struct plan *plan, const struct format *format)
{
	struct export export = { .begin = begin, .into = options->into };
	struct complaint why = { 0 };
	int error = export_names_check(plan, &why);

	if (error == 0)
		error = format->run(&export, plan, &why);
	if (error == -EINVAL)
		complaint_print(&why, options->plan);
	if (!finish(&export))
		error = fail("cannot write: %s", strerror(errno));
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}

int command_export(const struct options *options)
{
	const struct format *format = NULL;
	struct plan plan;
	int status;

	for (size_t i = 0; options->format && i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(options->format, formats[i].name) == 0)
			format = &formats[i];
	}
	if (format == NULL) {
		fail("export needs --format ifupdown, networkd or netplan, not `%s'",
			options->format ? options->format : "");
		return EXIT_USAGE;
	}
	if (plan_load(options, false, &plan))
		return EXIT_FAILURE;
	status = export_run(options, &plan, format);
	plan_free(&plan);
	return status;
}
