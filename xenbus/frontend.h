/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading what a frontend has written, for the kinds' negotiate(). Inside a transaction; each key once.
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

#endif
