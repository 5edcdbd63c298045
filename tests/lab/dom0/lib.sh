# SPDX-License-Identifier: GPL-2.0-or-later
# What a scenario is written with. Read by dom0/scenario; every function fails with a sentence.
#
#	guest_create NAME KIND [LINE...]  a guest from xl configuration lines; KIND: pv pvh hvm i386 tools
#	shared_guest                      a PV guest called `shared`, running, with no disk and no vif
#	guest NAME COMMAND                runs one command line in the guest: its output, its exit status
#	guest_start NAME COMMAND          the same in the background; guest_wait NAME [SECONDS] for its end
#	kill_worker KIND GUEST DEVID      kill -9, and wait for the successor; KIND: vbd vif
#	fio_start, fio_end                verified writes in the guest's /mnt, and their longest wait
#	guest_is_calm NAME                its kernel has not complained since `dmesg -c`
#	guest_address GUEST DEVICE ADDRESS
#	tcp_both_ways GUEST ADDRESS MIB   known bytes from the guest to Dom0's address, and back
#	image_file PATH MIB, use_bridge NAME ADDRESS, use_lvm, use_fc   places to put disks and vifs on
#	wait_for SECONDS COMMAND...       until it succeeds
#	refuses TEXT COMMAND...           the command must fail and say TEXT
#	not COMMAND...                    the command must fail
#	one_fault_said REGEX              our log has one warning or error since the scenario began, and it is that
#	first_life, machine_dies          cuts the machine's power; the scenario starts again at the next boot,
#	                                  which has the same scratch disk, and where first_life is false
#	figure JOB METRIC VALUE UNIT      a measurement for build/bench/reliability.json
#	at_end COMMAND...                 run when the scenario is over, however it ended
. /lab/in/guest/functions
work=/run/lab/work
images=/usr/lib/xenback-lab
console_logs=/var/log/xen/console
our_log=/var/log/xenback/xenbackd.log
slow=${slow:-1} # how many times longer than on a free host everything may take
serial=0

die() { echo "lab: $*"; return 1; }

wait_for() {
	local limit=$((SECONDS + $1 * slow))
	shift
	until "$@"; do
		[ $SECONDS -lt $limit ] || { die "waited in vain for: $*"; return 1; }
		sleep 0.2
	done
}

not() { ! "$@"; } # a bare `! command` never stops a scenario

refuses() {
	local text=$1 said
	shift
	if said=$("$@" 2>&1); then
		die "should have been refused: $*"
	elif [[ $said != *"$text"* ]]; then
		echo "$said"
		die "refused without saying '$text': $*"
	fi
}

at_end() { printf '%q ' "$@" >>$work/at_end; echo >>$work/at_end; }

name_of_this() { basename "$file"; } # dom0/scenario knows the file

first_life() { [ ! -f "/lab/out/$(name_of_this)/died" ]; }

machine_dies() {
	first_life || { die 'a machine dies once in a scenario'; return 1; }
	touch "/lab/out/$(name_of_this)/died"
	echo "dies $(name_of_this)" >>/lab/out/events
	sleep 600
}

figure() { echo "$*" >>"/lab/out/$(name_of_this)/figures"; }

# --- guests --------------------------------------------------------------------------------------

# guest_kind KIND: kernel, initramfs and memory; prints configuration lines.
guest_kind() {
	local kernel=$images/vmlinux-amd64 ramdisk=guest-amd64 type=pv memory=128 more=
	case $1 in
	pv) ;;
	pvh) type=pvh ;;
	i386) type=pvh memory=192 kernel=$images/vmlinux-i386 ramdisk=guest-i386 ;;
	hvm) # the firmware wants a packed kernel
		type=hvm memory=256 kernel=$(ls /boot/vmlinuz-*-amd64)
		more=$'vnc = 0\nnographic = 1\nserial = "pty"'
		;;
	tools) ramdisk=guest-tools memory=512 ;;
	*) die "no kind of guest: $1" ;;
	esac
	cat <<-EOF
		kernel = "$kernel"
		ramdisk = "/srv/lab/$ramdisk"
		type = "$type"
		memory = $memory
		vcpus = 1
		extra = "console=hvc0 loglevel=4 mitigations=off"
		$more
	EOF
}

