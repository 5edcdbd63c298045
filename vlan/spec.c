/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The `vlan=` grammar. Pure. The text is the toolstack's or the administrator's; it is refused as a
 * whole at the first character that does not belong.
 */
#include "vlan/spec.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* One item between slashes: count VLANs, step apart. */
struct item {
	unsigned int first, step, count;
	bool pvid, untagged;
};

/* Reads 1 to 4 digits without a leading zero. Returns what follows, or NULL. */
static const char *number(const char *text, unsigned int *value)
{
	unsigned int digits = 0;

	*value = 0;
	if (*text == '0')
		return NULL;
	for (; isdigit((unsigned char)*text) && digits < 5; digits++)
		*value = *value * 10 + (unsigned int)(*text++ - '0');
	return digits == 0 || digits > 4 ? NULL : text;
}

static const char *item_span(const char *text, struct item *item)
{
	unsigned int last;

	text = number(text, &item->first);
	if (text && *text == '-') {
		text = number(text + 1, &last);
		if (text == NULL || last < item->first)
			return NULL;
		item->count = last - item->first + 1;
	} else if (text && *text == '+') {
		text = number(text + 1, &item->step);
		if (text == NULL || *text != 'x')
			return NULL;
		text = number(text + 1, &item->count);
		item->count++;
	}
	return text;
}

/* Reads one item. Returns what follows it, '/' or the end; NULL: no such item. */
static const char *item_parse(const char *text, struct item *item)
{
	bool range;

	*item = (struct item){ .step = 1, .count = 1 };
	range = text[strspn(text, "0123456789")] == '-';
	text = item_span(text, item);
	if (text == NULL)
		return NULL;
	if (*text == 'p' && (range || item->count > 1))
		return NULL;
	item->pvid = *text == 'p';
	item->untagged = *text == 'p' || *text == 'u';
	if (item->untagged)
		text++;
	return *text == '/' || *text == 0 ? text : NULL;
}

static int item_check(const struct item *item, const struct vlan_set *set, struct complaint *why)
{
	unsigned long last = item->first + (unsigned long)item->step * (item->count - 1);

	if (last > VLAN_LAST)
		return complain(why, 0, "VLAN %lu is impossible: ids are 1 to 4094", last);
	if (item->pvid && set->pvid)
		return complain(why, 0,
			"VLANs %u and %u are both marked p: only one can be the PVID", set->pvid,
			item->first);
	return 0;
}

static void item_add(const struct item *item, struct vlan_set *set)
{
	for (unsigned int i = 0; i < item->count; i++) {
		uint16_t vlan = (uint16_t)(item->first + i * item->step); /* checked */
		uint64_t bit = UINT64_C(1) << (vlan % 64);
		struct vlan_range range = {
			.first = vlan,
			.last = vlan,
			.pvid = item->pvid || set->pvid == vlan,
			.untagged = item->untagged || (set->untagged[vlan / 64] & bit),
		};

		vlan_set_add(set, range);
	}
}

int vlan_list_parse(const char *text, struct vlan_set *set, struct complaint *why)
{
	const char *at = text;
	struct item item;
	int error;

	memset(set, 0, sizeof(*set));
	for (;;) {
		const char *end = item_parse(at, &item);

		if (end == NULL)
			return complain(why, 0,
				"\"%.*s\" is no VLAN list: write N, N-M or N+OxC, "
				"with ids of 1 to 4094, joined by /, suffix p (PVID, one VLAN "
				"only) or u (untagged)",
				60, text);
		error = item_check(&item, set, why);
		if (error)
			return error;
		item_add(&item, set);
		if (*end == 0)
			return 0;
		at = end + 1;
	}
}

int vlan_id_parse(const char *text, uint16_t *vlan)
{
	unsigned int value;
	const char *end = number(text, &value);

	if (end == NULL || *end || value > VLAN_LAST)
		return -EINVAL;
	*vlan = (uint16_t)value; /* at most VLAN_LAST */
	return 0;
}

int vlan_spec_parse(const char *text, struct vlan_set *set, struct complaint *why)
{
	bool lone = strpbrk(text, "/-+") == NULL;
	int error = vlan_list_parse(text, set, why);

	if (error)
		return error;
	if (lone) {
		struct vlan_range range;

		vlan_set_next(set, VLAN_FIRST, &range);
		range.pvid = range.untagged = true;
		vlan_set_add(set, range);
	}
	if (set->pvid == 0)
		return complain(why, 0,
			"\"%.*s\" marks no VLAN as the PVID: put p behind the one that "
			"untagged frames belong to",
			60, text);
	return 0;
}

void vlan_list_format(const struct vlan_set *set, char *text, size_t bytes)
{
	struct vlan_range range;
	size_t used = 0;

	text[0] = 0;
	for (unsigned int n = VLAN_FIRST; vlan_set_next(set, n, &range); n = range.last + 1u) {
		char span[16];
		const char *flag = range.pvid ? "p" : range.untagged ? "u" : "";

		if (range.first == range.last)
			snprintf(span, sizeof(span), "%u", range.first);
		else
			snprintf(span, sizeof(span), "%u-%u", range.first, range.last);
		if (used < bytes)
			used += (size_t)snprintf(
				text + used, bytes - used, "%s%s%s", used ? "/" : "", span, flag);
	}
}
