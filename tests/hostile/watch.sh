# SPDX-License-Identifier: GPL-2.0-or-later
# What every test of an attack holds: somebody else is served meanwhile, and nothing of the attacker is left. Sourced first;
# has all of tests/integration/lib.sh and control.sh.
#
#   bystander            domain 77, whose disk is read and written and compared from now on, a hundred times a second; and
#                        what xenbackd has "before". Once, after site
#   bystander_end        its end: every answer came, every byte is right, and at 99 of 100 moments an answer was no more than
#                        BYSTANDER_LATE_MSEC away. For tests that go on with what hurts everybody; all_is_well does it otherwise
#   all_is_well [LINES]  the end of a test: the bystander is well, nobody has crashed, the log has at most LINES (60) lines about
#                        others; then all domains but $kept go, and xenbackd's descriptors, mappings and memory are as before
#   untouched FILE       in $T: nothing has ever been written to that image
#   private_of PID       its own memory, KiB
. "$(dirname "${BASH_SOURCE[0]}")/../integration/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../integration/control.sh"

# Also on a machine that does other things at the same time; build/bench/reliability.json has what a quiet one shows.
BYSTANDER_LATE_MSEC=500
bystander_late_most=$BYSTANDER_LATE_MSEC own_kib_more=512
# A sanitizer is slow, and keeps much memory of its own.
[ "${BUILD:-build}" = build ] || bystander_late_most=$((4 * BYSTANDER_LATE_MSEC)) own_kib_more=65536
bystander_pid=
kept="0 77"	# domains that are there at the end

private_of() {
	awk '/^Private/ { sum += $2 } END { print sum + 0 }' "/proc/$1/smaps_rollup"
}

bystander() {
	guest 77
	image bystander.img 256K
	attach 77 "$T/bystander.img,xvda,w"
	"$root/tests/sim/xensim" run "$sim" 77 -- "$build/tests/bench/blkload" --domid=77 --devid=51712 --verify --bs=4096 \
		--iodepth=1 --queues=1 --rate=100 --time=3600 --slow="$T/bystander.slow" >"$T/bystander.log" 2>&1 &
	bystander_pid=$!
	pids="$bystander_pid $pids"
	wait_for 10 backend_state_is 77 51712 4
	own_fds=$(ls "/proc/$xenbackd/fd" | wc -l)
	own_maps=$(wc -l <"/proc/$xenbackd/maps")
	own_kib=$(private_of "$xenbackd")
}

# Somebody who asks at any moment is late by what is left of an operation that is too long: in one of a hundred
# moments at most. (It asks one after the other: its own 99th percentile would count a standstill once.)
bystander_end() {
	local pid=$bystander_pid late whole

	[ -n "$pid" ] || return 0
	bystander_pid=
	kill "$pid"
	wait "$pid" || fail "the bystander: $(cat "$T/bystander.log")"
	late=$(awk -v most=$bystander_late_most '$2 / 1e6 > most { sum += $2 / 1e6 - most } END { printf "%d", sum }' "$T/bystander.slow")
	whole=$(sed -n 's/.* operations in \([0-9.]*\) s,.*/\1/p' "$T/bystander.log")
	echo "the bystander: $(cat "$T/bystander.log"); longest $(sort -k 2n "$T/bystander.slow" | tail -1 | cut -d' ' -f2) ns"
	[ "$(awk -v late="$late" -v s="${whole:-0}" 'BEGIN { print late <= s * 10 }')" = 1 ] ||
		fail "in $late ms of $whole s the bystander's disk would not have answered within $bystander_late_most ms"
}

nobody_has_crashed() {
	kill -0 "$xenbackd" || fail "xenbackd is gone"
	! grep -aE 'Sanitizer: |runtime error: |ended by signal' "$T/xenbackd.log" || fail "a worker has crashed"
}

log_is_short() {
	local lines

	lines=$(grep -E '^<[0-9]>v(bd|if) ' "$T/xenbackd.log" | grep -cvE "^<[0-9]>v(bd|if) (${kept// /|})/" || true)
	[ "$lines" -le "$1" ] || fail "$lines lines in the log"
}

others_are_gone() {
	local name

	for name in $(ls "$T/run" | grep -E '^v(bd|if)-[0-9-]*$'); do
		name=${name#v??-}
		[[ " $kept " = *" ${name%-*} "* ]] || return 1
	done
}

others_go() {
	local domid kind be=/local/domain/0/backend

	# Also of those that are no more.
	for domid in $(for kind in /local/domain $be/vbd $be/vif; do as 0 xenstore-list $kind 2>/dev/null || true; done | sort -u); do
		[[ " $kept " != *" $domid "* ]] || continue
		"$root/tests/sim/xensim" destroy "$sim" "$domid" 2>/dev/null || true
		for kind in vbd vif; do
			as 0 xenstore-rm "$be/$kind/$domid" 2>/dev/null || true
		done
	done
	wait_for 15 others_are_gone
}

untouched() {
	[ "$(tr -d '\0' <"$T/$1" | head -c 1 | wc -c)" = 0 ] || fail "$1 was written to"
}

own_is_back() {
	local fds maps kib

	fds=$(ls "/proc/$xenbackd/fd" | wc -l)
	[ "$fds" -le "$own_fds" ] || fail "xenbackd has $fds descriptors, $own_fds before"
	maps=$(wc -l <"/proc/$xenbackd/maps")
	[ "$maps" -le $((own_maps + 4)) ] || fail "xenbackd has $maps mappings, $own_maps before"
	kib=$(private_of "$xenbackd")
	[ "$kib" -le $((own_kib + own_kib_more)) ] || fail "xenbackd has $kib KiB of its own, $own_kib before"
}

all_is_well() {
	bystander_end
	nobody_has_crashed
	log_is_short "${1:-60}"
	others_go
	own_is_back
}
