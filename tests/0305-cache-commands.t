#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0305-cache-commands: info, ls, verify, diff, extract, merge and refresh on whole caches; JSON; the documented format
# time-limit: 90
. "$(dirname "$0")/lib.sh"
need_part dl fm
need_python
unset PYTHONPATH
export PYTHONDONTWRITEBYTECODE=1

cd "$scratch" || bail_out "no scratch directory"
mkdir -p sw/sub out x
for m in one two same; do echo "x = '$m'" >sw/$m.py; done
cp sw/same.py sw/again.py
ln -s one.py sw/link.py
echo "x = 'sub'" >sw/sub/__init__.py
pilot() { # pilot CACHE MODULE...
	local cache=$1
	shift
	PYTHONPATH=$scratch/sw dlfm record --scope=all --include="$scratch/sw/*" --exclude=/usr --exclude=/etc --exclude=/lib \
		-o "$cache" -- "$PYTHON" -c "import $*" >/dev/null 2>&1
}
pilot a.dat one, same, again, link, sub
pilot b.dat two, same
json() { # json EXPRESSION: of the JSON in $out, as Python sees it
	"$PYTHON" -c "import json, sys; d = json.loads(sys.argv[1]); print($1)" "$out"
}

# --- info, ls, verify ---------------------------------------------------------------------------------------------
run dlfm info --json a.dat
is "$(json "d['schema'], d['format'], d['scope'], d['partial'], d['files'], d['contents'], d['provenance']['processes']")" \
	"dlfm.info/1 1 all False 4 3 1" "info --json: four files, three contents (two are the same)"
like "$(json "d['provenance']['command']")" "-c 'import one, same, again, link, sub'" "... the recorded command, quoted"
is "$(json "len(d['id'])")" 32 "... an id"
run dlfm info a.dat
like "$out" "paths +[0-9]+ known: 4 files with content, [0-9]+ directories \([0-9]+ listed\), 1 links, [0-9]+ absent" "info says the same in words"

run dlfm ls a.dat "$scratch/sw/*.py"
is "$(sed "s|$scratch/sw/||" <<<"$out" | tr '\n' ' ')" "again.py link.py one.py same.py sub/__init__.py " "ls with a pattern"
run dlfm ls --json a.dat "$scratch/sw/link.py" "$scratch/sw/one.py"
is "$(json "d['schema'], [(e['kind'], e.get('target'), 'digest' in e) for e in d['entries']]")" \
	"dlfm.ls/1 [('link', 'one.py', False), ('file', None, True)]" "ls --json"
run dlfm ls -l a.dat "$scratch/sw/same.py" "$scratch/sw/again.py"
is "$(awk '{ print $5 }' <<<"$out" | sort -u | wc -l)" 1 "ls -l: two files of one content"
is "$(awk '{ print $5 }' <<<"$out" | head -n 1)" "$(xxh128sum sw/same.py 2>/dev/null | cut -c 1-32)" "... whose digest is XXH3-128"
is "$(dlfm ls a.dat "$scratch/sw/nothing*")" "" "ls: nothing matches"
run dlfm verify a.dat b.dat
like "$out" "a.dat: whole, 3 contents.*b.dat: whole, 2 contents" "verify"
run dlfm verify --json a.dat
is "$(json "d['schema'], d['results'][0]['ok']")" "dlfm.verify/1 True" "verify --json"
run dlfm verify -q a.dat
is "$rc$out$err" 0 "verify -q"
run dlfm verify --against-files a.dat
is "$rc" 0 "verify --against-files" || diag "$err"

