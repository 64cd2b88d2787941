#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0500-stage-tree: the tree of the staging helper by itself (stub stager, no PMIx): every node gets every byte, once
# time-limit: 60
. "$(dirname "$0")/lib.sh"
need_part pmix
. "$top_srcdir/tests/stage/lib.sh"

make_cache c 16
make_cache tiny 0
for shape in "1 2" "2 1" "5 1" "7 2" "16 3" "16 15"; do
	read -r n k <<<"$shape"
	forget_images
	begin "$n" --fanout="$k" "$scratch/c"
	for ((r = n - 1; r >= 0; r--)); do rank $r; done
	finish
	is "$rc $(images)" "0 $n" "$n nodes, fan-out $k: all have the image"
	like "$err" "^dlfm: staged 16.0 MiB on $n node" "$n nodes, fan-out $k: rank 0 says so in one line"
	is "$(cat "$scratch"/rc/*)" "$(yes 0 | head -n "$n")" "$n nodes, fan-out $k: every rank ends with status 0"
	is "$(cat "$scratch"/out/*[0-9] | wc -l)" 1 "$n nodes, fan-out $k: the others say nothing"
done

forget_images
begin 3 "$scratch/tiny"
for r in 2 1 0; do rank $r; done
finish
is "$rc $(images)" "0 3" "a cache of one chunk"

begin 3 --quiet "$scratch/tiny"
for r in 0 1 2; do rank $r; done
finish
is "$rc $err" "0 " "--quiet: nothing is said when all is well"

# Ranks 0, 1 and 2 have it, 3 and 4 (below 1) have not: 1 forwards what it does not need itself.
forget_images
begin 5 "$scratch/c"
for r in 0 1 2 3 4; do rank $r; done
finish
rm -r "$scratch/img/3" "$scratch/img/4"
begin 5 "$scratch/c"
for r in 0 1 2 3 4; do rank $r; done
finish
is "$rc $(images)" "0 5" "nodes that have the image forward it to those below them"
like "$err" "3 had it already" "... and are counted"

# A node that has the image, with nothing below it that needs data, is sent none.
begin 5 "$scratch/c"
for r in 0 1 2 3 4; do rank $r; done
finish
like "$err" "5 had it already" "all have it"

# Options
run "$stage_bin/stub-stage-files" --nonsense "$scratch/c"
is "$rc" 125 "an unknown option is a failure"
like "$err" "unknown option '--nonsense'" "... and named"
run "$stage_bin/stub-stage-files" --fanout=0 "$scratch/c"
like "$rc $err" "125 dlfm: --fanout: '0' is not a number from 1 to 64" "a wrong value is refused"
run "$stage_bin/stub-stage-files"
like "$rc $err" "125 dlfm: no cache was named" "a cache must be named"
run "$stage_bin/stub-stage-files" --help
like "$rc $out" "0 usage: dlfm-stage" "--help"
run "$stage_bin/stub-stage-files" "$scratch/none"
like "$rc $err" "125 dlfm: not staged: .*/none: No such file" "a cache that is not there"

done_testing
