#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0352-replay: the command runs as it would without dlfm: exit status, signals, environment; leases come and go
. "$(dirname "$0")/stage-lib.sh"
need_part fm
need cat stat strace pgrep

mkdir -p "$sw/dir"
echo recorded >"$sw/dir/file.py"
echo "#!/bin/sh" >"$sw/dir/prog"
chmod 755 "$sw/dir/prog"
chmod 711 "$sw"
ln -s file.py "$sw/dir/link.py"
ok "a cache" "$mkcache" "$cache" "$sw"

# replay OPTIONS... -- CMD
replay() {
	run -t 30 dlfm replay -q -d "$shm" "$cache" "$@"
}

# --- answers come from the image ------------------------------------------------------------------------------------

format='%n %F %s %a %u %g %Y %y'
want=$(stat -c "$format" "$sw/dir/file.py" "$sw/dir/link.py" "$sw/dir" "$sw/dir/prog")
replay -- stat -c "$format" "$sw/dir/file.py" "$sw/dir/link.py" "$sw/dir" "$sw/dir/prog"
is "$rc:$out" "0:$want" "stat tells the same"
is "$err" "" "nothing is said"
is "$(left "$shm")" "" "nothing is left"
replay -- strace -f -o "$scratch/trace" -e trace=file cat "$sw/dir/file.py"
is "$out" recorded "the file's contents"
like "$(grep open "$scratch/trace")" "$shm/dlfm-.*/root$sw/dir/file.py" "... are those of the copy"
is "$(grep -v execve "$scratch/trace" | grep -c "\"$sw")" 0 "the original is not asked for"
if [ -n "$PYTHON" ]; then
	cat >"$scratch/agree.py" <<-'END'
		import os, sys
		for p in sys.argv[1:]:
		    s = os.stat(p)
		    with open(p) as f:
		        t = os.fstat(f.fileno())
		    for k in "st_dev st_ino st_size st_mode st_mtime_ns".split():
		        if getattr(s, k) != getattr(t, k):
		            sys.exit("%s: %s: %s %s" % (p, k, getattr(s, k), getattr(t, k)))
		    print("agree")
	END
	replay -- "$PYTHON" "$scratch/agree.py" "$sw/dir/file.py" "$sw/dir/link.py" "$sw/dir/prog"
	is "$out" "$(printf 'agree\nagree\nagree')" "stat and fstat agree"
else
	skip "no python3" "stat and fstat agree"
fi

# --- exit status, arguments, signals --------------------------------------------------------------------------------

for status in 0 1 77 125 126 127 255; do
	replay -- sh -c "exit $status"
	is "$rc" "$status" "exit status $status"
done
replay -- /no/such/command
is "$rc" 127 "a command that is not there"
like "$err" "^dlfm: /no/such/command: command not found$" "... is named"
replay -- "$sw/dir"
is "$rc" 126 "a command that cannot be run"
like "$err" "^dlfm: $sw/dir: cannot be run: Permission denied$" "... is named"
replay
is "$rc" 125 "no command"
like "$err" "an argument is missing" "... is told"
run dlfm replay -q -d "$shm" "$cache" sh -c 'printf "<%s>" "$@"' - --report -x '' 'a b'
is "$out" "<--report><-x><><a b>" "arguments of the command are its own"
run dlfm replay -q "$cache" -d "$shm" --layers=fm sh -c 'echo "$LD_AUDIT:$LD_PRELOAD"'
like "$out" "^:$shm/dlfm-.*/lib/libdlfm.so$" "options may follow the cache; --layers=fm"
replay --layers=dl -- sh -c 'echo "$LD_AUDIT:$LD_PRELOAD"'
[ ! -e "$DLFM_LIBDIR/dlfm-audit.so" ] || like "$out" "^$shm/dlfm-.*/lib/dlfm-audit.so:$" "--layers=dl"
run env LD_PRELOAD=libm.so.6 dlfm replay -q -d "$shm" "$cache" -- sh -c 'echo "$LD_PRELOAD"'
like "$out" "^$shm/.*/libdlfm.so:libm.so.6$" "the user's LD_PRELOAD stays"
run dlfm replay -q --nonsense "$cache" true
is "$rc" 125 "an unknown option"
run bash -c 'echo typed | dlfm replay -q -d "$1" "$2" -- cat' - "$shm" "$cache"
is "$out" typed "standard input is the command's"

for signal in TERM INT HUP USR1 QUIT; do
	replay -- sh -c "kill -$signal \$\$; sleep 5"
	is "$rc" $((128 + $(kill -l $signal))) "a command that SIG$signal ended"
	background dlfm replay -q -d "$shm" "$cache" -- \
		bash -c "trap 'echo got it; exit 7' $signal; echo ready; while :; do sleep 0.05; done" >"$scratch/signals" 2>&1
	wait_until 10 grep -q ready "$scratch/signals"
	kill -$signal "$child"
	wait "$child"
	is "$? $(tail -n 1 "$scratch/signals")" "7 got it" "SIG$signal is passed on"
	is "$(left "$shm")" "" "... and the image goes"
