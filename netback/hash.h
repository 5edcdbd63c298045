/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Toeplitz hash that a frontend sets up over its control ring (xen/io/netif.h), and the requests
 * that do it. Pure. One thread changes it; others read the table that is current.
 */
#ifndef NETBACK_HASH_H
#define NETBACK_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "netback/netif.h"

#define HASH_KEY_BYTES 40u		/* Linux's limits */
#define HASH_MAPPING_MAX 128u
#define HASH_COPY_BYTES (HASH_MAPPING_MAX * 4)
#define HASH_FLAGS_KNOWN                                                                           \
	(XEN_NETIF_CTRL_HASH_TYPE_IPV4 | XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP |                       \
		XEN_NETIF_CTRL_HASH_TYPE_IPV6 | XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP)

struct hash_table {
	uint32_t algorithm;		/* XEN_NETIF_CTRL_HASH_ALGORITHM_* */
	uint32_t flags;			/* XEN_NETIF_CTRL_HASH_TYPE_* */
	uint32_t size;			/* of the mapping; 0: by remainder */
	uint8_t key[HASH_KEY_BYTES];
	uint32_t mapping[HASH_MAPPING_MAX];	/* each below `queues` */
};

/* Two tables: the spare one is changed, then becomes the current one. */
struct hash {
	uint32_t queues;
	uint32_t current;
	struct hash_table table[2];
};

/* Off, for that many queues. */
void hash_init(struct hash *hash, uint32_t queues);

/* A hash that another process has left, which may have written anything: what cannot be becomes off. */
void hash_adopt(struct hash *hash, uint32_t queues);

/*
 * How many bytes of the page that the request names it needs, 0: none, or none that would make it
 * valid. At most HASH_COPY_BYTES.
 */
uint32_t hash_wants(const struct xen_netif_ctrl_request *request, gref_t *page);

/*
 * Does a request; `copy` holds the bytes that hash_wants() asked for, NULL: they could not be had.
 * Fills the whole response.
 */
void hash_request(struct hash *hash, const struct xen_netif_ctrl_request *request, const void *copy,
		struct xen_netif_ctrl_response *response);

/* What is in force. */
const struct hash_table *hash_current(const struct hash *hash);

/*
 * A window of 32 bits slides over the key (HASH_KEY_BYTES), one bit for each bit of the input: the hash
 * is the sum of those at which the input has a one. The window of bit 0, and that of bit + 1.
 */
uint32_t hash_window_first(const uint8_t *key);
uint32_t hash_window(const uint8_t *key, uint32_t window, uint32_t bit);

struct hash_value {
	uint32_t value;
	uint8_t type;		/* _XEN_NETIF_CTRL_HASH_TYPE_* */
};

/* The hash of a frame. False: hashing is off, or not for this kind of packet. */
bool hash_frame(const struct hash *hash, const uint8_t *data, uint32_t bytes, struct hash_value *value);

#endif
