# SPDX-License-Identifier: GPL-2.0-or-later
#
# The link lines below are the architecture: what a program may do is what it is linked with.
# A worker has the hypervisor and no xenstore; control has xenstore and no hypervisor.

VERSION     = 0.1
PREFIX     ?= /usr
BUILD      ?= build
export BUILD
CC         ?= gcc
# Debian 12's clang wants another option for -ftrivial-auto-var-init=zero, which says that it will go.
HARDEN      = -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fcf-protection -fPIE -fno-strict-overflow \
              $(if $(findstring clang,$(CC)),,-ftrivial-auto-var-init=zero)
CFLAGS     ?= -O2 -g
ALL_CFLAGS  = -std=gnu11 -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
              -Wpointer-arith -Wvla -Wno-unused-parameter -D_GNU_SOURCE -I. -I$(BUILD)/gen -pthread \
              -D__XEN_INTERFACE_VERSION__=0x00040e00 $(if $(SANITIZE),,$(HARDEN)) $(CFLAGS) $(SANITIZE)
ALL_LDFLAGS  = -pthread $(if $(SANITIZE),$(SANITIZE),-pie -Wl,-z,relro,-z,now) -Wl,--as-needed $(LDFLAGS)

objects = $(patsubst %.c,$(BUILD)/%.o,$(wildcard $(1)))

