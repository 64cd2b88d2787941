#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0358-stale-requests: finding out whether a cache is true costs the file server a look each file and directory, not each absent name,
# and still finds a file that came to stand in front of another one
. "$(dirname "$0")/lib.sh"
need_part dl slowfs tools
need_fuse
need_python json
need "${CC%% *}"
unset LD_LIBRARY_PATH
cd "$scratch" || bail_out "no scratch directory"
mkdir -p real/sw mnt
dirs=40 libs=8 path=
for i in $(seq $dirs); do mkdir real/sw/d$i && path+=:$scratch/mnt/sw/d$i; done
for i in $(seq $libs); do
	echo "int f$i(void) { return $i; }" | $CC -xc -shared -fPIC -Wl,-soname,libf$i.so -o real/sw/d$dirs/libf$i.so -
done
{
	for i in $(seq $libs); do echo "int f$i(void);"; done
	echo '#include <stdio.h>'
	echo "int main(void) { printf(\"%d\\n\", 0 $(for i in $(seq $libs); do echo "+ f$i()"; done)); return 0; }"
} | $CC -xc -o real/sw/prog - -Lreal/sw/d$dirs $(seq -f '-lf%g' $libs)
path=${path#:} # for the program only: dlfm itself would search there, too
sw=$scratch/mnt/sw
timeout 20 dlfm-slowfs --state="$scratch/state" real mnt || skip_all "cannot mount by FUSE"
unmount_on_exit "$scratch/mnt"

# What was made in the very second of the recording is looked at more closely.
newest() {
	find real -printf '%C@\n' | sort -n | tail -n 1
}
is_settled() {
	awk -v a="$(newest)" -v b="$EPOCHSECONDS" 'BEGIN { exit !(b > a + 3) }'
}
wait_until 60 is_settled
run dlfm record -q -o c.dat -- env LD_LIBRARY_PATH="$path" mnt/sw/prog
is "$rc:$out" "0:36" "the program is recorded" || diag "$err"
absent=$(dlfm ls -a --json c.dat | grep -c '"absent"')
ge "$absent" $((libs * (dirs - 1))) "... with $absent names that were looked for in vain"

count() {
	"$PYTHON" -c "import json; print(json.load(open('counts'))$1)"
}
# asked: requests that verify -f makes; those for names that do not exist
asked() {
	dlfm-slowfs --reset "$scratch/state"
	run dlfm verify -f c.dat
	dlfm-slowfs --counts "$scratch/state" --json >counts
	requests=$(count '["requests"]') lookups=$(count '["kinds"]["lookup"]') in_vain=$(count '["absent"]')
}
things=$((dirs + libs + 2))
asked
is "$rc" 0 "the cache is true" || diag "$out" "$err"
is "$in_vain" 0 "no absent name is asked for"
# a thread begins at the root; a client that keeps nothing asks for the directory's rights and for the attributes at each lookup
le "$lookups" $((2 * things)) "names that are looked up: $lookups, of $things files and directories"
le "$requests" $((6 * things)) "requests in all: $requests"

cp real/sw/d$dirs/libf3.so real/sw/d5/libf3.so
asked
is "$rc" 125 "a library in front of a recorded one is found"
like "$out" "new: $sw/d5/libf3.so: there was none; a search may find it instead of $sw/d$dirs/libf3.so" "... and told"
le "$in_vain" $((3 * libs)) "... by asking for the names in that directory ($in_vain)"
touch -d '2020-01-01' real/sw/d5
asked
is "$rc" 125 "... also when the directory's time is set back"
rm real/sw/d5/libf3.so
touch real/sw/d7/unrelated
asked
is "$rc" 0 "a file that nobody looked for makes no difference" || diag "$out"
done_testing
