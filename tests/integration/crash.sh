# SPDX-License-Identifier: GPL-2.0-or-later
# For tests that kill workers and control at a chosen place. Sourced after lib.sh; needs root.
#
#   probe ARGUMENT...              tests/crash/probe.c, at most 25 s
#   lived                          a second: a worker that dies sooner is taken for a crash loop
#   succeeded RUN_NAME PID         waits until another process than PID serves that device
#   kill_at RUN_NAME GUEST POINTS  kills the device's worker at each FUNCTION:STORE in turn, and writes
#                                  one line per point into $T/killed: the point, 0 killed, 3 not found
#   hold PID                       keeps that process's memory also when it has gone, until let_go
needs_root "to hold another user's process"

probe() {
	timeout -k 1 25 "$build/crash/probe" "$@"
}

lived() {
	sleep 1.05
}

pid_of() {
	cut -d' ' -f1 "$T/run/$1/pid"
}

succeeded() {
	local name=$1 worker=$2

	other() { [ "$(pid_of "$name")" != "$worker" ]; }
	wait_for 3 other
}

kill_at() {
	local name=$1 guest=$2 point worker status

	for point in $3; do
		lived
		worker=$(pid_of "$name")
		status=0
		probe store "$worker" "${point%:*}" "${point#*:}" "$guest" || status=$?
		echo "$point $status" >>"$T/killed"
		[ $status = 3 ] || succeeded "$name" "$worker"
	done
}

hold() {
	rm -f "$T/held"
	"$build/crash/hold" "$1" >"$T/held" 2>&1 &
	holder=$!
	pids="$holder $pids"
	wait_for 3 grep -q held "$T/held"
}

let_go() {
	kill -9 "$holder"
	wait "$holder" 2>/dev/null || true
}

# stream_start D PORT MBPS up|down   a TCP connection between domain D and Dom0's 10.0.0.1, every byte verified
# streams_end                        ends them in good order; fails where a byte is wrong or lost
stream_start() {
	local domid=$1 port=$2 from=$net to=$net-$1 address=10.0.0.$1

	if [ "$4" = up ]; then
		from=$net-$1 to=$net address=10.0.0.1
	fi
	ip netns exec "$to" "$build/crash/stream" receive $address "$port" >"$T/got$port" 2>&1 &
	streams="${streams:-} $!"
	pids="$! $pids"
	wait_for 5 grep -q listening "$T/got$port"
	ip netns exec "$from" "$build/crash/stream" send $address "$port" "$3" >"$T/sent$port" 2>&1 &
	senders="${senders:-} $!"
	pids="$! $pids"
	ports="${ports:-} $port"
}

# `ip netns exec` becomes what it runs: a shell function in the background would not.
streams_end() {
	local pid port

	for pid in $senders; do
		kill "$pid" || fail "a connection broke: $(cat "$T"/sent* "$T"/got*)"
	done
	for pid in $senders $streams; do
		wait "$pid" || fail "a connection broke: $(tail -n 2 "$T"/sent* "$T"/got*)"
	done
	for port in $ports; do
		[ "$(sed -n 's/^sent //p' "$T/sent$port")" = "$(sed -n 's/^received //p' "$T/got$port")" ] ||
			fail "bytes are lost: $(cat "$T/sent$port") $(tail -1 "$T/got$port")"
	done
}
