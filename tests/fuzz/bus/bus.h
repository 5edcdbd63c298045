/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What control stands between, in this process: a xenstored of plain memory behind libxenstore's calls, and a
 * host whose taps, disks and worker processes are words. Both fail when they are told to, and both hold
 * control to its promises about them.
 */
#ifndef TESTS_FUZZ_BUS_BUS_H
#define TESTS_FUZZ_BUS_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/fuzz/feed.h"
#include "xenbus/lifecycle.h"

#define BUS_PATH_MAX 112
#define BUS_VALUE_MAX 4096u

/* Which calls fail: after `after` more, `left` of them, with `err`. */
struct failure {
	uint32_t after, left;
	int err;
};
bool fails(struct failure *failure);

/* --- xenstored.c --- */

extern struct failure bus_failure;
extern uint32_t bus_disturbed;	/* so many transactions end because somebody has written meanwhile */

/* Nothing is stored, nobody watches. */
void bus_reset(void);

/* As the toolstack or a guest writes, hides and removes; a longer value ends in repetitions of itself. */
void bus_write(const char *dir, const char *key, const char *value, uint32_t bytes);
void bus_text(const char *dir, const char *key, const char *text);
void bus_number(const char *dir, const char *key, uint64_t value);
void bus_hide(const char *dir, const char *key);
void bus_remove(const char *dir);

/* Its text, NULL where it is missing, hidden, or has an end within. Lives until the next change. */
const char *bus_find(const char *dir, const char *key);

void bus_domain_dies(uint32_t domid);

/* Lets control's own thread take the watch events that wait. */
void bus_deliver(void);
uint32_t bus_watches(void);

/* The watches of a process that has ended. */
void bus_forget_watches(void);

/* Called for each write of control's when it counts; and for each transaction that is disturbed. */
void control_writes(const char *path, const char *value);
void somebody_disturbs(void);

/* --- host.c and disks.c --- */

struct host {
	struct failure failure;
	bool driver;		/* the kernel's driver holds the devices */
	uint64_t disk_bytes;
	bool disks_hang;	/* those that are being opened, until they do not any more */
	struct settings settings;
	uint64_t msec;		/* the only clock */
	uint32_t taps;
	bool failed;		/* some call has, since the beginning of this input */
};
extern struct host host;

void host_reset(void);

/* -errno where this call is to fail, else 0; or a descriptor of nothing. */
int host_trouble(void);
int host_descriptor(void);

/* Called with the parameters of each new connection. */
void connection_holds(struct device *device, bool fresh);

/* Control ends without a word: this device's worker, if it has one, is there for the next to adopt. */
void worker_stays(const struct device *device);

/* A worker's end, and what it says. */
void worker_ends(struct device *device, bool again);
void worker_says(struct device *device, uint8_t what);

#endif
