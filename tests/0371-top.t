#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0371-top: dlfm top counts what a recorded run would ask the file system, by directory, file and kind, and draws it
# time-limit: 60
. "$(dirname "$0")/lib.sh"
need_part dl fm tools
need "$CC"
need_python

cd "$scratch" || bail_out "no scratch directory"
unset PYTHONPATH
mkdir -p sw/lib sw/none1 sw/none2 sw/deep/a/b data "sw/odd <&> name"
echo 'int one(void) { return 1; }' >one.c
"$CC" -shared -fPIC -Wl,-soname,libone.so -o sw/lib/libone.so one.c
cat >prog.c <<END
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>
int one(void);
int main(void)
{
	struct stat st;
	int i, fd;

	for (i = 0; i < 40; i++)
		stat("$scratch/data/absent", &st);
	for (i = 0; i < 7; i++) {
		fd = open("$scratch/data/input.dat", O_RDONLY);
		close(fd);
	}
	for (i = 0; i < 20; i++)
		stat("$scratch/sw/deep/../deep//a/./b/leaf.py", &st);
	stat("$scratch/sw/odd <&> name/x", &st);
	stat("$scratch/sw/lib/plugin.so", &st);
	return !one();
}
END
"$CC" -O0 -o sw/prog prog.c sw/lib/libone.so
head -c 3000 /dev/zero >data/input.dat
touch sw/deep/a/b/leaf.py
export LD_LIBRARY_PATH=$scratch/sw/none1:$scratch/sw/none2:$scratch/sw/lib
run dlfm record --keep-journal --scope=all -o cache.dat -- sw/prog
is "$rc" 0 "a recording" || diag "$err"
journals=$(sed -n 's/^dlfm: the journals are in //p' <<<"$err")
on_exit 'rm -rf "$journals"; dlfm clean'

json() { # json EXPRESSION ARGUMENT...: d is the JSON, sub(PATH) a directory of the tree
	local expression=$1
	shift
	run dlfm top --json "$@"
	"$PYTHON" -c "
import json, sys
d = json.loads(sys.argv[1])
def sub(path):
    n = d['tree']
    for name in path.strip('/').split('/'):
        n = [c for c in n['children'] if c['name'] == name][0]
    return n
print($expression)" "$out"
}

# --- the numbers ----------------------------------------------------------------------------------------------------
for from in cache.dat "$journals"; do
	is "$(json "[(n['lookups'], n['failed'], n['bytes']) for n in (sub('$scratch/data/absent'), sub('$scratch/data/input.dat'))]" "$from")" \
		"[(40, 40, 0), (7, 0, 3000)]" "lookups, failed ones and bytes (${from##*/})"
	is "$(json "sub('$scratch/data')['lookups'], sub('$scratch/data')['failed']" "$from")" "47 40" "... summed up for the directory"
	is "$(json "sub('$scratch/sw/deep/a/b/leaf.py')['lookups']" "$from")" 20 "... paths in normal form"
done
is "$(json "d['lookups'] == d['tree']['lookups'] == sum(c['lookups'] for c in d['tree']['children'])" cache.dat)" True "the whole is the sum"
if command -v strace >/dev/null; then
	strace -f -o trace -e trace=open,openat sw/prog
	want=$(grep -c 'libone.so.*ENOENT' trace)
	is "$(json "sum(f['failed'] for f in d['files'] if f['path'].endswith('/libone.so'))" --by=file cache.dat)" "$want" \
		"ld.so's failed tries are as many as strace sees without DLFM ($want)"
else
	skip "strace is not installed" "ld.so's failed tries"
fi
is "$(json "[(f['lookups'], f['path'].split('/')[-1], f['kind']) for f in d['files'][:2]]" --by=file cache.dat)" \
	"[(40, 'absent', 'other'), (20, 'leaf.py', 'python')]" "--by=file: the dearest first"
is "$(json "len(d['files'])" --by=file -n 1 cache.dat)" 1 "--lines"
is "$(json "(d['kinds']['python']['lookups'], d['kinds']['library']['failed'], d['kinds']['ld.so']['failed'] >= 2)" --by=kind cache.dat)" \
	"(20, 1, True)" "--by=kind"
is "$(json "'children' in d['tree']" --depth=1 cache.dat)" False "--depth"

# --- text -----------------------------------------------------------------------------------------------------------
run dlfm top --depth=20 cache.dat
like "$out" "lookups +failed +bytes +share" "text: a head"
like "$out" " 40 +40 +- +[0-9.]+ %  +absent" "... a file that was looked for in vain"
like "$out" " 47 +40 +2.9 KiB +[0-9.]+ %  +data/" "... its directory"
like "$out" " 20 +0 .*%  +deep/a/b/" "... a chain of directories is one line"
run dlfm top --by=kind cache.dat
like "$out" "libraries, searched by ld.so \([0-9]+ paths\).*Python files \(1 paths\)" "--by=kind as text"
run dlfm top --by=file --lines=2 cache.dat
is "$(wc -l <<<"$out")" 3 "--by=file as text"

# --- the picture ----------------------------------------------------------------------------------------------------
run dlfm top --svg=top.svg cache.dat
is "$rc" 0 "--svg"
is "$("$PYTHON" - <<'END'
import xml.etree.ElementTree as x
r = x.parse('top.svg').getroot()
t = [e.text for e in r.iter('{http://www.w3.org/2000/svg}title')]
boxes = list(r.iter('{http://www.w3.org/2000/svg}rect'))
inside = all(0 <= float(b.get('x', 0)) and float(b.get('x', 0)) + float(b.get('width')) <= 1201
             and float(b.get('y', 0)) + float(b.get('height')) <= int(r.get('height')) for b in boxes if '%' not in b.get('width'))
print(any(s.endswith('/data/absent\n40 lookups (%s failed, 1 paths' % s.split('(')[1].split(' failed')[0]) for s in t if '/data/absent' in s),
      any('odd <&> name' in s for s in t), inside, len(boxes) > 10)
END
)" "True True True True" "... is XML, with each directory's numbers; the boxes lie inside"
if command -v rsvg-convert >/dev/null; then
	ok "... rsvg-convert draws it" rsvg-convert top.svg -o top.png
else
	skip "rsvg-convert is not installed" "... rsvg-convert draws it"
fi
run dlfm top --svg="$scratch/none/top.svg" cache.dat
is "$rc" 125 "a picture that cannot be written"
like "$err" "^dlfm: $scratch/none" "... is named"

# --- what has no numbers --------------------------------------------------------------------------------------------
mkdir empty
run dlfm top empty
like "$err" "^dlfm: empty: there is no journal in it; name a cache, or what dlfm record --keep-journal left" "an empty directory"
dlfm record --no-history --scope=all -o without.dat -- sw/prog 2>/dev/null
run dlfm top without.dat
is "$rc" 125 "a cache without a history"
like "$err" "^dlfm: without.dat: it does not hold what was looked up how often; record it anew" "... says what to do"
dlfm merge -o merged.dat cache.dat cache.dat
is "$(json "sub('$scratch/data/absent')['lookups']" merged.dat)" 40 "merged recordings of one application count once"
done_testing
