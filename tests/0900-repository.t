#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0900-repository: the rules that every file of the repository keeps
# time-limit: 120
. "$(dirname "$0")/lib.sh"

cd "$top_srcdir" || bail_out "no $top_srcdir"
# tests/run works on a copy of the sources and tells where the git tree is
git_dir=${DLFM_GIT_DIR:-$top_srcdir}
git -C "$git_dir" rev-parse HEAD >/dev/null 2>&1 || git_dir=

# All sources, generated files left out; from git where there is one.
sources() {
	if [ -n "$git_dir" ]; then
		git -C "$git_dir" ls-files
	else
		find . -type d \( -name build-aux -o -name autom4te.cache -o -name '_build' -o -name '_inst' -o -name .deps \) \
			-prune -o -type f -print | sed 's|^\./||' |
			grep -vE '(^|/)(Makefile(\.in)?|aclocal\.m4|configure|config\.(h|h\.in|log|status)|env\.sh|stamp-h1)$|~$|\.(o|a|so|log|trs)$'
	fi | while read -r f; do [ -f "$f" ] && echo "$f"; done
}
sources >"$scratch/all"
grep -E '\.(c|h)$' "$scratch/all" >"$scratch/c"
while read -r f; do
	case $(head -c 100 "$f" | head -n 1 | tr -d '\0') in
	'#!'*sh | '#!'*sh\ *) echo "$f" >>"$scratch/shell" ;;
	'#!'*python3*) echo "$f" >>"$scratch/python" ;;
	esac
done <"$scratch/all"
grep -E '\.sh$' "$scratch/all" >>"$scratch/shell"
grep -E '\.py$' "$scratch/all" >>"$scratch/python"

without_licence() {
	grep -vE '(^|/)(COPYING|\.gitignore|\.gitattributes|\.clang-format|packages)$|^debian/(changelog|copyright|source/format)$|\.(md|json|json\.in|map|lds)$' "$scratch/all" |
		tr '\n' '\0' | xargs -0 grep -L 'SPDX-License-Identifier: BSD-3-Clause'
}
is "$(without_licence)" "" "every source names its licence"
is "$(sort -u "$scratch/shell" | while read -r f; do bash -n "$f" 2>&1; done)" "" "every shell script parses"
is "$(sort -u "$scratch/python" | while read -r f; do
	"$PYTHON" -I -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$f" 2>&1 | tail -n 1
done)" "" "every Python file parses"
is "$(grep '\.json$' "$scratch/all" | while read -r f; do
	"$PYTHON" -I -m json.tool "$f" >/dev/null 2>&1 || echo "$f"
done)" "" "every JSON file parses"
is "$(tr '\n' '\0' <"$scratch/c" | xargs -0 wc -l | awk '$2 != "total" && $1 > 600 { print $2 " has " $1 " lines" }')" "" \
	"no C file is longer than 600 lines"

if clang-format --version 2>/dev/null | grep -q 'version 14'; then
	is "$(tr '\n' '\0' <"$scratch/c" | xargs -0 clang-format --dry-run 2>&1 | sed -n 's/: warning: .*//p' | cut -d: -f1 | sort -u)" "" \
		"C files are formatted as .clang-format says"
else
	skip "no clang-format 14" "C files are formatted as .clang-format says"
fi
if command -v mandoc >/dev/null; then
	is "$(grep -E '\.[1578]$' "$scratch/all" | while read -r f; do mandoc -T lint -W warning "$f"; done)" "" "man pages are in order"
else
	skip "no mandoc" "man pages are in order"
fi

generated() {
	grep -E '(^|/)(configure|aclocal\.m4|Makefile(\.in)?|config\.(h|log|status)|compile_commands\.json)$|\.(o|a|so|trs|log|pyc)$' \
		"$scratch/all"
	while read -r f; do
		case $(head -c 4 "$f" | tr -d '\0') in
		$'\x7fELF') echo "$f is a built program" ;;
		esac
		[ "$(stat -c %s "$f")" -lt 500000 ] || echo "$f is large"
	done <"$scratch/all"
}
if [ -n "$git_dir" ]; then
	is "$(generated)" "" "nothing generated is in git"
else
	skip "no git tree" "nothing generated is in git"
fi

# tests and their lists
is "$(for t in tests/*.t; do grep -qF "$t \\" tests/Makemodule.am || echo "$t"; done)" "" "every test stands in tests/Makemodule.am"
is "$(for t in tests/unit/*.c; do
	grep -q "${t%.c} \\\\$\|$t" tests/Makemodule.am || echo "$t"
done)" "" "... every unit test, too"
is "$(grep -LE '^(done_testing|plan )' tests/*.t)" "" "every test says how many points it has"
is "$(sed -n 's/^ *\$ \(\(tests\|bench\)[^ ]*\).*/\1/p' README.md | while read -r f; do [ -x "$f" ] || echo "$f"; done)" "" \
	"the commands that README.md names are there"

done_testing
