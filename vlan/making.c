/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps that the parts of the differ share. Pure. */
#include "vlan/making.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const uint8_t guest_port_mac[MAC_BYTES] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };

bool link_is_guest(const struct link *link)
{
	return link->kind == LINK_TUN || !strncmp(link->name, "vif", 3) ||
		!strncmp(link->name, "tap", 3) ||
		memcmp(link->mac, guest_port_mac, MAC_BYTES) == 0;
}

void diff_free(struct diff *diff)
{
	free(diff->op);
	memset(diff, 0, sizeof(*diff));
}

static int links_copy(const struct links *from, struct links *to)
{
	*to = *from;
	to->link = reallocarray(NULL, from->count + 1, sizeof(*to->link));
	to->address = reallocarray(NULL, from->addresses + 1, sizeof(*to->address));
	if (to->link == NULL || to->address == NULL)
		return -ENOMEM;
	memcpy(to->link, from->link, from->count * sizeof(*to->link));
	if (from->addresses)
		memcpy(to->address, from->address, from->addresses * sizeof(*to->address));
	return 0;
}

void making_begin(struct making *m, const struct links *links, struct diff *diff)
{
	memset(m, 0, sizeof(*m));
	memset(diff, 0, sizeof(*diff));
	m->diff = diff;
	m->error = links_copy(links, &m->now);
}

int making_end(struct making *m)
{
	links_free(&m->now);
	return m->error;
}

void emit(struct making *m, const struct op *op)
{
	struct op *more;

	if (m->error)
		return;
	more = reallocarray(m->diff->op, m->diff->count + 1, sizeof(*more));
	if (more)
		m->diff->op = more;
	m->error = more ? op_model(op, &m->now) : -ENOMEM;
	if (m->error == 0)
		more[m->diff->count++] = *op;
}

struct op op_about(enum op_kind kind, unsigned int line, const char *name)
{
	struct op op = { .kind = kind, .line = line };

	snprintf(op.name, sizeof(op.name), "%s", name);
	return op;
}

struct op op_pair(enum op_kind kind, unsigned int line, const char *name, const char *peer)
{
	struct op op = op_about(kind, line, name);

	snprintf(op.peer, sizeof(op.peer), "%s", peer);
	return op;
}

void emit_set(struct making *m, enum op_kind kind, unsigned int line, const char *name,
	uint32_t from, uint32_t to)
{
	struct op op = op_about(kind, line, name);

	op.from = from;
	op.to = to;
	if (from != to)
		emit(m, &op);
}

const char *guest_of(const struct making *m, const struct link *bridge)
{
	for (size_t i = 0; i < m->now.count; i++) {
		const struct link *link = &m->now.link[i];

		if (link->master == bridge->index && link_is_guest(link))
			return link->name;
	}
	return "";
}

void harm_note(struct op *op, const char *guest)
{
	snprintf(op->harm, sizeof(op->harm), "%s", guest);
}

void refuse(struct making *m, int error)
{
	if (m->error == 0)
		m->error = error;
}

/* The first guest's port of a bridge that carries one of the VLANs, or "". */
static const char *guest_in(const struct making *m, const char *bridge, struct vlan_range range)
{
	const struct link *master = links_named(&m->now, bridge);
	struct vlan_range run;

	for (size_t i = 0; i < m->now.count; i++) {
		const struct link *link = &m->now.link[i];

		if (link->master == master->index && link_is_guest(link) &&
			vlan_set_next(&link->vlans, range.first, &run) && run.first <= range.last)
			return link->name;
	}
	return "";
}

static void emit_runs(struct making *m, struct op *op, const struct vlan_set *set)
{
	for (unsigned int n = VLAN_FIRST; vlan_set_next(set, n, &op->range);
		n = op->range.last + 1u)
		emit(m, op);
}

void emit_vlans_on_undo(
	struct making *m, unsigned int line, const char *name, const struct vlan_set *then)
{
	const struct link *link = links_named(&m->now, name);
	struct op op = op_about(OP_DELETE_VLANS, line, name);
	struct vlan_set now = link->vlans, missing, extra;

	op.undo_only = true;
	op.to = link->kind == LINK_BRIDGE;
	vlan_set_changed(&now, then, &missing);
	vlan_set_changed(then, &now, &extra);
	emit_runs(m, &op, &missing);
	op.kind = OP_ADD_VLANS;
	emit_runs(m, &op, &extra);
}

void emit_vlans(struct making *m, enum op_kind kind, unsigned int line, const char *port,
	const struct vlan_set *set, const char *bridge)
{
	struct op op = op_about(kind, line, port);

	for (unsigned int n = VLAN_FIRST; vlan_set_next(set, n, &op.range);
		n = op.range.last + 1u) {
		harm_note(&op, bridge ? guest_in(m, bridge, op.range) : "");
		emit(m, &op);
	}
}

void emit_release(struct making *m, unsigned int line, const char *name)
{
	const struct link *port = links_named(&m->now, name);
	const struct link *bridge = links_numbered(&m->now, port->master);
	const char *guest = link_is_guest(port) ? port->name : guest_of(m, bridge);
	struct op op = op_pair(OP_RELEASE, line, name, bridge->name);
	struct vlan_set vlans = port->vlans, born = vlans_of_new(bridge->bridge.default_pvid);

	harm_note(&op, guest);
	emit_vlans(m, OP_DELETE_VLANS, line, name, &vlans, NULL);
	/* As a port again it is in the VLAN of new ports first. */
	if (!vlan_set_has(&vlans, born.pvid))
		emit_vlans_on_undo(m, line, name, &born);
	emit(m, &op);
}

const struct link_address *address_next(const struct making *m, int index, size_t *from)
{
	while (*from < m->now.addresses) {
		const struct link_address *address = &m->now.address[(*from)++];

		if (address->index == index)
			return address;
	}
	return NULL;
}

bool address_link_local(const struct address *address)
{
	return address->family == AF_INET6 && address->bytes[0] == 0xfe &&
		(address->bytes[1] & 0xc0) == 0x80;
}
