#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0301-record: the recorded command runs as it would without, its end is ours, and the cache is whole or not there
# time-limit: 120
. "$(dirname "$0")/lib.sh"
own_shm
need_part dl fm
need_python
unset PYTHONDONTWRITEBYTECODE PYTHONPATH

cd "$scratch" || bail_out "no scratch directory"
mkdir store out sw
export TMPDIR=$scratch/store
record=(dlfm record --scope=all -o out/c.dat --)
# What record leaves in node memory: journals (named after the process) of processes that are gone. Other tests run, too.
no_journals() {
	local j pid
	for j in /dev/shm/dlfm-"$(id -u)"/journal.* "$scratch"/store/dlfm-*/journal.*; do
		[ -e "$j" ] || continue
		pid=$(sed 's/.*journal\.[a-z]*-\([0-9]*\)-.*/\1/' <<<"$j")
		[ -d "/proc/$pid" ] || return 1
	done
}

run "${record[@]}" sh -c 'echo to-out; echo to-err >&2'
is "$rc $out" "0 to-out" "the command's output"
is "$err" "to-err" "... nothing is added to it"
is "$(stat -c '%a' out/c.dat)" "$(printf '%o' $((0644 & ~$(umask))))" "the cache's mode"
run bash -c "echo from-stdin | ${record[*]} cat"
is "$out" "from-stdin" "the command has our standard input"

for status in 1 42 125 255; do
	rm -f out/c.dat
	run "${record[@]}" sh -c "exit $status"
	is "$rc" "$status" "status $status is handed on"
	like "$(dlfm info --json out/c.dat)" '"partial": true' "... and the cache is marked as partial"
done
run "${record[@]}" true
like "$(dlfm info --json out/c.dat)" '"partial": false' "status 0: the cache is not partial"
for sig in TERM KILL SEGV; do
	rm -f out/c.dat
	run bash -c "${record[*]} sh -c 'kill -$sig \$\$'"
	is "$rc" $((128 + $(kill -l $sig))) "a command that is killed by SIG$sig: 128 + signal"
	ok "... and there is a cache" dlfm verify out/c.dat
done
run "${record[@]}" /nowhere/command
like "$rc $err" "^127 dlfm: /nowhere/command: command not found" "a command that is not there"
run "${record[@]}" "$scratch/sw"
like "$rc $err" "^126 dlfm: .*sw: cannot be run" "a command that cannot be run"

# A killed process's lookups are in the cache, to the last one.
echo 'x = 1' >sw/last_one.py
rm -f out/c.dat
run env PYTHONPATH="$scratch/sw" PYTHONDONTWRITEBYTECODE=1 "${record[@]}" \
	"$PYTHON" -c 'import last_one, os; os.kill(os.getpid(), 9)'
is "$rc" 137 "python kills itself"
like "$(dlfm ls out/c.dat '*/last_one.py')" "last_one.py" "... after its last import, which is in the cache"

# Signals go to the command, whose handling counts.
cat >trap.sh <<'END'
trap 'echo got-it; exit 7' TERM
echo ready >ready
while :; do sleep 0.05; done
END
rm -f ready
background "${record[@]}" bash trap.sh >sig.out 2>sig.err
wait_until 10 test -f ready
kill -TERM "$child"
wait "$child"
is "$? $(cat sig.out)" "7 got-it" "SIGTERM goes to the command"
ok "... and its cache is packed" dlfm verify out/c.dat

