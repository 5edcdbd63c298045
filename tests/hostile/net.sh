# SPDX-License-Identifier: GPL-2.0-or-later
# For hostile tests of network interfaces: domain 7 attacks (tests/hostile/nethostile), domain 8 is an
# honest neighbour on the same bridge. Sourced first; has all of watch.sh and of tests/integration/vif.sh.
#
#   netattack_site [KEYS...]     the site; KEYS: of the attacker's vif, as xl has them
#   scale CI FULL                the number for this run: FULL with SCALE=full
#   attack WORD ARGUMENT...      nethostile in domain 7, which must say WORD: ...; while it still holds its
#                                connection the worker is looked at: alive, or the device closed with an error
#   attack_one ARGUMENT...       the same with tests/guest/netone, its output in $T/attack.log
#   inbound BYTES                packets to the attacker as fast as a shell sends them, until inbound_stop
#   neighbour_answers            domain 8 reaches Dom0
#   all_is_back [LINES]          the end of every test: the neighbour has had answers to 99 of 100
#                                packets within BYSTANDER_LATE_MSEC; then all_is_well (watch.sh)
. "$(dirname "${BASH_SOURCE[0]}")/watch.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../integration/vif.sh"

# A worker's own memory, KiB (docs/security.md, limits); more with a sanitizer.
VIF_KIB_MAX=4096
worker_kib_max=$VIF_KIB_MAX
[ "${BUILD:-build}" = build ] || worker_kib_max=1048576

scale() {
	if [ "${SCALE:-ci}" = full ]; then echo "$2"; else echo "$1"; fi
}

netattack_site() {
	netsite
	bridge br53
	dom0 ip link set br53 address 02:00:00:00:00:01
	dom0 ip addr add 10.0.0.1/24 dev br53
	dom0 ip neigh add 10.0.0.7 lladdr 00:16:3e:00:00:07 dev br53
	guest 7
	netguest 8
	vif 8 br53
	netfront 8
	wait_for 5 neighbour_answers
	kept="$kept 8"
	bystander
	neighbour=$(netback_pid 8)
	ip netns exec "$net-8" ping -i 0.05 10.0.0.1 >"$T/pings" 2>&1 &
	pinging=$!
	pids="$pinging $pids"
	vif 7 br53 ${1:+"$1"}
	# Where a bridge does not know an address it sends to all its ports: the neighbour is not the target.
	dom0 bridge fdb add 00:16:3e:00:00:07 dev vif7.0 master static
}

neighbour_answers() {
	inside 8 ping -q -c 1 -W 1 10.0.0.1
}

neighbour_was_heard() { [ "$(grep -c ' time=' "$T/pings")" -ge 4 ]; }

# One that was lost took for ever; the last may be under way.
neighbour_was_served() {
	local sent timely

	wait_for 5 neighbour_was_heard	# an attack may be over before the second packet
	kill -INT "$pinging"
	wait "$pinging" || true
	sent=$(sed -n 's/^\([0-9]*\) packets transmitted.*/\1/p' "$T/pings")
	timely=$(sed -n 's/.* time=\([0-9]*\).*/\1/p' "$T/pings" | awk -v most="$bystander_late_most" '$1 <= most' | wc -l)
	[ "${sent:-0}" -gt 1 ] && [ $((100 * (sent - 1 - timely))) -le "$sent" ] ||
		fail "the neighbour: $timely of ${sent:-0} packets had an answer within $bystander_late_most ms"
}

# Connected and served, or closed with an error that says why.
served_or_closed() {
	if vif_state_is 7 4; then
		kib=$(private_of "$(netback_pid 7)") && fds=$(ls "/proc/$(netback_pid 7)/fd" | wc -l)
	else
		kib=0 fds=0
		[ -n "$(store /local/domain/0/error/backend/vif/7/0/error)" ]
	fi
}

# ...now, or where it is just being closed in a moment; and within the worker's bounds.
worker_is_well() {
	wait_for 3 served_or_closed
	[ "$kib" -le "$worker_kib_max" ] || fail "the worker has $kib KiB of its own"
	[ "$fds" -le 64 ] || fail "the worker has $fds descriptors"
}

attack() {
	local word=$1 attacker

	shift
	: >"$T/attack.log"
	"$root/tests/sim/xensim" run "$sim" 7 -- "$build/tests/hostile/nethostile" "$@" sleep:700 >"$T/attack.log" 2>&1 &
	attacker=$!
	pids="$attacker $pids"
	spoken() { grep -q "^$word:" "$T/attack.log" || ! kill -0 "$attacker"; }
	wait_for 60 spoken
	grep "^$word:" "$T/attack.log" || fail "$*: $(cat "$T/attack.log")"
	worker_is_well
	wait "$attacker" || fail "$*: $(cat "$T/attack.log")"
}

attack_one() {
	as 7 "$build/tests/guest/netone" "$@" >"$T/attack.log" 2>&1 || fail "netone $*: $(cat "$T/attack.log")"
}

inbound() {
	local payload

	payload=$(head -c "$1" /dev/zero | tr '\0' x)
	ip netns exec "$net" bash -c 'exec 3>/dev/udp/10.0.0.7/9; while :; do printf %s "$1" >&3; done' - "$payload" \
		2>/dev/null &
	inbound_pid=$!
	pids="$inbound_pid $pids"
}

inbound_stop() {
	stop "$inbound_pid"
}

lines_of_attacker() {
	grep -c '^<[0-9]>vif 7/0' "$T/xenbackd.log" || true
}

all_is_back() {
	neighbour_answers >/dev/null || fail "the neighbour does not answer"
	neighbour_was_served
	[ "$(netback_pid 8)" = "$neighbour" ] || fail "the neighbour's worker is another one"
	all_is_well "${1:-60}"
	! dom0 ip link show vif7.0 2>/dev/null || fail "the attacker's tap is still there"
}
