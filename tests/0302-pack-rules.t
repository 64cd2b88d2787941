#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0302-pack-rules: code is stored, data is not; what a run writes, and names that others may make, are left to the file system
# time-limit: 60
. "$(dirname "$0")/lib.sh"
need_part dl fm
need_python
need "$CC"
unset PYTHONDONTWRITEBYTECODE PYTHONPATH

cd "$scratch" || bail_out "no scratch directory"
export TMPDIR=$scratch/tmp HOME=$scratch/home
mkdir -p tmp home sw/mods sw/pkg/data sw/pkg/nested sw/empty sw/eggs sw/site-packages/a.dist-info data cwd/outer out

# --- the software -------------------------------------------------------------------------------------------------
echo 'x = 1' | tee sw/mods/plain.py sw/pkg/nested/leaf.py >sw/site-packages/a.py
cat >sw/pkg/__init__.py <<'END'
import os
here = os.path.dirname(__file__)
table = open(here + '/data/table.txt').read()
os.path.exists(here + '/data/optional.txt')
large = open(here + '/data/large.bin', 'rb').read(1)
END
touch sw/pkg/nested/__init__.py
echo table >sw/pkg/data/table.txt
head -c 100000 /dev/zero >sw/pkg/data/large.bin
echo 'Name: a' >sw/site-packages/a.dist-info/METADATA
"$PYTHON" -c "
import zipfile
z = zipfile.ZipFile('sw/eggs/z.zip', 'w'); z.writestr('inzip.py', 'x = 1'); z.close()
z = zipfile.ZipFile('data/input.zip', 'w'); z.writestr('numbers.txt', '1 2 3'); z.close()"
echo 'int f(void) { return 1; }' >f.c
"$CC" -shared -fPIC -o sw/libplug.so f.c && cp sw/libplug.so sw/plugin.bin
"$CC" -c -o data/object.o f.c
printf '#!/bin/sh\necho from-script\n' >sw/script && chmod 755 sw/script
echo numbers >data/input.dat
echo 'x = 1' >cwd/local.py
echo 'old' >cwd/appended.log

cat >cwd/main.py <<'END'
import os, sys, ctypes
import plain, pkg, pkg.nested.leaf, a, inzip, local
from importlib import metadata
metadata.version
open(os.environ['SW'] + '/site-packages/a.dist-info/METADATA').read()
ctypes.CDLL(os.environ['SW'] + '/libplug.so')
open(os.environ['SW'] + '/plugin.bin', 'rb').read(4)
for p in 'input.dat', 'input.zip', 'object.o':
    open('../data/' + p, 'rb').read()
for p in 'later.dat', 'restart':
    os.path.exists('../data/' + p)
os.listdir('../data')
for p in 'restart.dat', 'done', 'lock':
    os.path.exists(p)
open('output.txt', 'w').write('x')
open('appended.log', 'a').write('x')
open('lock', 'w').close()
os.path.exists('lock')
os.remove('lock')
os.makedirs('results/deep')
open('results/deep/r.npy', 'w').close()
os.listdir('results')
open('results/deep/r.npy').read()
os.rename('output.txt', 'renamed.txt')
os.path.exists('renamed.txt')
os.makedirs('outer', exist_ok=True)
try:
    import nowhere
except ImportError:
    pass
os.path.exists('/proc/self/status')
open('/tmp/dlfm-test-rules', 'w').close()
os.path.exists('/tmp/dlfm-test-rules')
os.remove('/tmp/dlfm-test-rules')
os.stat(os.environ['HOME'] + '/input.cfg') if os.path.exists(os.environ['HOME'] + '/input.cfg') else None
os.system(os.environ['SW'] + '/script')
END
export SW=$scratch/sw
export PYTHONPATH=$SW/mods:$SW:$SW/site-packages:$SW/empty:$SW/eggs/z.zip
cd cwd || exit 1
run env dlfm record -vv --scope=all -o ../out/c.dat -- "$PYTHON" main.py
cd ..
is "$rc $out" "0 from-script" "the pilot runs" || diag "$err"
cp .err why
dlfm ls -la out/c.dat "$scratch/*" | sed "s|$scratch/||" >listing

