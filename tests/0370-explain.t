#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0370-explain: dlfm explain tells how a path or a library is answered, by which tier, and why not; the history in a cache
# time-limit: 60
. "$(dirname "$0")/lib.sh"
need_part dl fm tools
need "$CC"
need_python

cd "$scratch" || bail_out "no scratch directory"
unset PYTHONPATH DLFM_WITHIN
mkdir -p sw/lib sw/none sw/mods/pkg data shm work local
echo 'int one(void) { return 1; }' >one.c
"$CC" -shared -fPIC -Wl,-soname,libone.so.1 -o sw/lib/libone.so.1 one.c
echo 'int one(void); int main(void) { return !one(); }' >main.c
"$CC" -o sw/prog main.c sw/lib/libone.so.1
touch sw/mods/pkg/__init__.py
echo 'x = 1' >sw/mods/m.py
ln -s m.py sw/mods/alias.py
echo numbers >data/input.dat
cat >run.py <<END
import sys, os
sys.path[:] = ['$scratch/sw/mods'] + sys.path
import m, pkg, alias
try:
    import notthere
except ImportError:
    pass
open('$scratch/data/input.dat').read()
os.path.exists('$scratch/data/later.dat')
open('$scratch/work/out.py', 'w').write('x')
open('$scratch/work/out.py').read()
os.path.exists('/tmp/dlfm-test-explain')
open('/proc/self/status').read()
os.system('$scratch/sw/prog')
END
export PYTHONDONTWRITEBYTECODE=1
LD_LIBRARY_PATH=$scratch/sw/none:$scratch/sw/lib run dlfm record --scope=all --exclude="$scratch/sw/mods/pkg" \
	-o cache.dat -- "$PYTHON" -S run.py
is "$rc" 0 "a recording" || diag "$err"

explain() { # explain NAME [CACHE]
	run dlfm explain "$1" "${2:-${cache:-$scratch/cache.dat}}"
	flat=$(tr -s ' \n' ' ' <<<"$out")
}
json() { # json NAME EXPRESSION
	run dlfm explain --json "$1" "${cache:-$scratch/cache.dat}"
	"$PYTHON" -c "import json, sys; d = json.loads(sys.argv[1]); print($2)" "$out"
}

# --- from memory ----------------------------------------------------------------------------------------------------
explain "$scratch/sw/mods/m.py"
like "$flat" "answered from memory: it exists: file" "a file that is answered"
like "$flat" "attributes mode [0-9]+, uid [0-9]+, gid [0-9]+, 6 bytes" "... its attributes"
like "$flat" "open gives /dev/shm/dlfm-[0-9]+/[0-9a-f]{32}/root$scratch/sw/mods/m.py" "... and what open gives"
like "$flat" "recorded looked up [0-9]+ times, 0 of them failed" "... how often the run looked it up"
like "$flat" "on disk unchanged" "... on disk as it was recorded"
cp -p sw/mods/m.py kept && echo 'x = 2345' >sw/mods/m.py
is "$(json "$scratch/sw/mods/m.py" "d['now']")" changed "... changed since"
cp -p kept sw/mods/m.py
explain "$scratch/sw/mods/alias.py"
like "$flat" "link to m.py leads to $scratch/sw/mods/m.py" "a link, and where it leads"
explain "$scratch/sw/mods/whatever.py"
like "$flat" "it does not exist covered by $scratch/sw/mods: its listing is complete" "an absent name, covered by a listing"
is "$(json "$scratch/sw/mods/whatever.py" "d['answer'], d['covered_by'] == '$scratch/sw/mods'")" "absent True" "... in JSON"
touch sw/mods/appeared.py
is "$(json "$scratch/sw/mods/appeared.py" "d['now']")" appeared "... that is there now"
rm sw/mods/appeared.py
explain "$scratch/sw/none/libone.so.1"
like "$flat" "it does not exist covered by $scratch/sw/none/libone.so.1: the run looked this very name up" "... covered by itself"
explain "$scratch/sw/mods"
like "$flat" "directory .*the listing too, and names that it lacks are absent" "a directory with its listing"

