# SPDX-License-Identifier: GPL-2.0-or-later
# For tests of tests/lab/run itself, without QEMU: a copy of the lab in $T whose image is there already, and whose
# machine is a script, $T/machine, that finds the folder shared with the host in $share. The programs that tell the lab
# what the host has are answered by files in $T: `packages` absent: none is missing; `memory`, `space` in MiB.
set -eu
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
T=$(mktemp -d)
lab=

fail() {
	echo "FAILED: $*"
	cat "$T/said" 2>/dev/null
	exit 1
}

# Whatever still runs of the copy carries its folder in a word of its command line.
machines() { pgrep -f -- "$T/machine" || true; }

cleanup() {
	trap - EXIT INT TERM
	[ -z "$lab" ] || kill "$lab" 2>/dev/null || true
	for pid in $(machines); do
		kill -9 "$pid" 2>/dev/null || true
	done
	rm -rf "$T"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

program() { # NAME: its script comes from standard input
	cat >"$T/bin/$1"
	chmod +x "$T/bin/$1"
}

mkdir -p "$T/tests" "$T/bin" "$T/build" "$T/cache"
cp -r "$root/tests/lab" "$root/tests/need" "$root/tests/packages" "$T/tests/"
image=$T/cache/$(cat "$T/tests/lab/image" "$T/tests/lab/dom0/initramfs" | sha256sum | cut -c1-16)
mkdir "$image"
program id <<<'#!/bin/sh
echo 1000'
program dpkg-query <<<'#!/bin/sh
[ -f '"$T"'/packages ] || echo install ok installed'
program awk <<<'#!/bin/sh
case $1 in
/^MemAvailable/*) cat '"$T"'/memory ;;
*) exec /usr/bin/awk "$@" ;;
esac'
program df <<<'#!/bin/sh
echo Avail
cat '"$T"'/space'
program qemu-system-x86_64 <<<'#!/bin/bash
share=$(printf "%s\n" "$@" | sed -n "s/^local,path=\([^,]*\),.*/\1/p")
export share
exec bash '"$T"'/machine'
echo 8000 >"$T/memory"
echo 9000 >"$T/space"

# lab_exec NAME...: in $T/said what it says; BACKEND=kernel needs nothing installed. lab_run: and goes on.
lab_exec() {
	cd "$T"
	export PATH=$T/bin:$PATH LAB_CACHE=$T/cache LAB_RESULTS=$T/results BACKEND=${BACKEND:-kernel}
	exec timeout -k 5 60 tests/lab/run "$@" >"$T/said" 2>&1
}
lab_run() { (lab_exec "$@"); }

# lab_refuses TEXT NAME...: it fails before a machine is started, with one line that says so.
lab_refuses() {
	local text=$1
	shift
	rm -f "$T/started"
	! lab_run "$@" || fail "it was to refuse: $text"
	[ "$(wc -l <"$T/said")" = 1 ] || fail "more or less than one line"
	grep -qF -- "$text" "$T/said" || fail "it does not say: $text"
	[ ! -f "$T/started" ] || fail "it started a machine all the same"
}
