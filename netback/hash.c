/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hashing for a frontend. Trusts nothing in a request; promises that a mapping never names a queue
 * that does not exist, whatever a reader sees of a table that is just being changed: it then hashes
 * one packet with half of a key, which harms nobody.
 */
#include "netback/hash.h"

#include <string.h>

#include "netback/frame.h"

void hash_init(struct hash *hash, uint32_t queues)
{
	*hash = (struct hash) { .queues = queues };
}

void hash_adopt(struct hash *hash, uint32_t queues)
{
	const struct hash_table *table = &hash->table[hash->current & 1];
	bool good = hash->current <= 1 && table->size <= HASH_MAPPING_MAX;

	for (uint32_t i = 0; i < HASH_MAPPING_MAX; i++)
		good = good && table->mapping[i] < queues;
	if (!good || hash->queues != queues)
		hash_init(hash, queues);
}

const struct hash_table *hash_current(const struct hash *hash)
{
	/* Acquire: the table was filled before it became current. */
	return &hash->table[__atomic_load_n(&hash->current, __ATOMIC_ACQUIRE)];
}

/* --- requests ---------------------------------------------------------------------------------- */

uint32_t hash_wants(const struct xen_netif_ctrl_request *request, gref_t *page)
{
	page->ref = request->data[0];
	if (request->type == XEN_NETIF_CTRL_TYPE_SET_HASH_KEY && request->data[1] <= HASH_KEY_BYTES)
		return request->data[1];
	if (request->type == XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING && request->data[1] <= HASH_MAPPING_MAX)
		return request->data[1] * 4;
	return 0;
}

static uint32_t algorithm_set(struct hash_table *table, uint32_t algorithm)
{
	if (algorithm != XEN_NETIF_CTRL_HASH_ALGORITHM_NONE &&
			algorithm != XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ)
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	table->algorithm = algorithm;
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static uint32_t flags_set(struct hash_table *table, uint32_t flags)
{
	if (flags & ~(uint32_t)HASH_FLAGS_KNOWN)
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	if (table->algorithm == XEN_NETIF_CTRL_HASH_ALGORITHM_NONE)
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	table->flags = flags;
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static uint32_t key_set(struct hash_table *table, uint32_t bytes, const void *copy)
{
	if (bytes > HASH_KEY_BYTES)
		return XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW;
	if (bytes && !copy)
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	memset(table->key, 0, sizeof(table->key));
	if (bytes)
		memcpy(table->key, copy, bytes);
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static uint32_t size_set(struct hash_table *table, uint32_t size)
{
	if (size > HASH_MAPPING_MAX)
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	table->size = size;
	memset(table->mapping, 0, sizeof(table->mapping));
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

/* Offset and count are the guest's: compared by subtraction, which cannot overflow. */
static uint32_t mapping_set(struct hash_table *table, uint32_t queues, uint32_t count, uint32_t offset,
		const void *copy)
{
	uint32_t entry[HASH_MAPPING_MAX];

	if (count > HASH_MAPPING_MAX)
		return XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW;
	if (count > table->size || offset > table->size - count || (count && !copy))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	if (count)
		memcpy(entry, copy, count * sizeof(entry[0]));
	for (uint32_t i = 0; i < count; i++) {
		if (entry[i] >= queues)
			return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	}
	if (count)
		memcpy(table->mapping + offset, entry, count * sizeof(entry[0]));
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

void hash_request(struct hash *hash, const struct xen_netif_ctrl_request *request, const void *copy,
		struct xen_netif_ctrl_response *response)
{
	struct hash_table *spare = &hash->table[!hash->current];

	*response = (struct xen_netif_ctrl_response) { .id = request->id, .type = request->type };
	*spare = *hash_current(hash);
	switch (request->type) {
	case XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM:
		response->status = algorithm_set(spare, request->data[0]);
		break;
	case XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS:
		response->data = HASH_FLAGS_KNOWN;
		break;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS:
		response->status = flags_set(spare, request->data[0]);
		break;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_KEY:
		response->status = key_set(spare, request->data[1], copy);
		break;
	case XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE:
		response->data = HASH_MAPPING_MAX;
		break;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE:
		response->status = size_set(spare, request->data[0]);
		break;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING:
		response->status = mapping_set(spare, hash->queues, request->data[1], request->data[2],
				copy);
		break;
	default:
		response->status = XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;
		break;
	}
	/* Release: the table is whole before readers find it. */
	if (response->status == XEN_NETIF_CTRL_STATUS_SUCCESS)
		__atomic_store_n(&hash->current, !hash->current, __ATOMIC_RELEASE);
}

/* --- hashing ----------------------------------------------------------------------------------- */

uint32_t hash_window(const uint8_t *key, uint32_t window, uint32_t bit)
{
	const uint32_t next = bit + 32;

	window <<= 1;
	return next < HASH_KEY_BYTES * 8 ? window | (key[next / 8] >> (7 - next % 8) & 1) : window;
}

uint32_t hash_window_first(const uint8_t *key)
{
	return (uint32_t)key[0] << 24 | (uint32_t)key[1] << 16 | (uint32_t)key[2] << 8 | key[3];
}

static uint32_t toeplitz(const uint8_t *key, const uint8_t *input, uint32_t bytes)
{
	uint32_t window = hash_window_first(key), hash = 0;

	for (uint32_t bit = 0; bit < bytes * 8; bit++) {
		if (input[bit / 8] >> (7 - bit % 8) & 1)
			hash ^= window;
		window = hash_window(key, window, bit);
	}
	return hash;
}

bool hash_frame(const struct hash *hash, const uint8_t *data, uint32_t bytes, struct hash_value *value)
{
	const struct hash_table *table = hash_current(hash);
	const uint32_t flags = table->flags;
	uint8_t input[36];
	struct frame frame;
	uint32_t addresses;
	bool v4, with_ports;

	if (table->algorithm != XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ || flags == 0)
		return false;
	frame_parse(&frame, data, bytes);
	if (frame.version == 0)
		return false;
	v4 = frame.version == 4;
	addresses = v4 ? 8 : 32;
	with_ports = frame.protocol == FRAME_TCP && !frame.fragment && frame.end - frame.l4 >= 4 &&
		flags & (v4 ? XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP : XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP);
	if (!with_ports && !(flags & (v4 ? XEN_NETIF_CTRL_HASH_TYPE_IPV4 : XEN_NETIF_CTRL_HASH_TYPE_IPV6)))
		return false;
	memcpy(input, frame_ip_addresses(&frame), addresses);
	if (with_ports)
		memcpy(input + addresses, data + frame.l4, 4);
	value->value = toeplitz(table->key, input, addresses + (with_ports ? 4 : 0));
	value->type = v4 ? _XEN_NETIF_CTRL_HASH_TYPE_IPV4 : _XEN_NETIF_CTRL_HASH_TYPE_IPV6;
	value->type += with_ports;	/* the TCP types follow their own */
	return true;
}
