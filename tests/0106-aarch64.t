#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0106-aarch64: the auditor for aarch64: cross-compiled, as freestanding as the other, and run by qemu-user where it is there
. "$(dirname "$0")/lib.sh"
need_part dl
need aarch64-linux-gnu-gcc aarch64-linux-gnu-readelf aarch64-linux-gnu-nm

cross=aarch64-linux-gnu
cc=("$cross-gcc" -std=gnu11 -O2 -Wall -Wextra -Werror -I"$top_srcdir" -I"$top_builddir" -I"$scratch/include")
echo 'int main(void) { return 0; }' | "$cross-gcc" -xc -o "$scratch/try" - 2>/dev/null || skip_all "no C library for $cross"
mkdir "$scratch/include"
xxhash=$(echo '#include <xxhash.h>' | $CC -E -xc - | sed -n 's/^# 1 "\(.*xxhash.h\)".*/\1/p' | head -1)
ln -s "$xxhash" "$scratch/include/"

# Compiled from the sources that the Makefile names, as it does.
sources=$(sed -n '/^LIBDLFM_SHARED =/,/# end/p;/^libdlfm_dlfm_audit_so_SOURCES =/,/# end/p' \
	"$top_srcdir/libdlfm/Makemodule.am" | grep -o 'libdlfm/[^ ]*\.c')
ok "it compiles without a warning" bash -c 'cd "$1" && shift && so=$1 && shift && "$@" -fPIC -fvisibility=hidden \
	-mno-outline-atomics -ffunction-sections -fno-stack-protector -include libdlfm/audit/freestanding.h -shared -nostdlib -nostartfiles \
	-Wl,--gc-sections -Wl,-soname,dlfm-audit.so -Wl,-z,defs,-z,relro,-z,now,-z,noexecstack \
	-Wl,--version-script=libdlfm/audit/audit.map -o "$so"' bash "$top_srcdir" "$scratch/dlfm-audit.so" "${cc[@]}" $sources
[ "$rc" -eq 0 ] || done_testing
so=$scratch/dlfm-audit.so
unlike "$("$cross-readelf" -dW "$so")" "\(NEEDED\)" "no DT_NEEDED"
is "$("$cross-nm" -D --undefined-only "$so")" "" "no undefined symbol"
is "$("$cross-nm" -D --defined-only "$so" | awk '{ print $3 }' | sort | tr '\n' ' ')" \
	"la_activity la_objopen la_objsearch la_version " "only la_* is exported"
unlike "$("$cross-readelf" -lW "$so")" "TLS" "no thread-local data"
is "$("$cross-readelf" -rW "$so" | awk '/R_AARCH64/ && !/RELATIVE/')" "" "relative relocations only"

# --- run it ---
qemu=$(command -v qemu-aarch64 || command -v qemu-aarch64-static) || {
	skip "no qemu-aarch64" "record and replay"
	done_testing
}
sysroot=/usr/$cross
sw=$scratch/sw
mkdir -p "$sw/lib" "$sw/bin" "$scratch/journals"
compile() {
	"$cross-gcc" -O1 -xc "$@" || bail_out "cannot compile"
}
echo 'int two(void) { return 2; }' | compile -shared -fPIC -o "$sw/lib/libtwo.so" -
echo 'int two(void); int one(void) { return two() + 1; }' |
	compile -shared -fPIC -o "$sw/lib/libone.so" - -xnone -L"$sw/lib" -ltwo -Wl,-rpath,'$ORIGIN'
compile -o "$sw/bin/prog" - -xnone -L"$sw/lib" -lone -Wl,-rpath,'$ORIGIN/../lib' <<'END' || bail_out "cannot compile"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
int one(void);
static int show(struct dl_phdr_info *i, size_t n, void *arg)
{
	char origin[4096] = "?";
	void *h = strstr(i->dlpi_name, "/sw/") ? dlopen(i->dlpi_name, RTLD_NOW | RTLD_NOLOAD) : NULL;
	(void)n; (void)arg;
	if (h)
		dlinfo(h, RTLD_DI_ORIGIN, origin);
	printf("%s %s\n", i->dlpi_name, origin);
	return 0;
}
int main(void)
{
	printf("%d\n", one());
	if (!dlopen("libnone.so", RTLD_NOW))
		puts(dlerror());
	dl_iterate_phdr(show, NULL);
	return 0;
}
END
emulated() { # emulated [VAR=VALUE...] PROGRAM
	local set=()
	while [[ $1 == *=* ]]; do
		set+=(-E "$1")
		shift
	done
	run "$qemu" -L "$sysroot" "${set[@]}" "$@"
}
emulated "$sw/bin/prog"; plain=$out
if [ "$rc" -ne 0 ]; then
	skip "qemu-aarch64 cannot run a program here: $err" "record and replay"
	done_testing
fi
emulated DLFM_JOURNAL="$scratch/journals" LD_AUDIT="$so" "$sw/bin/prog"
is "$out$err" "$plain" "recorded as plain"
dump=$("$top_builddir/tests/tools/journal-dump" "$scratch"/journals/*)
like "$dump" "OBJECT	1	[^
]*$sw/bin/../lib/libone.so" "the journal names the objects"
is "$(awk -F'\t' '$1 == "HEADER" { print $6, $8 }' <<<"$dump")" "0 $sw/bin/prog" "the journal names the program; there is no hwcaps level"

# mkimage runs as aarch64 too: the image is made by the node.
ok "mkimage compiles" bash -c 'cd "$1" && shift && "$@"' bash "$top_srcdir" "${cc[@]}" -D_GNU_SOURCE -o "$scratch/mkimage" \
	tests/tools/mkimage.c libdlfm/image-write.c libdlfm/intern.c libdlfm/hwcaps-level.c
node_memory=$(mktemp -d /dev/shm/dlfm-test.XXXXXX) || bail_out "no /dev/shm"
on_exit 'rm -rf "$node_memory"'
image=$node_memory/image
fingerprint=$(awk -F'\t' '$1 == "HEADER" { print $7 }' <<<"$dump")
emulated "$scratch/mkimage" -l "$scratch" -t "$fingerprint" \
	-r "$sw/bin/prog libone.so $sw/bin/../lib/libone.so" -r "$sw/bin/../lib/libone.so libtwo.so $sw/bin/../lib/libtwo.so" \
	"$image" "$sw"
is "$rc" 0 "an image is made"
rm -f "$scratch"/journals/*
emulated DLFM_IMAGE="$image" DLFM_JOURNAL="$scratch/journals" LD_AUDIT="$image/lib/dlfm-audit.so" "$sw/bin/prog"
is "$out$err" "$plain" "replayed as plain: names and origins are the original ones"
dump=$("$top_builddir/tests/tools/journal-dump" "$scratch"/journals/*)
is "$(awk '$1 == "COUNT" && $2 == "resolved" { print $3 }' <<<"$dump")" 2 "both libraries came from the resolution tier"
run "$qemu" -L "$sysroot" -strace -E DLFM_IMAGE="$image" -E LD_AUDIT="$image/lib/dlfm-audit.so" "$sw/bin/prog"
is "$(grep -c "openat(AT_FDCWD,\"$sw/.*lib/lib" <<<"$err")" 0 "no library of the software is opened where it lies"
is "$(grep -c "openat(AT_FDCWD,\"$image/root$sw/lib/lib" <<<"$err")" 4 "... but in the image (looked at and mapped)"
done_testing
