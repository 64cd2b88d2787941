#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0101-journal: what the auditor writes down, and that it is there whatever becomes of the process
. "$(dirname "$0")/dl-lib.sh"

export LD_LIBRARY_PATH=$sw/a:$sw/b
lib "$sw/b/libtwo.so" 'int two(void) { return 2; }'
lib "$sw/b/libone.so" 'int two(void); int one(void) { return two(); }' -L"$sw/b" -ltwo
prog "$sw/prog" "$show_code
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
int one(void);
int main(int argc, char **argv)
{
	char how = argc > 1 ? *argv[1] : 0;
	if (how == 'v') {
		if (vfork() == 0) _exit(0);
	} else if (how == 'f') {
		if (fork() == 0) { try_open(\"libinchild.so\", RTLD_NOW); _exit(0); }
		wait(NULL);
	}
	try_open(\"liblate.so\", RTLD_NOW);
	try_open(\"$sw/b/libplug.so\", RTLD_NOW);
	if (how == 'k')
		kill(getpid(), SIGKILL);
	if (how == 'e')
		execl(argv[0], argv[0], NULL);
	return one();
}" -L"$sw/b" -lone
lib "$sw/b/libplug.so" 'int plug;'

# fields KIND FIELD...: columns of the records of a kind, each journal in the order of its start
fields() {
	records "$1" | cut -f"$2"
}
fresh() {
	rm -f "$journals"/*
}

record "$sw/prog"
is "$rc" 2 "the program runs as it would"
is "$(ls "$journals" | grep -cE '^dl-[0-9]+-[0-9a-f]+\.journal$')" 1 "one journal for the process"
is "$(stat -c %a "$journals"/* | sort -u)" 600 "... for its user alone"
le "$(stat -c %s "$journals"/*)" 16384 "... small, for a process that does little"
is "$(fields HEADER 8-)" "$sw/prog	$LD_LIBRARY_PATH	$PWD" "the header says program, LD_LIBRARY_PATH and directory"
isnt "$(fields HEADER 7)" 0 "the environment has a fingerprint"
is "$(fields SEARCH 6,7 | sed "s|$sw|SW|g")" "SW/prog	libone.so
SW/prog	libc.so.6
SW/b/libone.so	libtwo.so
SW/prog	liblate.so
SW/prog	SW/b/libplug.so" "SEARCH: each name that ld.so looked for, and for whom"
is "$(fields OBJECT 2,6 | sed "s|$sw|SW|g" | grep SW)" "3	SW/prog
1	SW/b/libone.so
1	SW/b/libtwo.so
0	SW/b/libplug.so" "OBJECT: what was mapped, at start-up or later"
is "$(records TRY | awk -F'\t' -v d="$sw/b/libone.so" '$6 == d { print $3 }')" 2 "TRY: the candidate that was found (LA_SER_LIBPATH)"
is "$(records TRY | awk -F'\t' '$6 ~ /a\/libone.so$/' | wc -l)" 1 "TRY: the candidate that was not"
is "$(records TRY | grep -c liblate)" "$(strace -f -o /dev/stdout -e trace=open,openat "$sw/prog" 2>/dev/null | grep -c '"[^"]*liblate')" \
	"TRY: as many candidates as ld.so opens"
is "$(records HOLE)" "" "no record is unfinished"

fresh
record bash -c '"$1" k' bash "$sw/prog"
is "$(fields OBJECT 6 | grep -c libplug)" 1 "a process that kills itself has written its last look-up"

fresh
record "$sw/prog" f
is "$(records HEADER | awk -F'\t' '$8 ~ /prog$/' | wc -l)" 2 "a fork child has a journal of its own"
is "$(records HEADER | awk -F'\t' '$8 ~ /prog$/ { p[$4] = $5 } END { for (i in p) if (p[i] in p) n++; print n }')" 1 "... that names its parent"
is "$(fields SEARCH 7 | grep -c libinchild.so)" 1 "... and holds what it looked for, once"
fresh
record "$sw/prog" v
is "$(records HEADER | awk -F'\t' '$8 ~ /prog$/' | wc -l)" 1 "a vfork child has none"
fresh
record "$sw/prog" e
is "$(records HEADER | awk -F'\t' '$8 ~ /prog$/' | wc -l)" 2 "after exec there is a new journal"

# --- what must never hurt the program ---
fresh
for dir in "$scratch/none" relative "" /proc; do
	run env DLFM_JOURNAL="$dir" LD_AUDIT="$auditor" "$sw/prog"
	is "$rc$err" "2" "a journal directory that cannot be used: '${dir//$scratch/}'"
done
run env DLFM_JOURNAL="$journals" DLFM_DISABLE=1 LD_AUDIT="$auditor" "$sw/prog"
is "$rc$err$(ls "$journals")" "2" "DLFM_DISABLE: nothing is recorded"
run bash -c 'ulimit -f 4; exec "$@"' bash env DLFM_JOURNAL="$journals" LD_AUDIT="$auditor" "$sw/prog"
is "$rc$err$(ls "$journals")" "2" "a limit of the file size below a journal's: no signal, no journal"
run bash -c 'ulimit -v 60000; exec "$@"' bash env DLFM_JOURNAL="$journals" LD_AUDIT="$auditor" "$sw/prog"
is "$rc$err" "2" "a limit of the address space below a whole journal's"
isnt "$(records SEARCH | grep -c libplug)" 0 "... and a smaller one is written"

prog "$sw/many" "$show_code
int main(void)
{
	char name[4096];
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), \"libmissing-%0*d.so\", 60, i);
		dlopen(name, RTLD_NOW);
	}
	puts(\"done\");
	return 0;
}"
fresh
record "$sw/many"
is "$out" "done" "many look-ups"
is "$(fields SEARCH 7 | grep -c libmissing)" 2000 "... are all written, in a file that grows"
is "$(records HOLE)" "" "... without a hole"
ge "$(stat -c %s "$journals"/* | sort -n | tail -1)" 1000000 "... beyond its first size"
fresh
run bash -c 'ulimit -f 600; exec "$@"' bash env DLFM_JOURNAL="$journals" LD_AUDIT="$auditor" "$sw/many"
is "$rc$out$err" "0done" "a limit of the file size that is met on the way: the program goes on"
is "$(fields HEADER 3 | sort -n | tail -1)" 2 "... and the journal says that records were lost"
if [ "$(id -u)" = 0 ]; then
	fresh
	mkdir "$scratch/small"
	mount -t tmpfs -o size=640k small "$scratch/small" || bail_out "cannot mount a tmpfs"
	unmount_on_exit "$scratch/small"
	run env DLFM_JOURNAL="$scratch/small" LD_AUDIT="$auditor" "$sw/many"
	is "$rc$out$err" "0done" "a full tmpfs: the program goes on, without SIGBUS"
	is "$("$journal_dump" "$scratch/small"/* | awk -F'\t' '$1 == "HEADER" && $8 ~ /many$/ { print $3 }')" 2 \
		"... and the journal says that records were lost"
	ge "$("$journal_dump" "$scratch/small"/* | grep -c libmissing)" 500 "... and what was written before can be read"
else
	skip "needs root" "a full tmpfs"
fi
done_testing
