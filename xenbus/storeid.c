/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells an empty xenstore from guests that have gone. A worker whose device is not in xenstore is ended
 * as a rule: the toolstack has removed it while no control ran. After a xenstored that came back empty
 * that would take the disk from every running guest. Trusts the run directory (root's) and the backend
 * directory; promises to change neither where it says -ESTALE.
 */
#include "xenbus/storeid.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "xenbus/arrive.h"
#include "xenbus/record.h"
#include "xenbus/rundir.h"
#include "xenbus/spawn.h"

#define KEY "xenback-store"	/* below the backend directory */
#define KEPT "store"		/* in the run directory */
#define DIGITS_MAX 21
#define PAUSE_MSEC 50

/* --- the two numbers --------------------------------------------------------------------------- */

static uint64_t kept_number(int dir)
{
	char text[DIGITS_MAX] = "";
	uint64_t number;

	if (rundir_read(dir, KEPT, text, sizeof(text) - 1) < 0 ||
			parse_u64(text, 1, UINT64_MAX, &number))
		return 0;
	return number;
}

static int keep_number(int dir, uint64_t number)
{
	char text[DIGITS_MAX];
	int length = snprintf(text, sizeof(text), "%" PRIu64, number);

	return rundir_write(dir, KEPT, text, (size_t)length, 0644);
}

static uint64_t stored_number(struct store *store)
{
	uint64_t number;

	return store_u64(store, store_root(store), KEY, 1, UINT64_MAX, &number) ? 0 : number;
}

/* txn: the number that is there, or a new one. Controls of one device may all come at once. */
static int number_write(struct store *store, void *arg)
{
	uint64_t *number = arg;

	*number = stored_number(store);
	if (*number)
		return 0;
	*number = random_generation();
	return store_write(store, store_root(store), KEY, "%" PRIu64, *number);
}

/* --- whom the store knows ---------------------------------------------------------------------- */

struct count {
	struct store *store;
	const char *run;
	unsigned int known, lost;
};

/* The generation of the connection that a living worker serves there, 0: none does. */
static uint64_t served_generation(const char *run, const char *name)
{
	int dir = rundir_open(run, name, 0);
	int process = dir < 0 ? -1 : recorded_process(dir, &(pid_t) { 0 });
	struct device_params params = { 0 };
	int status;

	if (process >= 0) {
		if (process_ended(process, &status) || rundir_read(dir, "params", &params,
				sizeof(params)) != sizeof(params))
			params.generation = 0;
		close(process);
	}
	if (dir >= 0)
		close(dir);
	return params.generation;
}

static void count_worker(void *arg, struct device_id id, const char *name)
{
	struct count *count = arg;
	uint64_t served = served_generation(count->run, name);
	char backend[STORE_BACKEND_BYTES];

	if (served == 0)
		return;
	store_backend(count->store, id, backend);
	if (stored_generation(count->store, backend) == served)
		count->known++;
	else
		count->lost++;
}

/* 0, -ESTALE, or -EAGAIN: xenstored did not answer every question. */
static int try_once(struct store *store, const char *run, int dir, unsigned int *lost)
{
	struct count count = { .store = store, .run = run };
	uint64_t kept = kept_number(dir), stored;
	int r;

	store_trouble(store);
	stored = stored_number(store);
	if (kept && stored != kept)
		rundir_each_device(run, count_worker, &count);
	if (store_trouble(store))
		return -EAGAIN;
	*lost = count.lost;
	if (count.lost && !count.known)
		return -ESTALE;
	r = stored ? 0 : store_transact(store, number_write, &stored);
	if (r)
		return -EAGAIN;
	return stored == kept ? 0 : keep_number(dir, stored);
}

int storeid_check(struct store *store, const char *run, unsigned int *lost)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MSEC * 1000000 };
	int dir = rundir_open(run, ".", 0);
	int r = dir < 0 ? dir : try_once(store, run, dir, lost);

	/* Processes that somebody has just killed live on for a moment. */
	for (unsigned int i = 1; i < STORE_TRIES && (r == -EAGAIN || r == -ESTALE); i++) {
		nanosleep(&pause, NULL);
		r = try_once(store, run, dir, lost);
	}
	if (dir >= 0)
		close(dir);
	return r == 0 || r == -ESTALE ? r : -EIO;
}
