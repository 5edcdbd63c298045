/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a guest's hash chooses the queue of the tap: a page that the worker writes, as its guest sets up
 * key and mapping, and that a program in the kernel reads for each packet (xenbus/steer.c). Both sides
 * believe nothing of it but its size: whatever it holds, a packet goes to a queue of its own interface.
 */
#ifndef RING_STEER_H
#define RING_STEER_H

#include <stdint.h>

#define STEER_INPUT_BYTES 36u	/* two IPv6 addresses and two ports */
#define STEER_MAPPING_MAX 128u	/* a power of two */

struct steer {
	uint32_t flags;			/* XEN_NETIF_CTRL_HASH_TYPE_*: what is hashed; the rest has hash 0 */
	uint32_t size;			/* of the mapping; 0: the queue is the remainder of the hash */
	uint32_t mapping[STEER_MAPPING_MAX];
	/* The Toeplitz hash of each half byte of the input, the upper half of a byte first. */
	uint32_t part[STEER_INPUT_BYTES * 2][16];
};

#endif
