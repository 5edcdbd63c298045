/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Closes the sandbox with exactly the calls that this worker's files ask for.
 */
#include "netback/seal.h"

#include <seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <xen/xen.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/gntdev.h>

#include "ring/sandbox.h"
#include "netback_syscalls.h"	/* made by ring/syscalls.sh */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int worker_seal(void)
{
	return sandbox_seal(worker_syscalls, COUNT(worker_syscalls), worker_ioctls, COUNT(worker_ioctls));
}
