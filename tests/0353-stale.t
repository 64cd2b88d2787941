#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0353-stale: what changed since the recording is answered as it is now, whatever the policy
. "$(dirname "$0")/stage-lib.sh"
need_part fm
need cat stat find

# Shows all that the job sees of the tree, in one process for each kind of question.
cat >"$scratch/see" <<'END'
cd /
for f in "$@"; do
	stat -c '%n %F %s %a %Y' "$f" 2>&1
	stat -L -c '%F %s %a %Y' "$f" 2>&1
	cat "$f" 2>&1
	ls -a "$f" 2>&1
done
END
questions="$sw $sw/a $sw/a/one.py $sw/a/two.py $sw/a/new.py $sw/a/link.py $sw/b $sw/b/three.py $sw/via/three.py
	$sw/via/absent.py $sw/b/absent.py $sw/c/deep/four.py $sw/d $sw/a/__pycache__/x.pyc"

fresh() {
	rm -rf "$sw"
	mkdir -p "$sw/a" "$sw/b" "$sw/c/deep" "$sw/v2"
	echo one >"$sw/a/one.py"
	echo two >"$sw/a/two.py"
	echo three >"$sw/b/three.py"
	echo three of v2 >"$sw/v2/three.py"
	echo four >"$sw/c/deep/four.py"
	ln -s one.py "$sw/a/link.py"
	ln -s b "$sw/via"
	find "$sw" -depth -exec touch -h -d '2020-01-01' {} +
	# spellings through the link and absent names, as a run would have recorded them
	"$mkcache" "$cache" "$sw" "$sw/via/three.py" "$sw/via/absent.py" "$sw/b/absent.py" "$sw/a/new.py" \
		"$sw/a/__pycache__/x.pyc" "$sw/d" || bail_out "mkcache"
}

# now NAME: with each policy the job sees what is there
now() {
	local want policy
	want=$(sh "$scratch/see" $questions)
	for policy in refresh drop; do
		run -t 30 dlfm replay -d "$shm" --stale=$policy --require "$cache" -- sh "$scratch/see" $questions
		if [ "$out" = "$want" ]; then
			pass "$1: $policy"
		else
			fail "$1: $policy" "$(diff <(printf '%s\n' "$want") <(printf '%s\n' "$out"))" "$err"
		fi
		[ -z "${2-}" ] || like "$err" "recorded paths changed since.*$2" "$1: $policy says so"
	done
	[ -n "${2-}" ] || return 0
	run dlfm replay -d "$shm" --stale=fail --require "$cache" -- echo it ran
	is "$rc:$out" "125:" "$1: fail does not run"
	like "$err" "$2" "$1: fail names it"
}

# staged PATH: is it answered from memory after a refresh? (strace would see the original asked for)
staged() {
	run strace -f -o "$scratch/trace" -e trace=file dlfm replay -q -d "$shm" "$cache" -- cat "$1"
	sed -n '/execve("[^"]*\/cat"/,$p' "$scratch/trace" | grep -v execve >"$scratch/cat-trace"
	[ -s "$scratch/cat-trace" ] && ! grep -q "\"$1\"" "$scratch/cat-trace"
}

fresh
now "nothing changed"
run dlfm replay -d "$shm" --stale=fail --require "$cache" -- echo it ran
is "$rc:$out:$err" "0:it ran:" "nothing changed: fail runs it and says nothing"
touch "$scratch"
run dlfm replay -d "$shm" --stale=fail --require "$cache" -- echo it ran
is "$rc:$out:$err" "0:it ran:" "other files above: not of interest"

