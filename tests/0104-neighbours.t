#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0104-neighbours: what else is in the environment: another LD_LIBRARY_PATH, LD_PRELOAD, other auditors, privileges, static
# programs, images that must not be used
. "$(dirname "$0")/dl-lib.sh"
need strace

lib "$sw/lib/libone.so" 'int one(void) { return 1; }' -Wl,-soname,libone.so
prog "$sw/prog" "$show_code
int one(void);
int main(void) { printf(\"%d\\n\", one()); show(); return 0; }" -L"$sw/lib" -lone
path="LD_LIBRARY_PATH=$sw/lib"
same_as_plain "prog" env "$path" "$sw/prog"
plain_prog=$plain
run env "$path" strace -c -o "$scratch/count" true # the strace that the rest needs works here

# --- another LD_LIBRARY_PATH at replay than at record: the newly set directory wins, as it would without DLFM ---
lib "$scratch/new/libone.so" 'int one(void) { return 2; }'
mkdir -p "$sw/empty"
for paths in "$scratch/new:$sw/lib" "$sw/empty:$scratch/new:$sw/lib" "$sw/lib:$scratch/new" "$sw/lib/" "$sw/lib:"; do
	run env LD_LIBRARY_PATH="$paths" "$sw/prog"; plain=$out
	replay LD_LIBRARY_PATH="$paths" "$sw/prog"
	is "$out$err" "$plain" "LD_LIBRARY_PATH=${paths//$scratch/}: as plain"
done
cd "$scratch/new" || exit
for paths in "" ":$sw/lib" ".:$sw/lib" "../new" "$sw/lib:."; do
	run env LD_LIBRARY_PATH="$paths" "$sw/prog"; plain=$rc$out$err
	replay LD_LIBRARY_PATH="$paths" "$sw/prog"
	is "$rc$out$err" "$plain" "LD_LIBRARY_PATH='${paths//$scratch/}': as plain"
done
cd / || exit

# --- the environment is not the recorded one in other ways ---
rm -f "$journals"/*
replay "$path" GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2_Usable "$sw/prog"
is "$out$err" "$plain_prog" "a glibc.cpu tunable"
program_counts() { "$journal_dump" "$journals"/* | awk -F'\t' '$1 == "HEADER" { ours = $8 ~ /prog$/ } ours && $1 == "COUNT"'; }
like "$(program_counts)" "hit" "a glibc.cpu tunable: the path tier answers"
unlike "$(program_counts)" "resolved" "a glibc.cpu tunable: ... and the resolution tier does not"
rm -f "$journals"/*
ld_so=$(readelf -lW "$sw/prog" | sed -n 's/.*interpreter: \(.*\)]/\1/p')
run env "$path" "$ld_so" "$sw/prog"; plain=$out
replay "$path" "$ld_so" "$sw/prog"
is "$out$err" "$plain" "ld.so started by name"
replay "$path" LD_DEBUG=files "$sw/prog"
is "$out" "$plain_prog" "LD_DEBUG"

# --- DLFM_DISABLE, no image, damaged images, somebody else's image: the program runs as without DLFM ---
quiet() { # quiet NAME: replays, and the image is not used
	rm -f "$journals"/*
	run env "$path" DLFM_IMAGE="${other_image:-$image}" ${disable:+DLFM_DISABLE=$disable} LD_AUDIT="$auditor" \
		strace -f -o "$scratch/trace" "$sw/prog"
	is "$out$err" "$plain_prog" "$1: as plain"
	is "$(grep -c '/root/' "$scratch/trace")" 0 "$1: no staged file is opened"
}
disable=1 quiet "DLFM_DISABLE=1"
disable=yes quiet "DLFM_DISABLE=yes"
other_image=$scratch/none quiet "no image"
other_image=relative quiet "a relative name of an image"
copy_image() {
	rm -rf "$node_memory/other"
	cp -a "$image" "$node_memory/other"
	other_image=$node_memory/other
}
copy_image; quiet "an image away from its place"
damage() { # damage NAME COMMAND...: on a copy that is then put in the image's place
	mv "$image" "$image.good"
	cp -a "$image.good" "$image"
	"${@:2}"
	quiet "$1"
	rm -rf "$image"
	mv "$image.good" "$image"
}
unset other_image
damage "an empty index" truncate -s 0 "$image/index"
damage "a short index" truncate -s 300 "$image/index"
damage "another magic" dd if=/dev/zero of="$image/index" bs=1 count=1 conv=notrunc status=none
damage "no dirty map" rm "$image/dirty"
damage "a short dirty map" truncate -s 40 "$image/dirty"
damage "an index that others may write" chmod 666 "$image/index"
fifo() { rm "$image/index"; mkfifo -m 600 "$image/index"; }
damage "an index that is a FIFO" fifo
symlinked() { mv "$image/index" "$image/index2"; ln -s index2 "$image/index"; }
damage "an index that is a symbolic link" symlinked
if [ "$(id -u)" = 0 ]; then
	damage "somebody else's index" chown 65534 "$image/index"
	damage "somebody else's dirty map" chown 65534 "$image/dirty"
else
	skip "needs root" "somebody else's image"
fi
if [ "$(id -u)" = 0 ] && unshare --mount true 2>/dev/null; then
	# what a container that shares /dev/shm looks like: the same names mean other files
	mkdir "$scratch/jail"
	run unshare --mount bash -c 'mount --rbind / "$1" && exec chroot "$1" "${@:2}"' bash "$scratch/jail" \
		env "$path" DLFM_IMAGE="$image" LD_AUDIT="$auditor" strace -f -o "$scratch/trace" "$sw/prog"
	is "$(grep -c "$image/root/" "$scratch/trace")" 2 "a bind mount of the same root directory is the same"
	mkdir "$scratch/jail2"
	run unshare --mount bash -c 'for d in /*/; do mkdir "$1$d" && mount --rbind "$d" "$1$d" || exit 9; done
		exec chroot "$1" "${@:2}"' bash "$scratch/jail2" \
		env "$path" DLFM_IMAGE="$image" LD_AUDIT="$auditor" strace -f -o "$scratch/trace" "$sw/prog"
	is "$out$err" "$plain_prog" "under another root directory: as plain"
	is "$(grep -c "$image/root/" "$scratch/trace")" 0 "under another root directory: no staged file is opened"
else
	skip "needs root" "under another root directory"
fi
run env "$path" DLFM_IMAGE="$image" DLFM_DISABLE=0 LD_AUDIT="$auditor" strace -f -o "$scratch/trace" "$sw/prog"
isnt "$(grep -c '/root/' "$scratch/trace")" 0 "DLFM_DISABLE=0 leaves it on"

# --- ldd ---
listed() { # the objects that ld.so lists, without their addresses
	sed -E '/vdso/d; s/ \(0x[0-9a-f]+\)//' <<<"$out"
}
run env "$path" LD_TRACE_LOADED_OBJECTS=1 "$sw/prog"; plain=$(listed)
like "$plain" "libone.so => $sw/lib/libone.so" "ldd lists"
replay "$path" LD_TRACE_LOADED_OBJECTS=1 "$sw/prog"
is "$(listed | grep -v dlfm-audit)" "$plain" "... the same names and paths"

# --- DLFM_LOG ---
replay "$path" DLFM_DEBUG=1 DLFM_LOG="$scratch/log" "$sw/prog"
is "$(sed 's/[0-9]*]/N]/' "$scratch/log")" "dlfm-audit.so[N]: image $image: attached, journal: yes" "DLFM_LOG: one line"
rm -f "$scratch/log"
replay "$path" DLFM_DEBUG=0 DLFM_LOG="$scratch/log" "$sw/prog"
is "$(ls "$scratch/log" 2>&1 | grep -c '^/')" 0 "DLFM_DEBUG=0: none"

# --- the user's LD_PRELOAD, of a recorded library and of another ---
lib "$sw/lib/libpre.so" 'int one(void) { return 8; }'
rm -f "$journals"/*
same_as_plain "LD_PRELOAD" env "$path" LD_PRELOAD="$sw/lib/libpre.so" "$sw/prog"
like "$plain" "^8" "LD_PRELOAD: it takes effect"
run env "$path" LD_PRELOAD="libone.so $scratch/new/libone.so" "$sw/prog"; plain=$out
replay "$path" LD_PRELOAD="libone.so $scratch/new/libone.so" "$sw/prog"
is "$out$err" "$plain" "LD_PRELOAD of a needed library by its bare name"
run env LD_PRELOAD="$sw/lib/libone.so" "$sw/prog"; plain=$out
replay LD_PRELOAD="$sw/lib/libone.so" "$sw/prog"
is "$out$err" "$plain" "LD_PRELOAD of a needed library that is found nowhere else"

# --- the user's own LD_AUDIT, in front and behind ---
lib "$sw/audit.so" '#define _GNU_SOURCE
#include <link.h>
#include <stdio.h>
unsigned la_version(unsigned v) { return v; }
unsigned la_objopen(struct link_map *m, Lmid_t id, uintptr_t *c) { fprintf(stderr, "open %s\n", m->l_name); return 0; }'
lib "$sw/redirect.so" '#define _GNU_SOURCE
#include <link.h>
#include <string.h>
unsigned la_version(unsigned v) { return v; }
char *la_objsearch(const char *n, uintptr_t *c, unsigned f)
{ return strcmp(n, "libone.so") == 0 && f == LA_SER_ORIG ? "'"$scratch/new/libone.so"'" : (char *)n; }'
for own in audit redirect; do
	run env "$path" LD_AUDIT="$sw/$own.so" "$sw/prog"; plain=$out plain_err=$err
	for order in "$auditor:$sw/$own.so" "$sw/$own.so:$auditor"; do
		place=$([ "${order%%:*}" = "$auditor" ] && echo behind || echo "in front")
		rm -f "$journals"/*
		run env "$path" DLFM_JOURNAL="$journals" LD_AUDIT="$order" "$sw/prog"
		is "$out" "$plain" "LD_AUDIT $own $place: recorded as plain"
		run env "$path" DLFM_IMAGE="$image" LD_AUDIT="$order" "$sw/prog"
		is "$out" "$plain" "LD_AUDIT $own $place: replayed as plain"
		[ "$own $place" = "audit behind" ] && is "$err" "$plain_err" "LD_AUDIT $own $place: it sees original names"
	done
done

# --- programs with raised privileges and static programs ---
prog "$sw/static" '#include <stdio.h>
int main(void) { puts("static"); return 0; }' -static
replay "$sw/static"
is "$out$err" "static" "a static program runs"
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	prog "$scratch/setuid" "$show_code
	int main(void) { show(); return 0; }"
	chmod 755 "$scratch" && chmod 4755 "$scratch/setuid"
	mkdir -p "$node_memory/journals" && chmod 777 "$node_memory/journals" && chmod 755 "$node_memory"
	run setpriv --reuid=65534 --clear-groups env DLFM_JOURNAL="$node_memory/journals" LD_AUDIT="$auditor" "$scratch/setuid"
	is "$rc" 0 "a setuid program runs"
	is "$(ls "$node_memory/journals")" "" "a setuid program is not touched"
else
	skip "needs root" "a setuid program"
fi
done_testing
