#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0109-cost: what the auditor asks of the kernel: a constant at the start, a constant for each library, nothing for a search
. "$(dirname "$0")/dl-lib.sh"
need strace

for i in {1..10}; do
	lib "$sw/lib/lib$i.so" "int f$i(void) { return $i; }"
done
prog "$sw/none" 'int main(void) { return 0; }' -Wl,--no-as-needed -ldl
prog "$sw/ten" 'int main(void) { return 0; }' -L"$sw/lib" -Wl,--no-as-needed -l{1..10}
path=
for i in {1..50}; do
	mkdir "$sw/d$i"
	path=$path$sw/d$i:
done
path=$path$sw/lib

# calls CMD...: system calls of a program, from its execve on
calls() {
	env "$@" >/dev/null || bail_out "$* fails"
	strace -f -o "$scratch/trace" env "$@" >/dev/null 2>&1
	awk '/execve\(/ { n = 0 } { n++ } END { print n }' "$scratch/trace"
}
record LD_LIBRARY_PATH="$path" "$sw/none"
record LD_LIBRARY_PATH="$path" "$sw/ten"
seal
with=(DLFM_IMAGE="$image" LD_AUDIT="$image/lib/dlfm-audit.so" LD_LIBRARY_PATH="$path")

aside=$(calls LD_AUDIT="$auditor" "$sw/none")
le "$((aside - $(calls "$sw/none")))" 25 "an auditor with nothing to do: its own loading and unloading"
none=$(calls "${with[@]}" "$sw/none")
ten=$(calls "${with[@]}" "$sw/ten")
plain_none=$(calls "$sw/none")
plain_ten=$(calls LD_LIBRARY_PATH="$sw/lib" "$sw/ten")
searching=$(calls LD_LIBRARY_PATH="$path" "$sw/ten")
diag "plain $plain_none and $plain_ten, with 50 directories $searching; replayed $none and $ten"
le "$((none - plain_none))" 40 "a replaying auditor: constant calls at the start"
# 3 to look at the staged file; once, the words of a link map that may be pointers
le "$((ten - none - 150))" "$((plain_ten - plain_none + 10 * 3))" "... and three for each library, beside ld.so's own"
ge "$searching" "$((ten + 500))" "... where ld.so alone asks for every directory"
strace -f -o "$scratch/trace" env "${with[@]}" "$sw/ten"
is "$(awk '/execve\(/ { n = 0 } /brk|"\/etc|libc\.so/ { next } index($0, "'"$image/root"'") { n++ } END { print n }' "$scratch/trace")" 20 \
	"every library is looked at and opened, once"

# recording: one call for each record at most, beside the constant
recorded=$(calls DLFM_JOURNAL="$journals" LD_AUDIT="$auditor" LD_LIBRARY_PATH="$path" "$sw/ten")
entries=$("$journal_dump" "$(ls -t "$journals"/* | head -1)" | grep -cE '^(SEARCH|TRY|OBJECT)')
le "$recorded" "$((searching + entries + 60))" "a recording auditor: one call for each record"
done_testing
