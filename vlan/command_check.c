/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vlanbr check: reads the plan, the links and every configuration in the guests' directory and in
 * its auto/, and prints what does not agree. Changes nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "vlan/check.h"
#include "vlan/command.h"
#include "vlan/file.h"

#define FALLBACK_BRIDGE "xenbr0" /* libxl's */

struct checking {
	const struct options *options;
	struct config *config;
	size_t count;
	char fallback[GUEST_WORD];
	struct findings findings;
	bool broken; /* something could not be read */
};

/* A file that auto/ links to is one guest, not two. */
static bool config_known(const struct checking *c, const char *path)
{
	for (size_t i = 0; i < c->count; i++) {
		if (strcmp(c->config[i].file, path) == 0)
			return true;
	}
	return false;
}

/* Takes path over. */
static void config_add(struct checking *c, char *path, const struct guest *guest)
{
	struct config *more = reallocarray(c->config, c->count + 1, sizeof(*more));

	if (more == NULL) {
		c->broken = true;
		free(path);
		return;
	}
	c->config = more;
	more += c->count++;
	more->file = path;
	more->guest = *guest;
}

static void config_parse(struct checking *c, char *path, const char *text, size_t bytes)
{
	struct complaint why = { 0 };
	struct guest guest;
	int error = guest_parse(text, bytes, &guest, &why);

	if (error == 0 && guest.vifs) {
		config_add(c, path, &guest);
		return;
	}
	if (error) {
		complaint_print(&why, path);
		c->broken = true;
	}
	guest_free(&guest);
	free(path);
}

static void config_read(struct checking *c, const char *directory, const char *name)
{
	char joined[4096], *path, *text;
	struct stat stat_buf;
	size_t bytes;
	int error;

	snprintf(joined, sizeof(joined), "%s/%s", directory, name);
	path = realpath(joined, NULL);
	if (path == NULL || stat(path, &stat_buf) || !S_ISREG(stat_buf.st_mode) ||
		config_known(c, path)) {
		free(path);
		return;
	}
	error = file_read(path, &text, &bytes);
	if (error) {
		fail("cannot read %s: %s", path, strerror(-error));
		c->broken = true;
		free(path);
		return;
	}
	if (strcmp(name, "xl.conf") == 0) {
		config_value(text, bytes, "vif.default.bridge", c->fallback);
		free(path);
	} else {
		config_parse(c, path, text, bytes);
	}
	free(text);
}

/* Not what editors and dpkg keep, nor Xen's own examples. */
static int visible(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && entry->d_name[length - 1] != '~' &&
		strstr(entry->d_name, ".dpkg-") == NULL && strncmp(entry->d_name, "xlexample.", 10);
}

static void directory_read(struct checking *c, const char *directory, bool needed)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, visible, alphasort);

	if (count < 0 && (needed || errno != ENOENT)) {
		fail("cannot read the guest configurations in %s: %s", directory, strerror(errno));
		c->broken = true;
	}
	for (int i = 0; i < count; i++) {
		config_read(c, directory, entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static void guests_read(struct checking *c)
{
	char automatic[4096];

	snprintf(automatic, sizeof(automatic), "%s/auto", c->options->guests);
	directory_read(c, c->options->guests, true);
	directory_read(c, automatic, false);
	if (c->fallback[0] == 0)
		strcpy(c->fallback, FALLBACK_BRIDGE);
}

static int report(const struct checking *c, const struct plan *plan)
{
	size_t vifs = 0;

	for (size_t i = 0; i < c->findings.count; i++) {
		const struct finding *finding = &c->findings.finding[i];

		complaint_print(&finding->complaint, finding->file ? finding->file : "system");
	}
	for (size_t i = 0; i < c->count; i++)
		vifs += c->config[i].guest.vifs;
	if (c->findings.error)
		return fail("no memory: there may be more");
	if (c->findings.count || c->broken)
		return EXIT_FAILURE;
	printf("%zu bridges and %zu vifs of %zu guests agree\n", plan->count, vifs, c->count);
	return EXIT_SUCCESS;
}

static void checking_free(struct checking *c)
{
	for (size_t i = 0; i < c->count; i++) {
		free((char *)c->config[i].file); /* from realpath(); const to everyone else */
		guest_free(&c->config[i].guest);
	}
	free(c->config);
	findings_free(&c->findings);
}

int command_check(const struct options *options)
{
	struct checking c = { .options = options };
	char mark[LINK_ALIAS_BYTES];
	struct links links;
	struct netlink nl;
	struct plan plan;
	int status = EXIT_FAILURE;

	if (plan_load(options, false, &plan))
		return EXIT_FAILURE;
	if (system_load(&nl, &links) == 0) {
		plan_mark(options, mark);
		guests_read(&c);
		check_system(&plan, options->plan, &links, mark, &c.findings);
		check_mtus(&plan, &links, &c.findings);
		check_guests(c.config, c.count, &plan, &links, c.fallback, &c.findings);
		status = report(&c, &plan);
		links_free(&links);
		netlink_close(&nl);
	}
	checking_free(&c);
	plan_free(&plan);
	return status;
}