# stored KIND PATH [WHAT]: the cache answers for the path, as this kind (with WHAT "content")
stored() {
	local line
	line=$(awk -v p="$2" '$NF == p { print $1, $5 }' listing)
	case "$1 ${3:-}" in
	"file content") [[ $line == "file "[0-9a-f]* ]] ;;
	"file ") [ "$line" = "file -" ] ;;
	*) [ "${line%% *}" = "$1" ] ;;
	esac && pass "stored: $2 ($1${3:+ with $3})" || fail "stored: $2 ($1${3:+ with $3})" "got: ${line:-nothing}"
}
not_stored() {
	local p
	for p; do
		if awk -v p="$p" '$NF == p { found = 1 } END { exit !found }' listing; then
			fail "not stored: $p" "$(grep " $p\$" listing)"
		else
			pass "not stored: $p"
		fi
	done
}
listed() { # is the listing of a directory stored?
	dlfm ls --json out/c.dat "$scratch/$1" | grep -A 6 "\"path\": \"$scratch/$1\"" | grep -q '"names"'
}

stored file sw/mods/plain.py content
stored file sw/pkg/nested/leaf.py content
stored file sw/site-packages/a.dist-info/METADATA content
stored file sw/eggs/z.zip content
stored file sw/libplug.so content
stored file sw/plugin.bin content
stored file sw/script content
stored file sw/pkg/data/table.txt content
stored absent sw/pkg/data/optional.txt
stored file sw/pkg/data/large.bin content
stored file cwd/main.py content
stored file cwd/local.py content
tag=$("$PYTHON" -c 'import sys; print(sys.implementation.cache_tag)')
stored file sw/mods/__pycache__/plain.$tag.pyc content
stored file cwd/__pycache__/local.$tag.pyc content
stored directory sw/empty
for d in sw/mods sw/pkg sw/empty sw/site-packages; do
	ok "the listing of $d is stored" listed $d
done

not_stored data/input.dat data/input.zip data/object.o data/later.dat data/restart data
not_stored cwd/restart.dat cwd/done cwd/lock cwd/output.txt cwd/renamed.txt cwd/appended.log
not_stored cwd/results cwd/results/deep cwd/results/deep/r.npy cwd cwd/outer
not_stored home/input.cfg
not_ok "the listing of the working directory is not" listed cwd
is "$(dlfm ls -a out/c.dat '/proc/*' '/tmp/*' '/sys/*' '/dev/*' '/run/*')" "" "nothing of /proc, /sys, /dev, /tmp, /run"
is "$(grep -c "__pycache__/.*\.pyc\." listing)" 0 "no temporary names of byte code"
like "$(<why)" "not stored: $scratch/data/input.dat \(data, not code\)" "-vv tells why: data"
like "$(<why)" "not stored: $scratch/cwd/renamed.txt \(written by the run\)" "-vv tells why: written"

# A directory that the run tried to make and that was there is as before.
like "$(<why)" "results" "the run made results"
unlike "$(<why)" "cwd/main.py \(written" "... and did not take its code with it"

# --- replayed: the answers are right, also for what came after ---------------------------------------------------------
cat >cwd/check.py <<'END'
import os, sys, plain, pkg, a, inzip, local
for p in 'restart.dat', 'done', '../data/later.dat', 'results/new':
    assert os.path.exists(p), p
assert 'new' in os.listdir('results')
assert open('../data/input.dat').read() == 'changed\n'
import appeared
END
mkdir -p cwd/results
touch cwd/restart.dat cwd/done data/later.dat cwd/results/new cwd/appeared.py
echo changed >data/input.dat
cd cwd || exit 1
run dlfm replay --require ../out/c.dat -- "$PYTHON" check.py
cd ..
is "$rc $err" "0 " "what the run did not know is seen at replay"

