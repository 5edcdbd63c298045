/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was offered, and numbers that a frontend has written. Trusts the backend directory and nothing in
 * the frontend's; promises that whoever reports a refusal knows which key it was.
 */
#include "xenbus/frontend.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define QUEUES_KEY "multi-queue-max-queues"

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

int be_put(struct device *device, const char *key, uint64_t value)
{
	return store_write(store_of(device), device->backend, key, "%" PRIu64, value);
}

int be_offer_queues(struct device *device)
{
	long queues = device->settings.queues ? (long)device->settings.queues : sysconf(_SC_NPROCESSORS_ONLN);

	return be_put(device, QUEUES_KEY, queues < 1 ? 1 : queues > QUEUES_MAX ? QUEUES_MAX : (uint64_t)queues);
}

uint32_t be_offered(struct device *device, const char *key, uint32_t most)
{
	uint32_t value = 0;

	store_u32(store_of(device), device->backend, key, 0, most, &value);
	return value;
}

int fe_queues(struct device *device, char wrong[WRONG_KEY_MAX])
{
	device->params.queues = 1;
	return fe_option(device, "multi-queue-num-queues", 1, be_offered(device, QUEUES_KEY, QUEUES_MAX),
			&device->params.queues, wrong);
}

void fe_queue_dir(const struct device *device, uint32_t queue, char dir[96])
{
	if (device->params.queues == 1)
		snprintf(dir, 96, "%s", device->frontend);
	else
		snprintf(dir, 96, "%s/queue-%u", device->frontend, queue);
}
