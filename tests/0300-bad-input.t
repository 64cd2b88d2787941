#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0300-bad-input: every subcommand on caches that are none, damaged or out of reach, and on places that cannot be written
# time-limit: 120
. "$(dirname "$0")/lib.sh"
need_part dl fm
need_python
need xxh128sum

cd "$scratch" || bail_out "no scratch directory"
mkdir bad out
export TMPDIR=$scratch/out

# A small real cache: a library tree with one module of some size.
mkdir -p sw
{
	echo 'x = 1'
	seq 1 2000 | sed 's/^/# line /'
} >sw/modx.py
run env PYTHONPATH="$scratch/sw" PYTHONDONTWRITEBYTECODE=1 dlfm record --scope=all -o good.dat -- "$PYTHON" -c 'import modx'
[ "$rc" = 0 ] || bail_out "cannot record: $err"
ok "the good cache verifies" dlfm verify good.dat
size=$(stat -c %s good.dat)
field() { # field OFFSET: a 64-bit number of the header
	od -An -t u8 -j "$1" -N 8 good.dat | tr -d ' '
}
contents=$(field 64)

# flip FILE BYTE: changes one bit
flip() {
	local byte
	byte=$(od -An -t u1 -j "$2" -N 1 "$1" | tr -d ' ')
	printf "\\x$(printf %02x $((byte ^ 4)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# patch FILE OFFSET HEX...: writes bytes into the header and sets its digest
patch() {
	local file=$1 at=$2
	shift 2
	printf "$(printf '\\x%s' "$@")" | dd of="$file" bs=1 seek="$at" conv=notrunc status=none
	printf "$(head -c 240 "$file" | xxh128sum 2>/dev/null | cut -c 1-32 | sed 's/../\\x&/g')" |
		dd of="$file" bs=1 seek=240 conv=notrunc status=none
}

cp good.dat bad/patched-but-same && patch bad/patched-but-same 12 00 01 00 00
ok "a patched header that says the same is accepted: the tests below test what they say" dlfm verify bad/patched-but-same
rm bad/patched-but-same

: >bad/empty
echo 'not a cache' >bad/text
head -c 4096 /dev/urandom >bad/random
head -c 7 good.dat >bad/cut-in-magic
head -c 200 good.dat >bad/cut-in-header
head -c 256 good.dat >bad/cut-after-header
head -c 300 good.dat >bad/cut-in-metadata
head -c $((size - 1)) good.dat >bad/cut-at-the-end
{ cat good.dat && echo x; } >bad/longer
for at in 0 9 20 40 60 100 250; do cp good.dat bad/flip-$at && flip bad/flip-$at $at; done
cp good.dat bad/flip-metadata && flip bad/flip-metadata $((256 + (contents - 256) / 2))
cp good.dat bad/version && patch bad/version 8 02 00 00 00
cp good.dat bad/endian && patch bad/endian 8 00 00 00 01 00 00 01 00
cp good.dat bad/bomb && patch bad/bomb 56 00 00 00 70 00 00 00 00
cp good.dat bad/huge && patch bad/huge 72 ff ff ff ff ff ff ff 7f
cp good.dat bad/flags && patch bad/flags 128 80
mkdir bad/directory
mkfifo bad/fifo
ln -s loop bad/loop
ln -s /dev/zero bad/device
names=$(cd bad && ls)
set -- $names

# check WHAT FILE: the last run failed as it should
check() {
	if [ "$rc" != 125 ]; then
		wrong+=("$1: status $rc: $err")
	elif [[ $err != "dlfm: "*"$2"* ]]; then
		wrong+=("$1: the file is not named: $err")
	elif [ "$(printf '%s\n' "$err" | wc -l)" -gt 2 ]; then
		wrong+=("$1: more than a message: $err")
	fi
	[ -z "$(ls -A out)" ] || wrong+=("$1: left behind: $(ls -A out)") && rm -rf out/* out/.[a-z]*
}

# refuse NAME CMD...: the command, with each bad cache in place of @, fails as it should
refuse() {
	local what=$1 name words
	shift
	wrong=()
	for name in missing $names; do
		words=("${@//@/bad/$name}")
		run -t 20 "${words[@]}"
		check "$name" "bad/$name"
	done
	if [ ${#wrong[@]} = 0 ]; then
		pass "$what: $(wc -w <<<"$names") bad files and a missing one are refused, named, and nothing is left"
	else
		fail "$what" "${wrong[@]}"
	fi
}

refuse info dlfm info @
refuse "info --json" dlfm info --json @
refuse ls dlfm ls @
refuse verify dlfm verify @
refuse "diff, first" dlfm diff @ good.dat
refuse "diff, second" dlfm diff good.dat @
refuse extract dlfm extract -C out @
refuse merge dlfm merge -o out/new.dat good.dat @
refuse refresh dlfm refresh -o out/new.dat @
mkdir img
refuse stage dlfm stage --dir="$scratch/img" @
refuse "replay --require" dlfm replay --require --dir="$scratch/img" @ -- echo ran
is "$(find img -name '*.dat' -o -name index | wc -l)" 0 "nothing was staged"

run dlfm info bad/version
like "$err" "version 2 .*byte 8.*reads version 1" "another version: which, where, and which is read"
run dlfm info bad/endian
like "$err" "wrong byte order" "another byte order is told"
run dlfm info bad/cut-at-the-end
like "$err" "has $((size - 1)) bytes and should have $size" "a cut file: how much is missing"
run dlfm info bad/flip-metadata
like "$err" "metadata \(from byte 256\).*(copy it again|record it anew)" "damaged metadata: the place, and what to do"
run dlfm info missing.dat
like "$err" "missing.dat: .*dlfm record" "a missing cache: how to make one"

# Damage in a content is found by whoever reads the contents, with the path that is hit.
cp good.dat bad/content && flip bad/content $((contents + (size - contents) / 2))
run dlfm info bad/content
is "$rc" 0 "info does not read contents"
for cmd in "verify bad/content" "extract -C out bad/content" "merge -o out/new.dat bad/content" \
	"stage --dir=$scratch/img bad/content"; do
	run dlfm $cmd
	is "$rc" 125 "a damaged content: ${cmd%% *} fails"
	like "$err" "bad/content" "... and names the file"
	[ "${cmd%% *}" = stage ] || like "$err" "byte [0-9]+" "... and the place"
	is "$(find out -name new.dat)" "" "... and leaves no output"
	rm -rf out/*
done
run dlfm replay --dir="$scratch/img" bad/content -- echo ran
is "$rc $out" "0 ran" "replay without --require runs the command without the cache"
like "$err" "dlfm: .*bad/content" "... and says why"
rm -rf img/*

# Whoever may not read it is told so.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 755 "$scratch"
	chmod 600 good.dat
	cp "$top_builddir/cache-tools/dlfm" "$scratch/dlfm-copy" && chmod 755 "$scratch/dlfm-copy"
	as_other=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	for cmd in info ls verify "extract -C ."; do
		run "${as_other[@]}" "$scratch/dlfm-copy" $cmd "$scratch/good.dat"
		like "$rc $err" "^125 dlfm: .*good.dat.*Permission denied" "an unreadable cache: ${cmd%% *}"
	done
	mkdir -m 755 closed
	chmod 644 good.dat
	run "${as_other[@]}" "$scratch/dlfm-copy" merge -o closed/new.dat good.dat
	like "$rc $err" "^125 dlfm: closed/new.dat.*cannot be written" "a directory that may not be written: merge"
	run "${as_other[@]}" env DLFM_LIBDIR="$DLFM_LIBDIR" "$scratch/dlfm-copy" record -o closed/new.dat -- touch out/ran
	like "$rc $err" "^125 dlfm: " "... record"
	is "$(ls closed)" "" "... nothing is there"
else
	skip "needs root" "an unreadable cache"
fi

# Outputs that cannot be: told before the command runs.
for o in nowhere/new.dat bad/directory bad/fifo /dev/full out/$(printf 'x%.0s' {1..300}).dat; do
	run dlfm record --scope=all -o "$o" -- touch out/ran
	is "$rc" 125 "record -o ${o:0:30}: fails"
	like "$err" "^dlfm: ${o:0:30}" "... and names it"
	is "$(ls out)" "" "... before the command has run"
	run dlfm merge -o "$o" good.dat
	is "$rc" 125 "merge -o ${o:0:30}: fails"
	rm -rf out/*
done
run dlfm refresh -o bad/directory good.dat
is "$rc" 125 "refresh -o a directory: fails"

# A file system that is full.
if [ "$(id -u)" = 0 ] && mkdir small && mount -t tmpfs -o size=64k dlfm-test small 2>/dev/null; then
	unmount_on_exit "$scratch/small"
	run dlfm merge -o small/new.dat good.dat
	like "$rc $err" "^125 dlfm: small/new.dat.*No space" "a full file system: merge"
	is "$(ls -A small)" "" "... leaves nothing"
	echo old >small/old.dat
	run dlfm merge -o small/old.dat good.dat
	is "$rc $(cat small/old.dat)" "125 old" "... and what was there before still is"
	run env PYTHONPATH="$scratch/sw" dlfm record --scope=all -o small/new.dat -- "$PYTHON" -c 'import modx; print("ran")'
	is "$rc $out" "125 ran" "record: the command ran, the cache is not there"
	is "$(ls -A small)" "old.dat" "... not even a part of it"
	run dlfm extract -C small good.dat
	like "$rc $err" "^125 dlfm: .*No space" "extract"
	is "$(find small -name '.dlfm*')" "" "... leaves no half file"
else
	skip "needs root and tmpfs" "a full file system"
fi

# Output that nobody takes.
if [ -w /dev/full ]; then
	for cmd in info ls "ls --json" "extract -n" --help; do
		timeout 20 dlfm $cmd good.dat >/dev/full 2>"$scratch/.err"
		rc=$?
		is "$rc" 125 "standard output is full: ${cmd%% *}"
	done
fi

# The policy.
echo '{"scope": "shard"}' >p1
echo '{"includes": []}' >p2
echo '{"include": "x"}' >p3
echo '{"max_code_size": -1}' >p4
echo '{' >p5
echo '[]' >p6
for p in p1 p2 p3 p4 p5 p6 nopolicy bad/directory bad/fifo; do
	run -t 20 dlfm record --policy=$p -o out/new.dat -- touch out/ran
	like "$rc $err" "^125 dlfm: $p: " "policy $p is refused, and named: ${err#*: }"
done
is "$(ls out)" "" "... before the command has run"

# Journals.
run dlfm pack -o out/new.dat nowhere
like "$rc $err" "^125 dlfm: nowhere: " "pack: a missing directory"
run dlfm pack -o out/new.dat good.dat
like "$rc $err" "^125 dlfm: good.dat: .*Not a directory" "pack: no directory"
mkdir journals
run dlfm pack -o out/new.dat journals
like "$rc $err" "^125 dlfm: journals: no process left a journal" "pack: nothing in it"
head -c 10000 /dev/urandom >journals/dl-1-1.journal
run dlfm pack -o out/new.dat journals
is "$rc" 125 "pack: garbage instead of a journal"
is "$(ls out)" "" "... no output"

# The command line.
run dlfm
is "$rc" 125 "no subcommand"
run dlfm nonsense
like "$rc $err" "^125 dlfm: there is no subcommand 'nonsense'" "an unknown subcommand"
for cmd in record pack merge refresh replay stage clean info ls verify diff extract; do
	run dlfm $cmd --nonsense
	like "$rc $err" "^125 dlfm: $cmd: .*--nonsense" "$cmd: an unknown option"
	run dlfm $cmd --help
	like "$rc $out" "^0 Usage: dlfm $cmd" "$cmd --help"
done
run dlfm info
like "$rc $err" "^125 dlfm: info: an argument is missing" "a missing argument"
run dlfm record --scope=most true
like "$rc $err" "^125 dlfm: record: --scope=most" "a wrong choice"
run dlfm merge good.dat
like "$rc $err" "^125 dlfm: merge: -o FILE is missing" "merge needs an output"

done_testing
