/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan file's parser. Pure: text in, bridges or one sentence out. What can be wrong in a single
 * line is found here; what is wrong with addresses and between lines in rules.c; between plan and
 * system in diff.c.
 */
#include "vlan/plan.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "vlan/rules.h"
#include "vlan/spec.h"

#define WORDS 24

struct words {
	unsigned int line;
	unsigned int count;
	char *word[WORDS];
	char text[PLAN_LINE_BYTES];
};

/* A line before its VLANs have been dealt out: names may contain *, the VLAN's place. */
struct template
{
	struct plan_bridge bridge;
	const char *name;
	const char *device; /* NULL: TRUNK.* */
	bool fd_said;
	bool many; /* a bridge per VLAN of bridge.vlans */
};

/* A byte order mark, UTF-8's. A name may not begin with it, or a plan that begins with that name is refused. */
static const char mark[3] = { '\xef', '\xbb', '\xbf' };

bool link_name_valid(const char *name)
{
	size_t length = strlen(name);

	if (strncmp(name, mark, sizeof(mark)) == 0)
		return false;
	if (length == 0 || length >= IF_NAMESIZE || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (; *name; name++) {
		if (strchr("/:%*", *name) || isspace((unsigned char)*name) ||
			iscntrl((unsigned char)*name))
			return false;
	}
	return true;
}

bool link_name_copy(char to[IF_NAMESIZE], const char *name)
{
	if (!link_name_valid(name))
		return false;
	memcpy(to, name, strlen(name) + 1); /* shorter than IF_NAMESIZE: it is valid */
	return true;
}

static int link_name_take(char to[IF_NAMESIZE], const char *name, unsigned int line,
	const char *what, struct complaint *why)
{
	if (strlen(name) >= IF_NAMESIZE)
		return complain(why, line, "the name %s of the %s has %zu characters: 15 at most",
			name, what, strlen(name));
	if (!strcmp(name, "all") || !strcmp(name, "default"))
		return complain(why, line,
			"%s cannot be the name of a %s: the kernel's settings for every "
			"device are called so",
			name, what);
	if (!link_name_copy(to, name))
		return complain(why, line, "%s cannot be the name of a %s", name, what);
	return 0;
}

static int words_split(struct words *words, const char *line, size_t bytes, struct complaint *why)
{
	const char *hash = memchr(line, '#', bytes);
	char *word, *rest;

	if (hash)
		bytes = (size_t)(hash - line);
	if (bytes >= sizeof(words->text) || memchr(line, 0, bytes))
		return complain(why, words->line, "the line is too long or not text");
	memcpy(words->text, line, bytes);
	words->text[bytes] = 0;
	words->count = 0;
	for (rest = words->text; (word = strtok_r(rest, " \t\r", &rest));) {
		if (words->count == WORDS)
			return complain(why, words->line, "more than %d words", WORDS);
		words->word[words->count++] = word;
	}
	return 0;
}

static int number_take(const char *word, unsigned long most, unsigned long *value)
{
	char *end;

	if (!isdigit((unsigned char)*word) || strlen(word) > 6)
		return -EINVAL;
	*value = strtoul(word, &end, 10);
	return *end || *value > most ? -EINVAL : 0;
}

static int address_take(struct plan_bridge *bridge, const char *word, struct complaint *why)
{
	if (bridge->addressing == ADDRESSES_NONE)
		return complain(why, bridge->line, "an address and none: decide for one");
	if (bridge->addresses == PLAN_ADDRESSES)
		return complain(why, bridge->line, "more than %d addresses", PLAN_ADDRESSES);
	if (address_parse(word, &bridge->address[bridge->addresses]))
		return complain(why, bridge->line,
			"%s is no address: write it like 192.0.2.1/24 or 2001:db8::1/64", word);
	bridge->addressing = ADDRESSES_GIVEN;
	bridge->addresses++;
	return 0;
}

/* Two of a key on one line: whichever counted, the other is a mistake that nobody sees. */
static int key_check(const struct words *words, unsigned int at, struct complaint *why)
{
	const char *word = words->word[at], *equals = strchr(word, '=');
	size_t bytes = equals ? (size_t)(equals - word) + 1 : 0;

	for (unsigned int i = 3; bytes && i < at; i++) {
		if (strncmp(words->word[i], word, bytes) == 0)
			return complain(why, words->line,
				"%.60s and %.60s on one line: leave one out", words->word[i], word);
	}
	return 0;
}

static int value_take(struct template *line, const char *word, struct complaint *why)
{
	struct plan_bridge *bridge = &line->bridge;
	unsigned long value;

	if (!strcmp(word, "stp=on") || !strcmp(word, "stp=off")) {
		bridge->stp = !strcmp(word, "stp=on");
	} else if (!strncmp(word, "fd=", 3)) {
		if (number_take(word + 3, 30, &value))
			return complain(
				why, bridge->line, "%s: a forward delay is 0 to 30 seconds", word);
		bridge->fd = (unsigned int)value;
		line->fd_said = true;
	} else if (!strncmp(word, "mtu=", 4)) {
		if (number_take(word + 4, 65535, &value) || value < 68)
			return complain(why, bridge->line, "%s: an MTU is 68 to 65535 bytes", word);
		bridge->mtu = (uint32_t)value;
	} else if (!strncmp(word, "device=", 7)) {
		line->device = word + 7;
	} else {
		return complain(why, bridge->line,
			"%s is not understood: after BRIDGE TRUNK VLANS come "
			"addresses or none, aware, stp=, fd=, mtu=, device=",
			word);
	}
	return 0;
}

static int word_take(struct template *line, const char *word, struct complaint *why)
{
	struct plan_bridge *bridge = &line->bridge;

	if (strcmp(word, "none") == 0) {
		if (bridge->addresses)
			return complain(why, bridge->line, "an address and none: decide for one");
		bridge->addressing = ADDRESSES_NONE;
		return 0;
	}
	if (strcmp(word, "aware") == 0) {
		bridge->aware = true;
		return 0;
	}
	if (strchr(word, '/') && !strchr(word, '='))
		return address_take(bridge, word, why);
	return value_take(line, word, why);
}

static int trunk_take(
	struct template *line, const char *trunk, const char *vlans, struct complaint *why)
{
	struct plan_bridge *bridge = &line->bridge;
	int error;

	if (strcmp(trunk, "none") == 0) {
		if (strcmp(vlans, "none"))
			return complain(why, bridge->line,
				"VLAN %s without a trunk: a bridge without a trunk is NAME none "
				"none",
				vlans);
		return 0;
	}
	error = link_name_take(bridge->trunk, trunk, bridge->line, "trunk", why);
	if (error)
		return error;
	if (strcmp(vlans, "native") == 0)
		return 0;
	line->many = true;
	if (vlan_list_parse(vlans, &bridge->vlans, why)) {
		why->line = bridge->line;
		return -EINVAL;
	}
	return 0;
}

static bool several(const struct vlan_set *set)
{
	struct vlan_range range;

	return vlan_set_next(set, VLAN_FIRST, &range) &&
		vlan_set_next(set, range.first + 1u, &range);
}

static bool marked(const struct vlan_set *set)
{
	uint64_t any = 0;

	for (unsigned int i = 0; i < 64; i++)
		any |= set->untagged[i];
	return any != 0;
}

static int aware_check(const struct template *line, struct complaint *why)
{
	const struct plan_bridge *bridge = &line->bridge;

	if (!line->many)
		return complain(why, bridge->line, "aware needs the VLANs that the trunk carries");
	if (bridge->addressing == ADDRESSES_GIVEN && !bridge->vlans.pvid)
		return complain(why, bridge->line,
			"an address on a VLAN-aware bridge is in the VLAN "
			"that its trunk has untagged: mark that one with p");
	if (line->device)
		return complain(why, bridge->line, "device= names a VLAN device, and here is none");
	if (strchr(line->name, '*'))
		return complain(why, bridge->line,
			"%s: one VLAN-aware bridge carries all VLANs: "
			"give it a name without *",
			line->name);
	return 0;
}

static int plain_check(const struct template *line, struct complaint *why)
{
	const struct plan_bridge *bridge = &line->bridge;
	bool star = strchr(line->name, '*') != NULL;

	if (marked(&bridge->vlans))
		return complain(why, bridge->line,
			"suffixes p and u are for VLAN-aware bridges: "
			"leave them out, or add aware");
	if (!line->many && line->device)
		return complain(why, bridge->line, "device= names a VLAN device, and here is none");
	if (!line->many && star)
		return complain(why, bridge->line, "%s: the * stands for a VLAN, and here is none",
			line->name);
	if (!several(&bridge->vlans))
		return 0;
	if (!star)
		return complain(why, bridge->line,
			"one bridge for several VLANs: write %s* for a "
			"bridge per VLAN, or add aware",
			line->name);
	if (line->device && !strchr(line->device, '*'))
		return complain(why, bridge->line, "one device for several VLANs: write device=%s*",
			line->device);
	if (bridge->addresses)
		return complain(why, bridge->line,
			"one address for several bridges: give the bridge "
			"with the address a line of its own");
	return 0;
}

/* With less, the kernel has no IPv6 on the link. */
static int mtu_check(const struct plan_bridge *bridge, struct complaint *why)
{
	char text[ADDRESS_TEXT];

	for (unsigned int i = 0; i < bridge->addresses; i++) {
		if (!bridge->mtu || bridge->mtu >= 1280 || bridge->address[i].family != AF_INET6)
			continue;
		address_format(&bridge->address[i], text);
		return complain(why, bridge->line,
			"mtu=%u with the address %s: IPv6 needs an MTU of 1280 at least",
			bridge->mtu, text);
	}
	return 0;
}

/* What the words of a line have to do with each other. */
static int line_check(struct template *line, struct complaint *why)
{
	struct plan_bridge *bridge = &line->bridge;

	if (bridge->stp && !line->fd_said)
		bridge->fd = PLAN_FD_STP;
	if (bridge->stp && bridge->fd < 2)
		return complain(why, bridge->line,
			"fd=%u with stp=on: the kernel wants 2 to 30 seconds", bridge->fd);
	if (mtu_check(bridge, why))
		return -EINVAL;
	return bridge->aware ? aware_check(line, why) : plain_check(line, why);
}

int plan_add(struct plan *plan, const struct plan_bridge *bridge, struct complaint *why)
{
	struct plan_bridge *more;
	int error = rules_check(plan, bridge, why);

	if (error)
		return error;
	more = reallocarray(plan->bridge, plan->count + 1, sizeof(*more));
	if (more == NULL) {
		complain(why, bridge->line, "no memory");
		return -ENOMEM;
	}
	plan->bridge = more;
	more[plan->count++] = *bridge;
	return 0;
}

/* Writes pattern with the VLAN in the place of its *. */
static void star_fill(char *to, size_t bytes, const char *pattern, unsigned int vlan)
{
	const char *star = strchr(pattern, '*');

	if (star)
		snprintf(to, bytes, "%.*s%u%s", (int)(star - pattern), pattern, vlan, star + 1);
	else
		snprintf(to, bytes, "%s", pattern);
}

/* Adds the bridge of one VLAN (0: the trunk as it is, or no trunk) of a line. */
static int line_deal(
	struct plan *plan, const struct template *line, uint16_t vlan, struct complaint *why)
{
	char name[PLAN_LINE_BYTES], port[PLAN_LINE_BYTES], pattern[IF_NAMESIZE + 2];
	struct plan_bridge bridge = line->bridge;
	int error;

	snprintf(pattern, sizeof(pattern), "%s.*", bridge.trunk);
	star_fill(name, sizeof(name), line->name, vlan);
	star_fill(port, sizeof(port), line->device ? line->device : pattern, vlan);
	bridge.vlan = vlan;
	if (!bridge.aware)
		memset(&bridge.vlans, 0, sizeof(bridge.vlans));
	error = link_name_take(bridge.name, name, bridge.line, "bridge", why);
	if (error)
		return error;
	if (vlan == 0)
		strcpy(bridge.port, bridge.trunk); /* of one size */
	else if (strlen(port) >= IF_NAMESIZE && !line->device)
		return complain(why, bridge.line,
			"the VLAN device %s would have %zu characters, 15 at "
			"most: name it with device=",
			port, strlen(port));
	else
		error = link_name_take(bridge.port, port, bridge.line, "VLAN device", why);
	return error ? error : plan_add(plan, &bridge, why);
}

static int line_deal_all(struct plan *plan, const struct template *line, struct complaint *why)
{
	struct vlan_range range;

	if (line->bridge.aware || !line->many)
		return line_deal(plan, line, 0, why);
	for (unsigned int n = VLAN_FIRST; vlan_set_next(&line->bridge.vlans, n, &range); n++) {
		int error;

		n = range.first;
		error = line_deal(plan, line, range.first, why);
		if (error)
			return error;
	}
	return 0;
}

static int line_parse(struct plan *plan, const struct words *words, struct complaint *why)
{
	struct template line = { .bridge.line = words->line, .name = words->word[0] };
	int error;

	if (words->count < 3)
		return complain(why, words->line,
			"%s: a line has at least three words, BRIDGE TRUNK VLANS", words->word[0]);
	error = trunk_take(&line, words->word[1], words->word[2], why);
	for (unsigned int i = 3; error == 0 && i < words->count; i++) {
		error = key_check(words, i, why);
		if (error == 0)
			error = word_take(&line, words->word[i], why);
	}
	if (error == 0)
		error = line_check(&line, why);
	return error ? error : line_deal_all(plan, &line, why);
}

int plan_parse(const char *text, size_t bytes, struct plan *plan, struct complaint *why)
{
	const char *end = text + bytes, *newline;
	struct words words = { 0 };

	memset(plan, 0, sizeof(*plan));
	if (bytes >= sizeof(mark) && memcmp(text, mark, sizeof(mark)) == 0)
		return complain(why, 1,
			"the file begins with a byte order mark (UTF-8): save it without");
	for (; text < end; text = newline + 1) {
		int error;

		newline = memchr(text, '\n', (size_t)(end - text));
		if (newline == NULL)
			newline = end;
		words.line++;
		error = words_split(&words, text, (size_t)(newline - text), why);
		if (error == 0 && words.count)
			error = line_parse(plan, &words, why);
		if (error)
			return error;
	}
	return 0;
}

void plan_free(struct plan *plan)
{
	free(plan->bridge);
	memset(plan, 0, sizeof(*plan));
}

const struct plan_bridge *plan_named(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (strcmp(plan->bridge[i].name, name) == 0)
			return &plan->bridge[i];
	}
	return NULL;
}

const struct plan_bridge *plan_using(const struct plan *plan, const char *link)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_bridge *bridge = &plan->bridge[i];

		if (!strcmp(bridge->name, link) || !strcmp(bridge->trunk, link) ||
			!strcmp(bridge->port, link))
			return bridge;
	}
	return NULL;
}