# --- why not --------------------------------------------------------------------------------------------------------
why() { # why PATH REASON ANYTHING NAME
	is "$(json "$1" "d['answer'], d['reason']")" "file-system $2" "$4"
	explain "$1"
	like "$flat" "by the file system why .*$3" "... in words"
}
why "$scratch/data/input.dat" data "data, not code what to do .*--include=PATTERN" "data"
why "$scratch/data/later.dat" absent "any job may make it" "absent among data"
why "$scratch/work/out.py" written "written by the run" "written by the run"
why "$scratch/work/out.py/below" written "written by the run: $scratch/work/out.py" "below what the run wrote"
why "$scratch/sw/mods/pkg/__init__.py" excluded "a pattern excludes it" "excluded"
why /proc/self/status kernel "never stored" "the kernel's own"
why /tmp/dlfm-test-explain temporary "short-lived" "below /tmp"
why "$scratch/data/other.dat" not-looked-up "did not look it up what to do .*--learn" "not looked up"
why /run/dlfm-test-other temporary "did not look it up, and it would not be stored" "not looked up, and would not be stored"
why "$scratch" live "names come and go" "the working directory"

# --- libraries ------------------------------------------------------------------------------------------------------
is "$(json libone.so.1 "[(r['requester'], r['found'], r['holds_here']) for r in d['resolutions']] == [('$scratch/sw/prog', '$scratch/sw/lib/libone.so.1', True)]")" \
	True "a soname: who asks, what is found"
is "$(json libone.so.1 "sorted({c['answered'] for c in d['candidates']})")" "['from memory', 'from memory: absent']" "... and what the path tier says of each candidate"
explain libone.so.1
like "$flat" "$scratch/sw/prog asks for libone.so.1 finds $scratch/sw/lib/libone.so.1 \(from memory\) in $scratch/sw/prog with LD_LIBRARY_PATH $scratch/sw/none:" "... in words"
explain "$scratch/sw/lib/libone.so.1"
like "$flat" "layer dl resolution tier: .*$scratch/sw/prog asks for libone.so.1" "a library's path: the resolution tier"
explain libnone.so
is "$rc" 125 "a name that nobody asked for"
like "$err" "dlfm: libnone.so: the recorded run did not ask for a library of this name; dlfm ls -r .* lists the others" "... says so"

# --- images ---------------------------------------------------------------------------------------------------------
image=$(dlfm stage -d "$scratch/shm" cache.dat)
explain "$scratch/sw/mods/whatever.py" "$image"
like "$flat" "\(in $image\) .*its listing is complete" "an image's directory is asked as well"
cache=$image
is "$(json libone.so.1 "[r['found'] for r in d['resolutions']]")" "['$scratch/sw/lib/libone.so.1']" "... for a soname"
why "$scratch/data/input.dat" unknown "or it was left out what to do ask the cache file" "... it does not know why"
unset cache
cat >changes.py <<END
import subprocess
open('$scratch/sw/mods/m.py', 'a').write('y = 1')
print(subprocess.run(['dlfm', 'explain', '--json', '$scratch/sw/mods/m.py'], capture_output=True, text=True).stdout)
END
run dlfm replay -d "$scratch/shm" cache.dat -- "$PYTHON" -S changes.py
is "$("$PYTHON" -c "import json, sys; d = json.loads(sys.argv[1]); print(d['reason'], d['image'].startswith('$scratch/shm/'))" "$out")" \
	"changed-by-job True" "within a replay: its image, and what the job changed"
cp -p kept sw/mods/m.py
run dlfm clean -d "$scratch/shm"

# --- the history ----------------------------------------------------------------------------------------------------
run dlfm merge -o merged.dat cache.dat cache.dat
is "$(json "$scratch/data/input.dat" "d['reason']")" data "merge keeps the reasons"
echo 'x = 99' >sw/mods/m.py
ok "refresh" dlfm refresh merged.dat
cache=merged.dat
is "$(json "$scratch/data/input.dat" "d['reason']")" data "... and so does refresh"
run dlfm record --no-history --scope=all -o without.dat -- cat /etc/hostname
explain /etc/hostname without.dat
like "$flat" "or it was left out what to do the cache was made without a history; record it anew" "--no-history"
unlike "$(dlfm info --json without.dat)" history "... and info as before"

run dlfm explain /x "$scratch/absent.dat"
is "$rc" 125 "an absent cache"
done_testing
