#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0303-pack-scope: what lies on a shared file system is stored, a node's own files are not; what pack asks of a slow one
# time-limit: 60
. "$(dirname "$0")/lib.sh"
need_part dl fm slowfs
need_fuse
need_python
need "$CC"
unset PYTHONDONTWRITEBYTECODE PYTHONPATH

cd "$scratch" || bail_out "no scratch directory"
mkdir -p real/sw/lib real/sw/py/pkg local/py local/lib mnt out work
echo 'import json, localmod; x = 1' >real/sw/py/pkg/__init__.py
echo 'x = 1' >local/py/localmod.py
echo 'int shared_f(void) { return 1; }' >s.c
echo 'int local_f(void) { return 2; }' >l.c
"$CC" -shared -fPIC -Wl,-soname,libshared.so -o real/sw/lib/libshared.so s.c
"$CC" -shared -fPIC -Wl,-soname,liblocal.so -o local/lib/liblocal.so l.c
cat >main.c <<'END'
int shared_f(void), local_f(void);
int main(void) { return shared_f() + local_f() - 3; }
END
"$CC" -o local/prog main.c -Lreal/sw/lib -Llocal/lib -lshared -llocal
ln -s "$scratch/mnt/sw" local/link
timeout 20 dlfm-slowfs --state="$scratch/state" real mnt || skip_all "cannot mount by FUSE"
unmount_on_exit "$scratch/mnt"
m=$scratch/mnt/sw

paths() { # paths [OPTION] CACHE: what it answers, without the scratch directory's name
	dlfm ls "$@" | sed "s|$scratch/||" | sort
}

# --- Python ---------------------------------------------------------------------------------------------------------
export PYTHONPATH=$m/py:$scratch/local/py PYTHONPYCACHEPREFIX=$scratch/none PYTHONDONTWRITEBYTECODE=1
cd work || exit 1
run dlfm record -o ../out/c.dat -- "$PYTHON" -c 'import pkg; print(pkg.x)'
is "$rc $out" "0 1" "a pilot with modules on both file systems"
paths -a ../out/c.dat >../listing
like "$(<../listing)" "mnt/sw/py/pkg/__init__.py" "the shared module is stored"
is "$(grep -c 'local/py' ../listing)" 0 "the node's own is not"
is "$(grep -c '^/usr\|^/lib\|^/etc' ../listing)" 0 "... nor the system's Python"
like "$(dlfm info ../out/c.dat)" "scope +shared" "info says the scope"
run dlfm record --scope=all -o ../out/all.dat -- "$PYTHON" -c 'import pkg'
like "$(paths ../out/all.dat)" "local/py/localmod.py" "--scope=all stores both"

# By a link on the node's own disk.
run env PYTHONPATH="$scratch/local/link/py:$scratch/local/py" dlfm record -o ../out/l.dat -- "$PYTHON" -c 'import pkg'
paths ../out/l.dat >../listing
like "$(<../listing)" "(^|[[:space:]])local/link[[:space:]].*local/link/py/pkg/__init__.py.*mnt/sw/py/pkg/__init__.py" \
	"a local link to shared files, both spellings, the canonical path"
run env PYTHONPATH="$scratch/local/link/py:$scratch/local/py" dlfm replay --require ../out/l.dat -- \
	"$PYTHON" -c 'import pkg; print(pkg.__file__)'
is "$rc $out" "0 $scratch/local/link/py/pkg/__init__.py" "... is replayed under its own name"

# A policy that knows better.
type=$(awk -v m="$scratch/mnt" '$5 == m { sub(/.* - /, ""); print $1 }' /proc/self/mountinfo)
echo "{\"local_file_systems\": [\"$type\"]}" >../p.json
run dlfm record --policy=../p.json -o ../out/p.dat -- "$PYTHON" -c 'import pkg'
like "$rc $err" "^125 .*shared file system" "policy: $type counts as local"
cd ..
here=$(awk -v m="$(stat -c %m "$scratch")" '$5 == m { sub(/.* - /, ""); t = $1 } END { print t }' /proc/self/mountinfo)
echo "{\"shared_file_systems\": [\"$here\"]}" >p.json
cd work || exit 1
run dlfm record --policy=../p.json -o ../out/p.dat -- "$PYTHON" -c 'import pkg'
like "$(paths ../out/p.dat)" "local/py/localmod.py" "policy: $here counts as shared"
cd ..

# --- shared libraries -------------------------------------------------------------------------------------------------
export LD_LIBRARY_PATH=$m/lib:$scratch/local/none:$scratch/local/lib
run dlfm record -o out/so.dat -- local/prog
is "$rc" 0 "a program with libraries on both file systems" || diag "$err"
paths -a out/so.dat >listing
like "$(<listing)" "mnt/sw/lib/libshared.so" "the shared library is stored"
is "$(grep -c 'local/' listing)" 0 "the node's own library and program are not"
dlfm ls -r out/so.dat | sed "s|$scratch/||g" >resolutions
like "$(<resolutions)" "local/prog: libshared.so -> mnt/sw/lib/libshared.so" "its resolution"
like "$(<resolutions)" "local/prog: liblocal.so -> local/lib/liblocal.so \(unless there is local/none[,)]" \
	"the resolution of the local one, with the local directory that must stay absent as guard"
like "$(<resolutions)" "local/prog: libc.so.6 -> [^ ]+ \(unless there is [^)]*local/none[,)]" \
	"... which later searches pass over without a trace"
unlike "$(<resolutions)" "libshared.so -> [^(]*\(" "none before a shared answer"
run dlfm replay --require --report out/so.dat -- local/prog
is "$rc" 0 "replay"
like "$err" "2 searches resolved|3 searches resolved" "... by resolutions"
mkdir local/none
cp local/lib/liblocal.so local/none/liblocal.so
run dlfm replay --require out/so.dat -- env LD_DEBUG=files local/prog
like "$err" "$scratch/local/none/liblocal.so" "the guard: a library that came before the recorded one wins, as without DLFM"
unset LD_LIBRARY_PATH

# --- what packing asks of a file system whose client keeps nothing ----------------------------------------------------
mkdir -p real/sw/py/deep/a/b/c/d/e
for i in $(seq 100); do echo "x = $i" >real/sw/py/deep/a/b/c/d/e/m$i.py; done
for d in deep deep/a deep/a/b deep/a/b/c deep/a/b/c/d deep/a/b/c/d/e; do touch real/sw/py/$d/__init__.py; done
run dlfm record --keep-journal -o out/deep.dat -- "$PYTHON" -c "
import importlib
for i in range(1, 101): importlib.import_module('deep.a.b.c.d.e.m%d' % i)"
dir=$(sed -n 's/^dlfm: the journals are in //p' <<<"$err")
dlfm-slowfs --reset "$scratch/state"
run dlfm pack -o out/deep2.dat "$dir"
is "$rc" 0 "pack a hundred modules that lie deep"
requests=$(dlfm-slowfs --counts "$scratch/state" | awk '$1 == "requests" { print $2 }')
rm -r "$dir"
is "$(dlfm ls out/deep2.dat '*/m[0-9]*.py' | wc -l)" 100 "... all are there"
le "$requests" 2600 "... with at most 26 requests each ($requests in all)"

done_testing
