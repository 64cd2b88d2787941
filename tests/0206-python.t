#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0206-python: what Python's import system asks of libc is recorded and answered from memory, and does the same as without
# time-limit: 200
. "$(dirname "$0")/fm-lib.sh"
need_part tools
need strace
[ -n "$PYTHON" ] || skip_all "no python3"

unset PYTHONPATH PYTHONHOME PYTHONPYCACHEPREFIX PYTHONDONTWRITEBYTECODE PYTHONSTARTUP
cache=$scratch/cache.dat

# The software: a package with data, a namespace package in two parts, an egg, .pth files, metadata.
make_software() {
	rm -rf "$sw"
	mkdir -p "$sw/lib/pack/inner" "$sw/part1/site-packages/space/one" "$sw/part2/site-packages/space/two" "$sw/lib/pack/data" "$sw/extra" \
		"$sw/lib/pack-1.5.dist-info"
	echo 'from . import inner; name = __name__' >"$sw/lib/pack/__init__.py"
	echo 'print("main of pack")' >"$sw/lib/pack/__main__.py"
	echo 'value = 42' >"$sw/lib/pack/inner/__init__.py"
	echo 'value = 43' >"$sw/lib/pack/inner/deep.py"
	echo 'some data' >"$sw/lib/pack/data/table.txt"
	printf 'Metadata-Version: 2.1\nName: pack\nVersion: 1.5\n' >"$sw/lib/pack-1.5.dist-info/METADATA"
	printf '[group]\nentry = pack:name\n' >"$sw/lib/pack-1.5.dist-info/entry_points.txt"
	echo 'here = "one"' >"$sw/part1/site-packages/space/one/__init__.py"
	echo 'here = "two"' >"$sw/part2/site-packages/space/two/__init__.py"
	echo 'extra = "from a pth"' >"$sw/extra/by_pth.py"
	printf '%s\nimport sys; sys.by_pth = True\n' "$sw/extra" >"$sw/lib/paths.pth"
	echo 'answer = 1' >"$sw/lib/single.py"
	"$PYTHON" -c "
import zipfile
with zipfile.ZipFile('$sw/egg-1.0.egg', 'w') as z:
    z.writestr('egg/__init__.py', 'from egg.yolk import yellow')
    z.writestr('egg/yolk.py', 'yellow = True')"
	find "$sw" -exec touch -h -d '2020-02-02 02:02:02' {} +
}

compiled() {
	run "$PYTHON" -m compileall -q "$sw/lib" "$sw/part1" "$sw/part2" "$sw/extra"
}

# same NAME SETUP CMD...: plain, recorded, replayed do the same; the replay asks nothing of the software. SETUP is run
# before each of them. Writing cases call same_but, which does not look at the requests.
same_but() {
	local name=$1 setup=$2 plain
	shift 2
	make_software
	$setup
	run "$@"
	plain=$rc:$out
	[ -n "$out" ] || { fail "$name: plain" "status $rc" "$err"; return; }
	make_software
	$setup
	rm -f "$cache"
	run dlfm record -q -o "$cache" --scope=all -- "$@"
	is "$rc:$out" "$plain" "$name: recorded as plain"
	[ -n "${keep_tree:-}" ] || { make_software && $setup; }
	trace=$scratch/trace
	run dlfm replay -q -d "$node_memory" "$cache" -- strace -f -e trace=%file -o "$trace" "$@"
	is "$rc:$out" "$plain" "$name: replayed as plain" || diag "$err"
}
same() {
	local keep_tree=yes
	same_but "$@"
	is "$(grep -v execve "$trace" | grep "\"$sw" | head -n 3)" "" "$1: replay asks nothing of the software"
}
nothing() { :; }

