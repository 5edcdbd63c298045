# SPDX-License-Identifier: GPL-2.0-or-later
# For tests of network interfaces through the front door. Sourced after lib.sh; needs root. Dom0 and each
# guest have a network namespace of their own, which go when the test ends.
#
#   netsite [XENBACKD OPTION...]   as site, with xenbackd in Dom0's namespace
#   dom0 COMMAND...                runs a command in Dom0's namespace
#   inside D COMMAND...            runs a command in domain D's namespace
#   bridge NAME [IP ARGUMENTS...]  a bridge in Dom0, up
#   vif D BRIDGE [KEY=VALUE,...]   xl network-attach: MAC 00:16:3e:00:00:D, tap on BRIDGE and up
#   netguest D [NAME]              a domain with a namespace
#   netfront D [OPTION=VALUE...]   its driver: eth0 with 10.0.0.D/24 and fd00::D/64, up, connected
#   counts D                       what its driver has counted, as KEY=VALUE words
#   count D KEY                    one of them
#   netback_stat D KEY             a figure of the worker's
#   carrier_is D 0|1               the tap's
needs_root "network namespaces"
net=xb$$
namespaces=

vif_end() {
	local name

	for name in $namespaces; do
		ip netns pids "$name" 2>/dev/null | xargs -r kill -9
		ip netns del "$name"
	done
}
at_end vif_end

namespace() {
	ip netns add "$1"
	namespaces="$namespaces $1"
	ip netns exec "$1" ip link set lo up
}

dom0() { ip netns exec "$net" "$@"; }
inside() { ip netns exec "$net-$1" "${@:2}"; }

netsite() {
	namespace "$net"
	touch "$T/xenback.conf"
	mkdir -p "$T/run"
	"$root/tests/sim/xensim" start "$sim"
	netbackd_start "$@"
}

netbackd_start() {
	rm -f "$T/run/control"
	ip netns exec "$net" "$root/tests/sim/xensim" run "$sim" 0 -- "$build/sbin/xenbackd" --run "$T/run" \
		--libexec "${libexec:-$build/libexec}" --config "$T/xenback.conf" "$@" >>"$T/xenbackd.log" 2>&1 &
	xenbackd=$!
	pids="$xenbackd $pids"
	wait_for 5 test -S "$T/run/control"
}

bridge() {
	dom0 ip link add "$1" type bridge forward_delay 0 "${@:2}"
	dom0 ip link set "$1" up
}

netguest() {
	guest "$@"
	namespace "$net-$1"
}

vif() {
	local mac

	mac=$(printf '00:16:3e:00:00:%02x' "$1")
	"$root/tests/sim/simxl" "$sim" --no-script network-attach "$1" "mac=$mac,bridge=$2${3:+,$3}"
	dom0 ip link set "vif$1.0" master "$2"
	dom0 ip link set "vif$1.0" up
}

netfront_start() {
	local domid=$1

	shift
	ip netns exec "$net-$domid" "$root/tests/sim/xensim" run "$sim" "$domid" -- \
		"$build/tests/guest/netfront" "$@" >>"$T/netfront-$domid.log" 2>&1 &
	netfront_pid=$!
	echo $netfront_pid >"$T/netfront-$domid.pid"
	pids="$netfront_pid $pids"
	wait_for 10 grep -q ^connected "$T/netfront-$domid.log"
}

netfront() {
	netfront_start "$@"
	inside "$1" ip link set eth0 up
	inside "$1" ip addr add "10.0.0.$1/24" dev eth0
	inside "$1" ip addr add "fd00::$1/64" dev eth0 nodad
}

counts() {
	local log=$T/netfront-$1.log lines

	lines=$(grep -c ^tx= "$log" || true)
	kill -USR2 "$(cat "$T/netfront-$1.pid")"
	more() { [ "$(grep -c ^tx= "$log")" -gt "$lines" ]; }
	wait_for 5 more
	grep ^tx= "$log" | tail -1
}

count() {
	counts "$1" | tr ' ' '\n' | sed -n "s/^$2=//p"
}

vif_backend() {
	store "/local/domain/0/backend/vif/$1/0/$2"
}

vif_state_is() {
	[ "$(vif_backend "$1" state)" = "$2" ]
}

netback_pid() {
	cut -d' ' -f1 "$T/run/vif-$1-0/pid"
}

netback_stat() {
	ctl --json stats "vif-$1-0" | jq ".$2"
}

carrier_is() {
	[ "$(dom0 cat "/sys/class/net/vif$1.0/carrier")" = "$2" ]
}

# iperf3_server NAMESPACE [OPTION...]: one that listens; its process is $server.
iperf3_server() {
	local where=$1

	shift
	ip netns exec "$where" iperf3 -s "$@" >/dev/null &
	server=$!
	wait_for 5 iperf3_listens "$where"
}
iperf3_listens() { ip netns exec "$1" ss -Hltn 'sport = :5201' | grep -q .; }
