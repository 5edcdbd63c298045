/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a worker gives up before it looks at the first guest byte.
 */
#ifndef RING_SANDBOX_H
#define RING_SANDBOX_H

#include <stdint.h>

/* Closes every descriptor from `first` on. To be called before anything is opened. 0 or -errno. */
int sandbox_close_from(int first);

/*
 * Becomes uid/gid without supplementary groups, for every thread; no new privileges; no core dump
 * and no ptrace by others of that uid. uid 0 stays as it is (control without root, in tests).
 * Returns 0 or -errno of the first step that failed: the worker must not go on then.
 */
int sandbox_drop(uint32_t uid, uint32_t gid);

#endif
