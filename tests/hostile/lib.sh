# SPDX-License-Identifier: GPL-2.0-or-later
# For hostile tests of disks: domain 7 attacks (tests/hostile/blkhostile), domain 8 is an honest
# neighbour. Sourced first; has all of watch.sh and of tests/integration/faults.sh.
#
#   attack_site [CONFIG LINE...]  the site, the neighbour with its disk, and what "before" is
#   both_ways                     the rest of the test runs twice: pages copied, pages kept mapped
#   variant FILE SED...           workers are built from that file so changed (before attack_site)
#   target VDEV,MODE [SIZE]       the attacker's disk $T/disk.img and, byte for byte, its model $T/model.img
#   attack WORD...                blkhostile in domain 7; fails where the backend broke the protocol
#   attack_start WORD...          the same in the background; ended by attack_end, which waits
#   attack_said WORD [SECONDS]    waits until it has done say:WORD
#   scale CI FULL                 the number for this run: FULL with SCALE=full (make soak)
#   mapped_by PID                 how many areas of the attacker's memory that process has mapped
#   worker_is_well                the attacker's worker: alive and in its bounds, or closed with an error
#   image_is_the_model            every byte
#   neighbour_answers             domain 8 reads and writes
#   all_is_back [LINES]           the end of every test: worker, image, neighbour; then the attacker's
#                                 domain goes, and descriptors, mappings, memory and log are as before,
#                                 with at most LINES (60) lines about the attacker
. "$(dirname "${BASH_SOURCE[0]}")/watch.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../integration/faults.sh"

# A worker's own memory: its pool, 4 MiB here, what is kept for each slot of its ring, and the rest.
SLOT_KIB_MAX=9
worker_kib_max=$((2048 + 4096 + 32 * SLOT_KIB_MAX))
worker_fds_max=32
# A sanitizer keeps much memory of its own.
[ "${BUILD:-build}" = build ] || worker_kib_max=1048576

scale() {
	if [ "${SCALE:-ci}" = full ]; then echo "$2"; else echo "$1"; fi
}

both_ways() {
	[ -z "${GRANTS:-}" ] || return 0
	for way in copy persistent; do
		GRANTS=$way "$0" || fail "with grants = $way"
	done
	exit 0
}

# variant FILE SED...: from now on workers are built from that file so changed. In $T.
variant() {
	local file=$1 objects object

	shift
	mkdir -p "$T/libexec"
	cp "$build"/libexec/* "$T/libexec/"
	sed "$@" "$root/$file" >"$T/variant.c"
	! cmp -s "$root/$file" "$T/variant.c" || fail "the variant of $file is no other"
	objects=
	for object in "$build"/blkback/*.o "$build"/blkback/engine/*.o "$build"/ring/*.o; do
		[ "$object" = "$build/${file%.c}.o" ] || objects="$objects $object"
	done
	# shellcheck disable=SC2086 # words
	(cd "$root" && ${CC:-cc} -std=gnu11 -O2 -D_GNU_SOURCE -D__XEN_INTERFACE_VERSION__=0x00040e00 -I. -I"$build/gen" -pthread \
		-w ${SANITIZE:-} -o "$T/libexec/blkback" "$T/variant.c" $objects -lxengnttab -lxenevtchn -laio -lseccomp -lcap-ng) ||
		fail "the variant of $file does not build"
	libexec=$T/libexec
}

attack_site() {
	kept="$kept 8"
	printf '%s\n' "[default]" "grants = ${GRANTS:-copy}" "$@" >"$T/xenback.conf"
	site
	guest 7
	guest 8
	image neighbour.img 16M
	attach 8 "$T/neighbour.img,xvda,w"
	neighbour_answers
	bystander
}

target() {
	image disk.img "${2:-64M}"
	[ ! -s "$T/seed.img" ] || dd if="$T/seed.img" of="$T/disk.img" conv=notrunc status=none
	cp --sparse=always "$T/disk.img" "$T/model.img"
	attach 7 "$T/disk.img,$1"
}

attack() {
	as 7 "$build/tests/hostile/blkhostile" domid=7 model="$T/model.img" "$@" >"$T/attack.log" 2>&1 || {
		cat "$T/attack.log"
		fail "the attack found something: ${*:0:12}"
	}
}

attack_start() {
	: >"$T/attack.log"	# what it says now is not what another said before
	"$root/tests/sim/xensim" run "$sim" 7 -- "$build/tests/hostile/blkhostile" domid=7 model="$T/model.img" "$@" \
		>"$T/attack.log" 2>&1 &
	attacker=$!
	pids="$attacker $pids"
}

attack_said() {
	said_or_over() { grep -q "^$1" "$T/attack.log" || ! kill -0 "$attacker"; }
	wait_for "${2:-10}" said_or_over "$1"
	grep -q "^$1" "$T/attack.log" || fail "the attack ended before \`$1': $(cat "$T/attack.log")"
}

attack_end() {
	wait "$attacker" || {
		cat "$T/attack.log"
		fail "the attack found something"
	}
}

# Grants of the attacker's that a process has mapped; the simulation's view of all its memory apart.
mapped_by() {
	local range name n=0

	while read -r range _ _ _ _ name; do
		case $name in *dom7.mem*) [ $((0x${range#*-} - 0x${range%-*})) -ge 16777216 ] || n=$((n + 1)) ;; esac
	done <"/proc/$1/maps"
	echo $n
}

not_connected() {
	[ "$(backend 7 51712 state)" != 4 ]
}

worker_is_well() {
	local pid kib fds

	if ! not_connected; then
		pid=$(worker_pid 7 51712 2>/dev/null) || pid=none
		kib=$(private_kib "$pid" 2>/dev/null) || kib=
		# It may be closing just now.
		[ "${kib:-0}" -gt 0 ] || wait_for 2 not_connected
		[ "${kib:-0}" -le $worker_kib_max ] || fail "the worker has $kib KiB of its own"
		fds=$({ ls "/proc/$pid/fd" 2>/dev/null || true; } | wc -l)
		[ "$fds" -le $worker_fds_max ] || fail "the worker has $fds descriptors"
	elif [ "${1:-}" = closed ]; then
		[ -n "$(error_of 7 51712)" ] || fail "closed without an error node"
	fi
}

image_is_the_model() {
	cmp "$T/disk.img" "$T/model.img" || fail "the disk is not what the model says"
}

neighbour_answers() {
	as 8 "$build/tests/guest/blkone" domid=8 write:4096:4096:7 read:4096:512 >"$T/neighbour.log" 2>&1 ||
		fail "the neighbour's disk: $(cat "$T/neighbour.log")"
	grep -q "read 4096 512: okay 07 07" "$T/neighbour.log" || fail "the neighbour's disk: $(cat "$T/neighbour.log")"
}

lines_of_attacker() {
	grep -c '^<[0-9]>vbd 7/51712' "$T/xenbackd.log" || true
}

all_is_back() {
	image_is_the_model
	neighbour_answers
	all_is_well "${1:-60}"
	image_is_the_model
}