fresh; echo "one, rebuilt" >"$sw/a/one.py"
now "rewritten" "a/one.py \(changed: rewritten: 13 bytes, it had 4\)"
ok "... and stays in memory" staged "$sw/a/one.py"
fresh; echo eno >"$sw/a/one.py"; touch -d '2020-01-01' "$sw/a/one.py"
cp -p "$sw/a/one.py" "$sw/a/x"; mv "$sw/a/x" "$sw/a/one.py"; touch -d '2020-01-01' "$sw/a"
now "replaced by rename, same size and time" "a/one.py \(changed: another file has its name now"
fresh; touch "$sw/a/one.py"
now "touched" "a/one.py \(changed: rewritten or touched: another time, the same size\)"
fresh; chmod 755 "$sw/a/one.py"
now "another mode" "a/one.py \(changed: mode 0755 of [0-9:]*, it was 0644 of"
fresh; rm "$sw/a/two.py"
now "deleted" "two.py \(gone: a file that was recorded is not there\)"
ok "... its absence is known" staged "$sw/a/two.py"
fresh; echo new >"$sw/a/new.py"
now "a new file where none was" "new.py \(new: there was none\)"
ok "... is in memory" staged "$sw/a/new.py"
fresh; echo new >"$sw/b/absent.py"; touch -d '2020-01-01' "$sw/b"
now "a new file in a directory that looks unchanged" "absent.py \(new: there was none\)"
fresh; mkdir "$sw/a/__pycache__"; echo code >"$sw/a/__pycache__/x.pyc"
now "what Python compiled since" "__pycache__ \(new: there was none\)"
ok "... is in memory" staged "$sw/a/__pycache__/x.pyc"
fresh; mkdir "$sw/d"; echo x >"$sw/d/x"
now "a new directory" "d"
fresh; rm -r "$sw/c"
now "a tree that is gone" "four.py \(gone: "
fresh; rm -r "$sw/c"; echo now a file >"$sw/c"
now "a directory that is a file now" "four.py \(gone: "
fresh; mv "$sw/c" "$sw/e"; mkdir -p "$sw/c/deep"; echo other >"$sw/c/deep/four.py"
now "a directory replaced by another" "four.py \(changed: another file has its name now: 6 bytes, it had 5\)"
fresh; mv "$sw/c" "$sw/e"; ln -s e "$sw/c"
now "a directory replaced by a link to it" "c \(changed: it was a directory, and is a symbolic link\)"
fresh; ln -sfn v2 "$sw/via"
now "a link that leads elsewhere" "via \(changed: it led to b, and leads to v2\)"
fresh; rm "$sw/via"
now "a link that is gone" "via \(gone: a symbolic link that was recorded is not there\)"
fresh; ln -sf two.py "$sw/a/link.py"
now "a link to another file" "link.py \(changed: it led to one.py, and leads to two.py\)"
fresh; rm "$sw/a/one.py"
now "a link's file is gone" "one.py \(gone: "
fresh; rm "$sw/a/one.py"; mkfifo "$sw/d"
questions=${questions//"$sw/a/one.py"/} questions=${questions//"$sw/d "/}
now "a FIFO appeared" "d"
is "$(left "$shm")" "" "nothing is left in node memory"

# --- files that look the same, and files that look different -----------------------------------------------------------

# later: what is recorded now is no longer of the second in which it was made
is_old() {
	[ $(($(stat -c %Z "$sw/a/one.py") + 2)) -lt "$(date +%s)" ]
}
later() {
	wait_until 60 is_old
}
fresh; later; "$mkcache" "$cache" "$sw"
mtime=$(stat -c %y "$sw/a/one.py"); printf 'eno\n' >"$sw/a/one.py"; touch -d "$mtime" "$sw/a/one.py"
run dlfm replay -d "$shm" "$cache" -- cat "$sw/a/one.py"
is "$out" eno "rewritten in place, same size, its time set back"
like "$err" "one.py \(changed: rewritten: other bytes, the same size and time\)" "... and says so"
fresh; later; "$mkcache" "$cache" "$sw"
ln "$sw/a/one.py" "$scratch/hard-link"
run dlfm replay -d "$shm" --stale=fail "$cache" -- cat "$sw/a/one.py"
is "$rc:$out:$err" "0:one:" "a hard link more: the same file, no word"
ok "... and it is in memory" staged "$sw/a/one.py"
run dlfm refresh "$cache"
is "$rc:${out##*: }" "0:up to date" "... refresh takes that in, and says that nothing else was to do"
rm "$scratch/hard-link"

# --- verify tells all of it ------------------------------------------------------------------------------------------------
fresh
echo "one, rebuilt" >"$sw/a/one.py"; rm "$sw/a/two.py"; echo new >"$sw/a/three.py"; ln -sfn v2 "$sw/via"
run dlfm verify -f "$cache"
is "$rc" 125 "verify -f: fails"
like "$out" "changed: $sw/a/one.py: rewritten: 13 bytes, it had 4" "verify -f: tells what was rewritten"
like "$out" "gone: $sw/a/two.py: " "... and what is gone"
like "$out" "changed: $sw/a: new in it: three.py; gone from it: two.py" "... and what came to a directory and left it"
like "$out" "changed: $sw/via: it led to b, and leads to v2" "... and links that were turned"
run dlfm verify -f --json "$cache"
like "$out" '"why": *"it led to b, and leads to v2"' "... also as JSON"
run dlfm refresh "$cache"
like "$out" "changed: $sw/a/one.py: rewritten: 13 bytes, it had 4" "refresh tells the same"
ok "... after which the cache is true" dlfm verify -qf "$cache"

# In the second of the packing: times can lie, bytes do not
fresh
echo aaaa >"$sw/a/one.py"
"$mkcache" "$cache" "$sw"
mtime=$(stat -c %y "$sw/a/one.py")
echo bbbb >"$sw/a/one.py"
touch -d "$mtime" "$sw/a/one.py"
run dlfm replay -q -d "$shm" "$cache" -- cat "$sw/a/one.py"
is "$out" bbbb "a change that no time shows, right after the packing"

# A cache in a directory where nothing can be written
if [ "$(id -u)" = 0 ]; then
	fresh
	echo changed >"$sw/a/one.py"
	mkdir "$scratch/readonly"
	mv "$cache" "$scratch/readonly/cache.dat"
	mount --bind "$scratch/readonly" "$scratch/readonly"
	mount -o remount,ro,bind "$scratch/readonly"
	run dlfm replay -q --require -d "$shm" "$scratch/readonly/cache.dat" -- cat "$sw/a/one.py"
	is "$rc:$out" "0:changed" "a stale cache in a read-only directory"
	umount "$scratch/readonly"
fi

done_testing