# guest_config NAME KIND [LINE...]: writes the configuration, prints its path. A LINE wins over a default.
guest_config() {
	local file=$work/$1.cfg line key
	echo "name = \"$1\"" >"$file"
	guest_kind "$2" | while IFS= read -r line; do
		key=${line%% *}
		printf '%s\n' "${@:3}" | grep -q "^$key *=" || echo "$line"
	done >>"$file"
	printf '%s\n' "${@:3}" >>"$file"
	echo "$file"
}

guest_create() {
	local config limit=90
	[ "$2" != hvm ] || limit=150
	config=$(guest_config "$@")
	rm -f "$console_logs/guest-$1.log"
	xl create -q "$config"
	guest_ready "$1" $limit
}

console() { tr -d '\r' <"$console_logs/guest-$1.log"; }

# console_says NAME SECONDS TEXT: a line that begins like that has come, or comes in that time.
console_says() {
	local log=$console_logs/guest-$1.log
	timeout $(($2 * slow)) bash -c 'until [ -f "$1" ]; do sleep 0.2; done; tail -c +1 -f "$1" | grep -q -m 1 "^$2"' - "$log" "$3"
}

# guest_ready NAME [SECONDS]: its agent has spoken.
guest_ready() {
	local limit=$((SECONDS + ${2:-90} * slow))
	until console_says "$1" 5 '~ready'; do
		if guest_gone "$1" || [ $SECONDS -ge $limit ]; then
			console "$1" | tail -n 5
			die "guest $1 did not come up"
			return 1
		fi
	done
}

# know NAME: its number into ${domids[NAME]}; xl is asked only when the known one is not its any more.
declare -A domids
know() {
	local id=${domids[$1]:-none}
	[ "$(xenstore-read "/local/domain/$id/name" 2>/dev/null || true)" = "$1" ] || id=$(xl domid "$1")
	domids[$1]=$id
}

# guest_tells NAME COMMAND: says it and does not wait for an answer.
guest_tells() {
	know "$1"
	echo "${3:-0} $2" >"$(xenstore-read "/local/domain/${domids[$1]}/console/tty")"
}

# guest NAME COMMAND: GUEST_LIMIT seconds at most (60).
guest() {
	local name=$1 log=$console_logs/guest-$1.log id line before= status=none from tail_pid out
	[[ $2 != *$'\n'* ]] || { die "a guest command is one line: $2"; return 1; }
	serial=$((serial + 1))
	id=$$.$BASHPID.$serial
	from=$(($(stat -c %s "$log") + 1))
	exec {out}< <(exec tail -c "+$from" -f "$log")
	tail_pid=$!
	guest_tells "$name" "$2" "$id"
	while IFS= read -r -t $((${GUEST_LIMIT:-60} * slow)) -u "$out" line; do
		line=${line%$'\r'}
		case $line in
		"~$id begin") ;;
		"~$id "*) status=${line#"~$id "}; break ;;
		*) printf %s "$before"; before=$line$'\n' ;; # the last line is the agent's own, and empty
		esac
	done
	kill $tail_pid
	exec {out}<&-
	[ "$status" != none ] || { die "guest $name gave no answer in $((${GUEST_LIMIT:-60} * slow)) s to: $2"; return 1; }
	return "$status"
}

guest_start() { guest "$1" "rm -f /tmp/status; { ($2) >/tmp/output 2>&1; echo \$? >/tmp/status; } &"; }

guest_wait() {
	wait_for "${2:-120}" guest_done "$1"
	guest "$1" 'cat /tmp/output; exit $(cat /tmp/status)'
}

guest_done() { guest "$1" '[ -f /tmp/status ]' >/dev/null; }

shared_guest() {
	guest_gone shared || return 0
	guest_create shared pv
	held >"$(held_file)"
}

# attach GUEST SPEC..., detach GUEST VDEV: as xl does it, with words on failure.
attach() { xl block-attach "$@" || die "xl block-attach $* failed"; }
detach() { xl block-detach "$@" || die "xl block-detach $* failed"; }

# guest_writes NAME DISK SEED MIB: known bytes, on the medium when the command returns. DISK: a number
# as the guest sees it (xvda 51712, xvdb 51728, hda1 769, sda1 2049).
guest_writes() {
	guest "$1" "d=\$(disk $2) && pattern $3 $4 | dd of=\$d bs=64k conv=fsync 2>/dev/null"
}

