#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0905-demo: the demonstration cleans up, whenever it is interrupted
# time-limit: 120
. "$(dirname "$0")/lib.sh"
need_part dl fm tools slowfs
need_fuse
need mpirun
need_python numpy scipy ase gpaw

run bash "$top_srcdir/bench/demo" --help
is "$rc" 0 "--help"
like "$out" "preset=" "... tells the options"
run bash "$top_srcdir/bench/demo" --what
is "$rc" 2 "an unknown option is refused"

mkdir "$scratch/place"
mounts() {
	grep -c "$scratch/place/.* fuse" /proc/self/mountinfo
}
is_mounted() {
	[ "$(mounts)" = 1 ]
}
DLFM_TEST_TMPDIR=$scratch/place background bash "$top_srcdir/bench/demo" --no-install --runs=1 \
	--build="$top_builddir" >"$scratch/demo.out" 2>&1
ok "it makes its software and mounts it" wait_until 80 is_mounted
kill -INT "$child"
ok "interrupted while a job runs, it ends soon" wait_until 20 test ! -d "/proc/$child"
is "$(mounts)" 0 "... without its mount"
is "$(ls "$scratch/place")" "" "... and without a file" || diag "$(cat "$scratch/demo.out")"
is "$(pgrep -f "$scratch/place" | wc -l)" 0 "... and without a process"

done_testing
