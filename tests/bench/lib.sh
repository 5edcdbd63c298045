# SPDX-License-Identifier: GPL-2.0-or-later
# What both parts of `make bench` share: RUNS runs of SECONDS_EACH seconds, records in $records, published bars.
# Sourced with the arguments of the program, which takes none.
[ $# = 0 ] || { echo "$(basename "$0") takes no arguments, not \`$1': RUNS=N SECONDS_EACH=N in the environment" >&2; exit 2; }
. "$(dirname "$0")/../integration/lib.sh"
runs=${RUNS:-3}
seconds=${SECONDS_EACH:-3}
out=$root/build/bench
mkdir -p "$out"
records=$T/records
: >"$records"
missed=0

# record JOB SYSTEM METRIC UNIT VALUE...: median, and the spread as (max - min) / median
record() {
	local job=$1 system=$2 metric=$3 unit=$4

	shift 4
	printf '%s\n' "$@" | sort -g | awk -v job="$job" -v system_="$system" -v metric="$metric" -v unit="$unit" '
		{ v[NR] = $1 }
		END {
			m = v[int((NR + 1) / 2)]
			printf "{\"ground\": \"native\", \"job\": \"%s\", \"system\": \"%s\", \"metric\": \"%s\", ", job, system_, metric
			printf "\"value\": %.6g, \"unit\": \"%s\", \"runs\": %d, \"spread\": %.4g}\n", m, unit, NR, m ? (v[NR] - v[1]) / m : 0
		}' >>"$records"
}

value() {
	jq -s -r --arg j "$1" --arg s "$2" --arg m "$3" \
		'map(select(.job == $j and .system == $s and .metric == $m)) | .[0].value // empty' "$records"
}

# bar TEXT VALUE AT-LEAST|AT-MOST LIMIT
bar() {
	local ok
	ok=$(awk -v v="$2" -v l="$4" -v how="$3" 'BEGIN { print (how == "at-least" ? v >= l : v <= l) ? "met" : "MISSED" }')
	printf '%-62s %10s  %s %-8s %s\n' "$1" "$2" "$3" "$4" "$ok"
	[ "$ok" = met ] || missed=$((missed + 1))
}

# ratio JOB LIMIT-SYSTEM METRIC: ours to the limit
ratio() {
	awk -v a="$(value "$1" ours "$3")" -v b="$(value "$1" "$2" "$3")" 'BEGIN { printf "%.3f", b ? a / b : 0 }'
}

private_kib() {
	awk '/^Private/ { sum += $2 } END { print sum }' "/proc/$1/smaps_rollup"
}
