#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0211-at-once: several processes that work on recorded files at the same time get what they would get without DLFM
# DLFM_DIFFERENTIAL_ROUNDS (40) and DLFM_DIFFERENTIAL_SEED (1) make it longer and other; "make check-random" does.
# time-limit: 400
. "$(dirname "$0")/fm-lib.sh"
[ -n "$PYTHON" ] || skip_all "no python3"

# --- random calls, each process on a tree of its own and on one that nobody changes, all in one image ---------------
rounds=${DLFM_DIFFERENTIAL_ROUNDS:-40}
seed=${DLFM_DIFFERENTIAL_SEED:-1}
mkdir "$scratch/differential"
run -t $((rounds * 3 + 200)) "$PYTHON" "$top_srcdir/tests/tools/differential.py" "$scratch/differential" "$worker" "$mkimage" \
	"$libdlfm" "$node_memory/differential" --rounds "$rounds" --calls 80 --seed "$seed" --workers 8 --at-once
is "$rc" 0 "eight at once, seed $seed, $rounds rounds: no difference"
[ "$rc" = 0 ] || diag "$out" "$err"

# --- one process changes recorded files, others look at them: never an older state than the one that was told -----------
seen=$top_srcdir/tests/tools/changes-seen.py
"$PYTHON" "$seen" --make "$sw" 150
seal
run "$PYTHON" "$seen" "$sw" 150 3
is "$rc:${out##*, }" "0:wrong 0" "without DLFM the observers are content"
rm -rf "$sw"
"$PYTHON" "$seen" --make "$sw" 150
seal
replay_noted "$PYTHON" "$seen" "$sw" 150 3
is "$rc:${out##*, }" "0:wrong 0" "what a process changes, the others see at once"
[ "$rc" = 0 ] || diag "$out" "$err"
ge "$(counted hit)" 150 "... and were answered from the image before"
ge "$(marks)" 150 "... until the changes were marked"
done_testing
