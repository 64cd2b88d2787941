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

# What a sanitizer does: its initialiser, the first of all, makes calls before its own string functions can be used.
prog "$scratch/sanitized" '
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
static int ready;
#define NOT_YET do { if (!ready) { write(2, __func__, sizeof(__func__)); abort(); } } while (0)
int strcmp(const char *a, const char *b) { NOT_YET; while (*a && *a == *b) a++, b++; return *a - *b; }
int strncmp(const char *a, const char *b, size_t n) { NOT_YET; for (; n && *a && *a == *b; n--) a++, b++; return n ? *a - *b : 0; }
size_t strnlen(const char *s, size_t n) { size_t i = 0; NOT_YET; for (; i < n && s[i]; i++); return i; }
char *strchr(const char *s, int c) { NOT_YET; for (; *s != c; s++) if (!*s) return NULL; return (char *)s; }
static void early(int argc, char **argv)
{
	struct stat st;
	char buf[64];
	if (argc < 3 || mkdir(argv[1], 0700) != 0 || rmdir(argv[1]) != 0 || stat(argv[2], &st) != 0 || open("/dev/stdin", O_WRONLY) == 99 ||
	    readlink("/proc/self/exe", buf, sizeof(buf)) < 0 || access(argv[2], R_OK) != 0)
		_exit(3);
	ready = 1;
}
__attribute__((section(".preinit_array"), used)) static void (*first)(int, char **) = early;
int main(void) { return 5; }' -rdynamic -fno-builtin -w
run "$scratch/sanitized" "$sw/new" "$sw/known"
is "$rc:$err" "5:" "a program whose first initialiser makes calls before its string functions are ready"
run env DLFM_IMAGE="$image" DLFM_DISABLE=0 LD_PRELOAD="$libdlfm" "$scratch/sanitized" "$sw/new" "$sw/known"
is "$rc:$err" "5:" "... is served as any"
run env DLFM_JOURNAL="$journals" LD_PRELOAD="$libdlfm" "$scratch/sanitized" "$sw/new" "$sw/known"
is "$rc:$err" "5:" "... and recorded"
done_testing
