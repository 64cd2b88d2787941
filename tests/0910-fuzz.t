#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0910-fuzz: every reader of what others wrote, under libFuzzer with ASan and UBSan: real records, inputs that found something
# once, and a fixed number of changes of fixed inputs. "make fuzz" runs longer.
# time-limit: 700
. "$(dirname "$0")/lib.sh"
need_part dl fm tools
need make awk objcopy zstd
[ -n "$FUZZ_CC" ] || skip_all "no compiler with libFuzzer: clang and libclang-rt"
need_python json

runs=(option=8000 slurm=8000 files=8000 journal=4000 header=8000 cache=2000 stage=300 image=1500 preload=600 auditor=1000)
have_part pmix && runs+=(frames=8000)
export top_builddir
run -t 300 "$top_srcdir/tests/fuzz/run" --build "${runs[@]}"
is "$rc" 0 "the harnesses are built" || bail_out "$err"
read -ra harnesses <<<"$("$top_srcdir/tests/fuzz/run" --list)"
is "${harnesses[*]}" "$(sed 's/=[0-9]*//g' <<<"${runs[*]}")" "all of them are run here"
run -t 300 "$top_srcdir/tests/fuzz/run" --runs=1000 "${runs[@]}"
is "$rc" 0 "nothing is found" || diag "$out" "$err"
for h in "${harnesses[@]}"; do
	like "$out" "(^|
)$h: [0-9]+ inputs, [0-9]+ edges" "$h: $(sed -n "s/^$h: //p" <<<"$out")"
done
done_testing
