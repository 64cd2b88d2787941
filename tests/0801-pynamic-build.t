#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0801-pynamic-build: what is built is what was asked for; a stopped build leaves nothing half done and goes on; sizes
# time-limit: 240
. "$(dirname "$0")/lib.sh"
. "$testdir/pynamic-lib.sh"
need readelf nm size
need_python_h

# --- the built files have what was asked for

generate "$scratch/small" --profile=small
build "$scratch/small" --with-mpicc=none
tree=$scratch/small
libraries=$(manifest "$tree" '.utilities[].path, .modules[].path' | sed "s|^|$tree/|")
# shellcheck disable=SC2086
is "$(nm -D --defined-only $libraries | grep -cE ' T pyn_[mu][0-9]+_f[0-9]+_')" "$(manifest "$tree" .counts.functions)" \
	"every function is in the libraries' symbol tables"
first=$(manifest "$tree" '.utilities[0].path')
is "$(basename "$first")" libpyn_u0000.so.1.0.0 "versioned sonames: the file"
like "$(readelf -d "$tree/$first")" 'SONAME.*\[libpyn_u0000.so.1\]' "... its soname"
is "$(readlink "$tree/lib/d00/libpyn_u0000.so"):$(readlink "$tree/lib/d00/libpyn_u0000.so.1")" \
	"libpyn_u0000.so.1:libpyn_u0000.so.1.0.0" "... and its links"
like "$(readelf -lW "$tree/$first")" 'TLS +0x[0-9a-f]+ 0x[0-9a-f]+ 0x[0-9a-f]+ 0x0*40 0x0*40 ' "64 bytes of TLS"
like "$(readelf -d "$tree/$first")" STATIC_TLS "... that are static"
is "$(find "$tree"/lib/d0? "$tree"/mod/d0? -maxdepth 0 | wc -l)" 6 "three directories on each search path"
module=$tree/$(manifest "$tree" '.modules[0].path')
like "$(readelf -d "$module")" 'RUNPATH.*\$ORIGIN/\.\./\.\./lib/d00:' "RUNPATH with \$ORIGIN"
like "$(readelf -d "$module")" 'NEEDED.*\[libpyn_u0000.so.1\]' "NEEDED entries are kept"
is "$(readelf -d "$module" | grep -c 'NEEDED.*libpyn_u')" 3 "... as many as --links asks for"
# shellcheck disable=SC2086
like "$(readelf -dW $libraries)" 'NEEDED.*\[pyn_m0000.abi3.so\]' "cross-module calls: modules need modules"
like "$(readelf -d "$tree/bin/pynamic-linked")" 'NEEDED.*\[pyn_m0005.abi3.so\]' "the linked launcher needs the modules"
cxx=$(manifest "$tree" '.utilities[] | select(.language == "C++") | .path')
is "$(wc -w <<<"$cxx")" 1 "a fifth of the utility libraries is C++"
like "$(nm -C "$tree/$cxx")" 'vtable for .*NumberedStep<7>' "... with virtual functions of templates"
data=$(size -A -d "$tree/$first" | awk '$1 == ".data" { print $2 }')
ge "$data" 4096 "a data segment of 4096 bytes"
le "$data" 12400 "... to 12288"
is "$(find "$tree/mod" -name '*.pyc' | wc -l)" "$(manifest "$tree" .counts.python_files)" "each Python file has byte code"

run pynamic sizes --json "$tree"
got=$(jq -c '[.text, .data]' <<<"$out")
want=$(find "$tree" -type f -print0 | xargs -0 size 2>/dev/null | awk 'NR > 1 { t += $1; d += $2 } END { print "[" t "," d "]" }')
is "$got" "$want" "sizes: text and data are those of size(1)"
want=$(find "$tree" -type f -print0 | xargs -0 size -A -d 2>/dev/null | awk '$1 ~ /^\.debug/ { d += $2 } END { print d }')
is "$(jq .debug <<<"$out")" "$want" "... debug is that of its sections"
want=$(find "$tree" -type f \( -name '*.so*' -o -path '*/bin/*' \) -exec readelf -SW {} + | while read -r line; do
	# shellcheck disable=SC2086
	set -- ${line#*]}
	case $line in *]\ .symtab\ * | *]\ .strtab\ *) echo "$1 $((16#$5))" ;; esac
done | awk '{ n[$1] += $2 } END { print "[" n[".symtab"] "," n[".strtab"] "]" }')
is "$(jq -c '[.symbol_table, .string_table]' <<<"$out")" "$want" "... symbols and strings those of readelf"
run pynamic sizes "$tree"
like "$out" "Table 3.*paper.*text.*665.*total" "... and a table beside the paper's"
head -c 3000 "$module" >"$scratch/damaged.so"
run pynamic sizes "$scratch/damaged.so"
like "$rc $err" "^125 .*damaged.so: a damaged ELF" "... a damaged file is named"

