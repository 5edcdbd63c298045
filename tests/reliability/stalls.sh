# SPDX-License-Identifier: GPL-2.0-or-later
# For the reliability jobs: kills under verified load, and how long the guest waited at each. Sourced after
# lib.sh. COUNT kills in all (52); from 1000 on the records say that the scale is full.
#
#   disks_start N             domains 1 to N with a verified load on a disk each
#   disks_end                 ends it; fails where a byte was wrong, an answer missing or one too many
#   killed NAME               notes that the device (vbd-1-51712; all) is being killed or replaced now
#   ripe RUN_NAME             waits until the device's worker has lived for more than a second: one that dies sooner is
#                             taken for the next turn of a crash loop, and rests before its successor would be measured
#   pause                     between two upgrades, and after the last kill
#   stalls_record JOB FILE... the records of a job from $T/kills and the waits of each device's load, in
#                             $T/slow-NAME. A stall is the longest wait of that device that ended within the
#                             second after its kill and before the next one; waits under 1 ms count as 0. Prints them, and fails
#                             where the goal is missed: p99 under 100 ms at full scale, else p50
count=${COUNT:-52}
scale=ci
[ "$count" -lt 1000 ] || scale=full
. "$(dirname "${BASH_SOURCE[0]}")/records.sh"

disks_start() {
	local domid

	for ((domid = 1; domid <= $1; domid++)); do
		guest $domid
		image disk$domid.img 8M
		attach $domid "$T/disk$domid.img,xvda,w"
		"$root/tests/sim/xensim" run "$sim" $domid -- "$build/tests/bench/blkload" --domid=$domid --devid=51712 \
			--verify --time=100000 --size=8m --iodepth=4 --rate=500 --queues=$((domid % 2 + 1)) --stall=10 --flush-every=100 \
			--slow="$T/slow-vbd-$domid-51712" >"$T/load$domid.log" 2>&1 &
		loads[domid]=$!
		pids="$! $pids"
	done
	for ((domid = 1; domid <= $1; domid++)); do
		wait_for 5 backend_state_is $domid 51712 4
	done
	sleep 0.5
}

disks_end() {
	local domid

	for domid in "${!loads[@]}"; do
		kill "${loads[domid]}" 2>/dev/null || { cat "$T/load$domid.log"; fail "the load of domain $domid has ended"; }
		wait "${loads[domid]}" || { cat "$T/load$domid.log"; fail "domain $domid noticed"; }
		grep -q ' 0 errors, 0 lies, 0 reconnects' "$T/load$domid.log" || fail "$(cat "$T/load$domid.log")"
	done
}

killed() {
	echo "$(date +%s%N) $1" >>"$T/kills"
}

# Its number is written at its birth.
ripe() {
	local born

	for ((tries = 0; tries < 500; tries++)); do
		born=$(stat -c %.9Y "$T/run/$1/pid")
		[ $(($(date +%s%N) - ${born/./})) -lt 1100000000 ] || return 0
		sleep 0.02
	done
	fail "the worker of $1 is born again and again"
}

pause() {
	sleep 1.1
}

# For every kill its stall in ms.
stalls() {
	awk '
		FILENAME ~ /kills$/ { at[++kills] = $1; who[kills] = $2; next }
		FNR == 1 { name = FILENAME; sub(/.*slow-/, "", name); first = 1 }
		{
			# Both files are in order of time.
			while (first <= kills && at[first] + 1e9 < $1)
				first++
			# It counts for each kill that it lived through, else for the last one before it began.
			last = 0
			for (k = first; k <= kills && at[k] <= $1; k++) {
				if (who[k] != "all" && index(name, who[k]) != 1)
					continue
				last = at[k] < $1 - $2 ? k : 0
				if (!last && $2 > worst[k])
					worst[k] = $2
			}
			if (last && $2 > worst[last])
				worst[last] = $2
		}
		END { for (k = 1; k <= kills; k++) printf "%.3f\n", worst[k] / 1e6 }' "$T/kills" "$@" | sort -g
}

stalls_record() {
	local job=$1 kills p50 p99 most judged

	shift
	stalls "$@" >"$T/stalls"
	kills=$(wc -l <"$T/stalls")
	[ "$kills" -ge $((count * 9 / 10)) ] || fail "only $kills kills of $count"
	p50=$(sed -n "$(((kills + 1) / 2))p" "$T/stalls")
	p99=$(sed -n "$(((kills * 99 + 99) / 100))p" "$T/stalls")
	most=$(tail -1 "$T/stalls")
	{
		one_record "$job" kills "$kills" 1 1
		one_record "$job" stall_p50_ms "$p50" ms "$kills"
		one_record "$job" stall_p99_ms "$p99" ms "$kills"
		one_record "$job" stall_max_ms "$most" ms "$kills"
		one_record "$job" lost_bytes 0 B "$kills"	# or the job would have failed before
	} | records_write "$job"
	echo "$job: $kills kills, stall p50 $p50 ms, p99 $p99 ms, most $most ms, 0 bytes lost"
	judged=$p50
	[ $scale = ci ] || judged=$p99
	[ "$(echo "$judged < 100" | bc)" = 1 ] || fail "the goal of 100 ms is missed"
}
