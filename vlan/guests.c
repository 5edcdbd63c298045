/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads xl's configuration grammar: KEY = VALUE, values being strings, numbers and lists of them,
 * comments from # to the end of the line. Pure. Whatever is not `name` or `vif` may be anything.
 */
#include "vlan/guests.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_BYTES 512

struct scanner {
	const char *at, *end;
	unsigned int line;
	int token; /* 'w': word or number, 's': string, '+': +=, a character; 0: end */
	char text[TOKEN_BYTES]; /* of a word or string */
	bool cut; /* it was longer */
};

static void scan_blank(struct scanner *s)
{
	bool comment = false;

	for (; s->at < s->end; s->at++) {
		if (*s->at == '\n') {
			s->line++;
			comment = false;
		} else if (*s->at == '#') {
			comment = true;
		} else if (!comment && !isspace((unsigned char)*s->at)) {
			return;
		}
	}
}

static void scan_add(struct scanner *s, size_t *used, char c)
{
	s->cut = s->cut || *used + 1 >= sizeof(s->text);
	if (!s->cut)
		s->text[(*used)++] = c;
	s->text[*used] = 0;
}

static void scan_string(struct scanner *s)
{
	char quote = *s->at++;
	size_t used = 0;

	for (; s->at < s->end && *s->at != quote && *s->at != '\n'; s->at++)
		scan_add(s, &used, *s->at);
	if (s->at < s->end && *s->at == quote)
		s->at++;
	else
		s->cut = true;
	s->token = 's';
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-';
}

/* Reads one token into s. */
static void scan(struct scanner *s)
{
	size_t used = 0;

	scan_blank(s);
	s->text[0] = 0;
	s->cut = false;
	s->token = 0;
	if (s->at >= s->end)
		return;
	if (*s->at == '"' || *s->at == '\'') {
		scan_string(s);
	} else if (is_word(*s->at)) {
		for (; s->at < s->end && is_word(*s->at); s->at++)
			scan_add(s, &used, *s->at);
		s->token = 'w';
	} else if (*s->at == '+' && s->end - s->at > 1 && s->at[1] == '=') {
		s->at += 2;
		s->token = '+';
	} else {
		s->token = (unsigned char)*s->at++;
	}
}

/* Moves to the value of the next KEY = or KEY +=, whose name goes to key. False: no more. */
static bool scan_key(struct scanner *s, char key[GUEST_WORD])
{
	scan(s);
	while (s->token) {
		bool word = s->token == 'w' && !s->cut && strlen(s->text) < GUEST_WORD;

		if (word)
			strcpy(key, s->text); /* shorter than GUEST_WORD */
		scan(s);
		if (word && (s->token == '=' || s->token == '+')) {
			scan(s);
			return true;
		}
	}
	return false;
}

int mac_parse(const char *text, uint8_t mac[MAC_BYTES])
{
	for (unsigned int i = 0; i < MAC_BYTES; i++, text += 3) {
		char hex[3] = { 0 };

		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
			text[2] != (i == MAC_BYTES - 1 ? 0 : ':'))
			return -EINVAL;
		memcpy(hex, text, 2);
		mac[i] = (uint8_t)strtoul(hex, NULL, 16); /* two digits */
	}
	return 0;
}

/* 0 is what a vif has that says nothing. */
static int mtu_parse(const char *text, uint32_t *mtu)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long value = strtoul(text, NULL, 10);

	if (digits == 0 || text[digits] || value > 65535)
		return -EINVAL;
	*mtu = (uint32_t)value;
	return 0;
}

static int vif_word(
	struct guest_vif *vif, const char *key, const char *value, struct complaint *why)
{
	if (strcmp(key, "mac") == 0) {
		if (mac_parse(value, vif->mac))
			return complain(why, vif->line, "mac=%s is no MAC address", value);
		if (vif->mac[0] & 1)
			return complain(why, vif->line,
				"mac=%s is a multicast address: the first byte has "
				"to be even",
				value);
		vif->mac_said = true;
	} else if (strcmp(key, "mtu") == 0) {
		if (mtu_parse(value, &vif->mtu))
			return complain(
				why, vif->line, "mtu=%s is no number up to 65535", value);
	} else if (strcmp(key, "bridge") == 0) {
		snprintf(vif->bridge, sizeof(vif->bridge), "%s", value);
	} else if (strcmp(key, "vlan") == 0) {
		snprintf(vif->vlan, sizeof(vif->vlan), "%s", value);
	}
	return 0;
}

static char *trim(char *text)
{
	size_t length;

	text += strspn(text, " \t");
	length = strlen(text);
	while (length && isspace((unsigned char)text[length - 1]))
		text[--length] = 0;
	return text;
}

/* One vif's string: key=value, separated by commas. */
static int vif_parse(char *text, struct guest_vif *vif, struct complaint *why)
{
	char *word, *rest = text;

	while ((word = strsep(&rest, ","))) {
		char *value = strchr(word, '=');
		int error;

		if (value == NULL)
			continue;
		*value++ = 0;
		value = trim(value);
		if (strlen(value) >= GUEST_WORD)
			return complain(
				why, vif->line, "%s=%.60s... is too long", trim(word), value);
		error = vif_word(vif, trim(word), value, why);
		if (error)
			return error;
	}
	return 0;
}

static int vif_add(struct guest *guest, struct scanner *s, struct complaint *why)
{
	struct guest_vif *more;

	if (s->cut)
		return complain(why, s->line,
			"a vif of more than %d characters, or without its closing "
			"quote",
			TOKEN_BYTES - 1);
	more = reallocarray(guest->vif, guest->vifs + 1, sizeof(*more));
	if (more == NULL)
		return -ENOMEM;
	guest->vif = more;
	more += guest->vifs++;
	memset(more, 0, sizeof(*more));
	more->line = s->line;
	return vif_parse(s->text, more, why);
}

static int vifs_take(struct guest *guest, struct scanner *s, struct complaint *why)
{
	unsigned int line = s->line;
	int error = 0;

	if (s->token != '[')
		return complain(why, line, "vif has to be a list of strings in [ ]");
	for (scan(s); error == 0 && s->token && s->token != ']'; scan(s)) {
		if (s->token == 's')
			error = vif_add(guest, s, why);
		else if (s->token != ',')
			error = complain(why, s->line, "vif has to be a list of strings in [ ]");
	}
	if (error == 0 && s->token == 0)
		error = complain(why, line, "the list of vifs has no ]");
	return error;
}

int guest_parse(const char *text, size_t bytes, struct guest *guest, struct complaint *why)
{
	struct scanner s = { .at = text, .end = text + bytes, .line = 1 };
	char key[GUEST_WORD];
	int error = 0;

	memset(guest, 0, sizeof(*guest));
	while (error == 0 && scan_key(&s, key)) {
		if (strcmp(key, "vif") == 0)
			error = vifs_take(guest, &s, why);
		else if (strcmp(key, "name") == 0)
			snprintf(guest->name, sizeof(guest->name), "%.63s", s.text);
	}
	return error;
}

void guest_free(struct guest *guest)
{
	free(guest->vif);
	memset(guest, 0, sizeof(*guest));
}

void config_value(const char *text, size_t bytes, const char *key, char value[GUEST_WORD])
{
	struct scanner s = { .at = text, .end = text + bytes, .line = 1 };
	char found[GUEST_WORD];

	value[0] = 0;
	while (scan_key(&s, found)) {
		if (strcmp(found, key) == 0 && !s.cut)
			snprintf(value, GUEST_WORD, "%.63s", s.text);
	}
}
