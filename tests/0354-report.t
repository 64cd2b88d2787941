#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0354-report: dlfm replay --report counts what came from memory and names what did not
. "$(dirname "$0")/stage-lib.sh"
need_part fm
need cat stat

mkdir -p "$sw" "$scratch/other"
for i in 1 2 3; do echo "$i" >"$sw/$i.py"; done
echo other >"$scratch/other/data"
ok "a cache" "$mkcache" "$cache" "$sw" "$sw/absent.py"

# value KEY...: a number of the JSON report in $scratch/report
value() {
	"$PYTHON" -c 'import json, sys
v = json.load(open(sys.argv[1]))
for k in sys.argv[2:]:
    v = v[int(k)] if k.isdigit() else v[k]
print(v)' "$scratch/report" "$@"
}

cat >"$scratch/run" <<END
for i in 1 2 3 4 5; do cat $scratch/other/data; done
cat $sw/1.py $sw/2.py $sw/absent.py
cat $scratch/other/none
echo changed >$sw/3.py
cat $sw/3.py
END
run dlfm replay -d "$shm" --report "$cache" -- sh "$scratch/run"
like "$out" "changed" "the command's output is its own"
like "$err" "dlfm: [0-9]+ processes, [0-9]+ lookups: [0-9]+ \([0-9.]+ %\) from memory, [0-9]+ to the file system" "the sums"
like "$err" "layer fm: [0-9]+ from memory \([0-9]+ found, [1-9][0-9]* absent.*; [1-9][0-9]* files opened\)" "the fm layer's"
like "$err" "[0-9]+ not in the cache, [1-9][0-9]* changed by the job" "why"
like "$err" " 5  $scratch/other/data"$'\n' "the most frequent"
like "$err" " 1  $scratch/other/none  \(absent\)" "what is absent says so"
unlike "$err" "$sw/1.py" "what was answered is not listed"
is "$(left "$shm")" "" "the journals go with the image"

run dlfm replay -d "$shm" --report-lines=1 "$cache" --report -- sh "$scratch/run"
like "$err" "and [0-9]+ more" "--report-lines"
is "$(printf '%s\n' "$err" | grep -c "^ *[0-9]*  /")" 1 "... one line"
run dlfm replay -d "$shm" --report-file "$scratch/report" "$cache" -- sh -c 'exit 9'
is "$rc" 9 "the exit status with a report"
unlike "$err" lookups "... in a file"
like "$(cat "$scratch/report")" "lookups" "... it is there"
run dlfm replay -d "$shm" --report-file /no/such/file "$cache" -- sh -c 'exit 9'
is "$rc" 9 "a report that cannot be written does not change the exit status"
like "$err" "/no/such/file: cannot be written" "... but is told"
if [ -n "$PYTHON" ]; then
	run dlfm replay -d "$shm" --json --report-lines=1000 --report-file "$scratch/report" "$cache" -- sh "$scratch/run"
	is "$(value schema)" dlfm.report/1 "JSON has a schema"
	is "$("$PYTHON" -c 'import json, sys
for m in json.load(open(sys.argv[1]))["misses"]:
    if m["path"] == sys.argv[2]:
        print(m["count"], m["absent"], m["layers"])' "$scratch/report" "$scratch/other/data")" \
		"5 False ['fm']" "... and the misses, with their counts"
	ge "$(value fm opened)" 2 "... and counters"
	is "$(value lost_journals)" 0 "nothing was lost"
	# two processes of one pid share a journal for each layer: the count is that of the processes
	run dlfm replay -d "$shm" --json --report-file "$scratch/report" "$cache" -- sh -c 'cat "$0" & cat "$0" & wait' "$sw/1.py"
	ge "$(value processes)" 3 "... of all processes"
else
	skip "no python3" "JSON"
fi

done_testing