# --- the format, as dlfm-cache(5) has it ------------------------------------------------------------------------------
if command -v xxh128sum >/dev/null && command -v zstd >/dev/null; then
	number() {
		od -An -t u"$2" -j "$1" -N "$2" a.dat | tr -d ' '
	}
	id=$(od -An -t x1 -j 16 -N 16 a.dat | tr -d ' \n')
	like "$(dlfm info a.dat)" "id +$id" "the header's id"
	is "$(tail -c +257 a.dat | head -c "$(number 48 8)" | zstd -dc | xxh128sum 2>/dev/null | cut -c 1-32)" "$id" \
		"... is the digest of the metadata, which is a zstd frame"
	is "$(head -c 240 a.dat | xxh128sum 2>/dev/null | cut -c 1-32)" "$(od -An -t x1 -j 240 -N 16 a.dat | tr -d ' \n')" "the header's digest"
	is "$(number 32 8)" "$(stat -c %s a.dat)" "the file's size"
	is "$(tail -c +$(($(number 64 8) + 1)) a.dat | zstd -dc | wc -c)" "$(number 80 8)" "the contents are zstd frames"
	is "$(tail -c +$(($(number 64 8) + 1)) a.dat | wc -c)" "$(number 72 8)" "... up to the end"
else
	skip "no zstd, no xxhsum" "the format"
fi

# --- extract -----------------------------------------------------------------------------------------------------------
run dlfm extract -C x a.dat
is "$rc" 0 "extract" || diag "$err"
for f in one same again sub/__init__; do
	ok "... $f.py is the same" cmp "x$scratch/sw/$f.py" sw/$f.py
