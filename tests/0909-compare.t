#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0909-compare: two results of the storm bench: what moved beyond the noise, and nothing else
# time-limit: 60
. "$(dirname "$0")/lib.sh"
compare=$top_srcdir/bench/compare

# results FILE POINT...: a results.json; a point is "name unit value..."; a unit of +s: higher is better
results() {
	"$PYTHON" - "$@" <<'E'
import json, sys
series = []
for text in sys.argv[2:]:
    name, unit, *values = text.split()
    point = {"figure": "requests" if unit == "requests" else "micro", "name": name, "values": [float(v) for v in values]}
    point["unit"] = unit.lstrip("+")
    if unit.startswith("+"):
        point["better"] = "higher"
    series.append(point)
json.dump({"schema": 1, "series": series}, open(sys.argv[1], "w"))
E
}

results "$scratch/old.json" "slower ms 10 10.1 9.9 10.2 10" "faster ms 10 10.1 9.9 10.2 10" "noisy ms 10 14 7 12 9" \
	"small ms 10 10.1 9.9 10.2 10" "speed +MB/s 100 101 99 100 102" "flat requests 84 84 84" "more requests 84 84 84" \
	"chance ms 10 10.5 11" "once ms 10" "gone ms 1 1 1 1"
results "$scratch/new.json" "slower ms 12 12.1 11.9 12.2 12" "faster ms 8 8.1 7.9 8.2 8" "noisy ms 13 9 15 11 14" \
	"small ms 10.2 10.1 10.3 10.2 10" "speed +MB/s 80 81 79 80 82" "flat requests 84 85 84" "more requests 90 90 90" \
	"chance ms 10.6 11 11.2" "once ms 100" "fresh ms 1 1 1 1"

run "$PYTHON" "$compare" "$scratch/old.json" "$scratch/new.json"
is "$rc" 1 "status 1: something got worse"
is "$(awk '/^(worse|better|new|gone) /{ print $1, $3 }' <<<"$out" | sort | tr '\n' ';')" \
	"better faster;gone gone;new fresh;worse more;worse slower;worse speed;" "what moved beyond the noise is named, with its direction"
like "$out" "worse +micro slower +10 -> 12 ms x 1.200  \(5 and 5 runs\)" "... with medians, ratio and the number of runs"
like "$out" "3 worse, 1 better, 4 same, 1 one run, 1 new, 1 gone" "... and all are counted"
run "$PYTHON" "$compare" --all "$scratch/old.json" "$scratch/new.json"
like "$out" "same +micro noisy" "--all names what did not"
run "$PYTHON" "$compare" --json "$scratch/old.json" "$scratch/new.json"
is "$("$PYTHON" -c 'import json, sys; print(sum(p["verdict"] == "worse" for p in json.load(sys.stdin)["points"]))' <<<"$out")" 3 "--json"
ok "the same results: status 0" "$PYTHON" "$compare" "$scratch/old.json" "$scratch/old.json"
run "$PYTHON" "$compare" "$scratch/new.json" "$scratch/old.json"
like "$out" "better +micro slower" "the other way round it is better"
for bad in '{"schema": 2, "series": []}' '[]' 'nonsense'; do
	echo "$bad" >"$scratch/bad.json"
	run "$PYTHON" "$compare" "$scratch/old.json" "$scratch/bad.json"
	is "$rc" 2 "not comparable: $bad"
	like "$err" "bad.json: not a results.json" "... by name"
done
done_testing
