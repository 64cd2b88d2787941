#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0108-changes: what the job itself changes, ld.so sees: libraries rewritten, replaced, removed, put in front, links turned
. "$(dirname "$0")/dl-lib.sh"
need_part fm

answer() { # answer FILE NUMBER: a library with one() = NUMBER
	lib "$1" "int one(void) { return $2; }"
}
mkdir -p "$scratch/new"
answer "$scratch/new/2.so" 2
prog "$sw/prog" "$show_code
#include <sys/stat.h>
#include <unistd.h>
/* job ACTION [ARGUMENT...] ... -- NAME...: does things as an application would, then opens libraries */
static int copy(const char *from, const char *to)
{
	char buf[65536];
	FILE *in = fopen(from, \"r\"), *out = fopen(to, \"w\");
	size_t n;
	if (!in || !out) return -1;
	while ((n = fread(buf, 1, sizeof(buf), in)) > 0) fwrite(buf, 1, n, out);
	fclose(in);
	return fclose(out);
}
int main(int argc, char **argv)
{
	int i = 1, rc = 0;
	for (; i < argc && strcmp(argv[i], \"--\") != 0; i += 3) {
		if (strcmp(argv[i], \"copy\") == 0) rc |= copy(argv[i + 1], argv[i + 2]);
		if (strcmp(argv[i], \"rename\") == 0) rc |= rename(argv[i + 1], argv[i + 2]);
		if (strcmp(argv[i], \"symlink\") == 0) rc |= symlink(argv[i + 1], argv[i + 2]);
		if (strcmp(argv[i], \"unlink\") == 0) rc |= unlink(argv[i + 1]);
		if (strcmp(argv[i], \"mkdir\") == 0) rc |= mkdir(argv[i + 1], 0755);
		if (strcmp(argv[i], \"open\") == 0) try_open(argv[i + 1], RTLD_NOW);
	}
	for (i++; i < argc; i++)
		call(try_open(argv[i], RTLD_NOW), \"one\");
	show();
	return rc != 0;
}"

fresh() { # the software as it is when it is recorded
	rm -rf "$sw"/{early,lib,versions,current}
	mkdir -p "$sw/early" "$sw/versions/1" "$sw/versions/2"
	answer "$sw/lib/libone.so" 1
	answer "$sw/lib/libother.so" 7
	answer "$sw/versions/1/libv.so" 11
	answer "$sw/versions/2/libv.so" 12
	ln -s versions/1 "$sw/current"
}
export LD_LIBRARY_PATH=$sw/early:$sw/lib:$sw/current
fresh
record "$sw/prog" -- libone.so libother.so libv.so "$sw/current/libv.so"
keep=$(mktemp -d "$scratch/keep.XXXXXX")
cp "$journals"/* "$keep"
changed() { # changed NAME ACTION...: with both layers as without
	local name=$1
	shift
	fresh
	run "$sw/prog" "$@"; local plain=$rc$out
	fresh
	cp "$keep"/* "$journals"
	seal -L "$sw/early" -L "$sw/lib" -L "$sw/current" -L "$sw/versions/1"
	replay LD_PRELOAD="$image/lib/libdlfm.so" "$sw/prog" "$@"
	is "$rc$(grep -v "$image/lib/libdlfm.so" <<<"$out")$err" "$plain" "$name"
}
changed "nothing" -- libone.so libother.so libv.so
like "$(records COUNT)" "resolved	4" "nothing changed: all come from the resolution tier"
changed "a library is rewritten in place" copy "$scratch/new/2.so" "$sw/lib/libone.so" -- libone.so libother.so
changed "... and opened by its absolute name" copy "$scratch/new/2.so" "$sw/lib/libone.so" -- "$sw/lib/libone.so"
changed "... after it was opened" open libone.so "" copy "$sw/lib/libone.so" "$sw/lib/libcopy.so" -- libone.so libcopy.so
changed "a library is replaced by rename" copy "$scratch/new/2.so" "$sw/lib/tmp" rename "$sw/lib/tmp" "$sw/lib/libone.so" \
	-- libone.so "$sw/lib/libone.so"
changed "a library is put in front" copy "$scratch/new/2.so" "$sw/early/libone.so" -- libone.so libother.so
changed "a library is removed" unlink "$sw/lib/libone.so" "" -- libone.so "$sw/lib/libone.so" libother.so
changed "a library is moved to a directory in front" rename "$sw/lib/libone.so" "$sw/early/libone.so" -- libone.so
changed "a library that was looked for in vain is made" copy "$scratch/new/2.so" "$sw/lib/libnew.so" -- libnew.so "$sw/lib/libnew.so"
changed "a link to a directory is turned" unlink "$sw/current" "" symlink versions/2 "$sw/current" -- libv.so "$sw/current/libv.so"
changed "a searched directory is replaced" rename "$sw/early" "$sw/late" rename "$sw/versions/2" "$sw/early" -- libone.so libv.so
done_testing
