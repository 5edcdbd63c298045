/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys that both kinds have: what is offered in the backend directory, and reading what a frontend has
 * written, for their negotiate(). Inside a transaction; each of the frontend's keys once.
 */
#ifndef XENBUS_FRONTEND_H
#define XENBUS_FRONTEND_H

#include <stdint.h>

#include "xenbus/kind.h"
#include "xenbus/lifecycle.h"

/* Names the key that is wrong for the one who reports it. Returns err. */
int fe_refuse(const char *key, char wrong[WRONG_KEY_MAX], int err);

/* A number of at least `min` that must be in `dir`. 0, or store_u32()'s error with `wrong` filled. */
int fe_number(struct device *device, const char *dir, const char *key, uint32_t min, uint32_t *value,
		char wrong[WRONG_KEY_MAX]);

/* The same for a key at the top that may be missing: *value stays, and that is no error. */
int fe_option(struct device *device, const char *key, uint32_t min, uint32_t max, uint32_t *value,
		char wrong[WRONG_KEY_MAX]);

/* How many queues it wants: device->params.queues, at most as many as were offered. As fe_option(). */
int fe_queues(struct device *device, char wrong[WRONG_KEY_MAX]);

/* Where the keys of one of its queues are: one queue has them at the top, several have directories. */
void fe_queue_dir(const struct device *device, uint32_t queue, char dir[96]);

/* Writes a number into the backend directory. 0 or -errno. */
int be_put(struct device *device, const char *key, uint64_t value);

/* Offers as many queues as the settings say, or one for each processor. 0 or -errno. */
int be_offer_queues(struct device *device);

/* What we offered before state 2: read back, so that it holds over a restart with another file. 0: nothing. */
uint32_t be_offered(struct device *device, const char *key, uint32_t most);

#endif
