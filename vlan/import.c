/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From ifupdown's words to the plan's. Pure. What cannot be said in a plan is never dropped in
 * silence: it becomes a note, or, where the bridge would not be the same bridge, a refusal.
 */
#include "vlan/import.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vlan/spec.h"

struct importing {
	const struct interfaces *in;
	struct import *out;
	int error;
};

static struct complaint *note_new(struct importing *i)
{
	struct import *out = i->out;
	struct complaint *more = reallocarray(out->note, out->notes + 1, sizeof(*more));

	if (more == NULL) {
		i->error = -ENOMEM;
		return NULL;
	}
	out->note = more;
	return &more[out->notes++];
}

#define note(i, line, ...)                                                                         \
	do {                                                                                       \
		struct complaint *new_note = note_new(i);                                          \
		if (new_note)                                                                      \
			complain(new_note, line, __VA_ARGS__);                                     \
	} while (0)

#define refuse(i, line, ...)                                                                       \
	do {                                                                                       \
		note(i, line, __VA_ARGS__);                                                        \
		(i)->out->refused = true;                                                          \
	} while (0)

/* --- the port --- */

/* "ip link add link TRUNK name PORT type vlan id N" in one of the stanza's commands. */
static bool device_from_command(const struct stanza *stanza, struct plan_bridge *bridge)
{
	for (size_t n = 0; n < stanza->options; n++) {
		const char *link = strstr(stanza->option[n].value, "ip link add link ");
		char trunk[STANZA_WORD], name[STANZA_WORD], id[8];

		if (link &&
			sscanf(link, "ip link add link %63s name %63s type vlan id %7s", trunk,
				name, id) == 3 &&
			strcmp(name, bridge->port) == 0 && vlan_id_parse(id, &bridge->vlan) == 0 &&
			link_name_copy(bridge->trunk, trunk))
			return true;
	}
	return false;
}

/* vlan_raw_device, with the id in vlan_id or at the end of the device's name (vlan52, eth0.52). */
static bool device_from_raw(const struct stanza *stanza, struct plan_bridge *bridge)
{
	const struct stanza_option *raw = stanza_find(stanza, "vlan_raw_device");
	const struct stanza_option *id = stanza_find(stanza, "vlan_id");
	const char *digits = stanza->name + strlen(stanza->name);

	while (digits > stanza->name && isdigit((unsigned char)digits[-1]))
		digits--;
	while (*digits == '0')
		digits++;
	return raw && vlan_id_parse(id ? id->value : digits, &bridge->vlan) == 0 &&
		link_name_copy(bridge->trunk, raw->value);
}

/* NAME.N, as bridge-utils makes it by itself; zeros before the id do not count. */
static bool device_from_name(struct plan_bridge *bridge)
{
	const char *dot = strrchr(bridge->port, '.'), *digits = dot ? dot + 1 : NULL;

	while (digits && *digits == '0')
		digits++;
	if (dot == NULL || dot == bridge->port || vlan_id_parse(digits, &bridge->vlan))
		return false;
	memcpy(bridge->trunk, bridge->port, (size_t)(dot - bridge->port));
	return true;
}

static void port_resolve(struct importing *i, struct plan_bridge *bridge)
{
	for (size_t n = 0; n < i->in->count; n++) {
		const struct stanza *stanza = &i->in->stanza[n];

		if (strcmp(stanza->name, bridge->port) == 0 &&
			(device_from_raw(stanza, bridge) || device_from_command(stanza, bridge)))
			return;
	}
	if (!device_from_name(bridge))
		strcpy(bridge->trunk, bridge->port); /* the trunk itself: of one size */
}

static void ports_take(
	struct importing *i, const struct stanza_option *ports, struct plan_bridge *bridge)
{
	if (strcmp(ports->value, "none") == 0)
		return;
	if (strpbrk(ports->value, " \t") || strcmp(ports->value, "all") == 0) {
		refuse(i, ports->line,
			"%s has the ports \"%s\": a bridge of a plan has one trunk, by its "
			"name",
			bridge->name, ports->value);
		return;
	}
	if (!link_name_copy(bridge->port, ports->value)) {
		refuse(i, ports->line, "%s cannot be a port's name", ports->value);
		return;
	}
	port_resolve(i, bridge);
}

