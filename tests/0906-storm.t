#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0906-storm: the storm bench makes a report whose numbers are there, and leaves nothing behind, however it ends
# time-limit: 450
. "$(dirname "$0")/lib.sh"
. "$testdir/slurm-lib.sh"
need_cluster
need_part slowfs pynamic launcher
need_fuse
need jq

export DLFM_TEST_TMPDIR=$scratch/tmp
mkdir "$DLFM_TEST_TMPDIR"
out_dir=$scratch/report
storm=("$top_srcdir/bench/storm" --build="$top_builddir" --output="$out_dir" --size=smallest --applications=figure2
	--methods=vanilla,dlfm-cold,dlfm-staged,bcast,local)

# values FIGURE METHOD NODES: the median of a point
value() {
	jq -r --arg f "$1" --arg m "$2" --argjson n "$3" \
		'.series[] | select(.figure == $f and .method == $m and .nodes == $n) | .values | sort | .[length / 2 | floor]' \
		"$out_dir/results.json"
}

# Whatever storm has begun: its processes, its scratch directory, mounts.
remains() {
	find "$DLFM_TEST_TMPDIR" -mindepth 1 -maxdepth 1
	grep -F "$DLFM_TEST_TMPDIR" /proc/self/mountinfo
	processes
}

processes() {
	local p
	for p in /proc/[0-9]*; do
		[ "${p#/proc/}" != $$ ] && tr '\0' ' ' 2>/dev/null <"$p/cmdline" | grep -F "$DLFM_TEST_TMPDIR/dlfm-storm"
	done
}

no_processes() {
	[ -z "$(processes)" ]
}

run "${storm[@]}" nonsense
is "$rc" 2 "a part that does not exist is refused"
mkdir -p "$scratch/fake/cache-tools" && touch "$scratch/fake/cache-tools/dlfm"
run "$top_srcdir/bench/storm" --build="$scratch/fake" --output="$scratch/nothing" startup
like "$rc $out" "^0 .*startup is skipped: .* is not built" "what cannot be had is skipped, and why is said"
like "$(cat "$scratch/nothing/report.md")" "part|startup: .* is not built" "... in the report, too"

run -t 300 "${storm[@]}" requests
is "$rc" 0 "the start-up part runs" || diag "$out" "$err"
is "$(jq -c '[.schema, .skipped]' "$out_dir/results.json")" "[1,[]]" "... and leaves nothing out"
for m in vanilla dlfm-cold dlfm-staged bcast local; do
	ge "$(value startup $m 2)" 0.001 "... $m: seconds"
done
ge "$(value requests vanilla 2)" $(($(value requests vanilla 1) * 3 / 2)) "requests: vanilla's grow with the nodes"
le "$(value requests dlfm-cold 2)" $(($(value requests dlfm-cold 1) + 40)) "... those of DLFM do not"
le "$(value requests dlfm-staged 2)" 60 "... and staged it has next to none"
is "$(value requests local 2)" 0 "... and local disk has none"
ge "$(jq '.series[] | select(.figure == "requests" and .method == "vanilla" and .nodes == 2).kinds.lookup' "$out_dir/results.json")" \
	500 "... counted by kind"
like "$(cat "$out_dir/report.md")" "vanilla +\| [0-9.]+ \| [0-9.]+" "the report has the table"
like "$(cat "$out_dir/report.html")" "<td class=\"l\">vanilla</td><td>[0-9.]+</td>" "... also in HTML"
if /usr/bin/python3 -c "import matplotlib" 2>"$scratch/.err"; then
	is "$(cd "$out_dir" && ls startup.svg startup.png requests.svg)" "$(printf 'requests.svg\nstartup.png\nstartup.svg')" "... and plots"
else
	skip "no matplotlib" "plots"
fi
run -t 300 "${storm[@]}" staging
is "$rc" 0 "the staging part runs" || diag "$out" "$err"
is "$(jq -r '[.series[] | select(.figure == "staging" and .values[0] > 0) | .method] | sort - ["mpi"] | join(" ")' "$out_dir/results.json")" \
	"pmix sbcast tcp tcp-chain" "... by all transports"
is "$(jq -r '[.series[] | select(.figure == "timeline") | .events[] | select(.end >= .begin and .bytes > 0) | .stage] | unique | join(" ")' \
	"$out_dir/results.json")" "decompress receive write" "... a trace tells what a node does when"
ge "$(value startup vanilla 2)" 0.001 "... and what was measured before is kept"
is "$(remains)" "" "nothing is left"

# --- stopped in the middle of it

cluster_is_up() {
	processes | grep -q "__head"
}

has_begun() {
	! no_processes
}

# interrupt SIGNAL CONDITION
interrupt() {
	background "${storm[@]}" startup >"$scratch/.log" 2>&1
	wait_until 60 "$2" || fail "it comes so far: $2" "$(cat "$scratch/.log")"
	kill "-$1" "$child"
}

interrupt INT cluster_is_up
wait "$child"
is "$?" 130 "Ctrl-C: status 130"
is "$(remains)" "" "... nothing is left"
interrupt KILL has_begun
ok "SIGKILL: its processes end" wait_until 60 no_processes
is "$(grep -F "$DLFM_TEST_TMPDIR" /proc/self/mountinfo)" "" "... and no mount is left"
is "$(find /dev/shm -maxdepth 1 -name 'storm*')" "" "... nor anything in /dev/shm"
done_testing
