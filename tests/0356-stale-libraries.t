#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0356-stale-libraries: libraries that were rebuilt, added, shadowed or moved since the recording are found as ld.so would
. "$(dirname "$0")/stage-lib.sh"
need_part dl fm
need "${CC%% *}"

# library FILE NUMBER: whatis() returns the number
library() {
	mkdir -p "$(dirname "$1")"
	printf 'int whatis(void) { return %s; }\n' "$2" |
		$CC -xc -shared -fPIC -Wl,-soname,libx.so -o "$1.new" - && mv "$1.new" "$1"
}
program() {
	printf '#include <stdio.h>\nint whatis(void);\nint main(void) { printf("%%d\\n", whatis()); return 0; }\n' |
		$CC -xc -o "$sw/prog" - -L"$sw/b" -l:libx.so "$@"
}

fresh() {
	rm -rf "$sw"
	mkdir -p "$sw/a"
	library "$sw/a/libother.so" 0
	library "$sw/b/libx.so" 1
	library "$sw/v1/libx.so" 1
	library "$sw/v2/libx.so" 7
	ln -s v1 "$sw/cur"
	program
	find "$sw" -depth -exec touch -h -d '2020-01-01' {} +
	rm -f "$cache"
	LD_LIBRARY_PATH=$path dlfm record -q --scope=all -o "$cache" -- "$sw/prog" >/dev/null 2>"$scratch/record.err" ||
		bail_out "record: $(cat "$scratch/record.err")"
}

# now NUMBER NAME [WHY]: what the program prints, without DLFM, with each policy, and with a refreshed cache; verify tells why
now() {
	local policy
	if [ -n "${3-}" ]; then
		run dlfm verify -f "$cache"
		like "$rc:$out" "^125:.*$3" "$2: verify tells why"
	fi
	is "$(LD_LIBRARY_PATH=$path "$sw/prog")" "$1" "$2: without DLFM"
	for policy in refresh drop; do
		run env LD_LIBRARY_PATH="$path" dlfm replay --require --stale=$policy -d "$shm" --report "$cache" -- "$sw/prog"
		is "$rc:$out" "0:$1" "$2: $policy"
	done
	cp "$cache" "$scratch/refreshed.dat"
	run dlfm refresh -q "$scratch/refreshed.dat"
	run env LD_LIBRARY_PATH="$path" dlfm replay --require --stale=fail -d "$shm" --report "$scratch/refreshed.dat" -- "$sw/prog"
	is "$rc:$out" "0:$1" "$2: refreshed"
	resolved=$(printf '%s\n' "$err" | sed -n 's/.* \([0-9]*\) searches resolved.*/\1/p')
}

path=$sw/a:$sw/b
fresh
now 1 "nothing changed"
ge "$resolved" 1 "... searches are resolved"
touch "$sw/a/unrelated"
now 1 "another file in a searched directory"
ge "$resolved" 1 "... searches are still resolved"
fresh; library "$sw/b/libx.so" 3
now 3 "rebuilt" "changed: $sw/b/libx.so: another file has its name now"
fresh; cp "$sw/v2/libx.so" "$sw/b/libx.so"
now 7 "written over" "changed: $sw/b/libx.so: rewritten"
fresh; touch "$sw/b/libx.so"
now 1 "touched" "changed: $sw/b/libx.so: rewritten or touched: another time, the same size"
fresh; rm "$sw/b/libx.so"; path=$path:$sw/v2
run env LD_LIBRARY_PATH="$path" dlfm replay --require -d "$shm" "$cache" -- "$sw/prog"
is "$rc:$out" "0:7" "deleted: the next one in the path"
run dlfm verify -f "$cache"
like "$out" "gone: $sw/b/libx.so: a file that was recorded is not there" "deleted: verify tells why"
path=$sw/a:$sw/b
fresh; library "$sw/a/libx.so" 4
now 4 "shadowed by a new one earlier in the path" \
	"new: $sw/a/libx.so: there was none; a search may find it instead of $sw/b/libx.so"
fresh; library "$sw/a/libx.so" 4; touch -d '2020-01-01' "$sw/a"
now 4 "... also when the directory's time was set back"
fresh; mv "$sw/b/libx.so" "$sw/a/libx.so"
now 1 "moved to another directory of the path"
fresh; library "$sw/b/glibc-hwcaps/x86-64-v2/libx.so" 5
case $(uname -m) in
x86_64) now "$(LD_LIBRARY_PATH=$path "$sw/prog")" "a better one for this processor" ;;
*) skip "the level's name is x86_64's" ;;
esac
fresh; program -Wl,--disable-new-dtags,-rpath,"$sw/v2"
now 7 "the program was linked anew, with an RPATH"
fresh; rm "$sw/prog"; cp "$sw/b/libx.so" "$sw/prog"; program -Wl,-rpath,"$sw/v2"
now 1 "... with a RUNPATH"
path=$sw/cur:$sw/b
fresh; ln -sfn v2 "$sw/cur"
now 7 "a link to another version" "changed: $sw/cur: it led to v1, and leads to v2"
path=$sw/new:$sw/b
fresh; library "$sw/new/libx.so" 8
now 8 "a directory of the path that was not there"
is "$(left "$shm")" "" "nothing is left"

done_testing