export PYTHONPATH=$sw/lib
same "packages" compiled "$PYTHON" -c 'import pack.inner.deep as d, pack; print(d.value, pack.inner.value, pack.__file__, d.__cached__)'
same "an absent module" compiled "$PYTHON" -c '
try: import pack.nothing
except ImportError as e: print(e)'
PYTHONPATH=$sw/part1/site-packages:$sw/part2/site-packages same "namespace packages" compiled "$PYTHON" -c '
import space.one, space.two; print(space.one.here, space.two.here, list(space.__path__))'
PYTHONPATH= same ".pth files" compiled "$PYTHON" -c "
import site, sys; site.addsitedir('$sw/lib'); import by_pth, single; print(by_pth.extra, sys.by_pth, single.answer)"
PYTHONPATH=$sw/egg-1.0.egg same "a zipped egg" nothing "$PYTHON" -c 'import egg; print(egg.yellow, egg.__file__)'
same "-m" compiled "$PYTHON" -m pack
same "-I and a path" compiled "$PYTHON" -I -c "import sys; sys.path.insert(0, '$sw/lib'); import single; print(single.answer)"
same "-S" compiled "$PYTHON" -S -c 'import single, sys; print(single.answer, "site" in sys.modules)'
same "importlib.resources" compiled "$PYTHON" -c '
import importlib.resources as r; print(r.files("pack").joinpath("data/table.txt").read_text(), [p.name for p in sorted(r.files("pack").iterdir())])'
same "importlib.metadata" compiled "$PYTHON" -c '
import importlib.metadata as m; print(m.version("pack"), [e.name for e in m.distribution("pack").entry_points])'
same "pkgutil.walk_packages" compiled "$PYTHON" -c "
import pkgutil; print(sorted((m.name, m.ispkg) for m in pkgutil.walk_packages(['$sw/lib', '$sw/part1/site-packages'])))"
same "50 directories on the path" compiled env PYTHONPATH="$(printf "$sw/lib/none%s:" $(seq 50))$sw/lib" "$PYTHON" -c '
import single, pack.inner.deep, json, xml.dom; print(single.answer)'
same "os.walk, glob, realpath, samefile" compiled "$PYTHON" -c "
import glob, os, pack; print(sorted(glob.glob('$sw/lib/**/*.py', recursive=True))); print(sum(len(f) for _, _, f in os.walk('$sw/lib/pack')))
print(os.path.realpath('$sw/lib/pack/../pack/inner'), os.path.exists('$sw/lib/nothing'), os.path.samefile('$sw/lib/pack', '$sw/lib/../lib/pack'))"
links() {
	compiled
	ln -s lib "$sw/linked"
	ln -s single.py "$sw/lib/viafile.py"
}
same "links to directories and files" links "$PYTHON" -B -c "
import os, sys; sys.path[:0] = ['$sw/linked']; import single, viafile; print(single.__file__, viafile.answer, os.path.realpath('$sw/linked'))"

# --- prefixes ---