# An interrupted pack leaves nothing.
rm -f out/* ready
head -c 64M /dev/zero >sw/big.so
run env PYTHONPATH="$scratch/sw" "${record[@]}" "$PYTHON" -c "open('$scratch/sw/big.so', 'rb').close()"
is "$rc" 0 "a large file is stored"
like "$(dlfm ls -l out/c.dat '*/big.so')" " 67108864 " "... with its size"
is "$(find out -name '.*')" "" "no temporary file is left"
rm -f out/* done
truncate -s 4G sw/big.so
echo '{"max_code_size": 8000000000}' >large.json
background dlfm record --policy=large.json --scope=all -o out/c.dat -- \
	"$PYTHON" -c "open('$scratch/sw/big.so', 'rb').close(); open('$scratch/done', 'w')"
wait_until 20 test -f done
sleep 0.3
kill -TERM "$child"
wait "$child" 2>/dev/null
is "$?" 143 "SIGTERM while packing ends record by that signal"
is "$(ls -A out)" "" "... no cache, no temporary file"
ok "... no journal" wait_until 10 no_journals
rm sw/big.so

# Files that appear under their name whole, and replace what was there at once.
echo old >out/old.dat
ln -s old.dat out/link.dat
run dlfm record --scope=all -o out/link.dat true
is "$rc $(readlink out/link.dat)" "0 old.dat" "a link is not replaced"
ok "... but what it leads to" dlfm verify out/old.dat

# Nothing in scope.
if [ "$(stat -f -c %T "$scratch")" != fuseblk ]; then
	rm -f out/c.dat
	run dlfm record -o out/c.dat echo ran
	is "$rc $out" "125 ran" "nothing on a shared file system: the command runs, there is no cache"
	like "$err" "shared file system.*--scope=all" "... and the message says what to do"
	is "$(ls out | grep -c c.dat)" 0 "... no file"
	run dlfm record -o out/c.dat sh -c 'exit 3'
	is "$rc" 3 "... a command that fails keeps its status"
fi

# DLFM_DISABLE
rm -f out/c.dat
run env DLFM_DISABLE=1 "${record[@]}" sh -c 'echo "ran ${LD_AUDIT-} ${DLFM_JOURNAL-}"'
is "$rc $out" "0 ran  " "DLFM_DISABLE: the command runs as it is"
is "$(ls out | grep -c '^c.dat')" 0 "... and there is no cache"

# Layers, and the environment that the command sees.
run dlfm record --layers=dl --scope=all -o out/c.dat sh -c 'echo "${LD_AUDIT##*/} ${LD_PRELOAD-none}"'
is "$out" "dlfm-audit.so none" "--layers=dl"
run dlfm record --layers=fm --scope=all -o out/c.dat sh -c 'echo "${LD_AUDIT-none} ${LD_PRELOAD##*/}"'
is "$out" "none libdlfm.so" "--layers=fm"
run env DLFM_LIBDIR="$scratch/sw" "${record[@]}" touch out/ran
like "$rc $err" "^125 dlfm: .*dlfm-audit.so is not there" "DLFM that is not installed is told before the command runs"
is "$(ls out | grep -c ran)" 0 "... and it does not"

# --keep-journal, pack
run dlfm record --keep-journal --scope=all -o out/c.dat "$PYTHON" -c pass
dir=$(sed -n 's/^dlfm: the journals are in //p' <<<"$err")
like "$(ls "$dir")" "dl-.*journal.*fm-.*journal" "--keep-journal leaves a journal of each layer"
dlfm record -q --scope=all -o out/e.dat true # what it removes of killed processes are not these
ok "pack makes a cache of them" dlfm pack --scope=all -o out/d.dat --command="some text" "$dir"
is "$(dlfm ls -a out/d.dat)" "$(dlfm ls -a out/c.dat)" "... with the same paths"
like "$(dlfm info out/d.dat)" "command +some text" "... and what --command says"
rm -r "$dir"

run dlfm record -v --scope=all -o out/c.dat "$PYTHON" -c pass
like "$err" "out/c.dat: [0-9]+ paths, [0-9]+ files" "-v says what was stored"
ok "no journal is left" wait_until 10 no_journals

# Processes of all kinds: fork, exec, threads, a shell's children, all at once.
cat >many.py <<'END'
import os, sys, subprocess, threading
mods = ['m%d' % i for i in range(24)]
procs = [subprocess.Popen([sys.executable, '-c', 'import ' + m]) for m in mods[:12]]
for m in mods[12:18]:
    if os.fork() == 0:
        __import__(m)
        os._exit(0)
ts = [threading.Thread(target=__import__, args=(m,)) for m in mods[18:]]
[t.start() for t in ts]
[t.join() for t in ts]
[p.wait() for p in procs]
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
END
for i in $(seq 0 23); do echo "x = $i" >"sw/m$i.py"; done
run env PYTHONPATH="$scratch/sw" "${record[@]}" "$PYTHON" many.py
is "$rc" 0 "24 modules in 12 programs, 6 fork children, 6 threads"
is "$(dlfm ls out/c.dat '*/sw/m*.py' | wc -l)" 24 "... the cache has the union"
is "$(dlfm ls out/c.dat '*/sw/__pycache__/m*.pyc' | wc -l)" 24 "... and the byte code that the pilot wrote"
ok "no journal is left" wait_until 10 no_journals

done_testing
