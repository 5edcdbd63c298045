/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text into numbers. Trusts nothing about the text but that it ends (the uevent: that it has the
 * given length); promises that a number that comes out is within the range that was asked for.
 */
#include "xenbus/parse.h"

#include <errno.h>
#include <string.h>

#define DIGITS_MAX 20	/* of 2^64 - 1 */

const char *kind_name(uint32_t kind)
{
	return kind == DEVICE_VIF ? "vif" : "vbd";
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits from `text` on; moves *text behind them. -EINVAL: there are none, or too many. */
static int take_decimal(const char **text, uint64_t *value)
{
	const char *at = *text;
	uint64_t sum = 0;

	for (; digit(*at); at++) {
		if (at - *text >= DIGITS_MAX || __builtin_mul_overflow(sum, 10, &sum) ||
				__builtin_add_overflow(sum, (uint64_t)(*at - '0'), &sum))
			return -EINVAL;
	}
	if (at == *text)
		return -EINVAL;
	*text = at;
	*value = sum;
	return 0;
}

int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	uint64_t sum;

	if (take_decimal(&text, &sum) || *text)
		return -EINVAL;
	if (sum < min || sum > max)
		return -ERANGE;
	*value = sum;
	return 0;
}

int parse_u32(const char *text, uint32_t min, uint32_t max, uint32_t *value)
{
	uint64_t wide;
	int r = parse_u64(text, min, max, &wide);

	if (r == 0)
		*value = (uint32_t)wide;
	return r;
}

enum bus_state parse_state(const char *text)
{
	uint32_t state;

	if (parse_u32(text, BUS_UNKNOWN, BUS_RECONFIGURED, &state))
		return BUS_NONSENSE;
	return (enum bus_state)state;
}

static int hex_value(char c)
{
	if (digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Up to 8 hexadecimal digits; moves *text behind them. */
static int take_hex(const char **text, uint32_t *value)
{
	const char *at = *text;
	uint32_t sum = 0;

	for (; hex_value(*at) >= 0; at++) {
		if (at - *text >= 8)
			return -EINVAL;
		sum = sum << 4 | (uint32_t)hex_value(*at);
	}
	if (at == *text)
		return -EINVAL;
	*text = at;
	*value = sum;
	return 0;
}

int parse_devnum(const char *text, uint32_t *major, uint32_t *minor)
{
	uint32_t high, low;

	if (take_hex(&text, &high) || *text++ != ':' || take_hex(&text, &low) || *text)
		return -EINVAL;
	*major = high;
	*minor = low;
	return 0;
}

int parse_abi(const char *text, enum blkif_abi *abi)
{
	if (strcmp(text, "x86_64-abi") == 0)
		*abi = BLKIF_ABI_X86_64;
	else if (strcmp(text, "x86_32-abi") == 0)
		*abi = BLKIF_ABI_X86_32;
	else
		return -EINVAL;
	return 0;
}

/* The next path component, a number up to `max`; ID_ANY where the path ends here. */
static int take_component(const char **path, char separator, uint32_t max, uint32_t *value)
{
	uint64_t wide;

	*value = ID_ANY;
	if (**path == 0)
		return 0;
	if (*(*path)++ != separator || take_decimal(path, &wide) || wide > max)
		return -EINVAL;
	if (**path && **path != separator)
		return -EINVAL;
	*value = (uint32_t)wide;
	return 0;
}

static int take_kind(const char **path, uint32_t *kind)
{
	if (strncmp(*path, "vbd", 3) == 0)
		*kind = DEVICE_VBD;
	else if (strncmp(*path, "vif", 3) == 0)
		*kind = DEVICE_VIF;
	else
		return -EINVAL;
	*path += 3;
	return 0;
}

int parse_device_path(const char *root, const char *path, struct device_id *id)
{
	size_t length = strlen(root);

	if (strncmp(path, root, length))
		return -EINVAL;
	path += length;
	*id = (struct device_id) { .domid = ID_ANY, .devid = ID_ANY };
	if (*path++ != '/' || take_kind(&path, &id->kind))
		return -EINVAL;
	if (take_component(&path, '/', DOMID_LAST, &id->domid))
		return -EINVAL;
	return take_component(&path, '/', ID_ANY - 1, &id->devid);
}

int parse_device_name(const char *name, struct device_id *id)
{
	if (take_kind(&name, &id->kind) || take_component(&name, '-', DOMID_LAST, &id->domid) ||
			take_component(&name, '-', ID_ANY - 1, &id->devid) || *name)
		return -EINVAL;
	return id->domid == ID_ANY || id->devid == ID_ANY ? -EINVAL : 0;
}

static int take_number(const char **text)
{
	uint64_t wide;
	uint32_t hex;

	if (strncmp(*text, "0x", 2))
		return take_decimal(text, &wide);
	*text += 2;
	return take_hex(text, &hex);
}

int parse_vdev(const char *text, uint32_t *kind)
{
	size_t word = strspn(text, "abcdefghijklmnopqrstuvwxyz");
	const char *rest = text + word;
	uint32_t number;

	*kind = DEVICE_VBD;
	if (word == 3 && strncmp(text, "vif", 3) == 0) {
		*kind = DEVICE_VIF;
		return rest[0] == '0' && rest[1] ? -EINVAL : parse_u32(rest, 0, ID_ANY - 1, &number);
	}
	if ((word > 3 && strncmp(text, "xvd", 3) == 0) ||
			(word > 2 && (strncmp(text, "sd", 2) == 0 || strncmp(text, "hd", 2) == 0))) {
		if (!rest[0])
			return 0;
		return rest[0] == '0' ? -EINVAL : parse_u32(rest, 1, UINT32_MAX, &number);
	}
	/* xl(1) also takes d0p1, 51713 and 0xca01, and hands them on as they are. */
	if (text[0] == 'd') {
		text++;
		if (take_number(&text) || *text++ != 'p')
			return -EINVAL;
	}
	return take_number(&text) || *text ? -EINVAL : 0;
}

int parse_resize_uevent(const char *event, size_t bytes, uint32_t *major, uint32_t *minor)
{
	bool block = false, resized = false, has_major = false, has_minor = false;

	if (bytes == 0 || event[bytes - 1] != 0)
		return -EINVAL;
	for (const char *line = event; line < event + bytes; line += strlen(line) + 1) {
		if (strcmp(line, "SUBSYSTEM=block") == 0)
			block = true;
		else if (strcmp(line, "RESIZE=1") == 0)
			resized = true;
		else if (strncmp(line, "MAJOR=", 6) == 0)
			has_major = parse_u32(line + 6, 0, UINT32_MAX, major) == 0;
		else if (strncmp(line, "MINOR=", 6) == 0)
			has_minor = parse_u32(line + 6, 0, UINT32_MAX, minor) == 0;
	}
	return block && resized && has_major && has_minor ? 0 : -EINVAL;
}
