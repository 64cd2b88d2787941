#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0107-random-libraries: random graphs of libraries behave as without DLFM: results, load order, paths, symbol bindings
# time-limit: 240
#
# DLFM_GRAPHS="FIRST LAST" chooses the seeds; "make check-random" takes many.
. "$(dirname "$0")/dl-lib.sh"
[ -n "$PYTHON" ] || skip_all "no python3"
export show_code CC

# observe CMD...: what the program prints, and, from LD_DEBUG, in which order objects are initialised and to what symbols
# bind (not libc's own: dlopen and dlsym call other functions of ld.so when there is an auditor)
observe() {
	local line
	run "$@" "$sw/bin/prog"
	printf 'status %s\n%s\n%s\n' "$rc" "$out" "$err"
	run "$@" LD_DEBUG=files,bindings LD_DEBUG_OUTPUT="$scratch/debug" "$sw/bin/prog"
	sed -n -E 's/^ *[0-9]+:[[:space:]]*((calling (init|fini)|binding file).*)$/\1/p' "$scratch"/debug.* |
		grep -v -e dlfm-audit -e 'binding file [^ ]*/libc\.so'
	rm -f "$scratch"/debug.*
}

# compare WHAT PATH CMD...: the same observations with and without DLFM
compare() {
	local what=$1 path=$2
	shift 2
	observe env LD_LIBRARY_PATH="$path" >"$scratch/plain"
	observe env LD_LIBRARY_PATH="$path" "$@" >"$scratch/ours"
	checked=$((checked + 1))
	bindings=$((bindings + $(grep -c '^binding file' "$scratch/plain")))
	versions=$((versions + $(grep -c '^binding file.* \[V[12]\]' "$scratch/plain")))
	cmp -s "$scratch/plain" "$scratch/ours" && return 0
	wrong+=("seed $seed, $what, LD_LIBRARY_PATH=$path" "$(diff "$scratch/plain" "$scratch/ours" | head -20)")
}

read -r first last <<<"${DLFM_GRAPHS:-1 24}"
checked=0 used=0 bindings=0 versions=0
for ((seed = first; seed <= last; seed++)); do
	wrong=()
	rm -rf "$sw" "$scratch/other" "$journals"/*
	"$PYTHON" "$top_srcdir/tests/tools/library-graph.py" "$seed" "$sw" "$scratch/other" || bail_out "cannot make graph $seed"
	mapfile -t paths <"$sw/paths"
	# The first and the third are recorded; all are replayed, with and without the resolution tier.
	for i in 0 2; do
		compare record "${paths[i]}" DLFM_JOURNAL="$journals" LD_AUDIT="$auditor"
	done
	recorded=$(ls "$journals" | wc -l)
	seal
	for path in "${paths[@]}"; do
		compare replay "$path" DLFM_IMAGE="$image" DLFM_JOURNAL="$journals" LD_AUDIT="$image/lib/dlfm-audit.so"
	done
	export LD_BIND_NOW=1
	compare "replay, LD_BIND_NOW" "${paths[0]}" DLFM_IMAGE="$image" LD_AUDIT="$image/lib/dlfm-audit.so"
	unset LD_BIND_NOW
	used=$((used + $(records COUNT | awk -F'\t' '$2 == "open" { n += $3 } END { print n + 0 }')))
	[ "$recorded" -gt 0 ] && [ ${#wrong[@]} -eq 0 ]
	if [ $? -eq 0 ]; then pass "graph $seed"; else fail "graph $seed" "${wrong[@]}"; fi
done
ge "$checked" $((7 * (last - first + 1))) "all comparisons were made"
ge "$bindings" $((100 * (last - first + 1))) "symbol bindings were compared"
ge "$versions" $((last - first + 1)) "... of versioned symbols, too"
diag "seeds $first to $last: $checked comparisons, $bindings bindings, $versions of versioned symbols"
ge "$used" $((10 * (last - first + 1))) "the libraries came from the image"
done_testing
