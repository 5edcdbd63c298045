/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the simulated hypervisor knows, in one file that every simulated process maps: domains, their
 * grant tables, their event channels, the handles that own ports, and the faults to inject.
 *
 * There is no daemon: lookups and notifications are atomic operations on this table; the rare changes
 * (opening, binding, granting) hold a flock(2) on the file, which the kernel drops when its holder
 * is killed. Whether the owner of a handle still lives is a flock on the handle's own pipe.
 */
#ifndef SIM_TABLE_H
#define SIM_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SIM_DOMAINS 256
#define SIM_GRANTS 16384
#define SIM_PORTS 1024
#define SIM_HANDLES 1024
#define SIM_PAGE 4096ul

/* Grant 1 is xenstore's ring (GNTTAB_RESERVED_XENSTORE); guests share pages from here on. */
#define SIM_GRANT_FIRST 8

enum sim_grant_flags {
	SIM_GRANT_VALID = 1,
	SIM_GRANT_READ_ONLY = 2,
	SIM_GRANT_TAKEN = 4,	/* allocated, perhaps not granted any more (revoked) */
};

struct sim_grant {
	uint16_t flags;		/* enum sim_grant_flags */
	uint16_t to;		/* domid */
};

enum sim_port_state {
	SIM_PORT_FREE = 0,
	SIM_PORT_UNBOUND,	/* waits for `allowed` to bind */
	SIM_PORT_BOUND,		/* to remote_dom's remote_port */
	SIM_PORT_VIRQ,
};

struct sim_port {
	uint32_t state;
	uint32_t allowed;	/* domid that may bind, or virq number */
	uint32_t remote_dom, remote_port;
	uint32_t owner, owner_life;	/* handle slot and its generation */
	uint32_t pending, enabled;	/* atomics */
};

enum sim_domain_state { SIM_DOMAIN_NONE = 0, SIM_DOMAIN_ALIVE, SIM_DOMAIN_DYING };

struct sim_domain {
	uint32_t state;
	uint32_t domid;
	uint32_t life;		/* no two domains have the same, not even those of one domid */
	uint32_t grant_next;	/* where the search for free grants goes on */
	struct sim_grant grant[SIM_GRANTS];
	struct sim_port port[SIM_PORTS];
};

/* Each handle has a named pipe ev/SLOT.LIFE, whose reader is the handle. */
struct sim_handle {
	uint32_t used;
	uint32_t life;
	uint32_t domid;
	int32_t restricted;	/* to this domid; -1: not */
};

/* Faults: 0 is off. Counters run through `n`. */
struct sim_faults {
	uint32_t copy_every;	/* every n-th segment... */
	int32_t copy_status;	/* ...gets this status */
	uint32_t copy_noop;	/* every n-th call succeeds without doing or writing anything */
	uint32_t copy_errno;	/* every call fails with it */
	uint32_t copy_gref;	/* segments of this grant get copy_status */
	uint32_t map_every, map_errno;
	uint32_t bind_errno;
	uint32_t xenstore_delay;	/* ms that every message of xenstored takes to Dom0 */
	uint32_t xenstore_one_in;	/* one request of Dom0 in so many fails... */
	uint32_t xenstore_errno;	/* ...with it (EAGAIN if 0) */
	uint32_t xenstore_conflict_every;	/* every n-th commit of Dom0 ends with EAGAIN */
	uint32_t n_copy, n_call, n_map, n_xenstore, n_commit;
};

struct sim_table {
	uint32_t magic;
	uint32_t xenstore_port;		/* Dom0's port for its own xenstore ring */
	uint32_t lives;			/* of domains, so far */
	struct sim_faults faults;
	struct sim_handle handle[SIM_HANDLES];
	struct sim_domain domain[SIM_DOMAINS];
};

#define SIM_MAGIC 0x58534d32u

/* The table of $XENSIM, mapped at the first call. NULL with errno if there is none. */
struct sim_table *sim_table(void);

/* The domain this process runs in ($XENSIM_DOMID, default 0). */
uint32_t sim_self(void);

/* A file below $XENSIM. `path` is filled and returned. */
const char *sim_path(char *path, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Holds the table for a change. The lock is the process's own open file; threads take turns. */
void sim_lock(void);
void sim_unlock(void);

/* A living domain by number; NULL: there is none. */
struct sim_domain *sim_domain(uint32_t domid);

/* Frees what dead handles owned. Lock held. */
void sim_reap(void);

/* Frees a port; its peer goes back to unbound. Lock held. */
void sim_port_close(struct sim_domain *domain, uint32_t port);

/* A free port of that domain, 0 if there is none. Lock held. */
uint32_t sim_port_alloc(struct sim_domain *domain);

/*
 * Makes a port pending and, if it is enabled, puts it into its owner's pipe. `pipe_of` finds the
 * descriptor of a handle's pipe.
 */
void sim_port_send(struct sim_domain *domain, uint32_t port, int (*pipe_of)(uint32_t slot, uint32_t life));

/* Delivers a pending port that is enabled. */
void sim_port_deliver(struct sim_domain *domain, uint32_t port,
		int (*pipe_of)(uint32_t slot, uint32_t life));

/* A descriptor of any handle's pipe, opened once per process. -1: it is gone. Thread-safe. */
int sim_pipe(uint32_t slot, uint32_t life);

/*
 * The memory of a living domain, all of it, mapped once per process; NULL, -1: it cannot be had.
 * Thread-safe; no system call and no lock after the first time.
 */
uint8_t *sim_memory(const struct sim_domain *domain);
int sim_memory_fd(const struct sim_domain *domain);

#endif