done
run bash -c 'trap "" TERM; dlfm replay -q -d "$1" "$2" -- sh -c "kill -TERM \$\$; echo alive"' - "$shm" "$cache"
is "$out" alive "an ignored signal stays ignored"
run bash -c 'trap "" CHLD; dlfm replay -q -d "$1" "$2" -- sh -c "exit 3"' - "$shm" "$cache"
is "$rc" 3 "SIGCHLD ignored by the caller"

# --- leases -----------------------------------------------------------------------------------------------------------

for i in 1 2 3 4; do
	dlfm replay -q -d "$shm" "$cache" -- \
		sh -c 'echo "$DLFM_IMAGE"; ls '"$shm/dlfm-$(id -u)"'/leases | wc -l >&2; sleep 1; cat '"$sw/dir/file.py" \
		>"$scratch/out.$i" 2>"$scratch/err.$i" &
done
wait
is "$(sort -u "$scratch"/out.* | wc -l)" 2 "four at once have one image"
is "$(sort -n "$scratch"/err.* | tail -n 1)" 4 "... and a lease each"
is "$(left "$shm")" "" "the last one removes it"

background dlfm replay -q -d "$shm" "$cache" -- sh -c 'echo $$; exec sleep 60' >"$scratch/pid"
wait_until 10 test -s "$scratch/pid"
kill -KILL "$child"
wait_until 10 test ! -d "/proc/$child"
run dlfm clean -d "$shm"
is "$out" "0 removed" "dlfm killed: what its command still uses stays"
kill -KILL "$(cat "$scratch/pid")"
wait_until 10 test ! -d "/proc/$(cat "$scratch/pid")"
run dlfm clean -d "$shm"
is "$out $(left "$shm")" "1 removed " "... and goes with the command"

background dlfm replay -q --report -d "$shm" "$cache" -- sh -c 'echo $$; exec sleep 60' >"$scratch/pid2" 2>/dev/null
wait_until 10 test -s "$scratch/pid2"
kill -KILL "$child" "$(cat "$scratch/pid2")"
wait_until 10 test ! -d "/proc/$child" -a ! -d "/proc/$(cat "$scratch/pid2")"
like "$(left "$shm")" "journal" "dlfm and its command killed: their journals are left"
dlfm replay -q -d "$shm" "$cache" -- true
is "$(left "$shm")" "" "... the next replay removes them, and the image"

dlfm stage -q -d "$shm" "$cache" >/dev/null
inode=$(stat -c %i "$shm"/dlfm-*/[0-9a-f]*)
replay -- sh -c 'exit 0'
is "$(stat -c %i "$shm"/dlfm-*/[0-9a-f]*)" "$inode" "an image that was staged before is used, and stays"
dlfm clean -q -d "$shm"

# --- interrupted while it stages ----------------------------------------------------------------------------------------

for signal in INT TERM; do
	background strace -f -qq -o /dev/null -e trace=fchmod -e inject=fchmod:delay_enter=500000 \
		dlfm replay -d "$shm" "$cache" -- echo it ran >"$scratch/interrupted" 2>&1
	wait_until 10 bash -c 'ls -d "$1"/dlfm-*/.??*/root' - "$shm"
	kill -$signal $(pgrep -P "$child")
	wait "$child"
	is "$(cat "$scratch/interrupted")" "" "SIG$signal while staging: the command does not run"
	is "$(left "$shm")" "" "... and nothing is left"
done

# --- without DLFM, within DLFM ----------------------------------------------------------------------------------------

run env DLFM_DISABLE=1 dlfm replay -d "$shm" "$scratch/none" -- sh -c 'echo "${DLFM_IMAGE-none}"; exit 5'
is "$rc $out $err" "5 none " "DLFM_DISABLE=1: just the command"
replay -- sh -c 'echo "$LD_PRELOAD"; dlfm replay -q -d "$0" "$1" -- sh -c "echo \$LD_PRELOAD"' "$shm" "$cache"
is "$(printf '%s\n' "$out" | sort -u | wc -l)" 1 "a replay within a replay has the objects once"
mkdir "$sw/more"
echo other >"$sw/more/other.py"
ok "another cache" "$mkcache" "$scratch/other.dat" "$sw/more"
replay -- sh -c 'dlfm replay -q -d "$0" "$1" -- sh -c "echo \$DLFM_IMAGE; cat $2/more/other.py"; echo "$DLFM_IMAGE"' \
	"$shm" "$scratch/other.dat" "$sw"
is "$(printf '%s\n' "$out" | sort -u | wc -l)" 3 "another cache within a replay: an image of its own"
is "$(left "$shm")" "" "nothing is left"
# dlfm itself sees the file system, not the image
replay -- sh -c "echo changed >>$sw/dir/file.py; dlfm stage -d $shm --stale=fail $cache"
is "$rc" 125 "inside a replay dlfm still sees that a file changed"
like "$err" "recorded paths changed since: $sw" "... and says which"
is "$(left "$shm")" "" "nothing is left"

done_testing
