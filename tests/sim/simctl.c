/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the simulated hypervisor is told by hand (tests/sim/xensim calls it): make the table, make
 * and end domains, set faults. usage: at the end of this file
 */
#include "table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>

static int file_make(const char *path, off_t bytes)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, bytes)) {
		perror(path);
		return 1;
	}
	close(fd);
	return 0;
}

static int domain_make(uint32_t domid)
{
	struct sim_table *t = sim_table();
	char path[256];

	if (sim_domain(domid)) {
		fprintf(stderr, "domain %u exists already\n", domid);
		return 1;
	}
	if (file_make(sim_path(path, sizeof(path), "dom%u.mem", domid), SIM_GRANTS * SIM_PAGE))
		return 1;
	for (uint32_t i = 0; i < SIM_DOMAINS; i++) {
		if (t->domain[i].state == SIM_DOMAIN_NONE) {
			memset(&t->domain[i], 0, sizeof(t->domain[i]));
			t->domain[i].domid = domid;
			t->domain[i].life = ++t->lives;
			t->domain[i].state = SIM_DOMAIN_ALIVE;
			return 0;
		}
	}
	fprintf(stderr, "there are %u domains already\n", SIM_DOMAINS);
	return 1;
}

static int init(void)
{
	char path[256];
	struct sim_table *t;
	struct sim_domain *dom0;
	uint32_t magic = SIM_MAGIC;
	int fd;

	mkdir(sim_path(path, sizeof(path), "ev"), 0700);
	if (file_make(sim_path(path, sizeof(path), "table"), sizeof(struct sim_table)))
		return 1;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || write(fd, &magic, sizeof(magic)) != sizeof(magic))
		return 1;
	close(fd);
	t = sim_table();
	if (!t || domain_make(0))
		return 1;
	dom0 = sim_domain(0);
	t->xenstore_port = sim_port_alloc(dom0);
	dom0->port[t->xenstore_port] = (struct sim_port) { .state = SIM_PORT_UNBOUND, .allowed = 0 };
	return 0;
}

/* Every port that is bound to the domain breaks; its memory goes once nobody maps it. */
static int domain_destroy(uint32_t domid)
{
	struct sim_domain *domain = sim_domain(domid), *dom0 = sim_domain(0);
	char path[256];

	if (!domain || domid == 0) {
		fprintf(stderr, "there is no domain %u\n", domid);
		return 1;
	}
	sim_lock();
	for (uint32_t port = 1; port < SIM_PORTS; port++) {
		if (domain->port[port].state != SIM_PORT_FREE)
			sim_port_close(domain, port);
	}
	memset(domain->grant, 0, sizeof(domain->grant));
	domain->state = SIM_DOMAIN_NONE;
	sim_unlock();
	unlink(sim_path(path, sizeof(path), "dom%u.mem", domid));
	/* VIRQ_DOM_EXC: xenstored looks which domain has gone. */
	for (uint32_t port = 1; port < SIM_PORTS; port++) {
		if (dom0->port[port].state == SIM_PORT_VIRQ)
			sim_port_send(dom0, port, sim_pipe);
	}
	return 0;
}

/* A number, or the name of an error. */
static int value_of(const char *text)
{
	static const struct {
		const char *name;
		int value;
	} names[] = {
		{ "EAGAIN", EAGAIN }, { "EIO", EIO }, { "ENOMEM", ENOMEM }, { "EINVAL", EINVAL },
		{ "ENOSPC", ENOSPC }, { "EACCES", EACCES },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i].name) == 0)
			return names[i].value;
	}
	return atoi(text);
}

static int fault_set(const char *spec)
{
	struct sim_faults *f = &sim_table()->faults;
	const struct {
		const char *name;
		void *value;
	} keys[] = {
		{ "copy-every", &f->copy_every }, { "copy-status", &f->copy_status },
		{ "copy-noop", &f->copy_noop }, { "copy-errno", &f->copy_errno },
		{ "copy-gref", &f->copy_gref }, { "map-every", &f->map_every },
		{ "map-errno", &f->map_errno }, { "bind-errno", &f->bind_errno },
		{ "xenstore-delay", &f->xenstore_delay },
		{ "xenstore-fail-one-in", &f->xenstore_one_in },
		{ "xenstore-errno", &f->xenstore_errno },
		{ "xenstore-conflict-every", &f->xenstore_conflict_every },
	};
	const char *equals = strchr(spec, '=');

	for (size_t i = 0; equals && i < sizeof(keys) / sizeof(keys[0]); i++) {
		size_t n = (size_t)(equals - spec);

		if (strlen(keys[i].name) == n && strncmp(keys[i].name, spec, n) == 0) {
			*(int32_t *)keys[i].value = value_of(equals + 1);	/* all are 32 bits wide */
			return 0;
		}
	}
	fprintf(stderr, "no such fault: %s\n", spec);
	return 1;
}

/* revoke D GREF|all: grants end, whoever uses them. Pages that are mapped stay mapped. */
static int grant_revoke(uint32_t domid, const char *which)
{
	struct sim_domain *domain = sim_domain(domid);
	uint32_t first = (uint32_t)atoi(which), last = first;

	if (strcmp(which, "all") == 0) {
		first = SIM_GRANT_FIRST;
		last = SIM_GRANTS - 1;
	}
	if (!domain || last >= SIM_GRANTS) {
		fprintf(stderr, "domain %u has no grant %s\n", domid, which);
		return 1;
	}
	for (uint32_t gref = first; gref <= last; gref++)
		domain->grant[gref].flags &= (uint16_t)~SIM_GRANT_VALID;
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	int bad = 0;

	if (strcmp(verb, "init") == 0)
		return init();
	if (!sim_table()) {
		fprintf(stderr, "no simulation in %s\n", getenv("XENSIM") ? getenv("XENSIM") : "$XENSIM");
		return 1;
	}
	if (strcmp(verb, "domain") == 0 && argc == 3)
		return domain_make((uint32_t)atoi(argv[2]));
	if (strcmp(verb, "destroy") == 0 && argc == 3)
		return domain_destroy((uint32_t)atoi(argv[2]));
	if (strcmp(verb, "revoke") == 0 && argc == 4)
		return grant_revoke((uint32_t)atoi(argv[2]), argv[3]);
	if (strcmp(verb, "clear") == 0) {
		memset(&sim_table()->faults, 0, sizeof(sim_table()->faults));
		return 0;
	}
	if (strcmp(verb, "fault") == 0) {
		for (int i = 2; i < argc; i++)
			bad |= fault_set(argv[i]);
		return bad;
	}
	fprintf(stderr, "usage: simctl init | domain D | destroy D | revoke D GREF|all | fault KEY=N... | clear\n");
	return 2;
}
