# SPDX-License-Identifier: BSD-3-Clause
# Tests of the dl layer: small libraries, recording, and a node image made of what was recorded, without pack or a cache.
# Everything lies below $sw, the "software", of which the image holds copies. After seal the software itself is made
# unreadable by a rename, so what still works comes from the image.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_part dl
need "${CC%% *}"

sw=$scratch/sw
journals=$scratch/journals
image=
mkimage=$top_builddir/tests/tools/mkimage
journal_dump=$top_builddir/tests/tools/journal-dump
auditor=$DLFM_LIBDIR/dlfm-audit.so
[ -x "$mkimage" ] && [ -x "$journal_dump" ] || skip_all "the test tools are not built (make check)"
mkdir -p "$sw" "$journals"
node_memory=$(mktemp -d /dev/shm/dlfm-test.XXXXXX) || bail_out "no /dev/shm"
on_exit 'rm -rf "$node_memory"'

# lib FILE 'C source' [FLAG...]: a shared library; prog FILE 'C source' [FLAG...]: a program
lib() {
	local file=$1 source=$2
	shift 2
	mkdir -p "$(dirname "$file")"
	printf '%s\n' "$source" | $CC -xc -shared -fPIC -o "$file" - -xnone "$@" || bail_out "cannot build $file"
}
prog() {
	local file=$1 source=$2
	shift 2
	mkdir -p "$(dirname "$file")"
	printf '#define _GNU_SOURCE\n%s\n' "$source" | $CC -xc -o "$file" - -xnone "$@" || bail_out "cannot build $file"
}

# record CMD...: sets $rc, $out, $err; journals go to $journals
record() {
	run env DLFM_JOURNAL="$journals" LD_AUDIT="$auditor" "$@"
}

# records [KIND]: what all dl journals hold
records() {
	"$journal_dump" "$journals"/dl-*.journal | if [ $# -gt 0 ]; then awk -F'\t' -v k="$1" '$1 == k'; else cat; fi
}

# The arguments by which mkimage makes tables of resolutions and known absences of what was recorded: the answer to a
# search is its last candidate, if that exists.
recorded_arguments() {
	records | awk -F'\t' '
		function finish() {
			if (name != "" && name !~ /\// && last != "" && system("test -e \"" last "\"") == 0)
				line["-r\n" requester " " name " " last]
			name = last = ""
		}
		function table(i) {
			finish()
			if (print_table != "" && print_table != 0) {
				print "-t"; print print_table
				for (i in line) print i
			}
			for (i in line) delete line[i]
		}
		$1 == "HEADER" { table(); print_table = $7 }
		$1 == "SEARCH" { finish(); requester = $6; name = $7 }
		$1 == "TRY" { last = $6 }
		END { table() }'
}

# seal [MKIMAGE-OPTION...]: makes $image of $sw and of what was recorded
seal() {
	local arguments
	image=$node_memory/image
	rm -rf "$image"
	mapfile -t arguments < <(recorded_arguments)
	"$mkimage" -l "$DLFM_LIBDIR" -L "$sw" "$@" "${arguments[@]}" "$image" "$sw" || bail_out "mkimage failed"
	rm -f "$journals"/*
}

# replay CMD...: with the image and a journal
replay() {
	run env DLFM_IMAGE="$image" DLFM_JOURNAL="$journals" LD_AUDIT="$image/lib/dlfm-audit.so" "$@"
}

# requests FILE...: how many calls in these strace outputs name something below the software
requests() {
	cat "$@" | grep -v 'execve(' | grep -cF "\"$sw"
}

# traced CMD...: replay under strace; $trace is the file
traced() {
	trace=$scratch/trace
	run strace -f -o "$trace" env DLFM_IMAGE="$image" DLFM_JOURNAL="$journals" LD_AUDIT="$image/lib/dlfm-audit.so" "$@"
}
