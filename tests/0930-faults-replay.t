#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0930-faults-replay: staging and replay on a node, killed at each system call, and with each system call failing: the command runs, or it
# is told; nothing is left that the next one does not clear away; the next one is as if nothing had been
# time-limit: 1200
. "$(dirname "$0")/stage-lib.sh"
. "$testdir/faults-lib.sh"
need "${CC%% *}"
export TMPDIR=$scratch/tmp
mkdir "$TMPDIR" "$sw/lib"
echo one >"$sw/lib/one.py"
ln "$sw/lib/one.py" "$sw/lib/hard.py"
ln -s one.py "$sw/lib/link.py"
random "$sw/lib/large.so" 5000000
cp "$sw/lib/large.so" "$sw/lib/again.so"
find "$sw" -depth -exec touch -h -d '2020-01-01' {} +
"$mkcache" "$cache" "$sw" || bail_out "no cache"

# A command that makes no call that dlfm makes: the fault is never its own.
cat >"$scratch/ran.c" <<'X'
#include <sys/syscall.h>
#include <sys/uio.h>
static long call(long n, long a, long b, long c)
{
#if defined(__x86_64__)
	long r;
	__asm__ volatile("syscall" : "=a"(r) : "a"(n), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return r;
#else
	register long x8 __asm__("x8") = n, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	return x0;
#endif
}
void _start(void)
{
	struct iovec v = {"ran\n", 4};
	call(SYS_writev, 1, (long)&v, 1);
	call(SYS_exit_group, 0, 0, 0);
}
X
"${CC%% *}" -static -nostdlib -nostartfiles -O1 -fno-stack-protector -o "$scratch/ran" "$scratch/ran.c" || bail_out "no command"

# aftermath: what is wrong with the world after a fault, a line each
aftermath() {
	local image
	pgrep -g "$$" -x dlfm >/dev/null && echo "a process is left"
	[ -z "$(ls -A "$TMPDIR")" ] || echo "left in TMPDIR: $(ls -A "$TMPDIR")"
	image=$(timeout 30 dlfm stage -q -d "$shm" "$cache" 2>&1 >"$scratch/next") && image=$(cat "$scratch/next") ||
		echo "the next one fails: $image"
	diff -r "$sw" "$image/root$sw" >/dev/null 2>&1 || echo "the next one's image is not whole"
	[ "$(ls -A "$shm"/dlfm-* | wc -l)" = 3 ] || echo "the next one does not clear away: $(ls -A "$shm"/dlfm-*)"
	timeout 30 dlfm clean -q -d "$shm" --all || echo "cleaning fails"
	[ -z "$(left "$shm")" ] || echo "not clean: $(left "$shm")"
	rm -rf "$shm"/* "$TMPDIR"/*
}

# --- killed -----------------------------------------------------------------------------------------------------------

for what in stage replay; do
	command=(dlfm $what -q -d "$shm" "$cache")
	[ $what = stage ] || command+=(-- "$scratch/ran")
	survey "${command[@]}"
	rm -rf "$shm"/*
	points 24
	bad= killed=0
	while read -r call n; do
		at_point KILL "$call" "$n" "${command[@]}"
		[ "$rc" = 137 ] && killed=$((killed + 1))
		problem=$(
			case $rc in 0 | 125 | 137) ;; *) echo "status $rc" ;; esac
			[ "$rc" != 0 ] || [ $what = stage ] || [ "$out" = ran ] || echo "the command has not run: $out"
			[ $what = stage ] || [[ $out =~ ^(ran)?$ ]] || echo "output: $out"
			aftermath
		)
		[ -z "$problem" ] || bad+="kill at $call $n: $problem"$'\n'
	done <<<"$chosen"
	is "$bad" "" "$what: killed ($killed times) at system calls all over it: the next one finds order"
	ge "$killed" 10 "... (it was)"
done

# --- failing ----------------------------------------------------------------------------------------------------------

# The command runs, whatever fails: only if no process can be made for it, or its output is not to be had, is that told instead.
command=(dlfm replay -q -d "$shm" "$cache" -- "$scratch/ran")
points 36
bad= ran=0 told=0
while read -r call n; do
	for fault in $(errors_for "$call"); do
		at_point "$fault" "$call" "$n" "${command[@]}" || { rm -rf "$shm"/*; continue; }
		problem=$(
			case $rc:$out in
			0:ran) ;;
			125:) [[ $err == "dlfm: "* ]] || echo "no reason: $err" ;;
			*) echo "status $rc, output '$out', errors '$err'" ;;
			esac
			[[ $call =~ ^(clone3?|vfork|fork|rt_sig|pipe2|wait4|sigaltstack)|^(mmap|mprotect|brk|madvise)$ ]] || [ "$rc" = 0 ] || echo "the command has not run: $err"
			aftermath
		)
		[ "$rc" != 0 ] && told=$((told + 1)) || ran=$((ran + 1))
		[ -z "$problem" ] || bad+="$fault from $call $n: $problem"$'\n'
	done
done <<<"$chosen"
is "$bad" "" "replay with system calls failing all over it: the command ran $ran times, $told times it was told; order after each"
done_testing
