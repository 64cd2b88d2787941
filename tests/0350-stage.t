#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0350-stage: an image holds what the cache holds, and a damaged cache is refused with its name and place
. "$(dirname "$0")/stage-lib.sh"

umask 022
mkdir -p "$sw/lib/deep/er/still" "$sw/empty dir" "$sw/v1"
echo one >"$sw/lib/one.py"
echo one >"$sw/lib/same bytes.py"
ln "$sw/lib/one.py" "$sw/v1/hard.py"
: >"$sw/lib/__init__.py"
: >"$sw/v1/__init__.py"
random "$sw/lib/big.so" 9000000
cp "$sw/lib/big.so" "$sw/v1/big copy.so"
pattern "$sw/lib/deep/er/still/text" 300000
printf 'x' >"$sw/lib/"$'new\nline'
printf 'y' >"$sw/lib/ünïcode"
echo run >"$sw/lib/prog"
chmod 4755 "$sw/lib/prog"
chmod 600 "$sw/lib/__init__.py"
chmod 444 "$sw/lib/one.py"
touch -d '2001-02-03 04:05:06.789012345' "$sw/lib/one.py"
ln -s one.py "$sw/lib/relative.py"
ln -s "$sw/lib/one.py" "$sw/lib/absolute.py"
ln -s ../../../../../../../../../../../../..$sw/lib/one.py "$sw/lib/climbing.py"
ln -s v1 "$sw/current"
ln -s current/../lib "$sw/devious"
ln -s nowhere "$sw/dangling"
ln -s loop "$sw/loop"
ln -s /etc "$sw/outside"
ok "a cache of the tree" "$mkcache" "$cache" "$sw"

run dlfm stage -d "$shm" "$cache"
is "$rc" 0 "stage: exit status"
is "$err" "" "stage: says nothing"
image=$out
root=$image/root
like "$image" "^$shm/dlfm-$(id -u)/[0-9a-f]{32}\$" "stage: prints the image"
is "$(ls "$image")" "$(printf 'dirty\nindex\nlib\nroot')" "the image has its four parts"
is "$(find "$image" -type d ! -perm 700)" "" "its directories are the user's alone"
is "$(stat -c %a "$shm/dlfm-$(id -u)")" 700 "the store, too"
ok "libraries for the tasks" test -e "$image/lib/libdlfm.so" -o -e "$image/lib/dlfm-audit.so"

# --- files --------------------------------------------------------------------------------------------------------

same=0 files=0
while IFS= read -r -d '' f; do
	files=$((files + 1))
	cmp -s "$f" "$root$f" && [ ! -L "$root$f" ] && same=$((same + 1))
done < <(find "$sw" -type f -print0)
is "$same" "$files" "all $files files have their bytes"
is "$(stat -c '%a %Y %y' "$root$sw/lib/one.py")" "$(stat -c '%a %Y %y' "$sw/lib/one.py")" "mode and mtime to the nanosecond"
is "$(stat -c %a "$root$sw/lib/prog")" 755 "no set-id bit"
is "$(stat -c %a "$root$sw/lib/__init__.py")" 600 "an empty file has its mode"
is "$(stat -c %i "$root$sw/v1/hard.py")" "$(stat -c %i "$root$sw/lib/one.py")" "hard links stay one file"
isnt "$(stat -c %i "$root$sw/lib/same bytes.py")" "$(stat -c %i "$root$sw/lib/one.py")" "equal bytes stay two files"
isnt "$(stat -c %i "$root$sw/v1/big copy.so")" "$(stat -c %i "$root$sw/lib/big.so")" "also when they come in several frames"
is "$(find "$root" -type f -links +1 | wc -l)" 2 "nothing else is linked"

# --- links --------------------------------------------------------------------------------------------------------

for l in relative absolute climbing; do
	is "$(realpath "$root$sw/lib/$l.py")" "$root$sw/lib/one.py" "link $l.py leads to the copy"
done
is "$(realpath "$root$sw/current/hard.py")" "$root$sw/v1/hard.py" "a linked directory"
is "$(realpath "$root$sw/devious/one.py")" "$root$sw/lib/one.py" "a link through a link and back"
is "$(find "$root" -type l -lname '/*')" "" "no link is absolute"
out=$(find "$root" -type l | while read -r l; do realpath -m "$l"; done | grep -v "^$root/")
is "$out" "" "no link leads out of the tree"
ok "what leads to nothing staged is not there" test ! -L "$root$sw/outside" -a ! -L "$root$sw/dangling" -a ! -L "$root$sw/loop"

# --- the same again -----------------------------------------------------------------------------------------------

inode=$(stat -c %i "$image")
run dlfm stage -d "$shm" "$cache"
is "$out $(stat -c %i "$image")" "$image $inode" "an image that is there is used"
run dlfm clean -d "$shm"
is "$rc $out" "0 1 removed" "clean removes it"
is "$(left "$shm")" "" "and leaves nothing"
run dlfm clean -d "$shm"
is "$rc $out" "0 0 removed" "clean with nothing to do"

