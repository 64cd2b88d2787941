#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0355-stage-errors: each system call of staging fails once: it is told, nothing is left, the next one stages
# time-limit: 240
. "$(dirname "$0")/stage-lib.sh"
need strace

mkdir -p "$sw/a/b" "$sw/c"
echo one >"$sw/a/one.py"
ln "$sw/a/one.py" "$sw/c/hard.py"
: >"$sw/a/empty.py"
random "$sw/a/b/large.so" 5000000
cp "$sw/a/b/large.so" "$sw/c/large.so"
ln -s one.py "$sw/a/link.py"
find "$sw" -depth -exec touch -h -d '2020-01-01' {} +
ok "a cache" "$mkcache" "$cache" "$sw"
strace -f -o /dev/null -e inject=flock:error=EIO:when=1 true 2>/dev/null || skip_all "strace cannot make system calls fail"

# inject CALL ERROR N: the N-th such call of staging fails
inject() {
	run -t 30 strace -f -qq -o "$scratch/trace" -e trace="$1" -e signal=none -e inject="$1:error=$2:when=$3" \
		"$stage_cache" "$cache" "$shm" "$DLFM_LIBDIR" 4000000
}

# What must not be left: temporaries that the next one would not sweep, or an image that nobody told of
check() {
	[ "$rc" = 0 ] || [ "$rc" = 1 ] || { echo "exit status $rc: $out $err"; return; }
	[ "$rc" = 1 ] && [ -z "$err" ] && echo "no message"
	[ "$rc" = 1 ] && [ -n "$(ls -d "$shm"/dlfm-*/[0-9a-f]* 2>/dev/null)" ] && echo "a failed image is there"
	[ "$rc" = 0 ] && [ ! -e "$out/index" ] && echo "success without an image"
	[ "$rc" = 0 ] && ! cmp -s "$sw/c/large.so" "$out/root$sw/c/large.so" && echo "an incomplete image"
	"$stage_cache" "$cache" "$shm" "$DLFM_LIBDIR" 4000000 >"$scratch/again" 2>&1 || echo "the next one fails: $(cat "$scratch/again")"
	[ "$(ls -A "$shm"/dlfm-* | wc -l)" = 3 ] || echo "the next one does not sweep: $(ls -A "$shm"/dlfm-*)"
	dlfm clean -q -d "$shm" --all
	[ -z "$(left "$shm")" ] || echo "not clean: $(left "$shm")"
	rm -rf "$shm"/*
}

for call in mkdirat:ENOSPC write:ENOSPC write:EDQUOT fallocate:ENOSPC fchmod:EIO utimensat:EIO symlinkat:ENOSPC \
	linkat:EPERM sendfile:ENOSPC renameat:EIO flock:ENOLCK fstatfs:EIO unlinkat:EIO; do
	name=${call%:*}
	bad= failed=0
	for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 18 20 24; do
		inject "$name" "${call#*:}" $n
		grep -q INJECTED "$scratch/trace" || { rm -rf "$shm"/*; break; }
		[ "$rc" = 0 ] || failed=$((failed + 1))
		problem=$(check)
		[ -z "$problem" ] || bad+="call $n: $problem"$'\n'
	done
	is "$bad" "" "$name failing with ${call#*:}: $failed times staging failed, $((n - 1)) calls"
done

# What is read
for n in 1 2 3 5 10; do
	run -t 30 strace -f -qq -o "$scratch/trace" -e trace=pread64 -P "$cache" -e signal=none -e inject=pread64:error=EIO:when=$n \
		dlfm stage -d "$shm" "$cache"
	grep -q INJECTED "$scratch/trace" || break
	is "$rc" 125 "EIO when reading the cache, time $n"
	like "$err" "$cache: .*(Input/output error|cannot be read)" "... names file and reason"
	is "$(left "$shm")" "" "... nothing is left"
done

done_testing