# --- stopped and resumed

# Files with their final names that are not whole: too few functions, or not even ELF.
half_built() {
	manifest "$1" '(.utilities + .modules)[] | "\(.path) \(.functions)"' | while read -r path functions; do
		[ ! -e "$1/$path" ] ||
			[ "$(nm -D --defined-only "$1/$path" 2>&1 | grep -cE ' T pyn_[mu][0-9]+_f[0-9]+$')" = "$functions" ] ||
			echo "$path"
	done
	for path in "$1"/bin/*; do
		[ ! -e "$path" ] || [[ $path == *.tmp* ]] || readelf -h "$path" >"$scratch/.out" 2>&1 || echo "$path"
	done
}

built() {
	find "$1/lib" "$1/mod" "$1/bin" -type f ! -name '*.tmp*' ! -name '*.pyc' ! -name '*.py' 2>/dev/null | sort
}

# Processes that work in a tree.
at_work() {
	find /proc/[0-9]*/cwd -maxdepth 0 -lname "$1" 2>/dev/null
}

# A compiler that is slow in writing: half of its output, and all of it a second later.
cat >"$scratch/slow-cc" <<-EOF
	#!/bin/bash
	while [ "\$1" ]; do
		if [ "\$1" = -o ]; then output=\$2 && shift; else options+=("\$1"); fi
		shift
	done
	[ "\$output" ] || exec "$CC" "\${options[@]}"
	"$CC" "\${options[@]}" -o "\$output.whole" || exit
	head -c 3000 "\$output.whole" >"\$output"
	sleep 0.7
	cat "\$output.whole" >"\$output" && chmod +x "\$output" && rm "\$output.whole"
EOF
chmod +x "$scratch/slow-cc"

# stop_build SIGNAL TREE LIBRARIES: after so many are there. KILL: make and compilers get it as well.
stop_build() {
	background timeout 120 pynamic build -j2 --with-python="$PYTHON" --with-mpicc=none --with-cc="$scratch/slow-cc" "$2" \
		>"$scratch/stop.log" 2>&1
	wait_until 60 eval "[ \$(built '$2' | wc -l) -ge $3 ]"
	sleep 0.5
	local pynamic
	pynamic=$(pgrep -P "$child" -x pynamic)
	[ "$1" != KILL ] || kill -KILL -- "-$(pgrep -P "$pynamic" -x make)"
	kill -"$1" "$pynamic"
	wait "$child"
	rc=$?
}

generate "$scratch/stop" -m 4 -f 200 -u 4 -U 200
stop_build INT "$scratch/stop" 2
is "$rc" 130 "Ctrl-C ends a build with the status of a program that it ended"
like "$(cat "$scratch/stop.log")" "pynamic: .*goes on from here" "... which says what to do"
is "$(half_built "$scratch/stop")" "" "... there is no half-built library"
is "$(find "$scratch/stop" -name '*.tmp')" "" "... no temporary file"
rm -f "$scratch"/stop/*/d00/*.whole
is "$(at_work "$scratch/stop")" "" "... and no compiler any more"
le "$(built "$scratch/stop" | wc -l)" 9 "... it was stopped before the end"
built "$scratch/stop" | xargs stat -c '%n %Y.%y' >"$scratch/before"
stop_build KILL "$scratch/stop" 4
is "$(half_built "$scratch/stop")" "" "SIGKILL of everything: there is no half-built library either"
rm -f "$scratch"/stop/*/d00/*.whole
build "$scratch/stop" --with-mpicc=none
is "$(cut -d' ' -f1 "$scratch/before" | xargs stat -c '%n %Y.%y')" "$(cat "$scratch/before")" \
	"building again goes on: what was there was not built again"
is "$(half_built "$scratch/stop")$(built "$scratch/stop" | wc -l)" 10 "... and all is there"
is "$(find "$scratch/stop" -name '*.tmp')" "" "... without temporary files"
run pynamic build --json "$scratch/stop"
is "$rc $(jq .made <<<"$out")" "0 0" "a built tree has nothing to do"

# --- settings and refusals

run pynamic build -q --with-cc=no-such-compiler "$scratch/stop"
like "$rc $err" "^125 .*no-such-compiler" "a compiler that is missing is named"
run pynamic build -q --with-cc="$CC" --cflags="-nonsense" "$scratch/stop"
is "$rc" 125 "flags that do not compile are a failure"
is "$(half_built "$scratch/stop")" "" "... that leaves nothing half-built"
run pynamic build "$scratch"
like "$rc $err" "^125 .*pynamic generate" "a directory without a tree"

done_testing
