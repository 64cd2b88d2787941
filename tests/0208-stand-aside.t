#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0208-stand-aside: without a whole image of one's own, with other rights, or switched off, every call is the file system's
. "$(dirname "$0")/fm-lib.sh"
need "${CC%% *}" strace

echo recorded >"$sw/f"
chmod 644 "$sw/f"
seal -a "$sw/none"
cp -a "$image" "$node_memory/good"
chmod 711 "$scratch" "$node_memory"

# answered [CMD...]: whether the staged copy is what a command reads
answered() {
	[ $# -gt 0 ] || set -- cat
	strace -f -e trace=openat,open -o "$scratch/trace" env LD_PRELOAD="$libdlfm" "${variables[@]}" "$@" "$sw/f" >"$scratch/read" 2>&1
	grep -q "$image/root$sw/f\"" "$scratch/trace"
}
variables=(DLFM_IMAGE="$image")
ok "an image answers" answered
for value in 0 ""; do
	variables=(DLFM_IMAGE="$image" DLFM_DISABLE="$value")
	ok "DLFM_DISABLE='$value' is not set" answered
done
variables=(DLFM_IMAGE="$image" DLFM_DISABLE=1 DLFM_JOURNAL="$journals")
not_ok "DLFM_DISABLE=1" answered
is "$(cat "$scratch/read")" recorded "... reads the original"
is "$(ls "$journals")" "" "... and records nothing"
for value in "" /nonexistent relative "$sw/f"; do
	variables=(DLFM_IMAGE="$value")
	not_ok "DLFM_IMAGE='$value'" answered
	is "$(cat "$scratch/read")" recorded "... reads the original, silently"
done

# broken NAME CMD...: the image after some damage is not used
broken() {
	local name=$1
	shift
	rm -rf "$image"
	cp -a "$node_memory/good" "$image"
	"$@" || bail_out "cannot do: $*"
	variables=(DLFM_IMAGE="$image")
	not_ok "$name: not used" answered
	is "$(cat "$scratch/read")" recorded "$name: the original is read, silently"
}
cut_file() { truncate -s "$2" "$image/$1"; }
put() { chmod u+w "$image/$1" && printf "$3" | dd of="$image/$1" bs=1 seek="$2" conv=notrunc status=none; }
broken "no index" rm "$image/index"
broken "no dirty map" rm "$image/dirty"
broken "an empty index" cut_file index 0
broken "a short index" cut_file index 300
broken "a short dirty map" cut_file dirty 20
broken "another format" put index 0 XXXX
broken "another version" put index 12 '\11'
broken "areas outside" put index 80 '\377\377\377\377\377'
broken "an index that others can write" chmod 666 "$image/index"
broken "a dirty map that the group can write" chmod 620 "$image/dirty"
as_fifo() { rm "$image/index" && mkfifo "$image/index"; }
broken "a FIFO" as_fifo
as_link() { mv "$image/index" "$image/real" && ln -s real "$image/index"; }
broken "a link" as_link
as_directory() { rm "$image/index" && mkdir "$image/index"; }
broken "a directory" as_directory
if [ "$(id -u)" = 0 ]; then
	broken "an index of another user" chown 65534 "$image/index"
	broken "a dirty map of another user" chown 65534 "$image/dirty"
fi
rm -rf "$image"
cp -a "$node_memory/good" "$image"

# The image is taken away while a process uses it.
prog "$scratch/slow" '
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	char text[20] = "";
	struct stat st;
	FILE *f;
	int fd;
	if (stat(argv[1], &st) || argc < 3 || system(argv[2]))
		return 1;
	fd = open(argv[1], O_RDONLY);
	if (fd < 0 || read(fd, text, 19) != 9)
		return 2;
	f = fopen(argv[1], "r");
	if (!f || !fgets(text, 20, f))
		return 3;
	return stat(argv[1], &st) || st.st_size != 9;
}'
replay "$scratch/slow" "$sw/f" "rm -rf '$image'"
is "$rc$err" 0 "an image that disappears: the originals are read"
cp -a "$node_memory/good" "$image"

# Other rights, another view of the tree.
prog "$scratch/become" '
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	struct stat before, after;
	gid_t g = 65534;
	int rc = -1;
	if (argc < 3 || stat(argv[2], &before))
		return 2;
	if (!strcmp(argv[1], "setuid")) rc = setuid(65534);
	if (!strcmp(argv[1], "seteuid")) rc = seteuid(65534);
	if (!strcmp(argv[1], "setresuid")) rc = setresuid(65534, 65534, 65534);
	if (!strcmp(argv[1], "setreuid")) rc = setreuid(65534, 65534);
	if (!strcmp(argv[1], "setgid")) rc = setgid(65534);
	if (!strcmp(argv[1], "setgroups")) rc = setgroups(1, &g);
	if (!strcmp(argv[1], "initgroups")) rc = initgroups("nobody", 65534);
	if (!strcmp(argv[1], "chroot")) rc = chroot("/");
	if (!strcmp(argv[1], "unshare")) rc = unshare(CLONE_NEWNS);
	if (!strcmp(argv[1], "setns")) rc = setns(open("/proc/self/ns/uts", O_RDONLY), 0);
	if (!strcmp(argv[1], "nothing")) rc = 0;
	if (rc) { perror(argv[1]); return 3; }
	if (stat(argv[2], &after))
		return 4;
	puts(before.st_ino == after.st_ino && before.st_dev == after.st_dev ? "image" : "file system");
	return 0;
}'
chmod 755 "$sw"
replay "$scratch/become" nothing "$sw/f"
is "$out" image "a process asks twice: the image answers"
if [ "$(id -u)" = 0 ]; then
	for how in setuid seteuid setresuid setreuid setgid setgroups initgroups chroot unshare setns; do
		replay "$scratch/become" "$how" "$sw/f"
		is "$rc:$out:$err" "0:file system:" "after $how the file system answers"
	done
	variables=(DLFM_IMAGE="$image")
	if command -v setpriv >/dev/null; then
		cp "$libdlfm" "$scratch/libdlfm.so"
		libdlfm=$scratch/libdlfm.so
		not_ok "another user's process" answered setpriv --reuid 65534 --regid 65534 --clear-groups cat
		is "$(cat "$scratch/read")" recorded "... reads the original"
		libdlfm=$DLFM_LIBDIR/libdlfm.so
	fi
fi

# Static programs do not notice.
if printf 'int main(void) { return 0; }' | $CC -xc -static -o "$scratch/static" - 2>/dev/null; then
	replay "$scratch/static"
	is "$rc$err" 0 "a static program runs"
else
	skip "no static libc" "a static program runs"
fi

# Diagnosis, only when asked for.
run env DLFM_IMAGE="$image" DLFM_LOG="$scratch/log" LD_PRELOAD="$libdlfm" cat "$sw/f"
is "$(ls "$scratch/log" 2>/dev/null)" "" "no log unless DLFM_DEBUG asks for it"
run env DLFM_IMAGE="$image" DLFM_DEBUG=1 DLFM_LOG="$scratch/log" LD_PRELOAD="$libdlfm" cat "$sw/f"
like "$(cat "$scratch/log")" "libdlfm" "DLFM_DEBUG and DLFM_LOG: a line tells what was attached"
is "$err" "" "... and nothing is printed"
done_testing
