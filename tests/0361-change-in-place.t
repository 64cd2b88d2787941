#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0361-change-in-place: jobs that learn at once lose nothing of each other, with locks or without; learn and refresh that are
# killed leave the cache as it was
# time-limit: 240
. "$(dirname "$0")/lib.sh"
need_part tools dl fm
need_python json
need "${CC%% *}"
export PYTHONDONTWRITEBYTECODE=1
prefix=$scratch/site-packages
mkdir -p "$prefix" "$scratch/dir" "$scratch/shm"
export PYTHONPATH=$prefix
modules=$(seq 1 30)
for m in $modules; do echo "name = '$m'" >"$prefix/dlfm_m$m.py"; done
head -c 3000000 /dev/urandom >"$prefix/dlfm_large.py.so" # so that a merge takes some time
cache=$scratch/dir/cache.dat
dlfm record -q --scope=all -o "$cache" -- "$PYTHON" -c "import dlfm_m1; open('$prefix/dlfm_large.py.so', 'rb').read()" ||
	bail_out "cannot record"
chmod 640 "$cache"
cp -p "$cache" "$scratch/first.dat"
known() { # which of the modules are in the cache
	dlfm ls "$cache" | sed -n 's|.*/dlfm_m\([0-9]*\)\.py$|\1|p' | sort -n | tr '\n' ' '
}
all_of() {
	echo "$*" | tr ' ' '\n' | sort -n | tr '\n' ' '
}

# learn_at_once COMMAND...: 6 at once, twice, in front of each replay COMMAND; meanwhile the cache is opened again and again
learn_at_once() {
	local pids=() m watch bad=$scratch/bad
	rm -f "$bad"
	(until [ -e "$scratch/stop" ]; do timeout 60 dlfm verify -q "$cache" 2>>"$bad" || echo failed >>"$bad"; done) &
	watch=$!
	for m in 2 3 4 5 6 7; do
		timeout 100 "$@" dlfm replay -q -d "$scratch/shm" --learn "$cache" -- "$PYTHON" -c "import dlfm_m$m" 2>>"$scratch/learn.err" &
		pids+=($!)
	done
	wait "${pids[@]}"
	pids=()
	for m in 8 9 10 11 12 13; do
		timeout 100 "$@" dlfm replay -q -d "$scratch/shm" --learn "$cache" -- "$PYTHON" -c "import dlfm_m$m" 2>>"$scratch/learn.err" &
		pids+=($!)
	done
	wait "${pids[@]}"
	touch "$scratch/stop"
	wait $watch
	rm "$scratch/stop"
}

: >"$scratch/learn.err"
learn_at_once env
is "$(<"$scratch/learn.err")" "" "six at once, twice: nobody complains"
is "$(known)" "$(all_of 1 2 3 4 5 6 7 8 9 10 11 12 13)" "... and nothing that one of them learnt is lost"
ok "... the cache verifies" dlfm verify "$cache"
is "$(cat "$scratch/bad" 2>/dev/null)" "" "... and did at all times in between"
is "$(stat -c %a "$cache")" 640 "... those who may read it are as before"
is "$(ls -A "$scratch/dir")" cache.dat "... and nothing else is left beside it"

# --- a file system without locks -------------------------------------------------------------------------------------------
# (flock(2) of files in this directory fails as a client does that has no lock manager)
$CC -xc -shared -fPIC -o "$scratch/nolock.so" - <<END || bail_out "cannot build"
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
int flock(int fd, int how)
{
	char link[64], path[4096] = "";
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (readlink(link, path, sizeof(path) - 1) > 0 && strncmp(path, "$scratch/dir/", strlen("$scratch/dir/")) == 0) {
		errno = ENOLCK;
		return -1;
	}
	return (int)syscall(SYS_flock, fd, how);
}
END
cp -p "$scratch/first.dat" "$cache"
learn_at_once env LD_PRELOAD="$scratch/nolock.so"
is "$(<"$scratch/learn.err")" "" "no locks: nobody complains"
is "$(known)" "$(all_of 1 2 3 4 5 6 7 8 9 10 11 12 13)" "... and nothing is lost"
is "$(cat "$scratch/bad" 2>/dev/null)" "" "... the cache verifies at all times"
is "$(ls -A "$scratch/dir")" cache.dat "... and no lock file is left"
sh -c 'echo "$(uname -n) $$" >"$1"' - "$scratch/dir/.cache.dat.lock"
ok "no locks: a lock of a process that is gone is taken over" \
	env LD_PRELOAD="$scratch/nolock.so" dlfm replay -d "$scratch/shm" --learn "$cache" -- "$PYTHON" -c 'import dlfm_m14'
