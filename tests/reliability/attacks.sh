# SPDX-License-Identifier: GPL-2.0-or-later
# For the attack jobs: what an honest guest's disk is like beside a hostile guest. Sourced first; has all of
# tests/hostile/resource.sh. COUNT from 1000 on is full scale, as for the other reliability jobs.
#
# The victim reads 4 KiB at random places, 5000 times a second at most, one at a time. Samples with the attack
# and without it alternate; the ratio is that of the medians of their p99. Quiet is the attacker's domain,
# connected to the same interface, burning as much processor time as its attack has just used, without
# touching a ring: what the ratio shows is our part alone.
#
#   attack_site                    victim_site, with an interface and a disk for domain 7
#   background COMMAND...          in domain 7
#   attack_job NAME ATTACK WORKER [QUIET]
#                                  a job's records; ATTACK: a function that starts the attacker (background) and
#                                  returns when it is at work; WORKER: prints the pid that serves it; QUIET: as
#                                  ATTACK, where more than the attacker's own processor time is to be the same
#   attack_bars [SHARE]            fails where that worker takes more than SHARE of a processor, or, at full
#                                  scale, where the ratio is more than 1.5
. "$(dirname "${BASH_SOURCE[0]}")/../hostile/resource.sh"
scale=ci samples=3 reads=4000
[ "${COUNT:-0}" -lt 1000 ] || scale=full samples=15 reads=10000
. "$(dirname "${BASH_SOURCE[0]}")/records.sh"

attack_site() {
	victim_site alone
	guest 7
	vif 7 br53
	image disk7.img 16M
	attach 7 "$T/disk7.img,xvda,w"
}

interface_is_served() { wait_for 10 vif_state_is 7 4; }
disk_is_served() { wait_for 10 backend_state_is 7 51712 4; }

background() {
	"$root/tests/sim/xensim" run "$sim" 7 -- "$@" >"$T/attack.log" 2>&1 &
	attacker=$!
	pids="$attacker $pids"
}

# Nanoseconds of processor time of all threads of a process.
cpu_ns() {
	cat /proc/"$1"/task/*/schedstat | awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}

# A share of one processor, between two readings: BEFORE AFTER NANOSECONDS
share_of() {
	awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { printf "%.4f\n", (b - a) / t }'
}

# The victim beside who is at work now; its p99 to the file named. Sets $took, ns.
victim_sample() {
	local line start

	start=$(date +%s%N)
	line=$(blkload 9 51712 --rw=randread --bs=4096 --iodepth=1 --queues=1 --rate=5000 --ops=$reads --time=30 2>&1) ||
		fail "the victim: $line"
	took=$(($(date +%s%N) - start))
	[[ $line == *" 0 errors, 0 lies"* ]] || fail "the victim: $line"
	kill -0 "$attacker" || fail "the attacker has ended: $(cat "$T/attack.log")"
	sed -n 's/.* p99 \([0-9.]*\) us.*/\1/p' <<<"$line" >>"$T/$1"
}

attacker_end() {
	stop "$attacker"
	wait "$attacker" 2>/dev/null || true
}

# With the attack: also what its worker and the attacker itself use. Sets $own, the latter's share.
sample_attacked() {
	local pid served self

	$1
	sleep 0.3
	pid=$($2)
	served=$(cpu_ns "$pid") self=$(cpu_ns "$attacker")
	victim_sample attacked
	share_of "$served" "$(cpu_ns "$pid")" $took >>"$T/share"
	own=$(share_of "$self" "$(cpu_ns "$attacker")" $took)
	attacker_end
}

burning() {
	background "$build/tests/hostile/nethostile" ctrl=1 burn:100000:"$(awk -v s="$own" 'BEGIN { printf "%d", s * 100 + 0.5 }')"
	interface_is_served
}

sample_quiet() {
	$1
	sleep 0.3
	victim_sample quiet
	attacker_end
}

median() {
	sort -g "$1" | sed -n "$((($(wc -l <"$1") + 1) / 2))p"
}

attack_job() {
	local name=$1 i quiet attacked share ratio

	for ((i = 0; i < samples; i++)); do
		sample_attacked "$2" "$3"
		sample_quiet "${4:-burning}"
	done
	quiet=$(median "$T/quiet") attacked=$(median "$T/attacked") share=$(median "$T/share")
	ratio=$(awk -v a="$attacked" -v q="$quiet" 'BEGIN { printf "%.3f", a / q }')
	{
		one_record "attack-$name" victim_p99_ratio "$ratio" 1 $samples
		one_record "attack-$name" victim_p99_quiet_us "$quiet" us $samples
		one_record "attack-$name" victim_reads $((samples * reads)) 1 $samples
		one_record "attack-$name" attacker_backend_cpu_share "$share" 1 $samples
	} | records_write "attack-$name"
	echo "attack-$name: victim p99 $quiet us quiet, $attacked us attacked: ratio $ratio; the attacker's backend takes $share of a processor, itself $own"
}

# What a machine that does other things at the same time can be held to, and what a quiet one must show.
attack_bars() {
	local share_most=${1:-}

	[ -z "$share_most" ] || [ "$(echo "$(median "$T/share") <= $share_most" | bc)" = 1 ] ||
		fail "the attacker's backend takes $(median "$T/share") of a processor, more than $share_most"
	[ $scale = ci ] || [ "$(echo "$(median "$T/attacked") <= 1.5 * $(median "$T/quiet")" | bc)" = 1 ] ||
		fail "the victim's p99 is more than 1.5 times what it is without the attack"
}
