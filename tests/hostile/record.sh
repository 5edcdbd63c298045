#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How many hostile cases the last `make hostile` has run, and how many we survived: into build/bench/reliability.json.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
scale=${SCALE:-ci}
. "$root/tests/reliability/records.sh"
read -r passed failed < <(awk '$1 == "hostile" { passed = $2; failed = $3 } END { print passed, failed }' "$root/build/results")
{
	one_record hostile cases_run $((passed + failed)) count 1
	one_record hostile cases_survived "$passed" count 1
} | records_write hostile
