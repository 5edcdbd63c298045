# SPDX-License-Identifier: GPL-2.0-or-later
# Records of reliability jobs in build/bench/reliability.json. Sourced after lib.sh; $scale: ci or full.
#
#   one_record JOB METRIC VALUE UNIT RUNS   a record, as text
#   records_write JOB                       the records on stdin take the place of those that JOB had on this ground
records=$root/build/bench/reliability.json

one_record() {
	jq -n --arg job "$1" --arg metric "$2" --argjson value "$3" --arg unit "$4" --argjson runs "$5" --arg scale "$scale" \
		'{ground: "native", job: $job, system: "ours", metric: $metric, value: $value, unit: $unit, runs: $runs, spread: 0, scale: $scale}'
}

records_write() {
	mkdir -p "$(dirname "$records")"
	(
		flock 9
		[ -s "$records" ] || echo '[]' >"$records"
		jq -s . >"$T/records"
		jq -s --arg job "$1" '(.[0] | map(select(.job != $job or .ground != "native"))) + .[1]' "$records" "$T/records" >"$T/all"
		cp "$T/all" "$records"
	) 9>"$records.lock"
}