RING_O    := $(call objects,ring/*.c)
XENBUS_O  := $(call objects,xenbus/*.c)
BLKBACK_O := $(call objects,blkback/*.c blkback/engine/*.c)
NETBACK_O := $(call objects,netback/*.c)

PROGRAMS  := $(BUILD)/sbin/xenbackd $(BUILD)/sbin/xenbackctl $(BUILD)/libexec/blkback $(BUILD)/libexec/netback \
             $(BUILD)/libexec/opendisk

all: need-build $(PROGRAMS)

# --- the product ---------------------------------------------------------------------------------

$(BUILD)/libring.a: $(RING_O)
	$(AR) rcs $@ $?

# The calls a worker may make once it is sealed, collected from comments beside their callers.
$(BUILD)/gen/blkback_syscalls.h: ring/syscalls.sh $(wildcard ring/*.c blkback/*.c blkback/engine/*.c)
	@mkdir -p $(@D)
	ring/syscalls.sh $(wordlist 2,99,$^) >$@
$(BUILD)/blkback/seal.o: $(BUILD)/gen/blkback_syscalls.h

$(BUILD)/gen/netback_syscalls.h: ring/syscalls.sh $(wildcard ring/*.c netback/*.c)
	@mkdir -p $(@D)
	ring/syscalls.sh $(wordlist 2,99,$^) >$@
$(BUILD)/netback/seal.o: $(BUILD)/gen/netback_syscalls.h

# Workers: grants, event channels, kernel AIO. No xenstore.
$(BUILD)/libexec/blkback: $(BLKBACK_O) $(BUILD)/libring.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $(BLKBACK_O) $(BUILD)/libring.a -lxengnttab -lxenevtchn -laio -lseccomp -lcap-ng

# The network worker needs no AIO: its packets go through the descriptors of a tap.
$(BUILD)/libexec/netback: $(NETBACK_O) $(BUILD)/libring.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $(NETBACK_O) $(BUILD)/libring.a -lxengnttab -lxenevtchn -lseccomp -lcap-ng

# Control: xenstore, configuration, children. No grants, no event channels.
CONTROL_O := $(filter-out $(BUILD)/xenbus/xenbackctl.o $(BUILD)/xenbus/opendisk.o,$(XENBUS_O))
$(BUILD)/sbin/xenbackd: $(CONTROL_O) $(BUILD)/libring.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $(CONTROL_O) $(BUILD)/libring.a -lxenstore -linih
	ln -sf xenbackd $(@D)/blkback
	ln -sf xenbackd $(@D)/netback

# Opens a disk for control, which never waits for one: neither Xen library.
$(BUILD)/libexec/opendisk: $(BUILD)/xenbus/opendisk.o $(BUILD)/xenbus/disk.o $(BUILD)/libring.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^

# Where programs find each other, and which they are; made again only when one of both has changed.
$(BUILD)/gen/build.h: FORCE
	@mkdir -p $(@D)
	@printf '#define %s "%s"\n' PREFIX '$(PREFIX)' XENBACK_VERSION '$(VERSION)' >$@.new
	@cmp -s $@.new $@ || cp $@.new $@
FORCE:
.PHONY: FORCE install
$(BUILD)/xenbus/xenbackd.o $(BUILD)/xenbus/xenbackctl.o $(BUILD)/vlan/vlanbr.o: $(BUILD)/gen/build.h

# The operator's tool asks control and reads mapped figures; it needs neither Xen library.
$(BUILD)/sbin/xenbackctl: $(BUILD)/xenbus/xenbackctl.o $(BUILD)/xenbus/rundir.o $(BUILD)/xenbus/parse.o $(BUILD)/libring.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -ljansson

# --- installation: docs/install.md ---------------------------------------------------------------

INSTALL      := install -D
SYSCONFDIR   ?= /etc
to            = $(DESTDIR)$(PREFIX)/$(1)
to_etc        = $(DESTDIR)$(SYSCONFDIR)/$(1)

install: all
	$(INSTALL) -m 755 $(BUILD)/sbin/xenbackd $(call to,sbin/xenbackd)
	ln -sf xenbackd $(call to,sbin/blkback)
	ln -sf xenbackd $(call to,sbin/netback)
	$(INSTALL) -m 755 $(BUILD)/sbin/xenbackctl $(call to,sbin/xenbackctl)
	$(INSTALL) -m 755 $(BUILD)/libexec/blkback $(call to,libexec/xenback/blkback)
	$(INSTALL) -m 755 $(BUILD)/libexec/netback $(call to,libexec/xenback/netback)
	$(INSTALL) -m 755 $(BUILD)/libexec/opendisk $(call to,libexec/xenback/opendisk)
	for unit in xenbackd.service xenback@.service run-xenback.mount; do \
		sed 's,@PREFIX@,$(PREFIX),' xenbus/systemd/$$unit | \
			$(INSTALL) -m 644 /dev/stdin $(call to,lib/systemd/system/$$unit); done
	$(INSTALL) -m 644 xenbus/udev/xenback.rules $(call to,lib/udev/rules.d/70-xenback.rules)
	$(INSTALL) -m 644 xenbus/etc/sysctl.conf $(call to,lib/sysctl.d/50-xenback.conf)
	$(INSTALL) -m 644 xenbus/etc/modprobe.conf $(call to_etc,modprobe.d/xenback.conf)
	$(INSTALL) -m 755 xenbus/scripts/block-blkback $(call to_etc,xen/scripts/block-blkback)
	test -e $(call to_etc,xenback/xenback.conf) || \
		$(INSTALL) -m 644 xenbus/etc/xenback.conf $(call to_etc,xenback/xenback.conf)
	$(INSTALL) -m 644 xenbus/etc/modules-load.conf $(call to,lib/modules-load.d/50-xenback.conf)
	for page in xenbackd.8 xenbackctl.8; do \
		$(INSTALL) -m 644 xenbus/$$page $(call to,share/man/man8/$$page); done
	for page in README.md docs/*.md; do \
		$(INSTALL) -m 644 $$page $(call to,share/doc/xenback/$$(basename $$page)); done
	ln -sf xenbackd.8 $(call to,share/man/man8/blkback.8)
	ln -sf xenbackd.8 $(call to,share/man/man8/netback.8)
	$(INSTALL) -m 644 xenbus/xenback.conf.5 $(call to,share/man/man5/xenback.conf.5)

# Takes away what install has put there, but for settings; asks nobody what an older version had.
uninstall:
	rm -rf $(BUILD)/installed
	$(MAKE) -s install DESTDIR=$(BUILD)/installed
	find $(BUILD)/installed ! -type d ! -path '*$(SYSCONFDIR)/xenback/*' -printf '%P\n' | \
		while read -r file; do rm -f "$(DESTDIR)/$$file"; done
	-rmdir $(call to,libexec/xenback) $(call to,share/doc/xenback/examples) $(call to,share/doc/xenback)
.PHONY: uninstall

# --- bridge/ and vlan/ ---------------------------------------------------------------------------

BRIDGE_O := $(call objects,bridge/*.c)

# libnl's headers have a directory of their own.
$(BUILD)/bridge/%.o: ALL_CFLAGS += -I/usr/include/libnl3

$(BUILD)/libbridge.a: $(BRIDGE_O)
	$(AR) rcs $@ $?

# The administrator's tool: links and VLANs. It knows neither Xen library.
VLAN_O := $(call objects,vlan/*.c)

all: $(BUILD)/sbin/vlanbr

$(BUILD)/sbin/vlanbr: $(VLAN_O) $(BUILD)/libbridge.a
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lnl-route-3 -lnl-3

install: install-vlan
install-vlan: $(BUILD)/sbin/vlanbr
	$(INSTALL) -m 755 $(BUILD)/sbin/vlanbr $(call to,sbin/vlanbr)
	$(INSTALL) -m 644 vlan/vlanbr.8 $(call to,share/man/man8/vlanbr.8)
	$(INSTALL) -m 644 vlan/vlanbr.plan.5 $(call to,share/man/man5/vlanbr.plan.5)
	$(INSTALL) -m 755 xenbus/scripts/vif-netback $(call to_etc,xen/scripts/vif-netback)
	ln -sf vif-netback $(call to_etc,xen/scripts/vif-vlan)
	for file in vlanbr.plan vlanbr.service 10-xenback-vif.network 90-xenback-vif.conf; do \
		sed 's,@PREFIX@,$(PREFIX),' vlan/examples/$$file | \
			$(INSTALL) -m 644 /dev/stdin $(call to,share/doc/xenback/examples/$$file); done
.PHONY: install-vlan

# --- tests/sim -----------------------------------------------------------------------------------

# Drop-in for Debian's libraries: same names, same symbol versions, found by LD_LIBRARY_PATH.
SIM_TABLE_O := $(BUILD)/tests/sim/table.o
SIM_PROGRAMS := $(BUILD)/sim/libxengnttab.so.1 $(BUILD)/sim/libxenevtchn.so.1 \
                $(BUILD)/sim/xenstored-preload.so $(BUILD)/sim/simctl $(BUILD)/sim/relay \
                $(BUILD)/sim/storefault $(BUILD)/sim/notifier $(BUILD)/sim/simxl
$(BUILD)/tests/sim/%.o: ALL_CFLAGS += -fPIC -Wno-missing-prototypes
# Loaded into programs that are not ours, so never with a sanitizer's runtime.
$(BUILD)/tests/sim/% $(BUILD)/sim/% $(BUILD)/tests/guest/% $(BUILD)/tests/bench/%: override SANITIZE =

sim: need-build need-check $(SIM_PROGRAMS)

$(BUILD)/sim/libxengnttab.so.1: $(BUILD)/tests/sim/gnttab.o $(BUILD)/tests/sim/gntshr.o $(BUILD)/tests/sim/notify.o $(SIM_TABLE_O) tests/sim/gnttab.map
	@mkdir -p $(@D)
	$(CC) -shared -pthread $(SANITIZE) -Wl,-soname,libxengnttab.so.1 -Wl,--version-script=tests/sim/gnttab.map -o $@ $(filter %.o,$^)

$(BUILD)/sim/libxenevtchn.so.1: $(BUILD)/tests/sim/evtchn.o $(SIM_TABLE_O) tests/sim/evtchn.map
	@mkdir -p $(@D)
	$(CC) -shared -pthread $(SANITIZE) -Wl,-soname,libxenevtchn.so.1 -Wl,--version-script=tests/sim/evtchn.map -o $@ $(filter %.o,$^)

$(BUILD)/sim/xenstored-preload.so: $(BUILD)/tests/sim/xenstored.o $(SIM_TABLE_O)
	@mkdir -p $(@D)
	$(CC) -shared -pthread $(SANITIZE) -o $@ $^ -ldl

$(BUILD)/sim/simctl: $(BUILD)/tests/sim/simctl.o $(SIM_TABLE_O)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^

$(BUILD)/sim/relay: $(BUILD)/tests/sim/relay.o $(BUILD)/tests/sim/relay_client.o $(BUILD)/tests/sim/buffer.o $(SIM_TABLE_O)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lxenevtchn -lxengnttab -lxenstore

$(BUILD)/sim/storefault: $(BUILD)/tests/sim/storefault.o $(BUILD)/tests/sim/buffer.o $(SIM_TABLE_O)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^

$(BUILD)/sim/notifier: $(BUILD)/tests/sim/notifier.o $(BUILD)/tests/sim/notify.o $(SIM_TABLE_O)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^

$(BUILD)/sim/simxl: $(BUILD)/tests/sim/simxl.o
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lxenstore

# --- tests/guest and tests/bench -----------------------------------------------------------------

GUEST_BLK_O := $(addprefix $(BUILD)/tests/guest/,blkabi.o blkring.o pages.o blkqueue.o blksync.o guestbus.o frontend.o options.o)
GUEST_LIBS  := -lxenstore -lxengnttab -lxenevtchn
GUEST_PROGRAMS := $(BUILD)/tests/guest/nbdkit-blkfront-plugin.so $(BUILD)/tests/guest/blkone $(BUILD)/tests/bench/blkload $(BUILD)/tests/guest/netfront \
                  $(BUILD)/tests/guest/netone $(BUILD)/tests/bench/tapcopy

# What a guest runs: all three Xen libraries, nothing of the product.
guest: need-build need-check $(GUEST_PROGRAMS)

# Position-independent, because one of the programs is a shared object.
$(BUILD)/tests/guest/%.o: ALL_CFLAGS += -fPIC
# nbdkit's macro defines a function that nobody declares; gcc looks away, clang does not.
$(BUILD)/tests/guest/blkfront.o: ALL_CFLAGS += -Wno-missing-prototypes

$(BUILD)/tests/guest/nbdkit-blkfront-plugin.so: $(BUILD)/tests/guest/blkfront.o $(GUEST_BLK_O)
	$(CC) $(filter-out -pie,$(ALL_LDFLAGS)) -shared -o $@ $^ $(GUEST_LIBS)

$(BUILD)/tests/guest/blkone: $(BUILD)/tests/guest/blkone.o $(BUILD)/tests/guest/blkone_hand.o $(GUEST_BLK_O)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(GUEST_LIBS)

BLKLOAD_O := $(call objects,tests/bench/blkload*.c)
$(BUILD)/tests/bench/blkload: $(BLKLOAD_O) $(GUEST_BLK_O)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(GUEST_LIBS)

GUEST_NET_O := $(addprefix $(BUILD)/tests/guest/,netdev.o netqueue.o netctrl.o nethdr.o pages.o guestbus.o)
$(BUILD)/tests/guest/netfront $(BUILD)/tests/guest/netone: %: %.o $(GUEST_NET_O)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(GUEST_LIBS)

$(BUILD)/tests/bench/tapcopy: $(BUILD)/tests/bench/tapcopy.o
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^

.PHONY: guest

# --- tests/crash ---------------------------------------------------------------------------------

# Holds a worker or control by ptrace: the product carries no test code.
$(BUILD)/crash/probe: $(BUILD)/tests/crash/probe.o $(BUILD)/tests/crash/trace.o
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^

$(BUILD)/crash/stream: $(BUILD)/tests/crash/stream.o
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^

$(BUILD)/crash/hold: $(BUILD)/tests/crash/hold.o
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^

crash: need-build $(BUILD)/crash/probe $(BUILD)/crash/stream $(BUILD)/crash/hold
.PHONY: crash

# --- tests/hostile -------------------------------------------------------------------------------

# What a hostile guest runs; one program per protocol.
BLKHOSTILE_O := $(call objects,tests/hostile/blkhostile*.c)
$(BUILD)/tests/hostile/%: override SANITIZE =
$(BUILD)/tests/hostile/blkhostile: $(BLKHOSTILE_O) $(GUEST_BLK_O)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(GUEST_LIBS)
NETHOSTILE_O := $(call objects,tests/hostile/nethostile*.c)
$(BUILD)/tests/hostile/nethostile: $(NETHOSTILE_O) $(GUEST_NET_O)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(GUEST_LIBS)

HOSTILE_PROGRAMS := $(BUILD)/tests/hostile/blkhostile $(BUILD)/tests/hostile/nethostile

# The data paths in one process each, their symbols visible to themselves; they name what they link.
READONCE := $(BUILD)/hostile/readonce $(BUILD)/hostile/readonce_net
readonce_links = $(addprefix $(BUILD)/,$(shell sed -n 's,^/\* links: \(.*\) \*/,\1,p' tests/hostile/$(1).c))
.SECONDEXPANSION:
$(READONCE): $(BUILD)/hostile/%: $(BUILD)/tests/hostile/%.o $$(call readonce_links,$$*)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -rdynamic -o $@ $^ -laio -lcmocka
HOSTILE_PROGRAMS += $(READONCE)

# Tests are sentences; files with an ending are their tools.
HOSTILE := $(sort $(filter-out %.sh %.c %.h,$(wildcard tests/hostile/*)))
# With a sanitizer: those that are about memory.
HOSTILE := $(if $(SANITIZE),$(filter %/segments-stay-inside-their-page %/sectors-beyond-the-end-or-beyond-64-bits-are-an-error \
             %/an-indirect-request-is-a-read-or-a-write %/a-page-named-in-all-segments-is-its-guest-s-affair %/ids-are-opaque \
             %/cve-2007-5498-segment-counts-are-bounded-in-every-abi %/slots-that-change-while-they-are-used-are-read-once \
             %/xsa-155-fields-that-flip-while-they-are-read-do-no-harm %/xsa-216-an-answer-carries-no-byte-of-ours \
             %/xsa-350-states-that-change-with-requests-in-flight-are-survived %/xsa-39-malformed-chains-leak-nothing \
             %/a-frontend-whose-keys-are-wrong-is-refused-and-named %/a-lie-about-a-ring-ends-that-connection-only \
             %/xsa-361-one-bad-grant-at-any-place-fails-its-request-alone,$(HOSTILE)),$(HOSTILE))
hostile-build: need-build need-check $(HOSTILE_PROGRAMS)
hostile: all sim guest hostile-build
	@TEST_TIMEOUT=60 tests/run hostile $(HOSTILE); status=$$?; \
		[ $(BUILD) != build ] || tests/hostile/record.sh; exit $$status
.PHONY: hostile hostile-build

# --- tests/beliefs -------------------------------------------------------------------------------

# One program per fact about Xen; they run on a real one too, so they know nothing of the simulation.
BELIEF_O := $(BUILD)/tests/beliefs/belief.o $(BUILD)/tests/beliefs/belief_parts.o
BELIEFS  := $(patsubst tests/beliefs/%.c,$(BUILD)/beliefs/%,$(filter-out %/belief.c %/belief_parts.c,$(wildcard tests/beliefs/*.c)))
$(BUILD)/tests/beliefs/% $(BUILD)/beliefs/%: SANITIZE =

$(BUILD)/beliefs/%: $(BUILD)/tests/beliefs/%.o $(BELIEF_O)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(GUEST_LIBS)

beliefs: sim $(BELIEFS)
	tests/beliefs/run

.PHONY: beliefs

# --- tests ---------------------------------------------------------------------------------------

UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNITS    := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT_SRC))

# A unit test names what it links in its second line, `/* links: ring/sring.o */`, and libraries
# in its third, `/* libs: -lxengnttab */`.
unit_links = $(addprefix $(BUILD)/,$(shell sed -n 's,^/\* links: \(.*\) \*/,\1,p' tests/unit/$(1).c))
unit_libs  = $(shell sed -n 's,^/\* libs: \(.*\) \*/,\1,p' tests/unit/$(1).c)

.SECONDEXPANSION:
$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $$(call unit_links,$$*)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(call unit_libs,$*) -lcmocka

unit: need-check $(UNITS)
	@tests/run unit $(UNITS)

# Tests through the front door are programs named as sentences; files with an ending are their tools.
INTEGRATION := $(sort $(filter-out %.sh,$(wildcard tests/integration/*)))
# Where a program is killed or held from outside, a sanitizer finds nothing that other tests do not show it.
INTEGRATION := $(filter-out $(if $(SANITIZE),%-killed-at-any-store-is-succeeded %-killed-at-any-step-is-succeeded \
                 %/a-sealed-worker-that-opens-a-file-or-a-socket-is-killed),$(INTEGRATION))

tests-build: sim guest crash hostile-build $(UNITS)

integration: all sim guest crash
	@tests/run integration $(INTEGRATION)

# One part after the other also under -j, as they measure times, and each whatever became of those before it.
check: results-clear all tests-build
	status=0; $(MAKE) -k -j1 check-rooms check-docs check-security sizes unit beliefs integration || status=$$?; \
		tests/summary && exit $$status

results-clear:
	rm -f $(BUILD)/results

demo: all sim guest
	tests/demo

soak: all sim guest crash hostile-build
	tests/soak
	SCALE=full TEST_TIMEOUT=14400 tests/run hostile-soak $(HOSTILE)
	COUNT=1000 TEST_TIMEOUT=1800 tests/run reliability $(RELIABILITY)

# Kills under verified load, COUNT of each (52), into build/bench/reliability.json.
RELIABILITY := $(filter-out %.sh,$(wildcard tests/reliability/*))
reliability: all sim guest crash
	tests/run reliability $(RELIABILITY)
.PHONY: reliability

bench: all sim guest
	tests/bench/run
	tests/bench/net

mutants: need-check
	tests/mutants/run

# The product with AddressSanitizer and UBSan, under the same tests. Programs have to free what they
# took; unit tests leave their queues behind, as a worker does that is killed.
ASAN := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
asan:
	BUILD=build/asan ASAN_OPTIONS=detect_leaks=0 $(MAKE) -j2 BUILD=build/asan SANITIZE="$(ASAN)" \
		results-clear all tests-build
	BUILD=build/asan ASAN_OPTIONS=detect_leaks=0 $(MAKE) BUILD=build/asan SANITIZE="$(ASAN)" unit
	BUILD=build/asan ASAN_OPTIONS=detect_leaks=1 $(MAKE) BUILD=build/asan SANITIZE="$(ASAN)" \
		integration hostile

# The same with ThreadSanitizer, for what has several threads. Its runtime makes system calls that the
# sandbox forbids, so these runs leave the sandbox open; nothing else does.
TSAN := -fsanitize=thread -fno-omit-frame-pointer -Wno-error=tsan
TSAN_TESTS := queues-of-one-disk-work-side-by-side segments-arrive-byte-for-byte-in-both-directions \
              a-worker-killed-with-requests-in-flight-is-succeeded a-discarded-range-reads-as-zeroes
tsan:
	BUILD=build/tsan $(MAKE) -j2 BUILD=build/tsan SANITIZE="$(TSAN)" results-clear all sim guest build/tsan/sim/no-seal.so
	BUILD=build/tsan TSAN_OPTIONS=exitcode=0 LD_PRELOAD=$(CURDIR)/build/tsan/sim/no-seal.so \
		tests/run tsan $(addprefix tests/integration/,$(TSAN_TESTS))

$(BUILD)/sim/no-seal.so: $(BUILD)/tests/sim/no_seal.o
	$(CC) -shared -o $@ $^

# tests/fuzz: libFuzzer's targets, each with the product's files that it names, under sanitizers. `make fuzz-smoke`
# is what CI runs; `make fuzz DURATION=3600` gives each target that many seconds.
FUZZ      := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
FUZZ_MAKE  = $(MAKE) -s BUILD=build/fuzz CC=clang SANITIZE="-fsanitize=fuzzer-no-link,address,undefined \
             -fno-sanitize-recover=all -fprofile-instr-generate -fcoverage-mapping -Wno-unused-command-line-argument"
fuzz_links = $(addprefix $(BUILD)/,$(shell sed -n 's,^/\* links: \(.*\) \*/,\1,p' tests/fuzz/$(1).c))
fuzz_libs  = $(shell sed -n 's,^/\* libs: \(.*\) \*/,\1,p' tests/fuzz/$(1).c)

$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $$(call fuzz_links,$$*)
	@mkdir -p $(@D)
	$(CC) -pthread $(SANITIZE) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(call fuzz_libs,$*)

fuzz-build-%: need-check
	$(FUZZ_MAKE) build/fuzz/fuzz/$*

fuzz-smoke: $(addprefix fuzz-build-,$(FUZZ))
	tests/fuzz/run smoke

fuzz: $(addprefix fuzz-build-,$(FUZZ))
	tests/fuzz/run $(or $(DURATION),600)

.PHONY: fuzz fuzz-smoke

# tests/prove: arithmetic that must hold for every number a guest can write.
PROVE_O := $(addprefix $(BUILD)/,tests/prove/vectors.o blkback/blkif.o netback/hash.o netback/frame.o ring/sring.o ring/journal.o)

$(BUILD)/prove/vectors: $(PROVE_O)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^

# Programs that visit every state of something small name what they link in their second line.
PROVE := $(BUILD)/prove/recovery $(BUILD)/prove/lies
prove_links = $(addprefix $(BUILD)/,$(shell sed -n 's,^/\* links: \(.*\) \*/,\1,p' tests/prove/$(1).c))

$(PROVE): $(BUILD)/prove/%: $(BUILD)/tests/prove/%.o $$(call prove_links,$$*)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^

prove: need-check $(BUILD)/prove/vectors $(PROVE)
	tests/prove/run
.PHONY: prove

check-rooms:
	tests/check-rooms

check-docs:
	tests/check-docs

check-security:
	tests/check-security

sizes:
	tests/sizes

# --- the lab: a real Xen -------------------------------------------------------------------------

# docs/lab.md. BACKEND=kernel runs the same scenarios against the kernel's own backends.
lab: all lab-tools
	tests/lab/run

lab-quick: all
	tests/lab/run --quick

# What Dom0 and guests of the lab are given beside the programs themselves.
lab-tools: need-lab $(BELIEFS) $(BUILD)/lab/tools/kexec $(BUILD)/lab/tools/test_steer

$(BUILD)/lab/tools/kexec: tests/lab/kexec.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -static -o $@ $<

$(BUILD)/lab/tools/test_steer: $(BUILD)/unit/test_steer
	@mkdir -p $(@D)
	cp $< $$(ldd $< | grep -o '/.*libcmocka[^ ]*') $(@D)

bench-lab: all
	tests/lab/bench

# Counts the lab machine's instructions by function: PROFILE=1 make bench-lab.
$(BUILD)/lab/instructions.so: tests/lab/profile/instructions.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -fPIC -shared -o $@ $<

.PHONY: lab lab-quick lab-tools bench-lab

# --- housekeeping --------------------------------------------------------------------------------

need-%:
	@tests/need $*

$(BUILD)/%.o: %.c | need-build
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

-include $(shell find $(BUILD) -path $(BUILD)/lab -prune -o -type f -name '*.d' -print 2>/dev/null)

clean:
	rm -rf $(BUILD)

.PHONY: all check check-rooms check-docs check-security sizes unit integration tests-build results-clear demo soak bench mutants asan tsan clean
.DELETE_ON_ERROR:
.SECONDARY:
