#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0932-faults-limits: the memory limit of a control group, resource limits, a clock that jumps, a process that is stopped with the lock in
# its hand, calls of the injected objects that fail: the command runs and its results are right
# time-limit: 900
. "$(dirname "$0")/stage-lib.sh"
need strace "${CC%% *}"
need_part dl fm
export TMPDIR=$scratch/tmp
mkdir "$TMPDIR" "$sw/lib"

# --- stopped: a process, for a minute, with the store's lock in its hand; what comes next takes about so long ------------------

mkdir "$scratch/stopped"
echo small >"$sw/lib/small.py"
"$mkcache" "$scratch/small.dat" "$sw" || bail_out "no cache"
background strace -f -qq -o "$scratch/held" -e trace=flock -e inject=flock:signal=STOP:when=2 \
	dlfm stage -q -d "$scratch/stopped" "$scratch/small.dat" >/dev/null 2>&1
stopper=$child
wait_until 60 grep -q "stopped by SIGSTOP" "$scratch/held"
stopped_at=$SECONDS stopped=$(awk '{ print $1; exit }' "$scratch/held")
like "$(grep -c 'flock(.*LOCK_EX|LOCK_NB) *= 0' "$scratch/held")" "^[1-9]" "a process is stopped with the store's lock in its hand"
run -t 60 dlfm replay -d "$scratch/stopped" "$scratch/small.dat" -- echo ran
is "$rc:$out" "0:ran" "... another job beside it runs in bounded time"
like "$err" "lock is held by another process for more than 10 seconds.*; running without DLFM$" "... and is told why it does so without DLFM"
is "$(wc -l <<<"$err")" 1 "... once"

# --- the control group's memory ---------------------------------------------------------------------------------------

random "$sw/lib/large.so" 40000000
ok "a cache of 38 MiB" "$mkcache" "$cache" "$sw"
# group LIMIT: makes a memory control group, its directory in $group; v1 or v2
group() {
	local base
	for base in /sys/fs/cgroup/memory /sys/fs/cgroup /sys/fs/cgroup/unified; do
		group=$base/dlfm-test.$$
		mkdir "$group" 2>/dev/null || continue
		if { echo "$1" >"$group/memory.limit_in_bytes"; } 2>/dev/null || { echo "$1" >"$group/memory.max"; } 2>/dev/null; then
			bash -c 'echo $$ >"$0/cgroup.procs"' "$group" 2>/dev/null && return 0
		fi
		rmdir "$group"
	done
	return 1
}
in_group() {
	run bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$@"
}
if [ "$(id -u)" = 0 ] && tmpfs "$shm" size=400m,mode=1777 && group 40M; then
	on_exit 'rmdir "$group"'
	in_group dlfm replay -d "$shm" "$cache" -- echo ran
	is "$rc:$out" "0:ran" "a job whose memory limit the image would exceed runs, and is not killed"
	like "$err" "^dlfm: .*$shm is memory, .*control group leaves [0-9]+ MiB; the image needs up to [0-9]+ MiB.*running without DLFM$" "... and is told the figures"
	is "$(left "$shm")" "" "... before anything is written"
	in_group dlfm replay -d "$shm" --require "$cache" -- echo ran
	is "$rc:$out" "125:" "... with --require it is not started"
	mkdir "$scratch/disk"
	in_group dlfm stage -d "$shm" -d "$scratch/disk" "$cache"
	like "$rc:$out" "^0:$scratch/disk/" "... a directory on disk is not memory: it is taken"
	dlfm clean -q -d "$scratch/disk" --all
	echo 150M >"$group/memory.limit_in_bytes" 2>/dev/null || echo 150M >"$group/memory.max"
	in_group dlfm replay -d "$shm" --require "$cache" -- cmp "$sw/lib/large.so" "$sw/lib/large.so"
	is "$rc:$err" "0:" "with room in the group it is staged"
	# What fills up by and by: the group's limit as a fault at many points
	bad=
	for mib in 10 30 40 50 60 70 80 90 100; do
		echo ${mib}M >"$group/memory.limit_in_bytes" 2>/dev/null || echo ${mib}M >"$group/memory.max"
		in_group dlfm replay -d "$shm" "$cache" -- echo ran
		[ "$rc:$out" = "0:ran" ] || bad+="$mib MiB: $rc:$out $err"$'\n'
		[ -z "$(left "$shm")" ] || bad+="$mib MiB: left $(left "$shm")"$'\n'
	done
	is "$bad" "" "limits from 10 to 100 MiB: the command runs, nothing is left"
else
	skip "needs root, tmpfs and a memory control group that can be written" "control group"
fi
mountpoint -q "$shm" && umount "$shm"

# --- resource limits, and calls that fail, in the program ---------------------------------------------------------------

rm "$sw/lib/large.so"
for i in 1 2 3 4 5 6 7 8; do echo "file $i" >"$sw/lib/m$i.py"; done
cat >"$scratch/prog.c" <<'X'
#include <stdio.h>
#include <sys/stat.h>
const char *word(void);
int main(int argc, char **argv)
{
	struct stat st;
	char line[64];
	FILE *f;
	int i;
	printf("%s\n", word());
	for (i = 1; i < argc; i++) {
		f = fopen(argv[i], "r");
		if (f && fgets(line, sizeof(line), f))
			printf("%s", line);
		if (f)
			fclose(f);
		printf("%d\n", stat(argv[i], &st) == 0 ? (int)st.st_size : -1);
	}
	return 7;
}
X
echo 'const char *word(void) { return "word"; }' | "${CC%% *}" -shared -fPIC -x c -o "$sw/lib/libword.so" - &&
	"${CC%% *}" -o "$scratch/prog" "$scratch/prog.c" -L"$sw/lib" -lword -Wl,-rpath,"$sw/lib" || bail_out "no program"
"$mkcache" "$cache" "$sw" || bail_out "no cache"
image=$(dlfm stage -d "$shm" "$cache")
mkdir "$scratch/journals"
program=("$scratch/prog" "$sw"/lib/m?.py "$sw/lib/none.py" /etc/passwd)
want=$("${program[@]}")
with=(env DLFM_IMAGE="$image" DLFM_JOURNAL="$scratch/journals" LD_AUDIT="$DLFM_LIBDIR/dlfm-audit.so" LD_PRELOAD="$DLFM_LIBDIR/libdlfm.so")
run "${with[@]}" strace -f -o "$scratch/trace" -e trace=openat "${program[@]}"
is "$rc:$out" "7:$want" "a program with both layers gives what it gives without"
ge "$(grep -c "$image/root" "$scratch/trace")" 8 "... from the image"
bad=
for limit in "-n 3" "-n 4" "-n 5" "-f 1" "-f 64" "-v 12000" "-v 16000" "-v 24000" "-v 48000" "-v 100000" "-d 100" "-d 4000" "-s 64" "-l 0" "-u 1"; do
	plain=$(bash -c "ulimit $limit; exec \"\$@\"" - "${program[@]}" 2>/dev/null)
	rc_plain=$?
	[ "$rc_plain:$plain" = "7:$want" ] || continue # it cannot run so anyway
	rm -f "$scratch/journals"/*
	run bash -c "ulimit $limit; exec \"\$@\"" - "${with[@]}" "${program[@]}"
	[ "$rc:$out" = "7:$want" ] || bad+="$limit: $rc $out $err"$'\n'
done
is "$bad" "" "under resource limits the program's results are the same"

# each call with which the injected objects reach image and journal, failing
bad= n=0
for file in index dirty lib/libdlfm.so lib/dlfm-audit.so; do
	for call in openat fstat newfstatat mmap close; do
		for error in EMFILE ENOMEM EIO EACCES; do
			run strace -f -qq -o "$scratch/injected" -P "$image/$file" -e signal=none -e trace=$call -e inject=$call:error=$error:when=1+ "${with[@]}" "${program[@]}"
			grep -q INJECTED "$scratch/injected" || break
			n=$((n + 1))
			[ "$rc:$out" = "7:$want" ] || bad+="$file $call $error: $rc $out $err"$'\n'
		done
	done
done
for call in fallocate openat mmap; do
	for when in 1 2 3; do
		for error in ENOSPC EDQUOT EIO ENOMEM; do
			rm -f "$scratch/journals"/*
			run strace -f -qq -o "$scratch/injected" -e signal=none -e trace=$call -e inject=$call:error=$error:when=$when ${call:+-P "$scratch/journals"} "${with[@]}" "${program[@]}"
			[ "$rc:$out" = "7:$want" ] || bad+="journal $call $when $error: $rc $out $err"$'\n'
			[ $call != fallocate ] || {
				run strace -f -qq -o "$scratch/injected" -e signal=none -e trace=$call -e inject=$call:error=$error:when=$when "${with[@]}" "${program[@]}"
				! grep -q INJECTED "$scratch/injected" || n=$((n + 1))
				[ "$rc:$out" = "7:$want" ] || bad+="journal $call $when $error: $rc $out $err"$'\n'
			}
		done
	done
done
is "$bad" "" "image and journal that cannot be opened, examined, mapped, enlarged ($n ways): the results are the same"
ge "$n" 12 "... (they were tried)"

# a node memory that is full to the last byte, in which journals grow
if [ "$(id -u)" = 0 ]; then
	bad=
	for kib in 4 8 16 32 64 128; do
		tmpfs "$scratch/full" size=${kib}k
		run env DLFM_JOURNAL="$scratch/full" LD_AUDIT="$DLFM_LIBDIR/dlfm-audit.so" LD_PRELOAD="$DLFM_LIBDIR/libdlfm.so" "${program[@]}" $(seq -f "$sw/lib/none%.0f.py" 600)
		[ "$rc" = 7 ] && [ "${out:0:${#want}}" = "$want" ] || bad+="$kib KiB: $rc $err"$'\n'
		umount "$scratch/full"
	done
	is "$bad" "" "recording where there is no room: the results are the same"
fi

# --- the clock --------------------------------------------------------------------------------------------------------

# CLOCK_REALTIME goes back and forth by years, with each look at it.
cat >"$scratch/clock.c" <<'X'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static long jump(void) { static int n; return (n++ % 2 ? 1 : -1) * 5L * 365 * 86400; }
int clock_gettime(clockid_t c, struct timespec *t)
{
	int rc = syscall(SYS_clock_gettime, c, t);
	if (c == CLOCK_REALTIME || c == CLOCK_REALTIME_COARSE)
		t->tv_sec += jump();
	return rc;
}
time_t time(time_t *t)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (t)
		*t = now.tv_sec;
	return now.tv_sec;
}
int gettimeofday(struct timeval *t, void *z)
{
	struct timespec now;
	(void)z;
	clock_gettime(CLOCK_REALTIME, &now);
	t->tv_sec = now.tv_sec;
	t->tv_usec = 0;
	return 0;
}
X
"${CC%% *}" -shared -fPIC -w -o "$scratch/clock.so" "$scratch/clock.c" || bail_out "no clock.so"
dlfm clean -q -d "$shm" --all
jumping=(env LD_PRELOAD="$scratch/clock.so")
run -t 30 "${jumping[@]}" dlfm replay -q -d "$shm" --require "$cache" -- "${program[@]}"
is "$rc:$out:$err" "7:$want:" "replay with a clock that jumps by ten years: as without"
run -t 30 "${jumping[@]}" dlfm record -q --scope=all -o "$scratch/r.dat" -- "${program[@]}"
is "$rc:$out" "7:$want" "record: the same"
run dlfm verify "$scratch/r.dat"
is "$rc" 0 "... its cache is whole"
run -t 30 "${jumping[@]}" dlfm stage -q -d "$shm" --lease=5.0 "$cache"
is "$rc" 0 "stage, with a lease"
run -t 30 "${jumping[@]}" dlfm clean -q -d "$shm"
ok "... a sweep leaves alone what is leased" test -e "$shm/dlfm-$(id -u)/leases/5.0"
run -t 30 "${jumping[@]}" dlfm clean -q -d "$shm" --job=5
is "$(left "$shm")" "" "... and the job's end removes it"
if have_part pmix; then
	. "$top_srcdir/tests/stage/lib.sh"
	make_cache c 8
	begin 5 --rate=8M --idle=2 --join=20 --timeout=50 "$scratch/c"
	for r in 0 1 2 3 4; do rank $r LD_PRELOAD="$scratch/clock.so"; done
	finish
	is "$rc $(images)" "0 5" "five nodes whose clocks jump are staged as without"
fi

# --- stopped, the end ---------------------------------------------------------------------------------------------------

minute_is_over() {
	[ $((SECONDS - stopped_at)) -ge 60 ]
}
wait_until 120 minute_is_over
ok "the process is still stopped after a minute" grep -q '^State:.*stop' "/proc/$stopped/status"
kill -CONT "$stopped"
ok "... and when it goes on it ends as if nothing had been" wait_until 60 test ! -d "/proc/$stopped"
wait "$stopper" 2>/dev/null
run dlfm replay -q -d "$scratch/stopped" --require "$scratch/small.dat" -- cat "$sw/lib/small.py"
is "$rc:$out" "0:small" "... the next one is served"
dlfm clean -q -d "$scratch/stopped" --all
is "$(left "$scratch/stopped")" "" "... and nothing is left"

dlfm clean -q -d "$shm" --all
is "$(left "$shm")$(ls -A "$TMPDIR")" "" "nothing is left"
done_testing