/* --- addresses --- */

/* Bits of a netmask: "24" or "255.255.255.0". -1: neither. */
static int netmask_bits(const char *text)
{
	struct in_addr mask;
	uint32_t host;
	int bits = 0;

	if (strlen(text) <= 3 && strspn(text, "0123456789") == strlen(text) && *text)
		return atoi(text);
	if (inet_pton(AF_INET, text, &mask) != 1)
		return -1;
	for (host = ntohl(mask.s_addr); host & 0x80000000u; host <<= 1)
		bits++;
	return host ? -1 : bits;
}

static void address_take(
	struct importing *i, const struct stanza *stanza, struct plan_bridge *bridge)
{
	const struct stanza_option *address = stanza_find(stanza, "address");
	const struct stanza_option *netmask = stanza_find(stanza, "netmask");
	char text[STANZA_VALUE + 8];
	int bits;

	if (address == NULL) {
		refuse(i, stanza->line, "%s is static and has no address", stanza->name);
		return;
	}
	bits = netmask ? netmask_bits(netmask->value) : -1;
	snprintf(text, sizeof(text), "%s", address->value);
	if (strchr(text, '/') == NULL)
		snprintf(text, sizeof(text), "%s/%d", address->value, bits);
	if (bridge->addresses == PLAN_ADDRESSES ||
		address_parse(text, &bridge->address[bridge->addresses])) {
		refuse(i, address->line,
			"%s: the address %s with netmask %s is not understood, or one too "
			"many",
			stanza->name, address->value, netmask ? netmask->value : "none");
		return;
	}
	bridge->addresses++;
	bridge->addressing = ADDRESSES_GIVEN;
}

static bool bare_command(const char *value)
{
	return strstr(value, "addrgenmode none") || strstr(value, "address flush") ||
		((strstr(value, "address del") || strstr(value, "addr del")) &&
			strstr(value, "127.0.0.1"));
}

static void method_take(
	struct importing *i, const struct stanza *stanza, struct plan_bridge *bridge)
{
	bool none = strcmp(stanza->method, "loopback") == 0;

	for (size_t n = 0; n < stanza->options; n++)
		none = none || strstr(stanza->option[n].value, "addrgenmode none");
	if (strcmp(stanza->method, "static") == 0)
		address_take(i, stanza, bridge);
	else if (none && bridge->addressing == ADDRESSES_LEFT)
		bridge->addressing = ADDRESSES_NONE;
	else if (!none && *stanza->method && strcmp(stanza->method, "manual"))
		note(i, stanza->line, "%s has its address by %s: the plan leaves that to others",
			stanza->name, stanza->method);
}

/* --- the other options --- */

static bool is_yes(const char *value)
{
	return !strcmp(value, "on") || !strcmp(value, "yes") || !strcmp(value, "1");
}

static void fd_take(struct importing *i, const struct stanza_option *fd, struct plan_bridge *bridge)
{
	char *end;
	double seconds = strtod(fd->value, &end);

	if (*end || end == fd->value || !(seconds >= 0 && seconds <= 30)) {
		refuse(i, fd->line, "bridge_fd %s: a forward delay is 0 to 30 seconds", fd->value);
		return;
	}
	bridge->fd = (unsigned int)(seconds + 0.5); /* 0 to 30 */
	if (bridge->fd != seconds)
		note(i, fd->line, "bridge_fd %s became %u: a plan has whole seconds", fd->value,
			bridge->fd);
}

/* The VLANs of a VLAN-aware bridge: bridge_vids and bridge_pvid. */
static void aware_take(struct importing *i, const struct stanza *stanza, struct plan_bridge *bridge)
{
	const struct stanza_option *vids = stanza_find(stanza, "bridge_vids");
	const struct stanza_option *pvid = stanza_find(stanza, "bridge_pvid");
	char list[2 * STANZA_VALUE + 4];
	struct complaint why;

	snprintf(list, sizeof(list), "%s%s%s", pvid ? pvid->value : "", pvid ? "p" : "",
		vids && pvid ? "/" : "");
	if (pvid && strcmp(pvid->value, "0") == 0)
		list[0] = 0;
	if (vids)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s", vids->value);
	for (char *c = list; *c; c++)
		*c = isspace((unsigned char)*c) || *c == ',' ? '/' : *c;
	bridge->aware = true;
	if (vlan_list_parse(list, &bridge->vlans, &why))
		refuse(i, stanza->line,
			"%s is VLAN-aware and its bridge_vids and bridge_pvid do not name "
			"the trunk's VLANs: %.150s",
			stanza->name, why.text);
	if (bridge->vlan)
		refuse(i, stanza->line, "%s is VLAN-aware on a VLAN device", stanza->name);
}