echo "elsewhere 1" >"$scratch/dir/.cache.dat.lock"
touch -d '1 hour ago' "$scratch/dir/.cache.dat.lock"
ok "... and an old one of another node" \
	env LD_PRELOAD="$scratch/nolock.so" dlfm replay -d "$scratch/shm" --learn "$cache" -- "$PYTHON" -c 'import dlfm_m15'
like " $(known)" " 14 15 " "... both learnt"
is "$(ls -A "$scratch/dir")" cache.dat "... and the locks are gone"

# --- killed at any moment ------------------------------------------------------------------------------------------------------

# killed NAME CMD...: CMD changes the cache that $before is; 30 times it is killed after a random time
killed() {
	local name=$1 torn=0 old=0 new=0 i pid took start
	shift
	cp -p "$before" "$cache"
	start=$EPOCHREALTIME
	ok "$name: works" "$@"
	took=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')
	cmp -s "$cache" "$before" && fail "$name: changes the cache"
	RANDOM=1
	for i in $(seq 30); do
		cp -p "$before" "$cache"
		"$@" >/dev/null 2>&1 &
		pid=$!
		sleep "$(awk -v r=$RANDOM -v t="$took" 'BEGIN { print r / 32768 * t * 1.1 }')"
		kill -KILL $pid 2>/dev/null
		wait $pid 2>/dev/null
		if ! dlfm verify -q "$cache" 2>/dev/null; then
			torn=$((torn + 1))
		elif cmp -s "$cache" "$before"; then
			old=$((old + 1))
		else
			new=$((new + 1))
		fi
	done
	is "$torn" 0 "$name: killed at 30 random moments, the cache is whole ($old times the old one, $new times the new one)"
	ge "$old" 1 "$name: ... some of the moments were early enough"
	le "$(ls -A "$scratch/dir" | grep -vc '^cache.dat$')" 3 "$name: ... a file is left only if it is hit while it gets its name" ||
		diag "$(ls -A "$scratch/dir")"
	rm -f "$scratch"/dir/.cache.dat.*
	cp -p "$before" "$cache"
	ok "$name: ... and the next one does it" "$@"
}

# Journals of a replay that asks for one more module.
journals=$scratch/journals before=$scratch/first.dat
mkdir "$journals"
ok "journals of a replay" env DLFM_JOURNAL="$journals" LD_PRELOAD="$DLFM_LIBDIR/libdlfm.so" \
	LD_AUDIT="$DLFM_LIBDIR/dlfm-audit.so" "$PYTHON" -c 'import dlfm_m20'
killed learn dlfm learn -q "$cache" "$journals"
like " $(known)" " 20 " "learn: what there was to learn is in the cache"

before=$scratch/stale.dat
cp -p "$cache" "$before"
echo "name = 'one, changed'" >"$prefix/dlfm_m1.py"
killed refresh dlfm refresh -q "$cache"
ok "refresh: the cache is true" dlfm verify -qf "$cache"
is "$(stat -c %a "$cache")" 640 "refresh: those who may read it are as before"
chmod 440 "$cache"
echo "name = 'one, changed again'" >"$prefix/dlfm_m1.py"
ok "refresh: one's own read-only cache, too" dlfm refresh -q "$cache"
is "$(stat -c %a "$cache")" 440 "refresh: ... which stays so"
chmod 640 "$cache"

# --- refresh while jobs learn -----------------------------------------------------------------------------------------------------
pids=()
for m in 21 22 23 24; do
	timeout 100 dlfm replay -q -d "$scratch/shm" --learn "$cache" -- "$PYTHON" -c "import dlfm_m$m" 2>>"$scratch/learn.err" &
	pids+=($!)
	echo "name = 'one, before $m'" >"$prefix/dlfm_m1.py"
	dlfm refresh -q "$cache" || fail "refresh while jobs learn"
done
wait "${pids[@]}"
is "$(<"$scratch/learn.err")" "" "refresh while jobs learn: nobody complains"
like " $(known)" " 20 21 22 23 24 " "refresh while jobs learn: nothing is lost"
ok "... and the cache can be made true" dlfm refresh -q "$cache"
ok "... and is" dlfm verify -qf "$cache"
done_testing
