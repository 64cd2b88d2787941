#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0907-documents: links between documents lead somewhere, man pages are in order, and the commands in the documents, run as an
# ordinary user, print what stands below them (0680 runs those for a cluster)
# time-limit: 240
. "$(dirname "$0")/lib.sh"
own_shm
need_part dl fm tools
need setpriv strace
[ -n "$PYTHON" ] || skip_all "no python3"

cd "$top_srcdir" || bail_out "no $top_srcdir"
documents=(README.md NEWS.md doc/*.md bench/*.md)
for d in "${documents[@]}"; do [ -e "$d" ] && echo "$d"; done >"$scratch/documents"
mapfile -t documents <"$scratch/documents"
runner=("$PYTHON" -B "$top_srcdir/tests/tools/documents.py")

is "$("${runner[@]}" --links "${documents[@]}")" "" "every link between documents leads to a file and a heading"
is "$("${runner[@]}" --shown "${documents[@]}")" "" "commands that are only shown name programs, targets, subcommands and options that there are"
is "$(for d in doc/*.md; do grep -qF "]($d)" README.md || echo "$d"; done)" "" "README.md links every document"

messages=("${runner[@]}")
for d in cache-tools libdlfm pmix-dist spank-plugin pbs-hook; do messages+=("--messages=$d"); done
is "$("${messages[@]}" doc/troubleshooting.md)" "" "the messages in doc/troubleshooting.md are those of the programs"

# --- man pages ------------------------------------------------------------------------------------------------------

pages=$(find . -name '*.[1578]' -not -path './_*' | grep -E '^\./(doc|bench|contrib|tests)/' | sort)
is "$(for p in $pages; do grep -q "${p#./}\b" */Makemodule.am || echo "$p"; done)" "" "every man page is installed"
if command -v mandoc >/dev/null; then
	is "$(for p in $pages; do mandoc -T lint -W warning "$p"; done 2>&1)" "" "mandoc finds nothing in the man pages"
	is "$(for p in $pages; do # every page of ours that another one refers to is there
		sed -n 's/^\.Xr \(dlfm[^ ]*\|pynamic\) \([0-9]\).*/\1.\2/p' "$p"
	done | sort -u | while read -r name; do grep -q "/$name\$" <<<"$pages" || echo "$name"; done)" "" "... nor in their references"
else
	skip "no mandoc" "mandoc finds nothing in the man pages"
fi
# man's database and locale are not ours to complain about
if run man --version && [ "$rc" = 0 ]; then
	is "$(for p in $pages; do
		MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$p" 2>&1 >/dev/null | grep -v "can't set the locale" | sed "s|^|$p: |"
	done)" "" "nor does man --warnings"
else
	skip "no man" "nor does man --warnings"
fi

# Every option of dlfm(1) stands in its page.
is "$(for c in $(dlfm --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
	dlfm "$c" --help | grep -oE '^ +(-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+' | while read -r o; do
		grep -qE "Fl (Fl|-|\\\\-)?${o#--}\b" <(sed 's/\\-/-/g' doc/dlfm.1) || [ "$o" = --help ] || echo "$c $o"
	done
	grep -qE "^\.(It|Nm|Cm) .*\b$c\b" doc/dlfm.1 || echo "$c"
done)" "" "dlfm(1) has every subcommand and option"

# --- commands -------------------------------------------------------------------------------------------------------

install_dir=$scratch/dlfm
make -C "$top_builddir" -s MAKEFLAGS= install-exec DESTDIR="$scratch/dest" >"$scratch/install.log" 2>&1 ||
	bail_out "make install failed: $(tail -n 3 "$scratch/install.log")"
mv "$scratch/dest$DLFM_PREFIX" "$install_dir"
chmod -R go+rX "$install_dir"
mkdir "$scratch/home"
as=()
if [ "$(id -u)" = 0 ]; then
	chown 20009:20009 "$scratch/home"
	as=(setpriv --reuid=20009 --regid=20009 --clear-groups)
fi
local=("${as[@]}" env -i "HOME=$scratch/home" USER=me LC_ALL=C "PATH=$install_dir/bin:/usr/bin:/bin" \
	"DLFM_LIBDIR=$(dirname "$(find "$install_dir" -name libdlfm.so)")" TERM=dumb)
on_exit '"${local[@]}" dlfm clean -q --all'

# commands FILE: what stands in it, run in a directory of its own
commands() {
	rm -rf "$scratch/home/"* "$scratch/home/".[!.]*
	run -t 160 "${runner[@]}" --local="${local[*]}" --home="$scratch/home" "$1"
}

if "${local[@]}" python3 -c 'import numpy, scipy.linalg' 2>/dev/null; then
	for d in "${documents[@]}"; do
		if [ $d = doc/user-guide.md ] && ! { have_part pmix && command -v mpirun >/dev/null; }; then
			skip "no mpirun, or dlfm-stage is not built" "$d"
			continue
		fi
		commands "$d"
		if [ "$rc" = 0 ]; then
			pass "$d: its commands do what it says"
			diag "$out"
		else
			fail "$d: its commands do what it says" "$out" "$err"
		fi
	done
	# and the test would see it
	sed 's/dlfm info/dlfm inform/' README.md >"$scratch/wrong.md"
	commands "$scratch/wrong.md"
	is "$rc" 1 "a wrong command in a document is seen"
	sed '/^```console$/,/^```$/s/^paths /path /' README.md >"$scratch/wrong.md"
	commands "$scratch/wrong.md"
	is "$rc" 1 "... and a wrong output"
	printf 'Try this:\n\n    $ dlfm info cache.dat\n' >"$scratch/wrong.md"
	commands "$scratch/wrong.md"
	is "$rc" 1 "... and a command that would not be run"
	printf 'Try this:\n\n    dlfm info cache.dat\n' >"$scratch/wrong.md"
	commands "$scratch/wrong.md"
	is "$rc" 1 "... in whatever form"
	printf '```console not run: why\n$ dlfm info --lang cache.dat | cat\n$ make nothing\n$ srun --dlfm=replai:x true\n```\n' >"$scratch/wrong.md"
	is "$("${runner[@]}" --shown "$scratch/wrong.md" | sed 's/.*wrong.md://')" "2: dlfm info has no option --lang
3: make has no target nothing
4: --dlfm=replai:x is no option" "... and what is wrong in commands that are only shown"
else
	skip "Debian's python3 with numpy and scipy is not there" "the commands of the documents"
fi
"${local[@]}" dlfm clean -q --all
is "$(find /dev/shm -maxdepth 1 -name 'dlfm-20009')" "" "the commands leave nothing in node memory"

done_testing