# guest_sees NAME DISK SEED MIB: the first MIB of its disk hold them, read from the disk itself.
guest_sees() {
	local want got
	want=$(pattern "$3" "$4" | sha256sum)
	got=$(guest "$1" "echo 3 >/proc/sys/vm/drop_caches; d=\$(disk $2) && dd if=\$d bs=1M count=$4 2>/dev/null | sha256sum")
	[[ $got == *"$want"* ]] || die "guest $1 does not see '$3' on disk $2"
}

# dom0_sees PATH SEED MIB: the same for Dom0's own view of the file or device.
dom0_sees() {
	local want got
	want=$(pattern "$2" "$3" | sha256sum)
	got=$(dd if="$1" bs=1M count="$3" iflag=direct 2>/dev/null | sha256sum)
	[ "$got" = "$want" ] || die "Dom0 does not see '$2' in $1"
}

# guest_halt NAME: as a guest ends by itself, its file systems clean.
guest_halt() {
	guest_tells "$1" 'sync; mount -o remount,ro /; poweroff -f'
	wait_for 30 guest_gone "$1"
}

guest_gone() { ! xl domid "$1" >/dev/null 2>&1; }

# --- what the backend shows ----------------------------------------------------------------------

backend_path() { echo "/local/domain/0/backend/${3:-vbd}/$(xl domid "$1")/$2"; }
backend_read() { xenstore-read "$(backend_path "$1" "$2" "${4:-vbd}")/$3"; }
backend_gone() { ! xenstore-exists "$1"; }

# one_fault_said REGEX: one line for the fault: not none, and not one for each I/O. (The kernel's backends are silent.)
one_fault_said() {
	local said
	[ "$BACKEND" = ours ] || return 0
	said=$(tail -n "+$((said_before + 1))" $our_log | grep '^<[0-4]>' || true)
	echo "$said"
	[ "$(wc -l <<<"$said")" = 1 ] && [[ $said =~ $1 ]] || die "our log does not say '$1' in one line"
}

