#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0357-stale-python: modules that were changed, replaced, touched, deleted or shadowed since the recording are imported as they are
# time-limit: 180
. "$(dirname "$0")/stage-lib.sh"
need_part dl fm
need_python json
export PYTHONPATH=$sw/first:$sw/second
unset PYTHONDONTWRITEBYTECODE
program='
import mod, pkg, pkg.sub
try:
    import late; late = late.name
except ImportError:
    late = None
print(mod.name, pkg.name, pkg.sub.name, late, mod.__file__)'

# module FILE NAME: appears under its name when it is complete
module() {
	mkdir -p "$(dirname "$1")"
	echo "name = '$2'" >"$1.tmp" && mv "$1.tmp" "$1"
}

fresh() {
	rm -rf "$sw"
	mkdir -p "$sw/first"
	module "$sw/first/other.py" other
	module "$sw/second/mod.py" mod1
	module "$sw/second/pkg/__init__.py" pkg1
	module "$sw/second/pkg/sub.py" sub1
	find "$sw" -depth -exec touch -h -d '2020-01-01' {} +
	"$PYTHON" -c "$program" >/dev/null || bail_out "the program fails"
	rm -f "$cache"
	dlfm record -q --scope=all -o "$cache" -- "$PYTHON" -c "$program" >/dev/null 2>"$scratch/record.err" ||
		bail_out "record: $(cat "$scratch/record.err")"
}

# now NAME WHY: every policy and a refreshed cache give what Python gives without DLFM; staging and verify tell why
now() {
	local policy want refreshed=$scratch/refreshed.dat
	run dlfm verify -f "$cache"
	like "$rc:$out" "^125:.*$2" "$1: verify tells why"
	cp "$cache" "$refreshed"
	ok "$1: refresh" dlfm refresh -q "$refreshed"
	# without byte code: what one of them compiled would help the next
	want=$(PYTHONDONTWRITEBYTECODE=1 "$PYTHON" -c "$program" 2>&1)
	for policy in refresh drop; do
		run env PYTHONDONTWRITEBYTECODE=1 dlfm replay -q --require --stale=$policy -d "$shm" "$cache" -- "$PYTHON" -c "$program"
		is "$out$err" "$want" "$1: $policy"
	done
	run env PYTHONDONTWRITEBYTECODE=1 dlfm replay --require --stale=fail -d "$shm" "$refreshed" -- "$PYTHON" -c "$program"
	is "$out$err" "$want" "$1: refreshed"
}

fresh
run dlfm verify -f "$cache"
is "$rc" 0 "nothing changed: the cache is true" || diag "$out" "$err"
printf "name = 'mod2'\n" >"$sw/second/mod.py"
now "rewritten" "changed: $sw/second/mod.py: rewritten"
fresh; module "$sw/second/mod.py" mod2; touch -d '2020-01-01' "$sw/second/mod.py"
# Python believes byte code whose recorded time and size are those of the source, and so does DLFM
now "replaced by rename, same size and time" "changed: $sw/second/mod.py: another file has its name now"
fresh; module "$sw/second/pkg/sub.py" sub2
now "a module of a package replaced" "changed: $sw/second/pkg/sub.py: another file"
fresh; touch "$sw/second/mod.py"
now "touched" "changed: $sw/second/mod.py: rewritten or touched"
fresh; rm "$sw/second/pkg/sub.py"
now "deleted" "gone: $sw/second/pkg/sub.py: "
fresh; rm -r "$sw/second/pkg"
now "a package deleted" "gone: $sw/second/pkg"
fresh; module "$sw/first/mod.py" shadow
now "shadowed by a module earlier in the path" "changed: $sw/first: new in it: mod.py"
fresh; module "$sw/first/pkg/__init__.py" shadow; module "$sw/first/pkg/sub.py" shadow
now "shadowed by a package earlier in the path" "changed: $sw/first: new in it: pkg"
fresh; mkdir "$sw/second/mod"; module "$sw/second/mod/__init__.py" shadow
now "shadowed by a package beside it" "changed: $sw/second: new in it: mod"
fresh; module "$sw/first/late.py" late
now "a module that was looked for in vain" "changed: $sw/first: new in it: late.py"
fresh; mv "$sw/first" "$sw/aside"; module "$sw/first/mod.py" other
now "a directory of the path replaced" "changed: $sw/first: another directory has its name now"
is "$(left "$shm")" "" "nothing is left in node memory"
done_testing
