/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options of a block frontend by name, for every program that is one. Trusts nobody; promises
 * that a configuration it accepted is within the limits of frontend.h.
 */
#include "tests/guest/frontend.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct frontend_config frontend_defaults(uint32_t devid)
{
	return (struct frontend_config) {
		.domid = GUESTBUS_OWN_DOMID,
		.devid = devid,
		.queues = 1,
		.indirect = FRONTEND_INDIRECT_DEFAULT,
		.persistent = true,
		.timeout_ms = 10000,
	};
}

struct field {
	const char *name;
	size_t at;		/* offset in struct frontend_config */
	bool flag;		/* a bool, on or off; otherwise an uint32_t */
	uint32_t min, max;
};

#define AT(field) offsetof(struct frontend_config, field)

static const struct field fields[] = {
	{ "domid", AT(domid), false, 0, 32767 },
	{ "devid", AT(devid), false, 0, UINT32_MAX },
	{ "queues", AT(queues), false, 1, FRONTEND_QUEUES_MAX },
	{ "order", AT(order), false, 0, BLKRING_ORDER_MAX },
	{ "indirect", AT(indirect), false, 0, BLKQUEUE_SEGMENTS_MAX },
	{ "start", AT(start_index), false, 0, UINT32_MAX },
	{ "pool", AT(pool_pages), false, 1, 1u << 20 },
	{ "timeout", AT(timeout_ms), false, 1, 3600000 },
	{ "persistent", AT(persistent), true, 0, 1 },
	{ "revoke", AT(revoke), true, 0, 1 },
	{ "order-key", AT(order_key), true, 0, 1 },
	{ "early", AT(early), true, 0, 1 },
	{ "clamp", AT(clamp), true, 0, 1 },
};

static int wrong(char *error, size_t bytes, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(error, bytes, fmt, args);
	va_end(args);
	return -EINVAL;
}

/* off is 0, for numbers too: indirect=off. */
static bool value_parse(const char *text, uint64_t *value)
{
	char *end;

	if (!strcmp(text, "on") || !strcmp(text, "off")) {
		*value = text[1] == 'n';
		return true;
	}
	errno = 0;
	*value = strtoull(text, &end, 0);
	return !errno && *text >= '0' && *text <= '9' && !*end;
}

static int field_set(struct frontend_config *config, const struct field *field, const char *text,
		char *error, size_t bytes)
{
	char *at = (char *)config + field->at;	/* by offset: bool or uint32_t, as the table says */
	uint64_t value;

	if (!value_parse(text, &value) || value < field->min || value > field->max) {
		if (field->flag)
			return wrong(error, bytes, "%s=%s: on or off", field->name, text);
		return wrong(error, bytes, "%s=%s: a number from %u to %u", field->name, text,
				field->min, field->max);
	}
	if (field->flag)
		*(bool *)at = value;
	else
		*(uint32_t *)at = (uint32_t)value;
	return 0;
}

static int abi_set(struct frontend_config *config, const char *text, char *error, size_t bytes)
{
	for (enum blkabi abi = BLKABI_NATIVE; abi <= BLKABI_X86_64; abi++) {
		const char *name = blkabi_protocol(abi) ? blkabi_protocol(abi) : "native";

		if (!strcmp(text, name)) {
			config->abi = abi;
			return 0;
		}
	}
	return wrong(error, bytes, "abi=%s: native, x86_32-abi or x86_64-abi", text);
}

int frontend_option(struct frontend_config *config, const char *name, const char *value, char *error,
		size_t error_bytes)
{
	if (!strcmp(name, "abi") || !strcmp(name, "protocol"))
		return abi_set(config, value, error, error_bytes);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!strcmp(name, fields[i].name))
			return field_set(config, &fields[i], value, error, error_bytes);
	return -ENOENT;
}
