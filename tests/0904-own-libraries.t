#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0904-own-libraries: DLFM's own programs do not search the user's LD_LIBRARY_PATH for their libraries
. "$(dirname "$0")/lib.sh"
need strace

dirs=
for i in 1 2 3 4 5; do
	mkdir "$scratch/lib$i"
	dirs=$dirs${dirs:+:}$scratch/lib$i
done
programs=()
have_part tools && programs+=("$top_builddir/cache-tools/dlfm")
have_part pmix && programs+=("$top_builddir/pmix-dist/dlfm-stage")
for program in "${programs[@]}"; do
	LD_LIBRARY_PATH=$dirs run strace -f -o "$scratch/trace" -e trace=%file "$program" --version
	is "$rc" 0 "${program##*/} --version" || diag "$err"
	is "$(grep -c "$scratch/lib" "$scratch/trace")" 0 "... asks nothing of the directories of LD_LIBRARY_PATH" ||
		diag "$(grep -m 5 "$scratch/lib" "$scratch/trace")"
done

done_testing
