/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shared table of the simulated Xen. Trusts the processes of the simulation to use it through
 * these functions; promises that one that is killed at any moment leaves nothing locked.
 */
#include "table.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/mman.h>

static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;	/* guards the caches below */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;	/* threads share one flock */
static struct sim_table *table;
static int table_fd = -1;

/* By the domain's place in the table. A domain that has gone keeps its memory while we live. */
static struct {
	uint8_t *base;
	int fd;
	uint32_t life;	/* atomic; says that the rest is valid for the domain of that life */
} memory[SIM_DOMAINS];

static struct {
	uint32_t life;
	int fd;		/* 0: none */
} pipes[SIM_HANDLES];

const char *sim_path(char *path, size_t size, const char *fmt, ...)
{
	const char *dir = getenv("XENSIM");
	int used = snprintf(path, size, "%s/", dir ? dir : "/nonexistent");
	va_list args;

	va_start(args, fmt);
	vsnprintf(path + used, size - (size_t)used, fmt, args);
	va_end(args);
	return path;
}

static struct sim_table *table_map(void)
{
	char path[256];
	struct sim_table *t;
	int fd = open(sim_path(path, sizeof(path), "table"), O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (t == MAP_FAILED || t->magic != SIM_MAGIC)
		return NULL;
	table_fd = fd;
	return t;
}

struct sim_table *sim_table(void)
{
	struct sim_table *t = __atomic_load_n(&table, __ATOMIC_ACQUIRE);

	if (t)
		return t;
	pthread_mutex_lock(&once);
	if (!table)
		__atomic_store_n(&table, table_map(), __ATOMIC_RELEASE);
	pthread_mutex_unlock(&once);
	return table;
}

uint32_t sim_self(void)
{
	const char *domid = getenv("XENSIM_DOMID");

	return domid ? (uint32_t)atoi(domid) : 0;
}

void sim_lock(void)
{
	pthread_mutex_lock(&turn);
	while (flock(table_fd, LOCK_EX) && errno == EINTR)
		;
}

void sim_unlock(void)
{
	flock(table_fd, LOCK_UN);
	pthread_mutex_unlock(&turn);
}

struct sim_domain *sim_domain(uint32_t domid)
{
	struct sim_table *t = sim_table();

