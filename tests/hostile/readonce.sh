# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced after lib.sh by the tests of a program that sees each access to a ring's page: PROGRAM says which.
"$build/hostile/$PROGRAM" 2>/dev/null || fail "see above"
cd "$root"

# FILE WORDS SED: with that bug planted in that file the program has to complain in those words.
planted() {
	local file=$1 want=$2 objects=tests/hostile/$PROGRAM.o object

	sed "$3" "$file" >"$T/planted.c"
	! cmp -s "$file" "$T/planted.c" || fail "nothing is planted in $file"
	for object in $(sed -n 's,^/\* links: \(.*\) \*/,\1,p' "tests/hostile/$PROGRAM.c"); do
		[ "$object" = "${file%.c}.o" ] || objects="$objects $object"
	done
	# shellcheck disable=SC2046 # words
	${CC:-cc} -std=gnu11 -O2 -D_GNU_SOURCE -D__XEN_INTERFACE_VERSION__=0x00040e00 -I. -I"$build/gen" -pthread -w ${SANITIZE:-} \
		-rdynamic -o "$T/planted" "$T/planted.c" $(printf "${BUILD:-build}/%s " $objects) -laio -lcmocka || fail "does not build"
	if "$T/planted" >"$T/planted.log" 2>/dev/null; then
		fail "not found: $3"
	fi
	grep -q "$want" "$T/planted.log" || fail "found for another reason: $(cat "$T/planted.log")"
}

# A word looked at again; a byte; all of a slot copied twice.
planted ring/sring.c "read twice" 's/^\treturn ring->req_cons++;/\tif (*(volatile uint8_t *)slot_of(ring, ring->req_cons) == 0xee) return 0;\n&/'
planted ring/sring.c "a part of a word" 's/^\treturn ring->req_cons++;/\tif (((volatile uint8_t *)slot_of(ring, ring->req_cons))[1] == 0xee) return 0;\n&/'
planted ring/sring.c "read twice" \
	's/^\tsring_copy(copy, slot_of/\tsring_copy(copy, slot_of(ring, ring->req_cons), ring->slot_bytes);\n&/'