# held: how many pages of the shared guest somebody holds, counted by the hypervisor, and how many ports
# of Dom0 lead to another domain. What it was with no device is kept in held_file.
held() {
	local id
	id=$(xl domid shared 2>/dev/null || echo none)
	xl dmesg -c >/dev/null
	xl debug-keys g
	xl dmesg | awk -v want="d$id " '
		/grant-table for remote/ { on = index($0, want) > 0 }
		on && /^\(XEN\) \[0x/ { n++ }
		END { printf "%d grants, ", n }'
	echo "$(/usr/lib/xen-4.17/bin/lsevtchn 0 | grep -c Interdomain) ports"
}

held_file() { echo /run/lab/held.$(xl domid shared 2>/dev/null || echo none); }

# --- workers, and what a guest notices of their deaths --------------------------------------------

# worker_of KIND GUEST DEVID: the process that serves the device.
worker_of() { cut -d' ' -f1 "/run/xenback/$1-$(xl domid "$2")-$3/pid"; }

another_worker() { # KIND GUEST DEVID PID
	local now
	now=$(worker_of "$1" "$2" "$3" 2>/dev/null || true)
	[ -n "$now" ] && [ "$now" != "$4" ]
}

# kill_process PID: by SIGKILL, and tidy does not take it for a death of its own.
kill_process() {
	echo "$1" >>/run/lab/killed
	kill -9 "$1"
}

# kill_worker KIND GUEST DEVID: by SIGKILL; returns when there is another.
kill_worker() {
	local pid
	pid=$(worker_of "$@")
	kill_process "$pid"
	wait_for 10 another_worker "$@" "$pid"
}

# fio_start GUEST: writes of 4 to 64 KiB in a file of /mnt, each read back and compared, again and again.
fio_start() {
	guest_start "$1" "until [ -f /tmp/enough ]; do fio --name=v --filename=/mnt/f --size=12m --rw=randwrite --bsrange=4k-64k --direct=1 --ioengine=libaio --iodepth=16 --verify=crc32c --verify_fatal=1 --do_verify=1 --output-format=terse || exit 1; done"
}

# fio_end GUEST JOB COUNT: its end without an error; the longest operation becomes a figure.
fio_end() {
	local said
	guest "$1" 'touch /tmp/enough'
	said=$(guest_wait "$1" 150) || { echo "$said"; die "fio saw an error"; return 1; }
	figure "$2" kills "$3" 1
	figure "$2" stall_max_ms "$(awk -F ';' '/^3;fio/ { if ($15 > most) most = $15; if ($56 > most) most = $56 }
		END { if (!most) exit 1; print most / 1000 }' <<<"$said")" ms
}

# guest_is_calm NAME: its kernel has said nothing since `dmesg -c` but of an emulated machine's clock.
guest_is_calm() {
	local said
	said=$(guest "$1" 'dmesg | grep -vE "random: crng|clocksource|hrtimer: |blkfront: xvdb: |xvdb: detected"; true')
	[ -z "$said" ] || { echo "$said"; die "the kernel of $1 had something to say"; }
}

# longest_silence FILE: milliseconds between two answers in what `ping -D` said.
longest_silence() {
	awk '/bytes from/ { t = substr($1, 2) + 0; if (last && t - last > most) most = t - last; last = t }
		END { if (!last) exit 1; printf "%d\n", most * 1000 }' "$1"
}

# --- networks ------------------------------------------------------------------------------------

# use_bridge NAME ADDRESS: a bridge without forward delay, gone when the scenario is over.
use_bridge() {
	modprobe bridge
	ip link add "$1" type bridge forward_delay 0
	at_end ip link del "$1"
	ip addr add "$2/24" dev "$1"
	ip link set "$1" up
}

# receive PORT FILE: what one connection brings. (Busybox' nc hangs up where its own input ends, so that
# has to stay open.)
receive() {
	[ -p $work/open ] || mkfifo $work/open
	exec busybox nc -l -p "$1" <>$work/open >"$2"
}

# tcp_both_ways GUEST ADDRESS MIB: each end compares what it has received. In small pieces, of which an
# emulated PVH guest sends about a hundred a second.
tcp_both_ways() {
	local receiver
	receive 5000 $work/received &
	receiver=$!
	guest "$1" "pattern up $3 | nc $2 5000"
	wait $receiver
	pattern up "$3" | cmp - $work/received
	pattern down "$3" | busybox nc -l -p 5001 &
	guest "$1" "mkfifo /tmp/open; nc $2 5001 <>/tmp/open >/tmp/down; pattern down $3 | cmp - /tmp/down"
}

# guest_address GUEST DEVICE ADDRESS
guest_address() { guest "$1" "wait_link $2 && ip link set $2 up && ip addr add $3/24 dev $2 && ip link set lo up"; }

# --- places for disks ----------------------------------------------------------------------------

# image_file PATH MIB: a sparse file, gone when the scenario is over.
image_file() {
	mkdir -p "$(dirname "$1")"
	at_end rm -f "$1"
	rm -f "$1"
	truncate -s "$2M" "$1"
}

# guest_root DEVICE-OR-FILE [KIND]: an ext4 root file system, no partition table, with the tree of that
# kind of guest and its agent. The guest finds it with `extra="... lab.root=VDEV"`.
guest_root() {
	local tree=$work/root.$$
	mkdir -p "$tree"
	zcat "$images/guest-${2:-amd64}.cpio.gz" | (cd "$tree" && cpio --quiet -idm)
	rm -rf "$tree/modules"
	cp -r /lab/in/guest/. "$tree/"
	mke2fs -q -F -t ext4 -d "$tree" "$1"
	rm -rf "$tree"
}

# use_lvm: the volume group xenvg of the grid site, on the second partition of the scratch disk.
use_lvm() {
	vgs xenvg >/dev/null 2>&1 || { pvcreate -q -y /dev/vdb2 && vgcreate -q xenvg /dev/vdb2; } >/dev/null
}

# volume NAME MIB: /dev/xenvg/NAME, gone when the scenario is over.
volume() {
	lvcreate -q -y -Wy -Zy -n "$1" -L "$2M" xenvg >/dev/null
	at_end lvremove -q -y "xenvg/$1"
}

# use_fc: a FibreChannel LUN with fifteen partitions of 96 MiB, /dev/fc/fc-p1d1p1 to p15.
use_fc() { [ -b /dev/fc/fc-p1d1p13 ] || bash /lab/in/dom0/fc; }