done
is "$(readlink "x$scratch/sw/link.py")" one.py "... the link is one"
is "$(stat -c '%a %Y' "x$scratch/sw/one.py")" "$(stat -c '%a %Y' sw/one.py)" "... mode and date are those of the file"
run dlfm extract -C x a.dat
like "$rc $err" "^125 .*is there already; --overwrite" "what is there is not replaced unasked"
run dlfm extract --overwrite -C x a.dat "$scratch/sw/one.py"
is "$rc" 0 "--overwrite"
run dlfm extract -n -C x a.dat "$scratch/sw/o*"
is "$rc $out" "0 $scratch/sw/one.py" "--dry-run prints"
# Nothing outside, although links lead there.
mkdir outside trap
mkdir -p "trap$(dirname "$scratch")"
ln -s "$scratch/outside" "trap$scratch"
run dlfm extract -C trap a.dat
is "$rc" 125 "a link in the way is not followed"
is "$(find outside -type f)" "" "... nothing is written where it leads"
rm -rf trap
mkdir -p "trap$scratch/sw"
ln -s "$scratch/outside/one.py" "trap$scratch/sw/one.py"
run dlfm extract --overwrite -C trap a.dat "$scratch/sw/one.py"
is "$rc $(find outside -type f) $(stat -c %F "trap$scratch/sw/one.py")" "0  regular file" "a link under a file's name is replaced, not followed"
chmod 4755 sw/one.py
pilot suid.dat one
chmod 644 sw/one.py
rm -rf x/*
run dlfm extract -C x suid.dat "$scratch/sw/one.py"
is "$(stat -c %a "x$scratch/sw/one.py")" 755 "setuid is not restored"

# --- diff ----------------------------------------------------------------------------------------------------------------
run dlfm diff a.dat a.dat
is "$rc$out" 0 "diff of a cache with itself"
run dlfm diff a.dat b.dat
is "$rc" 1 "diff of two"
like "$out" "- $scratch/sw/one.py" "... what only the first has"
like "$out" "\+ $scratch/sw/two.py" "... what only the second has"
run dlfm diff --json a.dat b.dat
is "$(json "d['schema'], sorted({c['change'] for c in d['changes']})")" "dlfm.diff/1 ['added', 'removed']" "diff --json"
run dlfm diff -q a.dat b.dat
is "$rc$out" 1 "diff -q"

# --- merge ---------------------------------------------------------------------------------------------------------------
run dlfm merge -o m.dat a.dat b.dat
is "$rc" 0 "merge" || diag "$err"
ok "... gives a whole cache" dlfm verify m.dat
is "$(dlfm ls m.dat "$scratch/sw/*.py" | wc -l)" 6 "... with the files of both"
is "$({ dlfm ls -a a.dat && dlfm ls -a b.dat; } | sort -u)" "$(dlfm ls -a m.dat | sort)" "... and all that each knows, no more"
run dlfm diff m.dat a.dat
unlike "$out" "^[+!]" "... nothing that the first says is lost"
run env PYTHONPATH="$scratch/sw" dlfm replay --require m.dat -- "$PYTHON" -c 'import one, two, link, sub; print(one.x, two.x, link.x)'
is "$rc $out" "0 one two one" "... which is replayed"
cp a.dat self.dat
run dlfm merge -o self.dat self.dat b.dat
is "$rc $(dlfm diff -q self.dat m.dat; echo $?)" "0 0" "the output may be one of the arguments"
# The later one is right.
sleep 1.1
echo "x = 'changed'" >sw/one.py
pilot later.dat one
for order in "a.dat later.dat" "later.dat a.dat"; do
	run dlfm merge -o m.dat $order
	rm -rf x/*
	dlfm extract -C x m.dat "$scratch/sw/one.py"
	is "$(cat "x$scratch/sw/one.py")" "x = 'changed'" "merge $order: the later cache is right"
done
ln -sfn two.py sw/link.py
pilot relinked.dat link
run dlfm merge -o bad.dat a.dat relinked.dat
like "$rc $err" "^125 .*disagree on what $scratch/sw/link.py is.*refresh" "caches that disagree on a link are refused"
not_ok "... and nothing is written" test -e bad.dat
ln -sfn one.py sw/link.py

# --- refresh ---------------------------------------------------------------------------------------------------------------
pilot r.dat one, sub
cp -p r.dat old.dat
run dlfm refresh r.dat
like "$rc $out" "^0 r.dat: .*up to date" "refresh: nothing has changed"
is "$(stat -c %i r.dat) $(cmp r.dat old.dat; echo $?)" "$(stat -c %i r.dat) 0" "... the cache is as it was"
echo "x = 'newer and longer'" >sw/one.py
run dlfm verify --against-files r.dat
like "$rc $err" "^125 .*$scratch/sw/one.py" "verify --against-files names what changed"
run dlfm refresh -o out/new.dat r.dat
like "$rc $out" "^0 .*out/new.dat: .*[1-9][0-9]* changed" "refresh -o"
is "$(cmp r.dat old.dat; echo $?)" 0 "... leaves the old cache"
run dlfm refresh r.dat
is "$rc" 0 "refresh in place"
run dlfm verify --against-files r.dat
is "$rc" 0 "... the cache is true again" || diag "$err"
rm -rf x/*
dlfm extract -C x r.dat "$scratch/sw/one.py"
is "$(cat "x$scratch/sw/one.py")" "x = 'newer and longer'" "... with the new content"
rm sw/sub/__init__.py
run dlfm refresh --drop r.dat
is "$rc $(dlfm ls r.dat "$scratch/sw/sub/__init__.py")" "0 " "refresh --drop takes out what is gone"
is "$(ls -A . | grep -c 'dlfm-[0-9]')" 0 "no temporary file is left"

# --- the manual ------------------------------------------------------------------------------------------------------------
missing=$(dlfm --help | sed -n 's/^  \([a-z]*\) .*/\1/p' | while read -r c; do
	grep -qE "^\.It Cm $c( |\$)" "$top_srcdir/doc/dlfm.1" || echo "$c"
done)
is "$missing" "" "dlfm(1) has every subcommand"
for c in record pack; do
	missing=$(dlfm $c --help | grep -oE '^ +(-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+' | sed 's/^--//' | while read -r o; do
		[ "$o" = help ] || grep -qE "Fl -$o( |\$)" "$top_srcdir/doc/dlfm.1" || echo "$o"
	done)
	is "$missing" "" "... and every option of $c"
done

done_testing