ok "a small cache" "$mkcache" "$scratch/small.dat" "$sw/lib/deep"
for piece in 1 13 255 257 4096 999983; do
	ok "fed $piece bytes at a time" "$stage_cache" "$scratch/small.dat" "$shm" "$DLFM_LIBDIR" "$piece"
	root=$out/root
	ok "... it is the same tree" diff -r "$sw/lib/deep" "$root$sw/lib/deep"
	dlfm clean -q -d "$shm" --all
	[ "$piece" -gt 1000 ] || continue
	ok "large contents fed $piece bytes at a time" "$stage_cache" "$cache" "$shm" "$DLFM_LIBDIR" "$piece"
	root=$out/root
	ok "... they have their bytes" cmp "$sw/lib/big.so" "$root$sw/lib/big.so"
	dlfm clean -q -d "$shm" --all
done

run dlfm stage -d "$shm" --lease=12.0 "$cache"
run dlfm stage -d "$shm" --lease=12.1 "$cache"
run dlfm clean -d "$shm"
is "$out" "0 removed" "a leased image stays"
run dlfm clean -d "$shm" --job=1
is "$out" "0 removed" "another job's end does not concern it"
run dlfm clean -d "$shm" --job=12.1
is "$out" "0 removed" "nor one of two leases"
run dlfm clean -d "$shm" --job=12
is "$out $(left "$shm")" "1 removed " "the last lease takes it along"
run dlfm stage -d "$shm" --lease=../x "$cache"
is "$rc" 125 "a key that is a path is refused"
like "$err" "'../x' cannot be the key" "... and named"
run dlfm stage -d "$shm" --max-size=1M "$cache"
is "$rc" 125 "--max-size is kept"
like "$err" "$cache.*1 MiB are allowed" "... with the figures"

# --- bad caches ---------------------------------------------------------------------------------------------------

# refuse NAME WHAT PATTERN: stage and replay --require fail with 125, name the file and say so
refuse() {
	run -t 20 dlfm stage -d "$shm" "$1"
	is "$rc" 125 "$2: stage refuses it"
	like "$err" "^dlfm: $1: .*$3" "$2: names file and reason"
	is "$out$(left "$shm")" "" "$2: leaves nothing"
	run -t 20 dlfm replay -d "$shm" --require "$1" -- echo it ran
	is "$rc:$out" "125:" "$2: replay --require refuses it before the command runs"
	run -t 20 dlfm replay -d "$shm" "$1" -- echo it ran
	is "$rc:$out" "0:it ran" "$2: replay runs the command without DLFM"
	like "$err" "^dlfm: $1: .*; running without DLFM\$" "$2: and says so in one line"
	is "$(printf '%s\n' "$err" | wc -l)" 1 "$2: one line"
}

# flip FILE OFFSET: the lowest bit of a byte
flip() {
	local byte
	byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	printf "\\x$(printf %02x $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

bad=$scratch/bad.dat
refuse "$bad" missing "no such file"
: >"$bad"
refuse "$bad" empty "is empty"
echo "no cache at all, just some text" >"$bad"
refuse "$bad" text "is not a cache"
rm "$bad"
mkdir "$bad"
refuse "$bad" "a directory" "directory"
rmdir "$bad"
mkfifo "$bad"
refuse "$bad" "a FIFO" "not a regular file"
rm "$bad"
refuse /dev/null "a device" "not a regular file"
size=$(stat -c %s "$cache")
head -c 100 "$cache" >"$bad"
refuse "$bad" "cut in the header" "inside its header"
head -c 1000 "$cache" >"$bad"
refuse "$bad" "cut in the metadata" "should have $size"
head -c $((size - 1)) "$cache" >"$bad"
refuse "$bad" "cut by a byte" "should have $size"
(cat "$cache"; echo) >"$bad"
refuse "$bad" "too long" "should have $size"
for at in 0 8 40 200 250; do
	cp "$cache" "$bad"
	flip "$bad" $at
	refuse "$bad" "flipped at $at" ""
done
cp "$cache" "$bad"
printf '\0\0\0\1' | dd of="$bad" bs=1 seek=8 conv=notrunc status=none
refuse "$bad" "another version" "version"
cp "$cache" "$bad"
flip "$bad" 600
refuse "$bad" "flipped in the metadata" "damaged"
cp "$cache" "$bad"
flip "$bad" $((size - 5000000))
refuse "$bad" "flipped in the contents" "damaged: at byte [0-9]+, in the contents of $sw/(lib/big|v1/big copy).so"
cp "$cache" "$bad"
flip "$bad" $((size - 10))
refuse "$bad" "flipped at the end" "damaged: at byte [0-9]+, in the contents of $sw/"
if [ "$(id -u)" = 0 ]; then
	chmod 600 "$cache"
	run -t 20 setpriv --reuid 1000 --regid 1000 --clear-groups dlfm stage -d /dev/shm "$cache"
	is "$rc" 125 "unreadable: refused"
	like "$err" "$cache: .*Permission denied" "unreadable: says why"
fi

done_testing
