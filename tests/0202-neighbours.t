#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0202-neighbours: other preloaded libraries, before and behind libdlfm.so, see the calls that they would see without it
. "$(dirname "$0")/fm-lib.sh"
need "${CC%% *}"

echo one >"$sw/known"
seal
echo two >"$scratch/unknown"

# counter NAME FLAGS...: a library that tells on which paths it was asked
counter() {
	local file=$scratch/lib$1.so
	shift
	printf '%s\n' '#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
static void tell(const char *call, const char *path)
{
	char line[4200];
	if (strstr(path, "known"))
		write(2, line, snprintf(line, sizeof(line), NAME " %s %s\n", call, strrchr(path, 47) + 1));
}
int stat(const char *path, struct stat *st)
{
	int (*next)(const char *, struct stat *) = dlsym(RTLD_NEXT, "stat");
	tell("stat", path);
	return next(path, st);
}
int open(const char *path, int flags, ...)
{
	int (*next)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
	tell("open", path);
	return next(path, flags, 0600);
}
static __attribute__((constructor)) void early(void)
{
	struct stat st;
	if (EARLY && stat(EARLY_PATH, &st) < 0)
		write(2, "early failed\n", 13);
}' | $CC -xc -O1 -w -shared -fPIC -o "$file" - "$@" -ldl || bail_out "cannot build $file"
}
prog "$scratch/ask" '
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
int main(int argc, char **argv)
{
	struct stat st;
	for (int i = 1; i < argc; i++) {
		int rc = stat(argv[i], &st);
		printf("%d %ld %d\n", rc, (long)st.st_size, open(argv[i], O_RDONLY) >= 0);
	}
	return 0;
}'
ask=("$scratch/ask" "$sw/known" "$scratch/unknown")
run "${ask[@]}"
plain=$out
quiet=(-DEARLY=0 -DEARLY_PATH='""')
for style in gnu sysv both; do
	counter "other" -DNAME='"other"' "${quiet[@]}" -Wl,--hash-style=$style
	run env DLFM_IMAGE="$image" LD_PRELOAD="$libdlfm $scratch/libother.so" "${ask[@]}"
	is "$out" "$plain" "behind ($style hash table): the same results"
	is "$err" "$(printf 'other open known\nother stat unknown\nother open unknown')" \
		"... it sees what is passed on, and the staged file opened"
done
run env DLFM_IMAGE="$image" LD_PRELOAD="$scratch/libother.so $libdlfm" "${ask[@]}"
is "$out" "$plain" "before: the same results"
is "$err" "$(printf 'other stat known\nother open known\nother stat unknown\nother open unknown')" "... it sees every call"

# An initialiser that asks before ours was run.
counter "early" -DNAME='"early"' -DEARLY=1 -DEARLY_PATH="\"$sw/known\""
prog "$scratch/linked" 'int main(void) { return 0; }' "$scratch/libearly.so" -Wl,--no-as-needed "$scratch/libearly.so" "-Wl,-rpath,$scratch"
run env DLFM_IMAGE="$image" LD_PRELOAD="$libdlfm" "$scratch/linked"
is "$rc:$err" "0:" "a call of another library's initialiser is answered"
run env DLFM_JOURNAL="$journals" LD_PRELOAD="$libdlfm" "$scratch/linked"
is "$rc:$err" "0:early stat known" "... or passed on"
is "$(records PATH | grep -c "$sw/known")" 1 "... and recorded"
done_testing
