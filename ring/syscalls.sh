#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Prints a C header with the system calls and ioctls that a worker may make: syscalls.sh FILE...
# They are listed in comments beside the code that needs them: `#syscalls: read write`,
# `#ioctls: IOCTL_GNTDEV_GRANT_COPY`.
listed() {
	key=$1
	shift
	sed -n "s,.*#$key: *\([A-Za-z0-9_ ]*\).*,\1,p" "$@" | tr ' ' '\n' | grep . | sort -u
}
echo "/* Made by ring/syscalls.sh from: $* */"
echo "static const int worker_syscalls[] = {"
listed syscalls "$@" | sed 's,.*,	SCMP_SYS(&),'  | sed 's/$/,/'
echo "};"
echo "static const unsigned long worker_ioctls[] = {"
listed ioctls "$@" | sed 's,.*,	&,' | sed 's/$/,/'
echo "};"
