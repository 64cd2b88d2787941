# SPDX-License-Identifier: BSD-3-Clause
# For tests that let every system call of a command fail, or kill it there: strace injects the fault. After stage-lib.sh.
#
#	survey CMD...                  runs it once, counts its calls in $scratch/calls ("<call> <how often>")
#	points BUDGET [CALL...]        sets `chosen`: "<call> <n>" lines; without CALL all calls. In CI evenly so many of them; all with
#	                               DLFM_FAULTS=all (make check-faults)
#	at_point FAULT CALL N CMD...   runs it with that fault at the N-th such call of each thread: $rc $out $err; 1 if the call did not come
# FAULT: KILL, STOP, or the name of an error.
need strace

# Left out are calls that cannot fail so: brk(2) returns the old break and never an error, libc aborts when futex(2) fails, close(2) closes
# also when it fails (strace's would not), wait4(2) and get*id(2) have no such errors.
# Not those of ld.so before main(): what `dlfm --version` does is left out by starting behind it.
survey() {
	strace -f -qq -o "$scratch/survey" dlfm --version >/dev/null 2>&1
	count_calls "$scratch/survey" >"$scratch/startup"
	strace -f -qq -o "$scratch/survey" "$@" >/dev/null 2>&1 </dev/null
	count_calls "$scratch/survey" >"$scratch/calls"
	[ -s "$scratch/calls" ] || skip_all "strace cannot trace here"
}

# The highest number of a call in one thread.
count_calls() {
	awk '{ if (match($2, /^[a-z_0-9]+\(/)) n[$1 " " substr($2, 1, RLENGTH - 1)]++ }
		END { for (k in n) { split(k, w, " "); if (n[k] > most[w[2]]) most[w[2]] = n[k] }
			for (c in most) print c, most[c] }' "$1" | sort
}

points() {
	local budget=$1 all k total
	shift
	all=$(awk -v only=" $* " -v first="$scratch/startup" '
		BEGIN { while ((getline < first) > 0) skip[$1] = $2 }
		$1 ~ /^(execve|exit|exit_group|rt_sigreturn|restart_syscall|arch_prctl|set_tid_address|set_robust_list|rseq|futex|brk|close|wait4|get[a-z]*id|writev)$/ { next }
		only ~ /[a-z]/ && index(only, " " $1 " ") == 0 { next }
		{ for (i = $1 == "write" ? 1 : skip[$1] + 1; i <= $2; i++) print $1, i }' "$scratch/calls")
	total=$(grep -c . <<<"$all")
	[ "${DLFM_FAULTS:-}" != all ] && [ "$total" -gt "$budget" ] || budget=$total
	k=$(((total + budget - 1) / (budget > 0 ? budget : 1)))
	chosen=$(awk -v k="$k" 'NR % k == 1 || k == 1' <<<"$all")
	diag "$(grep -c . <<<"$chosen") of $total points"
}

at_point() {
	local what call=$2 n=$3
	case $1 in
	KILL | STOP) what=signal=SIG$1 ;;
	*) what=error=$1 ;;
	esac
	shift 3
	rm -f "$scratch/injected"
	{ run -t 60 strace -f -qq -o "$scratch/injected" -e trace="$call" -e signal=none -e inject="$call:$what:when=$n" "$@"; } 2>/dev/null
	case $what in
	error=*) grep -q INJECTED "$scratch/injected" ;;
	*) [ "$(awk -v c="$call(" '{ if (index($2, c) == 1) n[$1]++ } END { for (p in n) if (n[p] > m) m = n[p]; print m + 0 }' \
		"$scratch/injected")" -ge "$n" ] ;;
	esac
}

# errors_for CALL: all that it is made to fail with
errors_for() {
	local error
	error=$(error_for "$1")
	echo "$error"
	[ "$error" != ENOSPC ] || echo EDQUOT
}

# What a call fails with that usually succeeds.
error_for() {
	case $1 in
	mmap | mremap | mprotect | clone | clone3 | fork | vfork | madvise) echo ENOMEM ;;
	open | openat | dup | dup2 | pipe2 | socket) echo "${2:-EMFILE}" ;;
	mkdirat | write | pwrite64 | fallocate | ftruncate | linkat | symlinkat | renameat | renameat2 | rename | sendfile | copy_file_range | fsync) echo "${2:-ENOSPC}" ;;
	*) echo EIO ;;
	esac
}
