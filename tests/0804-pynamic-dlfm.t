#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0804-pynamic-dlfm: the variants under dlfm replay visit the same functions, and are rows of Table 1
# time-limit: 240
. "$(dirname "$0")/lib.sh"
. "$testdir/pynamic-lib.sh"
need_part dl
need_part fm
need_part tools
need_python_h
have_part launcher || skip_all "the launcher cannot be built here"
echo 'int main(void) { return 0; }' | "$CC" -xc -o "$scratch/tiny" -
run dlfm record -o "$scratch/true.dat" --scope=all -- "$scratch/tiny"
[ "$rc" = 0 ] || skip_all "dlfm record does not work here: $err"

mpi=none
! command -v mpicc mpirun >"$scratch/.out" || mpi=mpicc
generate "$scratch/small" --profile=small
build "$scratch/small" --with-mpicc=$mpi
tree=$scratch/small
run -t 200 pynamic run -q --timeout=60 --json="$scratch/result.json" --variants=vanilla,link,link+bind,dlfm "$tree"
result() {
	jq -r "$1" "$scratch/result.json"
}
is "$rc" 0 "three variants, and each under dlfm replay: all checks hold"
is "$(result '[.measurements[].variant] | join(" ")')" \
	"vanilla link link+bind vanilla+dlfm link+dlfm link+bind+dlfm" "... a row each"
is "$(result '[.measurements[].runs[].per_rank[].checksum] | unique | join(" ")')" "$(manifest "$tree" .checksum)" \
	"... with the predicted checksum"
like "$out" "link\+bind\+dlfm +1 " "... in Table 1"
is "$(result '[.measurements[] | .runs[].per_rank[].libraries | "\(.tree) \(.elsewhere)"] | join(",")')" \
	"11 0,11 0,11 0,0 11,0 11,0 11" "... under replay no library comes from the tree, else all do"
is "$(result '[.measurements[] | select(.dlfm) | .dlfm.bytes > 10000] | all')" true "... each with a cache recorded"

run dlfm record -o "$scratch/vanilla.dat" --scope=all -- pynamic run -q --with=python --variants=vanilla "$tree"
is "$rc" 0 "a cache recorded by hand"
run -t 100 pynamic run -q --with=python --variants=vanilla+dlfm --cache="$scratch/vanilla.dat" -n 2 --json="$scratch/result.json" "$tree"
is "$rc $(result '.measurements[0].dlfm.recorded')" "0 false" "... is replayed by two ranks of plain Python"
run -t 100 env DLFM_DISABLE=1 pynamic run -q --with=python --variants=vanilla+dlfm --cache="$scratch/vanilla.dat" "$tree"
like "$rc $err" "^1 .*not loaded from the cache" "a replay that does not take place is not taken for one"
run pynamic run -q --variants=dlfm --dlfm=no-such-dlfm "$tree"
like "$rc $err" "^125 .*no-such-dlfm" "a dlfm command that is missing is named"

done_testing
