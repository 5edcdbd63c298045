# SPDX-License-Identifier: GPL-2.0-or-later
# The lab machine as the host sees it; for tests/lab/run and tests/lab/bench. One machine at a time:
# make_share, start_machine, stop_machine. What Dom0 finds in /lab is $share on the host: `in` is this
# run's programs and scripts, `out` what comes back.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
BACKEND=${BACKEND:-ours}
results=${LAB_RESULTS:-$top/build/lab/results}
memory_mib=4096
share=
qemu=
plugin=	# of QEMU, with its arguments; bench sets it

die() { echo "lab: $*" >&2; exit 1; }

check_host() {
	local free
	case $BACKEND in ours | kernel) ;; *) die "BACKEND=$BACKEND: say ours or kernel" ;; esac
	"$top/tests/need" lab >&2 || exit 1
	mkdir -p "$results"
	free=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
	[ "$free" -ge $((memory_mib + 512)) ] ||
		die "$free MiB of memory are free, the lab machine takes $memory_mib: close something"
	free=$(df --output=avail -m "$results" | tail -1)
	[ "$free" -ge 6000 ] || die "$results has $free MiB free, a run takes up to 6000: set LAB_RESULTS"
}

# make_share ENTRY JOBS: fills the folder; Dom0's init will run dom0/ENTRY.
make_share() {
	share=$(mktemp -d "$results/run.XXXXXX")
	mkdir -p "$share/in/root" "$share/out"
	cp -r "$here/dom0" "$here/guest" "$here/scenarios" "$share/in/"
	if [ "$BACKEND" = ours ]; then
		make -s -C "$top" install DESTDIR="$share/in/root" PREFIX=/usr >"$share/install.log" 2>&1 ||
			{ tail -3 "$share/install.log" >&2; die "make install did not succeed: BACKEND=kernel runs without it"; }
	fi
	cp -r "$here/dom0/root/." "$share/in/root/"
	# Debian's /bin, /sbin and /lib are links into /usr.
	for old in bin sbin lib; do
		[ -d "$share/in/root/$old" ] || continue
		mkdir -p "$share/in/root/usr/$old"
		cp -r "$share/in/root/$old/." "$share/in/root/usr/$old/"
		rm -r "$share/in/root/$old"
	done
	[ ! -d "$top/build/beliefs" ] || cp -r "$top/build/beliefs" "$share/in/"
	[ ! -d "$top/build/lab/tools" ] || cp -r "$top/build/lab/tools" "$share/in/"
	printf 'BACKEND=%s\nENTRY=%s\nRUNS=%s\nWHAT="%s"\n' "$BACKEND" "$1" "${RUNS:-2}" "${WHAT:-disk net}" >"$share/in/settings"
	: >"$share/out/events"
	cp "$2" "$share/in/jobs"
}

# start_machine FLAVOUR: plain; mortal; systemd (that and udev as Dom0's init); counted (one processor, a clock
# of one nanosecond an instruction, idle time skipped); hvm (one processor in one thread: with two, guests that use
# the processor's virtualization die of triple faults now and then, docs/lab.md); pae (the same with a hypervisor that
# can run guests with PAE page tables in this emulation, tests/lab/image).
start_machine() {
	local init=/sbin/labinit xen=xen cpus=2 accel=tcg,thread=multi clock=
	case $1 in
	plain | mortal) ;; # mortal: scenarios that end the machine, away from the others
	hvm) cpus=1 accel=tcg,thread=single ;;
	pae) cpus=1 accel=tcg,thread=single xen=xen-pae ;;
	systemd) init=/lib/systemd/systemd ;;
	counted) cpus=1 accel=tcg,thread=single clock="-icount shift=0,sleep=off" ;;
	*) die "no machine of flavour $1" ;;
	esac
	[ -f "$share/scratch" ] || truncate -s 4G "$share/scratch"
	nice -n 10 qemu-system-x86_64 ${plugin:+-plugin "$plugin"} -accel $accel -smp $cpus $clock -cpu qemu64,+svm,+npt \
		-m "$memory_mib" -display none -monitor none -serial "file:$share/console" -no-reboot -nic none \
		-kernel "$image/$xen" \
		-append "console=com1 com1=115200 dom0_mem=1536M dom0_max_vcpus=$cpus loglvl=warning guest_loglvl=warning spec-ctrl=no xpti=no" \
		-initrd "$image/vmlinux console=hvc0 init=$init mitigations=off loglevel=4 net.ifnames=0,$image/initrd" \
		-drive "file=$image/root.ext4,if=virtio,format=raw,snapshot=on" \
		-drive "file=$share/scratch,if=virtio,format=raw,discard=unmap" \
		-virtfs "local,path=$share,mount_tag=lab,security_model=none" \
		>"$share/qemu.log" 2>&1 </dev/null &
	qemu=$!
}

stop_machine() {
	[ -n "$qemu" ] || return 0
	kill "$qemu" 2>/dev/null || true
	sleep 1
	kill -9 "$qemu" 2>/dev/null || true
	wait "$qemu" 2>/dev/null || true
	qemu=
}
