# SPDX-License-Identifier: GPL-2.0-or-later
# More for tests about control (xenbackd): devices by hand, and what runs. Sourced after lib.sh.
#
#   scripted D TARGET,VDEV,MODE       xl block-attach with script=block-blkback
#   by_hand D DEVID [KEY VALUE]...    a device's directories at state 1, keys replaced or added
#   hotplug D DEVID                   says what a hotplug script says last
#   frontend D DEVID KEY VALUE...     writes keys of the frontend's directory, as Dom0
#   error_of D DEVID                  the error node
#   private_kib PID                   its own memory, KiB
#   sanitized                         xenbackd is built with AddressSanitizer, whose time and memory are not its own
#   no_worker D DEVID                 no process of that device is left
#   loop FILE [LOSETUP OPTION...]    a loop device on $T/FILE, its name in $loop
scripted() {
	"$root/tests/sim/simxl" "$sim" --script "$root/xenbus/scripts/block-blkback" block-attach "$@"
}

by_hand() {
	local be=/local/domain/0/backend/vbd/$1/$2 fe=/local/domain/$1/device/vbd/$2 domid=$1 devid=$2 args=

	shift 2
	as 0 xenstore-write "$fe" "" "$be" ""
	as 0 xenstore-chmod "$fe" "n$domid" r0
	as 0 xenstore-chmod "$be" n0 "r$domid"
	while [ $# -gt 0 ]; do
		args="$args $be/$1 $2"
		shift 2
	done
	# shellcheck disable=SC2086 # the words of $args are the arguments
	as 0 xenstore-write "$fe/backend" "$be" "$fe/backend-id" 0 "$fe/state" 1 \
		"$fe/virtual-device" "$devid" "$fe/device-type" disk \
		"$be/frontend" "$fe" "$be/frontend-id" "$domid" "$be/online" 1 "$be/removable" 0 \
		"$be/bootable" 1 "$be/dev" xvda "$be/type" phy "$be/mode" w "$be/device-type" disk \
		"$be/discard-enable" 1 $args "$be/state" 1
}

hotplug() {
	as 0 xenstore-write "/local/domain/0/backend/vbd/$1/$2/hotplug-status" connected
}

frontend() {
	local fe=/local/domain/$1/device/vbd/$2 args=

	shift 2
	while [ $# -gt 0 ]; do
		as 0 xenstore-write -- "$fe/$1" "$2"
		shift 2
	done
}

error_of() {
	store "/local/domain/0/error/backend/vbd/$1/$2/error"
}

private_kib() {
	awk '/^Private/ { sum += $2 } END { print sum }' "/proc/$1/smaps_rollup"
}

sanitized() { ldd "$build/sbin/xenbackd" | grep -q libasan; }

# The workers of this test are xenbackd's children, or were.
workers() {
	local pid

	for pid in $(pgrep -f "^blkback vbd-"); do
		grep -qz "^XENSIM=$sim$" "/proc/$pid/environ" 2>/dev/null && echo "$pid"
	done
	return 0
}

no_worker() {
	local pid

	for pid in $(workers); do
		grep -qz "^vbd-$1-$2$" "/proc/$pid/cmdline" && return 1
	done
	return 0
}

# loop FILE [LOSETUP OPTION...]: a loop device on $T/FILE, its name in $loop; gone when the test ends.
loops=
loop() {
	local file=$1

	shift
	loop=$(losetup --show -f "$@" "$T/$file") || fail "losetup does not work here"
	loops="$loops $loop"
}

# What a test has made beside $T: overridden where there is more than loop devices.
undo() {
	for loop in $loops; do
		losetup -d "$loop"
	done
}

leave() {
	local status=$?

	set +e
	undo
	(exit $status)
	cleanup
}
trap leave EXIT