virtual() {
	compiled
	"$PYTHON" -m venv --without-pip "$sw/venv" || return
	local site
	site=$("$sw/venv/bin/python3" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
	cp -a "$sw/lib/single.py" "$site/in_venv.py"
	"$PYTHON" -m compileall -q "$site"
}
make_software
if virtual 2>/dev/null; then
	PYTHONPATH= same "a virtual environment" virtual "$sw/venv/bin/python3" -c 'import in_venv, sys; print(in_venv.answer, sys.prefix, sys.base_prefix)'
else
	skip "venv does not work here" "a virtual environment"
fi
stdlib=$("$PYTHON" -c 'import os; print(os.path.dirname(os.__file__))')
home() {
	mkdir -p "$sw/home/lib"
	cp -a "$stdlib" "$sw/home/lib/"
	rm -rf "$sw/home/lib/"*/{test,config*,site-packages,dist-packages,idlelib,lib2to3,ensurepip}
}
PYTHONPATH= same "PYTHONHOME" home env PYTHONHOME="$sw/home" "$PYTHON" -c 'import json, os, sys; print(json.__file__, os.__file__, sys.prefix)'

# --- byte code ---

same_but "no __pycache__: it is written" nothing "$PYTHON" -c '
import pack.inner.deep, os, importlib.util as u; print(os.path.exists(u.cache_from_source(pack.inner.deep.__file__)))'
ge "$(find "$sw" -name '*.pyc' | wc -l)" 3 "... to the file system"
stale() {
	compiled
	printf 'answer = 2\n' >"$sw/lib/single.py"
}
same_but "stale byte code" stale "$PYTHON" -c '
import single; print(single.answer)'
elsewhere() {
	PYTHONPYCACHEPREFIX=$sw/pycache "$PYTHON" -m compileall -q "$sw/lib"
}
same "byte code elsewhere" elsewhere env PYTHONPYCACHEPREFIX="$sw/pycache" "$PYTHON" -c 'import single; print(single.answer, single.__cached__)'
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	# The rights of root hide what an ordinary user meets: directories where nothing can be written.
	chmod 711 "$scratch"
	make_software
	chmod -R a+rX,go-w "$sw"
	mkdir -m 777 "$scratch/user"
	mkdir -m 1777 "$node_memory/user"
	chmod 711 "$node_memory"
	cp -a "$libdlfm" "$mkimage" "$scratch/user/"
	user=(setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all)
	image=$node_memory/user/image
	ok "an image of another user" "${user[@]}" "$scratch/user/mkimage" -a "$sw/lib/__pycache__" -a "$sw/lib/pack/__pycache__" "$image" "$sw"
	run "${user[@]}" env DLFM_IMAGE="$image" LD_PRELOAD="$scratch/user/libdlfm.so" strace -f -o "$scratch/user/trace" "$PYTHON" -c '
import pack.inner.deep, single; print(single.answer)'
	is "$rc:$out" 0:1 "unwritable directories: modules without byte code are imported"
	is "$(od -An -tu4 -j16 -N4 "$image/dirty" | tr -d ' ')" 0 "... and the attempts to write it mark nothing"
else
	skip "not root" "unwritable directories"
fi

# --- changes while it runs ---

same_but "importlib.reload after the source changed" compiled "$PYTHON" -c "
import importlib, single, os, time
print(single.answer)
with open(single.__file__, 'w') as f: f.write('answer = 1234567')
print(importlib.reload(single).answer)"
same_but "a module directory is filled, then imported from" compiled "$PYTHON" -c "
import sys, os, importlib
sys.path.insert(0, '$sw/lib/generated')
try: import late
except ImportError: print('not yet')
os.mkdir('$sw/lib/generated')
importlib.invalidate_caches()
with open('$sw/lib/generated/late.py', 'w') as f: f.write('when = \"late\"')
importlib.invalidate_caches()
import late
print(late.when)
with open('$sw/lib/pack/added.py', 'w') as f: f.write('a = 1')
importlib.invalidate_caches()
import pack.added
print(pack.added.a, sorted(n for n in os.listdir('$sw/lib/pack') if n.endswith('.py')))"
same_but "a module is replaced, removed, shadowed" compiled "$PYTHON" -c "
import subprocess, sys, os
show = [sys.executable, '-B', '-c', 'import single; print(single.answer, single.__file__)']
def look(): print(subprocess.run(show, capture_output=True, text=True).stdout.strip() or 'none', flush=True)
look()
with open('$sw/lib/single.tmp', 'w') as f: f.write('answer = 55555')
os.rename('$sw/lib/single.tmp', '$sw/lib/single.py'); look()
os.makedirs('$sw/extra/first', exist_ok=True); os.environ['PYTHONPATH'] = '$sw/extra:' + os.environ['PYTHONPATH']
with open('$sw/extra/single.py', 'w') as f: f.write('answer = 7')
look()
os.unlink('$sw/extra/single.py'); os.unlink('$sw/lib/single.py'); look()"
done_testing
