#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0201-forms: every exported form of every function records, is answered from the image, and marks what it changes
. "$(dirname "$0")/fm-lib.sh"

make_tree() {
	rm -rf "$sw"
	mkdir -p "$sw/d/sub" "$sw/e"
	echo contents >"$sw/f"
	ln -s f "$sw/l"
	ln -s gone "$sw/dangling"
	touch "$sw/d/x" "$sw/d/y"
	find "$sw" -exec touch -h -d '2001-01-01 00:00:00' {} +
}

# --- reading: the software is moved away after it was recorded, so that only the image can answer ---

make_tree
seal -a "$sw/none"
kinds="f d l dangling none f/below"
for form in $("$forms" -r); do
	for kind in $kinds; do
		case $form/$kind in
		*open*/d | fopen*/d) continue ;; # a directory's descriptor is the file system's
		__realpath_chk/dangling | __realpath_chk/none | __realpath_chk/f/below) continue ;; # tells in its buffer how far it came: only the real one can
		esac
		printf '%s %s: %s\n' "$form" "$kind" "$("$forms" r "$form" "$sw/$kind")"
	done
done >"$scratch/plain"
mv "$sw" "$scratch/away"
export DLFM_IMAGE=$image
while read -r form kind _; do
	printf '%s %s %s\n' "$form" "$kind" "$(LD_PRELOAD=$libdlfm "$forms" r "$form" "$sw/${kind%:}")"
done <"$scratch/plain" >"$scratch/replayed"
unset DLFM_IMAGE
mv "$scratch/away" "$sw"
ge "$(wc -l <"$scratch/plain")" 150 "calls that read are there to be compared"
is "$(diff "$scratch/plain" "$scratch/replayed")" "" "each is answered from the image as from the file system"

# --- recording ---

missed=
for form in $("$forms" -r) freopen freopen64; do
	rm -f "$journals"/*
	mode=r
	[ "${form#freopen}" = "$form" ] || continue
	DLFM_JOURNAL=$journals LD_PRELOAD=$libdlfm "$forms" $mode "$form" "$sw/none" >/dev/null || continue
	records PATH | awk -F'\t' -v p="$sw/none" '$6 == p && $3 == 2 && $2 != 0' | grep -q . || missed+=" $form"
done
is "$missed" "" "each of them is recorded, with its errno"

# --- changing: another process sees the change, as without DLFM ---

state() {
	local p
	for p in f l d d/x e new dangling .; do
		printf 'stat\t%s\nlstat\t%s\nlist\t%s\nopen\t%s\t2048\n' "$sw/$p" "$sw/$p" "$sw/$p" "$sw/$p"
	done | "$@" "$worker" | sed -E 's/\bz[A-Za-z0-9]{6}\b/zRANDOM/g'
}

differing= unmarked= n=0
for form in $("$forms" -w); do
	target=f
	[ "$form" != rmdir ] || target=e
	make_tree
	plain=$("$forms" w "$form" "$sw/$target" "$sw/new" </dev/null)
	after_plain=$(state env)
	make_tree
	seal
	after_before=$(state env DLFM_IMAGE="$image" LD_PRELOAD="$libdlfm")
	ours=$(DLFM_IMAGE=$image LD_PRELOAD=$libdlfm "$forms" w "$form" "$sw/$target" "$sw/new" </dev/null)
	after_ours=$(state env DLFM_IMAGE="$image" LD_PRELOAD="$libdlfm")
	[ "$plain$after_plain" = "$ours$after_ours" ] || differing+=" $form($(diff <(echo "$plain$after_plain") <(echo "$ours$after_ours")))"
	[ "$after_before" != "$after_ours" ] || case $form in *xattr) ;; *) differing+=" $form(nothing changed)" ;; esac
	[ "$(marks)" -gt 0 ] || unmarked+=" $form"
	n=$((n + 1))
done
ge $n 60 "calls that change are there to be compared"
is "$differing" "" "after each of them, another process is answered as without DLFM"
is "$unmarked" "" "each of them marks the image"
done_testing
