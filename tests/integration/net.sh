# SPDX-License-Identifier: GPL-2.0-or-later
# For tests of bridges in a network namespace of their own. Each test sources this first, and gets lib.sh
# with it; the namespace and everything else a test made go when it ends. Needs root and bridges, no 802.1q.
#
#   n COMMAND...             runs a command in the namespace
#   cable NAME               a network card NAME, with carrier; its other end is NAME-wire
#   guest_port NAME          a tap, as a guest's vif is one
#   plan LINE...             writes $T/plan
#   vlanbr ARGUMENT...       the tool, in the namespace, with that plan
#   master_is PORT BRIDGE    BRIDGE "" means none
#   refuses TEXT COMMAND...  the command must fail and say TEXT
#   same WANTED GOT          two texts
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs_root "network namespaces"
ns=vlanbr-$$

net_end() { ip netns del "$ns"; }
at_end net_end
ip netns add "$ns"

n() { ip netns exec "$ns" "$@"; }

n ip link set lo up

cable() {
	n ip link add "$1" type veth peer name "$1-wire"
	n ip link set "$1-wire" up
}

guest_port() { n ip tuntap add "$1" mode tap; }

plan() { printf '%s\n' "$@" >"$T/plan"; }

vlanbr() { n "$build/sbin/vlanbr" --plan "$T/plan" "$@"; }

master_is() {
	local master

	master=$(n ip -o link show "$1" | sed -n 's/.* master \([^ ]*\).*/\1/p')
	[ "$master" = "$2" ] || fail "$1 is a port of '$master', not of '$2'"
}

refuses() {
	local text=$1 said

	shift
	if said=$("$@" 2>&1); then
		fail "should have been refused: $*"
	fi
	[[ $said == *"$text"* ]] || fail "refused with '$said', not with '$text'"
}

same() {
	[ "$1" = "$2" ] || { diff <(echo "$1") <(echo "$2") || true; fail "not as expected"; }
}

# All that vlanbr may change, as text.
picture() {
	n ip -j -d link show | jq -c '.[] | [.ifname, .mtu, .master, .ifalias, .inet6_addr_gen_mode, .linkinfo.info_kind,
		(.linkinfo.info_data | [.forward_delay?, .stp_state?, .vlan_filtering?, .id?]),
		(.flags | index("UP") != null)]' | sort
	n ip -o addr show scope global | awk '{ print $2, $4 }' | sort
}
