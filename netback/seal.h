/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system calls of this worker, made into its filter. The list is written beside the calls
 * themselves and collected by ring/syscalls.sh.
 */
#ifndef NETBACK_SEAL_H
#define NETBACK_SEAL_H

/* Closes the sandbox (ring/sandbox.h). 0 or -errno. */
int worker_seal(void);

#endif
