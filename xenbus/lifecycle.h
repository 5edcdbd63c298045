/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One device from its first sight to its last: looks, asks device_next() what to do, does it.
 */
#ifndef XENBUS_LIFECYCLE_H
#define XENBUS_LIFECYCLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ring/control.h"
#include "ring/log.h"
#include "xenbus/device.h"
#include "xenbus/fleet.h"
#include "xenbus/kind.h"

#define RETRY_MSEC 100		/* after xenstore has failed or was too busy */

struct worker {
	enum worker_state state;
	pid_t pid;
	int pidfd;			/* -1: no process */
	bool ended;			/* the process has, its I/O may not have: record_held() */
	int status;			/* as of wait(2), of one that has ended */
	struct control_line line;	/* fd: to the worker's socket; listen_fd is not used */
	bool successor;			/* DRAINING only to make way for a new process */
	bool killed;			/* the deadline has passed, SIGKILL is sent */
	bool replace_due;		/* STARTING: to be replaced when it has said whose it is */
	uint64_t deadline;		/* msec; 0: none. What it means depends on the state */
	uint64_t started;		/* msec */
	unsigned int deaths;		/* in a row, each soon after its start */
};

struct device {
	const struct kind *kind;
	struct fleet *fleet;
	uint32_t slot;			/* in fleet->device */
	struct device_id id;
	char name[32];			/* "vbd 7/51712": starts each log line */
	char run_name[32];		/* "vbd-7-51712" */
	char backend[STORE_BACKEND_BYTES];
	char frontend[64];
	struct settings settings;
	uint64_t generation;		/* 0: not introduced by us */
	bool failed, published, confirmed, domain_dead;
	enum backing backing;
	struct worker worker;
	struct device_params params;	/* of the connection, while worker.state is not NONE */
	uint64_t wake_at;		/* msec; look again then. 0: no need */
	unsigned int looks;		/* spent of LOOKS_BURST */
	uint64_t looks_refilled;	/* msec */
	uint64_t deaf_until;		/* msec; what the frontend writes is not watched until then. 0: it is */
	uint64_t patient_until;		/* msec; whoever has the backing is waited for without a word. 0: nobody is */
	struct log_site log[LOG_DEBUG + 1];
};

static inline struct store *store_of(const struct device *device)
{
	return device->fleet->store;
}

/* A line about a device, with a budget of its own for each level. */
#define device_log(device, level, fmt, ...)                                                        \
	log_write(&(device)->log[level], level, "%s: " fmt, (device)->name, ##__VA_ARGS__)

/* What a control has given a backend directory, 0 where it has none (or one that cannot be ours): see store_trouble(). */
uint64_t stored_generation(struct store *store, const char *backend);

/*
 * Takes a device in: allocates, watches its frontend, adopts the connection that a former control
 * has left. NULL: no memory, or xenstored failed (logged).
 */
struct device *device_open(struct fleet *fleet, uint32_t slot, struct device_id id);

/* Lets go of a device without touching its worker. */
void device_close(struct device *device);

/* Looks and acts until there is nothing to do. Returns false when the device is to be closed. */
bool device_evaluate(struct device *device);

/* The same because somebody outside wants it: bounded in rate, later when there are too many. */
bool device_evaluate_bounded(struct device *device);

/* Looks again in that many milliseconds at the latest. */
void device_wake_in(struct device *device, unsigned int msec);

/*
 * Our last try has failed: a line in the log, the error node where the toolstack and the admin
 * look (/local/domain/B/error/backend/...), in Linux' form "ERRNO text". err: positive errno.
 */
void device_fail(struct device *device, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Takes the error node away: what it says is over. */
void device_error_clear(struct device *device);

/* There is no connection: what prepare() has opened, or a connection's workers had, is closed. */
void device_let_go(struct device *device);

/* Does somebody still open the backing, whatever for? device_backing_answers() follows. */
bool device_waits(struct device *device);

/* Says so in the log when it has taken long, once. Sets the time to wake. */
void device_say_waits(struct device *device);

/* Is there a start that cannot be made before device_backing_answers()? */
static inline bool device_start_waits(const struct device *device)
{
	return device->worker.state == WORKER_RESTING && device->worker.deadline == 0;
}

/* What said -EINPROGRESS knows by now: prepare(), or open() for a successor, is to be called again. */
void device_backing_answers(struct device *device);

/* Publishes the same state 4 again with whatever `write` adds: how a frontend learns a new size. */
int device_republish(struct device *device, int (*write)(struct device *device));

#endif
