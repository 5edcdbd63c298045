/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checks behind vlanbr check. Pure; each finding is one sentence about one line of one file. */
#include "vlan/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vlan/diff.h"
#include "vlan/member.h"

/* The place for one more complaint, or NULL without memory. */
static struct complaint *finding_new(struct findings *findings, const char *file)
{
	struct finding *more = reallocarray(findings->finding, findings->count + 1, sizeof(*more));

	if (more == NULL) {
		findings->error = -ENOMEM;
		return NULL;
	}
	findings->finding = more;
	more += findings->count++;
	more->file = file;
	return &more->complaint;
}

#define find(findings, file, line, ...)                                                            \
	do {                                                                                       \
		struct complaint *found = finding_new(findings, file);                             \
		if (found)                                                                         \
			complain(found, line, __VA_ARGS__);                                        \
	} while (0)

void findings_free(struct findings *findings)
{
	free(findings->finding);
	memset(findings, 0, sizeof(*findings));
}

/* What is said once a link is known to be missing: no more about that link, and nothing of marks.
 */
static bool implied(const struct op *op, const char *device, const char *bridge)
{
	if (op->kind == OP_CREATE_VLAN || op->kind == OP_CREATE_BRIDGE)
		return false;
	return op_silent(op) || strcmp(op->name, device) == 0 ||
		strcmp(op->name, bridge) == 0;
}

static void diff_findings(const struct diff *diff, const char *plan_file, struct findings *findings)
{
	const char *device = "", *bridge = "";

	for (size_t i = 0; i < diff->count; i++) {
		const struct op *op = &diff->op[i];
		char text[OP_TEXT];

		if (implied(op, device, bridge))
			continue;
		if (op->kind == OP_CREATE_VLAN)
			device = op->name;
		if (op->kind == OP_CREATE_BRIDGE)
			bridge = op->name;
		op_format(op, text);
		find(findings, plan_file, op->line, "not yet so: %s", text);
	}
}

void check_system(const struct plan *plan, const char *plan_file, const struct links *links,
	const char *mark, struct findings *findings)
{
	struct complaint why = { 0 };
	struct diff diff;
	int error = diff_make(plan, links, mark, NULL, &diff, &why);

	if (error == -EINVAL)
		find(findings, plan_file, why.line, "%s", why.text);
	else if (error)
		findings->error = error;
	else
		diff_findings(&diff, plan_file, findings);
	diff_free(&diff);
}

static void mac_format(const uint8_t mac[MAC_BYTES], char text[18])
{
	snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		mac[5]);
}

/* The vif before (config, index) with the same MAC, or NULL. */
static const struct config *mac_before(
	const struct config *configs, size_t config, size_t index, unsigned int *line)
{
	const struct guest_vif *vif = &configs[config].guest.vif[index];

	for (size_t c = 0; c <= config; c++) {
		size_t vifs = c == config ? index : configs[c].guest.vifs;

		for (size_t v = 0; v < vifs; v++) {
			const struct guest_vif *other = &configs[c].guest.vif[v];

			*line = other->line;
			if (other->mac_said && memcmp(other->mac, vif->mac, MAC_BYTES) == 0)
				return &configs[c];
		}
	}
	return NULL;
}

static void mac_check(const struct config *configs, size_t config, size_t index,
	const struct links *links, struct findings *findings)
{
	const struct guest_vif *vif = &configs[config].guest.vif[index];
	const struct config *other;
	unsigned int line;
	char text[18];

	if (!vif->mac_said)
		return;
	mac_format(vif->mac, text);
	other = mac_before(configs, config, index, &line);
	if (other)
		find(findings, configs[config].file, vif->line, "the MAC %s is also that of %s:%u",
			text, other->file, line);
	for (size_t i = 0; i < links->count; i++) {
		const struct link *link = &links->link[i];

		if (memcmp(link->mac, vif->mac, MAC_BYTES) == 0)
			find(findings, configs[config].file, vif->line,
				"the MAC %s is also that of %s in Dom0", text, link->name);
	}
}

static uint32_t bridge_mtu(const struct member *member, const struct links *links)
{
	const struct link *link = links_named(links, member->bridge);

	if (member->planned && member->planned->mtu)
		return member->planned->mtu;
	return link ? link->mtu : 0;
}

static void vif_check(const struct config *config, const struct guest_vif *vif,
	const struct plan *plan, const struct links *links, const char *fallback,
	struct findings *findings)
{
	const char *bridge = vif->bridge[0] ? vif->bridge : fallback;
	struct complaint why = { 0 };
	struct member member;
	uint32_t mtu;

	if (member_resolve(plan, links, bridge, vif->vlan, &member, &why)) {
		find(findings, config->file, vif->line, "%s%s", why.text,
			vif->bridge[0] ? "" : " (the bridge of a vif that names none)");
		return;
	}
	mtu = bridge_mtu(&member, links);
	if (vif->mtu && mtu && vif->mtu != mtu)
		find(findings, config->file, vif->line, "mtu=%u on %s, whose MTU is %u", vif->mtu,
			member.bridge, mtu);
}

void check_guests(const struct config *configs, size_t count, const struct plan *plan,
	const struct links *links, const char *fallback, struct findings *findings)
{
	for (size_t c = 0; c < count; c++) {
		for (size_t v = 0; v < configs[c].guest.vifs; v++) {
			vif_check(&configs[c], &configs[c].guest.vif[v], plan, links, fallback,
				findings);
			mac_check(configs, c, v, links, findings);
		}
	}
}

void check_mtus(const struct plan *plan, const struct links *links, struct findings *findings)
{
	for (size_t i = 0; i < links->count; i++) {
		const struct link *port = &links->link[i];
		const struct link *bridge =
			port->master ? links_numbered(links, port->master) : NULL;

		if (bridge && plan_named(plan, bridge->name) && port->mtu != bridge->mtu)
			find(findings, NULL, 0, "%s has the MTU %u, and its bridge %s %u",
				port->name, port->mtu, bridge->name, bridge->mtu);
	}
}
