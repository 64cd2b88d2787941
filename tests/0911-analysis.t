#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0911-analysis: static analysis finds nothing: cppcheck in all of the product, gcc -fanalyzer and clang-tidy in the readers of what
# others wrote ("make analyze": in all). And it finds what is put in.
# time-limit: 400
. "$(dirname "$0")/lib.sh"
need_part tools
readers=(cache-tools/cache-{read,check}.c cache-tools/journal-read.c libdlfm/image-{read,lookup,resolve}.c pmix-dist/{frame,report}.c)

analyze() {
	run -t 300 "$top_srcdir/tests/analyze" "$@"
}

if command -v cppcheck >/dev/null; then
	analyze cppcheck
	is "$rc" 0 "cppcheck: ${out##*$'\n'}" || diag "$out"
else
	skip "no cppcheck" "cppcheck"
fi
if gcc --version 2>/dev/null | grep -q ' 12\.'; then
	analyze gcc -- "${readers[@]}"
	is "$rc" 0 "gcc -fanalyzer: ${out##*$'\n'}" || diag "$out"
else
	skip "another gcc than 12, of which each release finds other things" "gcc -fanalyzer"
fi
if clang-tidy --version 2>/dev/null | grep -q 'version 14'; then
	analyze tidy -- "${readers[@]}"
	is "$rc" 0 "clang-tidy: ${out##*$'\n'}" || diag "$out"
else
	skip "no clang-tidy 14" "clang-tidy"
fi

cat >"$scratch/fault.c" <<'END'
#include <stdlib.h>
int f(int n);
int f(int n)
{
	char *p = malloc(10);
	if (n > 3)
		return 1;
	free(p);
	return *p;
}
END
for tool in cppcheck gcc tidy; do
	command -v "${tool/tidy/clang-tidy}" >/dev/null || continue
	analyze $tool -- "$scratch/fault.c"
	is "$rc" 1 "$tool finds a fault that was put in"
done
sed -i 's|malloc(10);|malloc(10); // analyzer: a word|; s|return 1;|return 1; // analyzer: a word|; s|return \*p;|return *p; // analyzer: a word|' \
	"$scratch/fault.c"
analyze cppcheck -- "$scratch/fault.c"
like "$rc $out" "^0 .*0 findings, [1-9][0-9]* justified" "... unless it is justified in place"
done_testing
