# SPDX-License-Identifier: GPL-2.0-or-later
# More for tests that inject faults into the simulated Xen (tests/sim/README.md). Sourced after lib.sh.
#
#   fault KEY=N...|clear|revoke D GREF|xenstore-drop    what fails from now on
#   copying_site              a site that copies guests' pages; persistent ones are not offered
#   persistent_site           a site that maps guests' pages and keeps them mapped
#   faulty_store_site         a site whose xenbackd reaches xenstored through the faulty relay; the test's
#                             own commands, and xl's part, go around it
#   by_one D DEVID WHAT...    operations of tests/guest/blkone, its output in $T/one.log
#   said SENTENCE             that output has this line
fault() {
	"$root/tests/sim/xensim" fault "$sim" "$@"
}

copying_site() {
	printf '[default]\ngrants = copy\n' >"$T/xenback.conf"
	site
}

persistent_site() {
	printf '[default]\ngrants = persistent\n' >"$T/xenback.conf"
	site
}

faulty_store_site() {
	touch "$T/xenback.conf"
	mkdir -p "$T/run"
	"$root/tests/sim/xensim" start --xenstore-faults "$sim"
	xenbackd_start
	export XENSIM_DIRECT=1
}

by_one() {
	local domid=$1 devid=$2

	shift 2
	as "$domid" "$build/tests/guest/blkone" domid="$domid" devid="$devid" "$@" >"$T/one.log" 2>&1 || {
		cat "$T/one.log"
		fail "blkone ended with an error"
	}
}

said() {
	grep -qF -- "$1" "$T/one.log" || {
		cat "$T/one.log"
		fail "blkone did not say: $1"
	}
}
