# SPDX-License-Identifier: BSD-3-Clause
# Tests of the fm layer: a tree of files ("software") below $sw and a node image made of it, without pack or a cache.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_part fm

sw=$scratch/sw
journals=$scratch/journals
mkimage=$top_builddir/tests/tools/mkimage
journal_dump=$top_builddir/tests/tools/journal-dump
forms=$top_builddir/tests/tools/fm-forms
worker=$top_builddir/tests/tools/fm-worker
libdlfm=$DLFM_LIBDIR/libdlfm.so
[ -x "$mkimage" ] && [ -x "$journal_dump" ] && [ -x "$forms" ] && [ -x "$worker" ] ||
	skip_all "the test tools are not built (make check)"
mkdir -p "$sw" "$journals"
node_memory=$(mktemp -d /dev/shm/dlfm-test.XXXXXX) || bail_out "no /dev/shm"
on_exit 'rm -rf "$node_memory"'
image=$node_memory/image

# prog FILE 'C source' [FLAG...]: a program
prog() {
	local file=$1 source=$2
	shift 2
	printf '#define _GNU_SOURCE\n%s\n' "$source" | $CC -xc -O1 -o "$file" - -xnone "$@" || bail_out "cannot build $file"
}

# seal [MKIMAGE-OPTION...]: makes $image of $sw
seal() {
	rm -rf "$image"
	"$mkimage" "$@" "$image" "$sw" || bail_out "mkimage failed"
}

# record CMD..., replay CMD..., replay_noted CMD... (with a journal): set $rc, $out, $err
record() {
	run env DLFM_JOURNAL="$journals" LD_PRELOAD="$libdlfm" "$@"
}
replay() {
	run env DLFM_IMAGE="$image" LD_PRELOAD="$libdlfm" "$@"
}
replay_noted() {
	run env DLFM_IMAGE="$image" DLFM_JOURNAL="$journals" LD_PRELOAD="$libdlfm" "$@"
}

# records [KIND]: what all journals hold
records() {
	"$journal_dump" "$journals"/fm-*.journal | if [ $# -gt 0 ]; then awk -F'\t' -v k="$1" '$1 == k'; else cat; fi
}

# counted NAME: a counter, summed over all journals
counted() {
	records COUNT | awk -F'\t' -v n="$1" '$2 == n { sum += $3 } END { print sum + 0 }'
}

# marks: how often the job's changes were marked in the image's dirty map
marks() {
	od -An -tu4 -j16 -N4 "$image/dirty" | tr -d ' '
}

# traced CMD...: replay under strace; $trace is the file
traced() {
	trace=$scratch/trace
	run strace -f -o "$trace" env DLFM_IMAGE="$image" LD_PRELOAD="$libdlfm" "$@"
}

# software_calls: the traced calls of the replayed program that name something below the software
software_calls() {
	awk -v sw="\"$sw" '/execve\(/ { running = /execve\("\/usr\/bin\/env"/ ? 0 : 1; next } running && index($0, sw)' "$trace"
}
