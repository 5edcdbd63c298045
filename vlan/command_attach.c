/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vlanbr attach and detach: what the hotplug script asks for one port. A bridge of the plan that is
 * not there yet is made first; one that is there is not changed, whatever the plan says by now.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vlan/apply.h"
#include "vlan/command.h"
#include "vlan/file.h"
#include "vlan/member.h"

struct attaching {
	const struct options *options;
	const char *port;
	struct plan plan;
	struct links links;
	struct netlink nl;
	struct member member;
	struct complaint why;
};

/* What the plan stands on is no guest's: to move it would cut off Dom0 and every guest behind it. */
static bool port_free(const struct plan *plan, const char *port, const char *done)
{
	const struct plan_bridge *bridge = plan_using(plan, port);

	if (bridge == NULL)
		return true;
	if (strcmp(bridge->name, port) == 0)
		fail("%s is a bridge (line %u of the plan): only a guest's port can be %s", port,
			bridge->line, done);
	else
		fail("%s is the %s of %s (line %u of the plan): only a guest's port can be %s", port,
			strcmp(bridge->trunk, port) ? "VLAN device" : "trunk", bridge->name,
			bridge->line, done);
	return false;
}

/* A guest's start must not carry out what an administrator has planned and not yet applied. */
static int pending_check(struct attaching *a, const struct link *bridge)
{
	const struct plan_bridge *planned = a->member.planned;
	const struct link *port, *master;

	if (planned == NULL || planned->port[0] == 0)
		return 0;
	port = links_named(&a->links, planned->port);
	master = port ? links_numbered(&a->links, port->master) : NULL;
	if (master == bridge)
		return 0;
	if (bridge)
		return complain(&a->why, 0,
			"%s does not have its port %s (line %u of the plan): run vlanbr apply",
			bridge->name, planned->port, planned->line);
	return complain(&a->why, 0,
		"%s belongs to %s, and to %s by line %u of the plan: run vlanbr apply",
		port->name, master->name, planned->name, planned->line);
}

static int bridge_ensure(struct attaching *a)
{
	const struct link *bridge = links_named(&a->links, a->member.bridge);
	char mark[LINK_ALIAS_BYTES];
	struct diff diff;
	int error = pending_check(a, bridge);

	if (error || bridge)
		return error;
	plan_mark(a->options, mark);
	error = diff_make(&a->plan, &a->links, mark, a->member.bridge, &diff, &a->why);
	if (error == 0)
		error = diff_harmless(&diff, &a->why);
	if (error == 0)
		error = diff_apply(&a->nl, &diff, mark, false, &a->why);
	diff_free(&diff);
	if (error)
		return error;
	links_free(&a->links);
	error = links_read(&a->nl, &a->links);
	if (error)
		complain(&a->why, 0, "cannot read the links: %s", netlink_said(&a->nl));
	return error;
}

static int port_join(struct attaching *a)
{
	const struct link *link = links_named(&a->links, a->port);
	struct diff diff;
	int error;

	if (memcmp(link->mac, guest_port_mac, MAC_BYTES) &&
		link_set_mac(&a->nl, a->port, guest_port_mac))
		return complain(&a->why, 0, "%s cannot have the MAC fe:ff:ff:ff:ff:ff: %s", a->port,
			netlink_said(&a->nl));
	error = member_diff(&a->member, a->port, &a->links, &diff);
	if (error == 0)
		error = diff_apply(&a->nl, &diff, NULL, true, &a->why);
	else
		complain(&a->why, 0, "no memory");
	diff_free(&diff);
	return error;
}

static int attach_run(struct attaching *a)
{
	char **argv = a->options->argv;
	int error;

	if (links_named(&a->links, a->port) == NULL)
		return complain(&a->why, 0, "there is no network device %s", a->port);
	error = member_resolve(&a->plan, &a->links, argv[1], a->options->argc > 2 ? argv[2] : NULL,
		&a->member, &a->why);
	if (error == 0)
		error = bridge_ensure(a);
	return error ? error : port_join(a);
}

/* A complaint about a line is about the plan; any other about the port. */
static int attach_report(const struct attaching *a)
{
	complaint_print(&a->why, a->why.line ? a->options->plan : a->port);
	return EXIT_FAILURE;
}

static int attaching_begin(struct attaching *a, const struct options *options)
{
	int error = lock_take();

	memset(a, 0, sizeof(*a));
	a->options = options;
	a->port = options->argv[0];
	if (error)
		return fail("cannot take the lock %s: %s", LOCK_FILE, strerror(-error));
	if (plan_load(options, true, &a->plan))
		return EXIT_FAILURE;
	if (system_load(&a->nl, &a->links) == 0)
		return EXIT_SUCCESS;
	plan_free(&a->plan);
	return EXIT_FAILURE;
}

static void attaching_end(struct attaching *a)
{
	plan_free(&a->plan);
	links_free(&a->links);
	netlink_close(&a->nl);
}

int command_attach(const struct options *options)
{
	struct attaching a;
	int status = EXIT_FAILURE;

	if (attaching_begin(&a, options))
		return EXIT_FAILURE;
	if (port_free(&a.plan, a.port, "attached"))
		status = attach_run(&a) ? attach_report(&a) : EXIT_SUCCESS;
	if (status == EXIT_SUCCESS)
		puts(a.member.bridge);
	attaching_end(&a);
	return status;
}

static int port_leave(const char *port)
{
	struct netlink nl;
	int error = netlink_open(&nl);

	if (error)
		return fail("cannot talk to the kernel about links: %s", strerror(-error));
	error = link_set_up(&nl, port, false);
	if (error == 0)
		error = bridge_enslave(&nl, port, NULL);
	if (error)
		fail("cannot take %s off its bridge: %s", port, netlink_said(&nl));
	netlink_close(&nl);
	return error ? EXIT_FAILURE : EXIT_SUCCESS;
}

int command_detach(const struct options *options)
{
	const char *port = options->argv[0];
	int status = EXIT_FAILURE;
	struct plan plan;

	if (link_index(port) < 0)
		return EXIT_SUCCESS; /* a tap that is gone is off its bridge */
	if (plan_load(options, true, &plan))
		return EXIT_FAILURE;
	if (port_free(&plan, port, "detached"))
		status = port_leave(port);
	plan_free(&plan);
	return status;
}
