/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads /etc/network/interfaces. Pure. Comments only on lines of their own and lines that end in a
 * backslash are as interfaces(5) has them.
 */
#include "vlan/interfaces.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 1024

/* What the lines that come belong to. */
enum inside { NOWHERE, IFACE, OTHER };

struct reader {
	const char *at, *end;
	unsigned int line; /* that a logical line began in */
	unsigned int next; /* the one after it */
	char text[LINE_BYTES];
};

static bool add_physical(struct reader *reader, size_t *used, const char *from, size_t bytes)
{
	if (*used + bytes >= sizeof(reader->text) || memchr(from, 0, bytes))
		return false;
	memcpy(reader->text + *used, from, bytes);
	*used += bytes;
	reader->text[*used] = 0;
	return true;
}

/* Reads one logical line. 1: there is one, 0: the end, -EINVAL: too long. */
static int read_line(struct reader *reader, struct complaint *why)
{
	bool more = reader->at < reader->end;
	size_t used = 0;

	if (!more)
		return 0;
	reader->line = reader->next;
	while (more && reader->at < reader->end) {
		const char *newline = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
		const char *stop = newline ? newline : reader->end;

		more = stop > reader->at && stop[-1] == '\\';
		if (!add_physical(reader, &used, reader->at, (size_t)(stop - reader->at) - more))
			return complain(why, reader->line, "the line is too long or not text");
		reader->at = newline ? newline + 1 : reader->end;
		reader->next++;
	}
	return 1;
}

static char *trim(char *text)
{
	size_t length;

	while (isspace((unsigned char)*text))
		text++;
	length = strlen(text);
	while (length && isspace((unsigned char)text[length - 1]))
		text[--length] = 0;
	return text;
}

/* Takes the first word of *text, which moves behind it and the blanks after. */
static char *word(char **text)
{
	char *start = *text;
	size_t length = strcspn(start, " \t");

	*text = start + length;
	if (**text)
		*(*text)++ = 0;
	*text = trim(*text);
	return start;
}

static int stanza_add(struct interfaces *to, unsigned int line, char *rest, struct complaint *why)
{
	struct stanza *more = reallocarray(to->stanza, to->count + 1, sizeof(*more));
	struct stanza *stanza;

	if (more == NULL)
		return -ENOMEM;
	to->stanza = more;
	stanza = &more[to->count];
	memset(stanza, 0, sizeof(*stanza));
	stanza->line = line;
	if (*rest == 0)
		return complain(why, line, "iface without a name");
	snprintf(stanza->name, sizeof(stanza->name), "%s", word(&rest));
	snprintf(stanza->family, sizeof(stanza->family), "%s", word(&rest));
	snprintf(stanza->method, sizeof(stanza->method), "%s", word(&rest));
	to->count++;
	return 0;
}

static int option_add(struct stanza *stanza, unsigned int line, const char *key, const char *value)
{
	struct stanza_option *more =
		reallocarray(stanza->option, stanza->options + 1, sizeof(*more));
	struct stanza_option *option;

	if (more == NULL)
		return -ENOMEM;
	stanza->option = more;
	option = &more[stanza->options++];
	option->line = line;
	snprintf(option->key, sizeof(option->key), "%s", key);
	snprintf(option->value, sizeof(option->value), "%s", value);
	for (char *c = option->key; *c; c++)
		*c = *c == '-' ? '_' : *c;
	return 0;
}

static bool begins_other(const char *key)
{
	static const char *const others[] = { "auto", "mapping", "source", "source-directory",
		"rename", "no-auto-down", "no-scripts", "template" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(key, others[i]) == 0)
			return true;
	}
	return !strncmp(key, "allow-", 6);
}

static int line_take(
	struct interfaces *to, struct reader *reader, enum inside *in, struct complaint *why)
{
	char *rest = trim(reader->text), *key;

	if (*rest == 0 || *rest == '#')
		return 0;
	key = word(&rest);
	if (strcmp(key, "iface") == 0) {
		*in = IFACE;
		return stanza_add(to, reader->line, rest, why);
	}
	if (begins_other(key)) {
		*in = OTHER;
		if (!strncmp(key, "source", 6) && to->source_line == 0)
			to->source_line = reader->line;
		return 0;
	}
	if (*in == NOWHERE)
		return complain(why, reader->line, "%s belongs to no iface", key);
	return *in == IFACE ? option_add(&to->stanza[to->count - 1], reader->line, key, rest) : 0;
}

int interfaces_parse(
	const char *text, size_t bytes, struct interfaces *interfaces, struct complaint *why)
{
	struct reader reader = { .at = text, .end = text + bytes, .next = 1 };
	enum inside in = NOWHERE;
	int error;

	memset(interfaces, 0, sizeof(*interfaces));
	while ((error = read_line(&reader, why)) == 1) {
		error = line_take(interfaces, &reader, &in, why);
		if (error)
			return error;
	}
	return error;
}

void interfaces_free(struct interfaces *interfaces)
{
	for (size_t i = 0; i < interfaces->count; i++)
		free(interfaces->stanza[i].option);
	free(interfaces->stanza);
	memset(interfaces, 0, sizeof(*interfaces));
}

const struct stanza_option *stanza_find(const struct stanza *stanza, const char *key)
{
	for (size_t i = 0; i < stanza->options; i++) {
		if (strcmp(stanza->option[i].key, key) == 0)
			return &stanza->option[i];
	}
	return NULL;
}
