/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Giving up privilege. Trusts nothing that comes later; promises that after sandbox_drop() and
 * sandbox_seal() returned 0 the process cannot get back what it had.
 */
#include "ring/sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <seccomp.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/*
 * What the C library does on its own: threads and their locks, the end of the process, the message
 * of a failed assertion.
 * #syscalls: futex exit exit_group rt_sigreturn rt_sigprocmask writev getpid gettid tgkill
 * #syscalls: restart_syscall munmap madvise
 */

#define FILES_MAX 256	/* eight queues have about 70; after the seal only control's connections come */

int sandbox_close_from(int first)
{
	return close_range((unsigned int)first, ~0u, 0) ? -errno : 0;
}

/* An empty tmpfs becomes the root; the old one goes out of reach. */
static int root_empty(void)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS))
		return -errno;
	/* Private first, or the mounts below would show up in the host's name space. */
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
			mount("none", "/run", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
				"size=4k,mode=555") ||
			chdir("/run"))
		return -errno;
	/* pivot_root onto itself: the old root ends up on top and is taken off. */
	if (syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) || chdir("/"))
		return -errno;
	return 0;
}

static int become(uint32_t uid, uint32_t gid)
{
	if (uid == 0)
		return -EPERM;
	if (setgroups(0, NULL) || setresgid(gid, gid, gid))
		return -errno;
	/* The bounding set first: it takes a capability to empty it. */
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_apply(CAPNG_SELECT_BOUNDS) || setresuid(uid, uid, uid))
		return errno ? -errno : -EPERM;
	capng_clear(CAPNG_SELECT_BOTH);
	return capng_apply(CAPNG_SELECT_CAPS) ? -EPERM : 0;
}

static int limits_set(void)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) || setrlimit(RLIMIT_MEMLOCK, &none) ||
			setrlimit(RLIMIT_MSGQUEUE, &none))
		return -errno;
	return 0;
}

int sandbox_drop(uint32_t uid, uint32_t gid)
{
	int err = limits_set();

	if (err == 0 && geteuid() == 0)
		err = root_empty();
	if (err == 0 && geteuid() == 0)
		err = become(uid, gid);
	if (err)
		return err;
	if (prctl(PR_SET_DUMPABLE, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return 0;
}

static int rules_add(scmp_filter_ctx filter, const int *syscalls, size_t syscall_count,
		const unsigned long *ioctls, size_t ioctl_count)
{
	int err = 0;

	for (size_t i = 0; i < syscall_count && err == 0; i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, syscalls[i], 0);
	for (size_t i = 0; i < ioctl_count && err == 0; i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				SCMP_A1(SCMP_CMP_EQ, ioctls[i], 0));
	if (err == 0)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return err;
}

/* Behind the filter, not instead of it: no further process or thread, few descriptors. */
static int limits_close(void)
{
	const struct rlimit none = { 0, 0 }, few = { FILES_MAX, FILES_MAX };

	return setrlimit(RLIMIT_NPROC, &none) || setrlimit(RLIMIT_NOFILE, &few) ? -errno : 0;
}

int sandbox_seal(const int *syscalls, size_t syscall_count, const unsigned long *ioctls,
		size_t ioctl_count)
{
	scmp_filter_ctx filter;
	int err = limits_close();

	if (err)
		return err;
	filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (!filter)
		return -ENOMEM;
	/* All threads at once: those that exist wait at a barrier until this is done. */
	err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (err == 0)
		err = rules_add(filter, syscalls, syscall_count, ioctls, ioctl_count);
	if (err == 0)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}
