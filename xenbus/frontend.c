/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers that a frontend has written. Trusts nothing in them; promises that whoever reports a refusal
 * knows which key it was.
 */
#include "xenbus/frontend.h"

#include <errno.h>
#include <stdio.h>

int fe_refuse(const char *key, char wrong[WRONG_KEY_MAX], int err)
{
	snprintf(wrong, WRONG_KEY_MAX, "%s", key);
	return err;
}

int fe_number(struct device *device, const char *dir, const char *key, uint32_t min, uint32_t *value,
		char wrong[WRONG_KEY_MAX])
{
	int r = store_u32(store_of(device), dir, key, min, UINT32_MAX, value);

	return r ? fe_refuse(key, wrong, r) : 0;
}

int fe_option(struct device *device, const char *key, uint32_t min, uint32_t max, uint32_t *value,
		char wrong[WRONG_KEY_MAX])
{
	int r = store_u32(store_of(device), device->frontend, key, min, max, value);

	return r == 0 || r == -ENOENT ? 0 : fe_refuse(key, wrong, r);
}
