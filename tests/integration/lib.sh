# SPDX-License-Identifier: GPL-2.0-or-later
# For tests through the front door: a simulated Xen with the real xenstored, xenbackd, guests with
# disks, and their clients. Each test sources this first; everything a test made goes when it ends.
#
#   site [XENBACKD OPTION...]   a simulation and a running xenbackd
#   guest D [NAME]              a domain
#   image FILE SIZE             a sparse file in $T
#   attach D TARGET,VDEV,MODE   as xl block-attach does, without a loop device
#   detach D VDEV               as xl block-detach does
#   as D COMMAND...             runs a command inside that domain
#   store PATH                  a xenstore value as Dom0 sees it, empty if there is none
#   backend D DEVID KEY         a key of a vbd's backend directory
#   ctl WORD...                 xenbackctl, of this test's xenbackd
#   wait_for SECONDS WHAT...    until the command succeeds; fails the test if it does not
#   nbd D DEVID [OPTION...]     an NBD server on $T/nbd-D-DEVID.sock whose disk is the guest's vbd
#   needs_root WHY              leaves the test out for an ordinary user
#   fail SENTENCE               ends the test
#   at_end COMMAND              is run when the test ends, however it ends
set -eu
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
case ${BUILD:-build} in /*) build=$BUILD ;; *) build=$root/${BUILD:-build} ;; esac
T=$(mktemp -d /dev/shm/xenback.XXXXXX)
sim=$T/sim
pids=
at_end_commands=

at_end() {
	at_end_commands="$at_end_commands $1"
}

fail() {
	echo "FAILED: $*"
	exit 1
}

needs_root() {
	[ "$(id -u)" = 0 ] || { echo "needs root: $1"; exit 77; }
}

stop() {
	local pid=$1 tries=${2:-100} n=0

	kill "$pid" 2>/dev/null || return 0
	while kill -0 "$pid" 2>/dev/null && [ $n -lt "$tries" ]; do
		sleep 0.05
		n=$((n + 1))
	done
	kill -9 "$pid" 2>/dev/null || true
}

cleanup() {
	local status=$?

	set +e
	trap - EXIT INT TERM
	for pid in $pids; do
		stop "$pid" 20
	done
	# A successor hides a crash from the guest; it is to hide none from us.
	if [ $status = 0 ] && grep -aE 'Sanitizer: |runtime error: |ended by signal (4|6|7|8|11|31)$' "$T/xenbackd.log" 2>/dev/null; then
		echo "FAILED: a program of ours has crashed"
		status=1
	fi
	if [ $status != 0 ] && [ $status != 77 ]; then
		echo "--- xenbackd's log"
		tail -30 "$T/xenbackd.log" 2>/dev/null
	fi
	for file in "$T"/run/*/pid; do
		[ -f "$file" ] && kill -9 "$(cut -d' ' -f1 "$file")" 2>/dev/null
	done
	for command in $at_end_commands; do
		$command
	done
	"$root/tests/sim/xensim" stop "$sim" >/dev/null 2>&1
	rm -rf "$T"
	exit $status
}
trap cleanup EXIT
trap 'exit 1' INT TERM

wait_for() {
	local end=$(($(date +%s%N) + $1 * 1000000000)) seconds=$1

	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s%N)" -lt $end ] || fail "not within $seconds s: $*"
		sleep 0.02
	done
}

as() {
	local domid=$1

	shift
	"$root/tests/sim/xensim" run "$sim" "$domid" -- "$@"
}

ctl() { "$build/sbin/xenbackctl" --run "$T/run" "$@"; }

# Programs in the background are started without `as`: a shell function would be one process more, and
# its number not theirs.
xenbackd_start() {
	rm -f "$T/run/control"	# one that was killed leaves its socket
	"$root/tests/sim/xensim" run "$sim" 0 -- "$build/sbin/xenbackd" --run "$T/run" --libexec "${libexec:-$build/libexec}" \
		--config "$T/xenback.conf" "$@" >>"$T/xenbackd.log" 2>&1 &
	xenbackd=$!
	pids="$xenbackd $pids"	# the last to start is the first to end
	wait_for 5 test -S "$T/run/control"
}

site() {
	touch "$T/xenback.conf"
	mkdir -p "$T/run"
	"$root/tests/sim/xensim" start "$sim"
	xenbackd_start "$@"
}

guest() {
	"$root/tests/sim/xensim" domain "$sim" "$1" "${2:-guest$1}"
}

image() {
	truncate -s "$2" "$T/$1"
}

attach() {
	"$root/tests/sim/simxl" "$sim" --no-script block-attach "$1" "$2"
}

detach() {
	"$root/tests/sim/simxl" "$sim" --no-script block-detach "$@"
}

store() {
	as 0 xenstore-read "$1" 2>/dev/null || true
}

backend() {
	store "/local/domain/0/backend/vbd/$1/$2/$3"
}

backend_state_is() {
	[ "$(backend "$1" "$2" state)" = "$3" ]
}

worker_pid() {
	cut -d' ' -f1 "$T/run/vbd-$1-$2/pid"
}

nbd() {
	local domid=$1 devid=$2

	shift 2
	rm -f "$T/nbd-$domid-$devid.sock"
	"$root/tests/sim/xensim" run "$sim" "$domid" -- nbdkit -f -U "$T/nbd-$domid-$devid.sock" \
		"$build/tests/guest/nbdkit-blkfront-plugin.so" domid="$domid" devid="$devid" "$@" \
		>"$T/nbd-$domid-$devid.log" 2>&1 &
	nbd_pid=$!
	pids="$nbd_pid $pids"
	wait_for 10 test -S "$T/nbd-$domid-$devid.sock"
	uri="nbd+unix:///?socket=$T/nbd-$domid-$devid.sock"
}

blkload() {
	local domid=$1 devid=$2

	shift 2
	as "$domid" "$build/tests/bench/blkload" --domid "$domid" --devid "$devid" "$@"
}
