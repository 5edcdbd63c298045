/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells the kernel how a guest's hash chooses a queue, by stores to a shared page (ring/steer.h).
 */
#ifndef NETBACK_STEER_H
#define NETBACK_STEER_H

#include "netback/hash.h"
#include "ring/steer.h"

/* Maps the page, closes its descriptor. NULL: there is none, because this kernel or host has no bpf. */
struct steer *steer_open(int fd);

/*
 * Fills the page (NULL: does nothing). Where hashing is off, packets still need queues: then addresses
 * and ports are hashed with a key of ours.
 */
void steer_fill(struct steer *steer, const struct hash *hash);

#endif