static bool carried(const struct stanza_option *option)
{
	static const char *const keys[] = { "address", "netmask", "network", "broadcast",
		"bridge_ports", "bridge_stp", "bridge_fd", "bridge_maxwait", "bridge_waitport",
		"bridge_vlan_aware", "bridge_vids", "bridge_pvid", "mtu" };

	for (size_t n = 0; n < sizeof(keys) / sizeof(keys[0]); n++) {
		if (strcmp(option->key, keys[n]) == 0)
			return true;
	}
	return bare_command(option->value) || strstr(option->value, "bridge vlan add") ||
		strstr(option->value, "vlan_default_pvid");
}

static void options_take(
	struct importing *i, const struct stanza *stanza, struct plan_bridge *bridge)
{
	for (size_t n = 0; n < stanza->options; n++) {
		const struct stanza_option *option = &stanza->option[n];

		if (strcmp(option->key, "bridge_stp") == 0)
			bridge->stp = is_yes(option->value);
		else if (strcmp(option->key, "bridge_fd") == 0)
			fd_take(i, option, bridge);
		else if (strcmp(option->key, "mtu") == 0)
			bridge->mtu = (uint32_t)strtoul(option->value, NULL, 10);
		else if (!carried(option))
			note(i, option->line, "%s: \"%s %s\" is not carried by the plan",
				stanza->name, option->key, option->value);
	}
}

/* --- one bridge --- */

static void bridge_import(
	struct importing *i, const struct stanza *main, struct plan_bridge *bridge)
{
	const struct stanza_option *aware = stanza_find(main, "bridge_vlan_aware");

	for (size_t n = 0; n < i->in->count; n++) {
		const struct stanza *stanza = &i->in->stanza[n];

		if (strcmp(stanza->name, main->name))
			continue;
		method_take(i, stanza, bridge);
		options_take(i, stanza, bridge);
	}
	if (bridge->stp && stanza_find(main, "bridge_fd") == NULL)
		bridge->fd = PLAN_FD_STP;
	ports_take(i, stanza_find(main, "bridge_ports"), bridge);
	if (aware && is_yes(aware->value))
		aware_take(i, main, bridge);
}

static void stanza_import(struct importing *i, const struct stanza *stanza)
{
	struct plan_bridge bridge = { .line = stanza->line };
	char text[PLAN_LINE_BYTES];
	struct complaint why;
	struct plan check;

	if (!link_name_copy(bridge.name, stanza->name)) {
		refuse(i, stanza->line, "%s cannot be a bridge's name: 15 characters at most",
			stanza->name);
		return;
	}
	bridge_import(i, stanza, &bridge);
	if (i->out->refused)
		return;
	/* The plan's own parser has the last word on what a plan can say. */
	plan_format(&bridge, text, sizeof(text));
	if (plan_parse(text, strlen(text), &check, &why))
		refuse(i, stanza->line, "\"%.100s\" is no line of a plan: %.180s", text, why.text);
	else if (plan_add(&i->out->plan, &bridge, &why))
		refuse(i, stanza->line, "%s", why.text);
	plan_free(&check);
}

int import_make(const struct interfaces *interfaces, struct import *import)
{
	struct importing i = { .in = interfaces, .out = import };

	memset(import, 0, sizeof(*import));
	if (interfaces->source_line)
		note(&i, interfaces->source_line,
			"files that source names are not followed: import them "
			"one by one");
	for (size_t n = 0; i.error == 0 && n < interfaces->count; n++) {
		if (stanza_find(&interfaces->stanza[n], "bridge_ports"))
			stanza_import(&i, &interfaces->stanza[n]);
	}
	return i.error;
}

void import_free(struct import *import)
{
	plan_free(&import->plan);
	free(import->note);
	memset(import, 0, sizeof(*import));
}
