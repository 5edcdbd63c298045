/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's part of steering by a guest's hash, see ring/steer.h.
 */
#ifndef XENBUS_STEER_H
#define XENBUS_STEER_H

/*
 * A zeroed struct steer that can be mapped, shared. A descriptor (close-on-exec, never 0) or -errno
 * (EPERM, ENOSYS: this process or kernel has no bpf).
 */
int steer_map(void);

/* A program for tun_steer() that goes by that map and keeps it. A descriptor or -errno. */
int steer_program(int map);

#endif
