# SPDX-License-Identifier: GPL-2.0-or-later
# For tests of what runs out: domain 9 has the disk that must not notice, in the site of net.sh. Sourced
# first; has all of net.sh.
#
#   victim_site              a site whose domain 9 has a disk of 64 MiB, and a bystander (watch.sh)
#   victim_works [OPS]       random reads of it: no error, every answer; its p99 in $p99, us, and within BYSTANDER_LATE_MSEC
#   cpu_share PID SECONDS    percent of one processor that the process used in that time
#   disk_guest D [OPTION...] a domain with a disk of 16 MiB on which blkload runs in the background, its
#                            number in $load
. "$(dirname "${BASH_SOURCE[0]}")/net.sh"

victim_site() {
	netsite
	bridge br53
	guest 9
	image victim.img 64M
	attach 9 "$T/victim.img,xvda,w"
	[ "${1:-}" = alone ] || bystander
}

victim_works() {
	local line

	line=$(blkload 9 51712 --rw=randread --bs=4096 --iodepth=1 --queues=1 --ops="${1:-2000}" --time=30 2>&1) ||
		fail "the victim: $line"
	[[ $line == *" 0 errors, 0 lies"* ]] || fail "the victim: $line"
	p99=$(sed -n 's/.* p99 \([0-9.]*\) us.*/\1/p' <<<"$line")
	[ "${p99%.*}" -le $((bystander_late_most * 1000)) ] || fail "the victim: $line"
}

ticks_of() {
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

cpu_share() {
	local before

	before=$(ticks_of "$1")
	sleep "$2"
	echo $((($(ticks_of "$1") - before) * 100 / $(getconf CLK_TCK) / $2))
}

disk_guest() {
	local domid=$1

	shift
	guest "$domid"
	image "disk$domid.img" 16M
	attach "$domid" "$T/disk$domid.img,xvda,w"
	disk_load "$domid" "$@"
}

disk_load() {
	local domid=$1

	shift
	"$root/tests/sim/xensim" run "$sim" "$domid" -- "$build/tests/bench/blkload" --domid="$domid" --devid=51712 \
		--time=1000 "$@" >"$T/load-$domid.log" 2>&1 &
	load=$!
	pids="$load $pids"
	wait_for 10 backend_state_is "$domid" 51712 4
}
