/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Engines by name. Trusts nothing; promises one place where the list of engines stands.
 */
#include "blkback/engine/engine.h"

#include <errno.h>
#include <string.h>

static const struct engine_ops *const engines[] = { &engine_aio, &engine_null, &engine_fault };

int engine_open(struct engine **engine, const char *spec, const struct engine_config *config)
{
	size_t name = strcspn(spec, ":");

	for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
		if (strlen(engines[i]->name) == name && strncmp(engines[i]->name, spec, name) == 0)
			return engines[i]->open(engine, spec + name + (spec[name] == ':'), config);
	}
	return -EINVAL;
}