	for (uint32_t i = 0; t && i < SIM_DOMAINS; i++) {
		if (t->domain[i].state != SIM_DOMAIN_NONE && t->domain[i].domid == domid)
			return &t->domain[i];
	}
	return NULL;
}

uint32_t sim_port_alloc(struct sim_domain *domain)
{
	for (uint32_t port = 1; port < SIM_PORTS; port++) {
		if (domain->port[port].state == SIM_PORT_FREE)
			return port;
	}
	return 0;
}

void sim_port_close(struct sim_domain *domain, uint32_t port)
{
	struct sim_port *p = &domain->port[port];
	struct sim_domain *remote = p->state == SIM_PORT_BOUND ? sim_domain(p->remote_dom) : NULL;

	if (remote) {
		struct sim_port *peer = &remote->port[p->remote_port];

		if (peer->state == SIM_PORT_BOUND && peer->remote_dom == domain->domid &&
				peer->remote_port == port) {
			peer->state = SIM_PORT_UNBOUND;
			peer->allowed = domain->domid;
		}
	}
	*p = (struct sim_port) { .state = SIM_PORT_FREE };
}

/* A handle lives as long as somebody holds the lock on its pipe. */
static bool handle_lives(uint32_t slot, uint32_t life)
{
	char path[256];
	int fd = open(sim_path(path, sizeof(path), "ev/%u.%u", slot, life), O_RDWR | O_NONBLOCK | O_CLOEXEC);
	bool lives;

	if (fd < 0)
		return false;
	lives = flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
	close(fd);
	return lives;
}

static void handle_free(uint32_t slot)
{
	struct sim_handle *h = &table->handle[slot];
	struct sim_domain *domain = sim_domain(h->domid);
	char path[256];

	for (uint32_t port = 1; domain && port < SIM_PORTS; port++) {
		struct sim_port *p = &domain->port[port];

		if (p->state != SIM_PORT_FREE && p->owner == slot && p->owner_life == h->life)
			sim_port_close(domain, port);
	}
	unlink(sim_path(path, sizeof(path), "ev/%u.%u", slot, h->life));
	h->used = 0;
}

void sim_reap(void)
{
	for (uint32_t slot = 1; slot < SIM_HANDLES; slot++) {
		if (table->handle[slot].used && !handle_lives(slot, table->handle[slot].life))
			handle_free(slot);
	}
}

int sim_pipe(uint32_t slot, uint32_t life)
{
	char path[256];
	int fd;

	pthread_mutex_lock(&once);
	if (pipes[slot].life != life || pipes[slot].fd <= 0) {
		if (pipes[slot].fd > 0)
			close(pipes[slot].fd);
		/* Read-write, so that a pipe whose reader has died is no SIGPIPE. */
		pipes[slot].fd = open(sim_path(path, sizeof(path), "ev/%u.%u", slot, life),
				O_RDWR | O_NONBLOCK | O_CLOEXEC);
		pipes[slot].life = life;
	}
	fd = pipes[slot].fd;
	pthread_mutex_unlock(&once);
	return fd;
}

void sim_port_deliver(struct sim_domain *domain, uint32_t port,
		int (*pipe_of)(uint32_t slot, uint32_t life))
{
	struct sim_port *p = &domain->port[port];
	uint32_t on;

	while (__atomic_load_n(&p->pending, __ATOMIC_SEQ_CST)) {
		on = 1;
		if (!__atomic_compare_exchange_n(&p->enabled, &on, 0, false, __ATOMIC_SEQ_CST,
				__ATOMIC_SEQ_CST))
			return;
		if (__atomic_exchange_n(&p->pending, 0, __ATOMIC_SEQ_CST)) {
			int fd = pipe_of(p->owner, p->owner_life);

			if (fd >= 0 && write(fd, &port, sizeof(port)) < 0)
				return;
			return;
		}
		__atomic_store_n(&p->enabled, 1, __ATOMIC_SEQ_CST);
	}
}

void sim_port_send(struct sim_domain *domain, uint32_t port, int (*pipe_of)(uint32_t slot, uint32_t life))
{
	__atomic_store_n(&domain->port[port].pending, 1, __ATOMIC_SEQ_CST);
	sim_port_deliver(domain, port, pipe_of);
}

static bool memory_open(uint32_t place, const struct sim_domain *domain)
{
	char path[256];
	int fd = open(sim_path(path, sizeof(path), "dom%u.mem", domain->domid), O_RDWR | O_CLOEXEC);
	void *base;

	if (fd < 0)
		return false;
	base = mmap(NULL, SIM_GRANTS * SIM_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED) {
		close(fd);
		return false;
	}
	memory[place].fd = fd;
	memory[place].base = base;
	/* Release: who sees the life sees the rest. */
	__atomic_store_n(&memory[place].life, domain->life, __ATOMIC_RELEASE);
	return true;
}

/* The domain's place if its memory is mapped, now or since long; -1. */
static int memory_place(const struct sim_domain *domain)
{
	uint32_t place = (uint32_t)(domain - table->domain);
	bool mapped;

	/* Acquire: pairs with memory_open(). */
	if (__atomic_load_n(&memory[place].life, __ATOMIC_ACQUIRE) == domain->life)
		return (int)place;
	pthread_mutex_lock(&once);
	mapped = memory[place].life == domain->life || memory_open(place, domain);
	pthread_mutex_unlock(&once);
	return mapped ? (int)place : -1;
}

uint8_t *sim_memory(const struct sim_domain *domain)
{
	int place = memory_place(domain);

	return place < 0 ? NULL : memory[place].base;
}

int sim_memory_fd(const struct sim_domain *domain)
{
	int place = memory_place(domain);

	return place < 0 ? -1 : memory[place].fd;
}