# --- policy ---------------------------------------------------------------------------------------------------------
again() { # again OPTION...: packs another pilot run
	rm -rf cwd/results
	(cd cwd && dlfm record --scope=all -o ../out/c.dat "$@" -- "$PYTHON" main.py) >/dev/null 2>why
	dlfm ls -la out/c.dat "$scratch/*" | sed "s|$scratch/||" >listing
}
again --include="$scratch/data/input*" --exclude="$scratch/sw/mods"
stored file data/input.dat content
stored file data/input.zip content
not_stored data/object.o sw/mods/plain.py sw/mods
cat >policy.json <<END
{ "include": ["*/object.o"], "exclude": ["*/libplug.so"], "code_suffixes": [".dat"], "max_data_size": 50000 }
END
again --policy=../policy.json
stored file data/object.o content
stored file data/input.dat content
stored file sw/pkg/data/table.txt content
not_stored sw/libplug.so sw/pkg/data/large.bin
again --exclude="$scratch/sw/pkg" --include="$scratch/sw/pkg"
not_stored sw/pkg/__init__.py

# --- a directory of modules into which the run writes ----------------------------------------------------------------
mkdir -p gen quiet
echo 'x = 1' | tee gen/g.py >quiet/q.py
run env PYTHONPATH="$scratch/gen:$scratch/quiet" dlfm record --scope=all -o out/c.dat -- "$PYTHON" -c "
import os, g, q
open(os.environ['SW'] + '/../gen/state.db', 'w').close()
for d in 'gen', 'quiet':
    os.path.exists(os.environ['SW'] + '/../' + d + '/lock')"
dlfm ls -la out/c.dat "$scratch/*" | sed "s|$scratch/||" >listing
stored file gen/g.py content
not_ok "the listing of a directory that the run writes into is not stored" listed gen
not_stored gen/state.db gen/lock gen
ok "... of the other one it is" listed quiet
stored absent quiet/lock

# --- a file that changes while it is read is stored whole, or not ---------------------------------------------------
# A write(2) sets the time when it begins and may last: times alone do not show one that is under way.
truncate -s 24M sw/churn.so
"$PYTHON" -c "
import os, time
states = [bytes([97 + i]) * (24 << 20) for i in range(4)]
i, end = 0, time.time() + 40
while not os.path.exists('stop') and time.time() < end:
    fd = os.open('sw/churn.so', os.O_WRONLY)
    for _ in range(i % 3 + 1):
        os.pwrite(fd, states[i % 4], 0)
        i += 1
    os.close(fd)
    open('churning', 'w').close()
    time.sleep(0.05 * (i % 2))" &
writer=$!
wait_until 60 test -e churning
mixed=0 damaged=0
for i in 1 2 3; do
	run env PYTHONPATH= dlfm record --scope=all -o out/churn.dat -- "$PYTHON" -c "
import os
open(os.environ['SW'] + '/churn.so', 'rb').read(1)"
	dlfm verify -q out/churn.dat || damaged=$((damaged + 1))
	rm -rf x
	mkdir x
	dlfm extract -C x out/churn.dat "$scratch/sw/churn.so"
	[ ! -e "x$scratch/sw/churn.so" ] || "$PYTHON" -c "
import sys
sys.exit(len(set(open('x$scratch/sw/churn.so', 'rb').read())) > 1)" || mixed=$((mixed + 1))
done
touch stop
wait $writer
is "$rc $damaged" "0 0" "a file that changes all the time while it is packed: the cache is whole"
is "$mixed" 0 "... and the file is in it in one state, or not at all"

# Nobody writes at the moment, but somebody is about to: it is left to the file system.
"$PYTHON" -c "
import os, time
f = open('sw/half.py', 'w'); f.write('x ='); f.flush()
open('writing', 'w').close()
end = time.time() + 60
while not os.path.exists('written') and time.time() < end:
    time.sleep(0.05)" &
writer=$!
wait_until 60 test -e writing
run env PYTHONPATH= dlfm record -vv --scope=all -o out/half.dat -- "$PYTHON" -c "
import os
open(os.environ['SW'] + '/half.py').read(); open(os.environ['SW'] + '/mods/plain.py').read()"
dlfm ls -la out/half.dat "$scratch/*" | sed "s|$scratch/||" >listing
not_stored sw/half.py
like "$err" "not stored: $scratch/sw/half.py \(it could not be read, or was being written" "-vv tells why: it is being written"
stored file sw/mods/plain.py content
touch written
wait $writer

done_testing
