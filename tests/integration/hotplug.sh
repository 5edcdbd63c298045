# SPDX-License-Identifier: GPL-2.0-or-later
# Beside net.sh: a simulated Xen with the real xenstored, and libxl's way to call a vif's script.
#
#   dom0 COMMAND...              runs a command in Dom0, in the namespace, with $T/plan as the plan
#   vif D N KEY VALUE...         the backend directory of a vif, new, with these keys
#   script online|offline D N    vif-netback, as libxl calls it
#   read_key D N KEY             of the backend directory; empty if there is none
"$root/tests/sim/xensim" start "$sim"

# Debian's scripts and ours in one directory, as in /etc/xen/scripts.
mkdir -p "$T/scripts" "$T/etc" /var/log/xen
ln -s /etc/xen/scripts/*.sh "$T/scripts/"
cp -P "$root"/xenbus/scripts/vif-* "$T/scripts/"
ln -s "$T/plan" "$T/etc/vlanbr.plan"

# A mount namespace, so that /etc/xenback is this test's: all of /etc, with that one directory over it.
mkdir -p "$T/upper/xenback" "$T/work"
dom0() {
	n unshare --mount bash -c 'mount -t overlay -o "lowerdir=/etc,upperdir=$1/upper,workdir=$1/work" etc /etc &&
		mount --bind "$1/etc" /etc/xenback && shift && exec "$@"' bash "$T" env PATH="$build/sbin:$PATH" "$root/tests/sim/xensim" run "$sim" 0 -- "$@"
}

vif() {
	local domid=$1 devid=$2 base=/local/domain/0/backend/vif/$1/$2

	shift 2
	dom0 xenstore-rm "$base" 2>/dev/null || true
	dom0 xenstore-write "$base/frontend" "/local/domain/$domid/device/vif/$devid" "$base/frontend-id" \
		"$domid" "$base/hotplug-status" ""
	while [ $# -gt 0 ]; do
		dom0 xenstore-write "$base/$1" "$2"
		shift 2
	done
}

script() {
	dom0 env script="$T/scripts/vif-netback" XENBUS_TYPE=vif XENBUS_PATH="backend/vif/$2/$3" \
		XENBUS_BASE_PATH=backend vif="vif$2.$3" "$T/scripts/vif-netback" "$1" type_if=vif
}

read_key() { dom0 xenstore-read "/local/domain/0/backend/vif/$1/$2/$3" 2>/dev/null || true; }
