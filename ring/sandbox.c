/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Giving up privilege. Trusts nothing that comes later; promises that after sandbox_drop() returned
 * 0 the process cannot get back what it had.
 */
#include "ring/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/resource.h>

int sandbox_close_from(int first)
{
	return close_range((unsigned int)first, ~0u, 0) ? -errno : 0;
}

static int become(uint32_t uid, uint32_t gid)
{
	if (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		return -errno;
	return 0;
}

int sandbox_drop(uint32_t uid, uint32_t gid)
{
	const struct rlimit none = { 0, 0 };
	int err = uid ? become(uid, gid) : 0;

	if (err)
		return err;
	if (setrlimit(RLIMIT_CORE, &none) || prctl(PR_SET_DUMPABLE, 0) ||
			prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return 0;
}
