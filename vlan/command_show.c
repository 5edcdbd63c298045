/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vlanbr show: the columns of `brctl show`, then the VLAN, guest, MAC, rate and counters of each
 * port. Counters are the link's own: rx is what came in from the wire or the guest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/bridge.h"
#include "vlan/command.h"
#include "vlan/diff.h"
#include "vlan/file.h"
#include "vlan/spec.h"
#include "vlan/vifinfo.h"

#define COLUMNS 12
#define CELL 64

struct row {
	char cell[COLUMNS][CELL];
};

struct table {
	struct row *row;
	size_t count;
	const char *run;	/* where control writes down what it knows of vifs */
};

static const struct row titles = { { "bridge name", "bridge id", "STP enabled", "interfaces",
	"VLAN", "guest", "MAC", "rate", "rx bytes", "rx packets", "tx bytes", "tx packets" } };

/* The next row, empty; NULL without memory. */
static struct row *row_new(struct table *table)
{
	struct row *more = reallocarray(table->row, table->count + 1, sizeof(*more));

	if (more == NULL)
		return NULL;
	table->row = more;
	more += table->count++;
	memset(more, 0, sizeof(*more));
	return more;
}

static void table_print(const struct table *table)
{
	size_t width[COLUMNS] = { 0 };

	for (size_t r = 0; r < table->count; r++) {
		for (unsigned int c = 0; c < COLUMNS; c++) {
			size_t length = strlen(table->row[r].cell[c]);

			width[c] = length > width[c] ? length : width[c];
		}
	}
	for (size_t r = 0; r < table->count; r++) {
		char line[COLUMNS * (CELL + 2) + 1];
		size_t used = 0;

		for (unsigned int c = 0; c < COLUMNS; c++)
			used += (size_t)snprintf(line + used, sizeof(line) - used, "%-*s  ",
				(int)width[c], table->row[r].cell[c]);
		while (used && line[used - 1] == ' ')
			used--;
		printf("%.*s\n", (int)used, line);
	}
}

static void bridge_fill(struct row *row, const struct link *bridge)
{
	const uint8_t *id = bridge->bridge.id;

	snprintf(row->cell[0], CELL, "%s", bridge->name);
	snprintf(row->cell[1], CELL, "%02x%02x.%02x%02x%02x%02x%02x%02x", id[0], id[1], id[2],
		id[3], id[4], id[5], id[6], id[7]);
	snprintf(row->cell[2], CELL, "%s", bridge->bridge.stp ? "yes" : "no");
}

/* The VLAN that a bridge without filtering carries: that of its VLAN device. */
static unsigned int vlan_of(const struct links *links, const struct link *bridge)
{
	for (size_t i = 0; i < links->count; i++) {
		if (links->link[i].master == bridge->index && links->link[i].kind == LINK_VLAN)
			return links->link[i].vlan;
	}
	return 0;
}

static void vlan_fill(struct row *row, const struct links *links, const struct link *bridge,
	const struct link *port)
{
	unsigned int vlan = port->kind == LINK_VLAN ? port->vlan : vlan_of(links, bridge);
	char list[VLAN_SPEC_TEXT];

	if (bridge->bridge.filtering) {
		vlan_list_format(&port->vlans, list, sizeof(list));
		snprintf(row->cell[4], CELL, "%.60s%s", list, strlen(list) > 60 ? "..." : "");
	} else if (vlan) {
		snprintf(row->cell[4], CELL, "%u", vlan);
	}
}

/* The first address learned on a port: a guest's own, if it has spoken. */
static void mac_fill(struct row *row, const struct fdb *fdb, const struct link *port)
{
	for (size_t i = 0; row->cell[6][0] == 0 && i < fdb->count; i++) {
		const struct fdb_entry *entry = &fdb->entry[i];
		const uint8_t *mac = entry->mac;

		if (entry->port == port->index && !entry->permanent)
			snprintf(row->cell[6], CELL, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
				mac[1], mac[2], mac[3], mac[4], mac[5]);
	}
}

static void port_fill(struct row *row, const char *run, const struct links *links,
	const struct fdb *fdb, const struct link *bridge, const struct link *port)
{
	const struct link_counters *counters = &port->counters;
	struct vifinfo info;

	vifinfo_read(run, port->name, port->index, &info);
	snprintf(row->cell[3], CELL, "%s", port->name);
	vlan_fill(row, links, bridge, port);
	snprintf(row->cell[5], CELL, "%.63s", info.name);
	snprintf(row->cell[6], CELL, "%.63s", info.mac);
	snprintf(row->cell[7], CELL, "%.63s", info.rate);
	if (link_is_guest(port))
		mac_fill(row, fdb, port);
	snprintf(row->cell[8], CELL, "%llu", (unsigned long long)counters->rx_bytes);
	snprintf(row->cell[9], CELL, "%llu", (unsigned long long)counters->rx_packets);
	snprintf(row->cell[10], CELL, "%llu", (unsigned long long)counters->tx_bytes);
	snprintf(row->cell[11], CELL, "%llu", (unsigned long long)counters->tx_packets);
}

/* Rows of one bridge: the first has the bridge's own columns, as brctl prints it. */
static int bridge_rows(struct table *table, const struct links *links, const struct fdb *fdb,
	const struct link *bridge)
{
	struct row *row = row_new(table);
	bool first = true;

	if (row == NULL)
		return -1;
	bridge_fill(row, bridge);
	for (size_t i = 0; i < links->count; i++) {
		const struct link *port = &links->link[i];

		if (port->master != bridge->index)
			continue;
		if (!first)
			row = row_new(table);
		if (row == NULL)
			return -1;
		first = false;
		port_fill(row, table->run, links, fdb, bridge, port);
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct link *left = a, *right = b;

	return strverscmp(left->name, right->name);
}

static int show(struct netlink *nl, struct links *links, const char *run, const char *only)
{
	struct table table = { .run = run };
	struct fdb fdb = { 0 };
	int status = EXIT_SUCCESS;

	if (fdb_read(nl, &fdb))
		status = fail("cannot read the forwarding databases: %s", netlink_said(nl));
	qsort(links->link, links->count, sizeof(*links->link), by_name);
	if (row_new(&table))
		table.row[0] = titles;
	for (size_t i = 0; i < links->count; i++) {
		const struct link *link = &links->link[i];

		if (link->kind != LINK_BRIDGE || (only && strcmp(only, link->name)))
			continue;
		if (bridge_rows(&table, links, &fdb, link))
			status = fail("no memory");
	}
	table_print(&table);
	free(table.row);
	fdb_free(&fdb);
	return status;
}

int command_show(const struct options *options)
{
	const char *only = options->argc ? options->argv[0] : NULL;
	const struct link *bridge;
	struct links links;
	struct netlink nl;
	int status;

	if (system_load(&nl, &links))
		return EXIT_FAILURE;
	bridge = only ? links_named(&links, only) : NULL;
	if (only && (bridge == NULL || bridge->kind != LINK_BRIDGE))
		status = fail("there is no bridge %s; `vlanbr show' lists them", only);
	else
		status = show(&nl, &links, options->run, only);
	links_free(&links);
	netlink_close(&nl);
	return status;
}
