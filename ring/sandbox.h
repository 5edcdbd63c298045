/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a worker gives up before it looks at the first guest byte, in two steps: sandbox_drop() after
 * the last thing that needs root, sandbox_seal() when every thread and context exists.
 */
#ifndef RING_SANDBOX_H
#define RING_SANDBOX_H

#include <stddef.h>
#include <stdint.h>

/* Closes every descriptor from `first` on. To be called before anything is opened. 0 or -errno. */
int sandbox_close_from(int first);

/*
 * As root: an empty root directory in a mount namespace of its own, no network, no capability, the
 * given uid and gid without supplementary groups. For everyone: no new privileges, no core dump, no
 * ptrace by others of that uid, no new file descriptors. Single-threaded at that moment. uid 0 with
 * root is refused (-EPERM): control always gives a worker a uid of its own.
 * Returns 0 or -errno of the first step that failed: the worker must not go on then.
 */
int sandbox_drop(uint32_t uid, uint32_t gid);

/*
 * From here on any system call but those listed ends the process, in every thread. ioctl is allowed
 * with the listed requests only; mmap never executable. Returns 0 or -errno.
 */
int sandbox_seal(const int *syscalls, size_t syscall_count, const unsigned long *ioctls,
		size_t ioctl_count);

#endif
