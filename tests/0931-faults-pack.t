#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0931-faults-pack: recording, packing, merging, refreshing and learning with full disks, quotas, read errors and kills at each system call: the
# recorded command has run, the old cache is whole or the new one is, and no part of one is left
# time-limit: 1200
. "$(dirname "$0")/stage-lib.sh"
. "$testdir/faults-lib.sh"
need_part dl fm
export TMPDIR=$scratch/tmp
mkdir "$TMPDIR" "$sw/lib" "$scratch/out"
for i in 1 2 3; do echo "x = $i" >"$sw/lib/m$i.py"; done
cp "$(command -v cat)" "$sw/lib/tool" # an ELF file of some size
command=(cat "$sw/lib/m1.py" "$sw/lib/m2.py" "$sw/lib/m3.py")
want=$(cat "$sw"/lib/m?.py)
cd "$scratch/out" || exit
run dlfm record -q --scope=all -o ../old.dat -- cat "$sw/lib/m1.py" "$sw/lib/tool"
[ "$rc" = 0 ] || bail_out "cannot record: $err"
mkdir ../journals
run env DLFM_JOURNAL="$scratch/journals" LD_PRELOAD="$DLFM_LIBDIR/libdlfm.so" LD_AUDIT="$DLFM_LIBDIR/dlfm-audit.so" "${command[@]}"

# whole: c.dat is the old one, or a good new one, and stands alone
whole() {
	[ "$(ls -A)" = c.dat ] || echo "in the directory: $(ls -A)"
	cmp -s c.dat ../old.dat || dlfm verify c.dat >/dev/null 2>"$scratch/why" || echo "the cache is broken: $(cat "$scratch/why")"
	[ -z "$(ls -A "$TMPDIR")" ] || echo "left in TMPDIR: $(ls -A "$TMPDIR")"
}
# try NAME BUDGET CMD...: the command, which writes c.dat, with errors and kills; nothing but c.dat is ever there
try() {
	local name=$1 budget=$2 bad= call n problem fault failed=0 killed=0
	shift 2
	cp ../old.dat c.dat
	survey "$@"
	points "$budget"
	while read -r call n; do
		for fault in $(errors_for "$call") KILL; do
			# In CI every second point is killed at, the others fail.
			[ "${DLFM_FAULTS:-}" = all ] || [ $(((n + ${#call}) % 2)) = $([ $fault = KILL ] && echo 1 || echo 0) ] || continue
			rm -rf ./* ./.[!.]* "$TMPDIR"/* && cp ../old.dat c.dat
			at_point $fault "$call" "$n" "$@" || continue
			problem=$(
				case $fault:$rc in
				*:0) ;;
				KILL:137) ;;
				KILL:125) ;; # a child of its was killed
				KILL:*) echo "status $rc: $err" ;;
				*:1) [ "$name" = record ] && [[ $err == *"cat: "* ]] || echo "status $rc: $err" ;; # the command's own call
				*:125) [[ $err == *"dlfm: "* ]] || echo "no reason: $err" ;;
				*) echo "status $rc: $err" ;;
				esac
				if [ "$name" = record ] && [ "$rc" != 137 ]; then
					[ "$out" = "$want" ] || [[ $call =~ ^(clone3?|vfork|fork|rt_sig|pipe2)|^(mmap|mprotect|madvise)$ ]] ||
						[ "$rc" = 125 -a -z "$out" ] || echo "the command has not run: $out $err"
				fi
				# What was killed has left at most its own temporary, which has a name that tells so, or its journals.
				if [ $fault = KILL ]; then
					rm -f .*.dlfm-*
					rm -rf "$TMPDIR"/dlfm-*
				fi
				whole
				# The next one
				rm -rf "$TMPDIR"/*
				"$@" >/dev/null 2>"$scratch/why" && dlfm verify c.dat >/dev/null || echo "the next one fails: $(cat "$scratch/why")"
			)
			[ $fault = KILL ] && killed=$((killed + (rc == 137))) || failed=$((failed + (rc != 0)))
			[ -z "$problem" ] || bad+="$fault at $call $n: $problem"$'\n'
		done
	done <<<"$chosen"
	is "$bad" "" "$name: $failed times it failed, $killed times it was killed: the cache is the old one or a new one, and nothing else is there"
	ge $((failed + killed)) 5 "... (it was)"
}
try pack 40 dlfm pack -q --scope=all -o c.dat ../journals
try merge 24 dlfm merge -o c.dat c.dat ../old.dat
touch -d 2001-01-01 "$sw/lib/m1.py" # it has changed since
try refresh 24 dlfm refresh -q c.dat
# The directory for the new cache fills up: the next one is taken, from the start (a broken cache replaced a good one once).
bad=
for n in 1 2 3; do
	rm -rf ./* && cp ../old.dat c.dat
	at_point ENOSPC pwrite64 $n dlfm refresh -q c.dat
	[ "$rc" = 0 ] || [ "$rc" = 125 ] || bad+="$n: status $rc"$'\n'
	bad+=$(whole)
done
is "$bad" "" "refresh in a directory that fills up: the cache is whole"
try learn 30 dlfm learn -q c.dat ../journals
try record 30 dlfm record -q --scope=all -o c.dat -- "${command[@]}"

# --- what is read -------------------------------------------------------------------------------------------------------

# EIO from each file that is packed, at each of its reads: left out or told, never a cache with wrong bytes
rm -rf ./* && cp ../old.dat c.dat
bad= seen=0
for file in "$sw/lib/m2.py" "$sw/lib/m3.py" "$scratch/journals"/*; do
	for call in read pread64 openat mmap copy_file_range; do
		for n in 1 2 3; do
			{ run -t 60 strace -f -qq -o "$scratch/injected" -P "$file" -e signal=none -e trace=$call -e inject=$call:error=EIO:when=$n \
				dlfm pack -q --scope=all -o c.dat ../journals; } 2>/dev/null
			grep -q INJECTED "$scratch/injected" || break
			seen=$((seen + 1))
			case $rc in
			0) dlfm verify c.dat >/dev/null 2>&1 || bad+="$file $call $n: broken"$'\n' ;;
			125) [[ $err == *"dlfm: "*"Input/output error"* ]] || bad+="$file $call $n: $err"$'\n' ;;
			*) bad+="$file $call $n: status $rc $err"$'\n' ;;
			esac
			rm -rf "$scratch/x" && mkdir "$scratch/x"
			dlfm extract -q -C "$scratch/x" c.dat >/dev/null 2>&1
			for f in m1 m2 m3; do
				[ ! -e "$scratch/x$sw/lib/$f.py" ] || cmp -s "$sw/lib/$f.py" "$scratch/x$sw/lib/$f.py" ||
					bad+="$file $call $n: wrong bytes of $f.py"$'\n'
			done
			[ "$(ls -A)" = c.dat ] || bad+="$file $call $n: left: $(ls -A)"$'\n'
		done
	done
done
is "$bad" "" "EIO while files are read to be packed ($seen times): left out or told; no wrong bytes, nothing left"
ge "$seen" 4 "... (they were read)"
done_testing
