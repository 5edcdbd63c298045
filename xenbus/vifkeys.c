/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text of the toolstack's about an interface. Trusts its author to mean well, not to type well:
 * `ip` and `rate` come from a guest's configuration file as somebody wrote it.
 */
#include "xenbus/vifkeys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "xenbus/parse.h"

#define INTERVAL_MAX_USEC 3600000000u

int vifkeys_mac(const char *text, uint8_t mac[6])
{
	unsigned int byte[6];
	int used = 0;

	if (strlen(text) != 17 || strspn(text, "0123456789abcdefABCDEF:") != 17)
		return -EINVAL;
	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &byte[0], &byte[1], &byte[2], &byte[3], &byte[4],
			&byte[5], &used) != 6 || used != 17)
		return -EINVAL;
	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)byte[i];
	return 0;
}

/* IPv4 in the last 4 bytes: struct vif_address. */
static int address_parse(const char *text, const char *bits, struct vif_address *address)
{
	uint32_t most, prefix;

	*address = (struct vif_address) { 0 };
	if (inet_pton(AF_INET, text, address->bytes + 12) == 1)
		address->family = 4;
	else if (inet_pton(AF_INET6, text, address->bytes) == 1)
		address->family = 6;
	else
		return -EINVAL;
	most = prefix = address->family == 4 ? 32 : 128;
	if (bits && parse_u32(bits, 0, most, &prefix))
		return -EINVAL;
	address->prefix = (uint8_t)prefix;
	return 0;
}

int vifkeys_addresses(const char *text, struct vif_params *vif)
{
	char copy[1024], *rest = copy, *word, *bits;

	vif->addresses = 0;
	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return -E2BIG;
	while ((word = strsep(&rest, " ,")) != NULL) {
		if (*word == 0)
			continue;
		if (vif->addresses == VIF_ADDRESSES_MAX)
			return -E2BIG;
		bits = word;
		word = strsep(&bits, "/");
		if (address_parse(word, bits, &vif->address[vif->addresses]))
			return -EINVAL;
		vif->addresses++;
	}
	return 0;
}

int vifkeys_rate(const char *text, uint64_t *bytes, uint32_t *usec)
{
	char copy[48], *rest = copy, *first;

	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return -EINVAL;
	first = strsep(&rest, ",");
	if (!rest || parse_u64(first, 0, UINT64_MAX / 2, bytes) ||
			parse_u32(rest, 1, INTERVAL_MAX_USEC, usec))
		return -EINVAL;
	return 0;
}
