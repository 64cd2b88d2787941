#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0501-stage-faults: the tree of the staging helper by itself: nodes that die, stop, hang, fill up, do not come
# time-limit: 120
. "$(dirname "$0")/lib.sh"
need_part pmix
. "$top_srcdir/tests/stage/lib.sh"

# Seven nodes, two below each: 1 is above 3 and 4. Rank 0 reads so slowly that it takes about 2 s.
make_cache c 8
slow=(--rate=4M --idle=1 --join=2)

# start_all [RANK:VARIABLE=VALUE...]
start_all() {
	local r v set
	for ((r = ranks - 1; r >= 0; r--)); do
		set=()
		for v; do [ "${v%%:*}" != $r ] || set+=("${v#*:}"); done
		rank $r "${set[@]}"
	done
}

# flowing: rank 0 is up and the data are under way
flowing() {
	wait_until 5 test -s "$scratch/out/0.pid" && sleep 0.7
}

# check STATUS IMAGES SECONDS REGEX NAME: of the run that has just finished
check() {
	is "$rc $(images)" "$1 $2" "$5: status and images"
	like "$err" "$4" "$5: the line names the node and the reason"
	is "$(wc -l <<<"$err")" 1 "$5: one line"
	le $((SECONDS - started)) $(($3 + 40)) "$5: in time"
}

go() {
	forget_images
	begin "$@"
	started=$SECONDS
}

go 7 "${slow[@]}" "$scratch/c"
start_all
flowing
kill -KILL "$(helper 1)"
finish
check 3 6 10 "^dlfm: staging failed on 1 of 7 nodes; node1: its process ended; tasks on it run without DLFM$" \
	"a helper is killed in the middle; those below it are served by rank 0"

go 7 "${slow[@]}" "$scratch/c"
start_all
flowing
kill -KILL "$(helper 1)" "$(helper 3)"
finish
check 3 5 10 "node1: its process ended; node3: (its process ended|lost with the node above it); tasks on them|node\[1,3\]: its" "a parent and its child are killed"

go 7 "${slow[@]}" "$scratch/c"
start_all
flowing
stopped=$(helper 1)
kill -STOP "$stopped"
wait "${pid[0]}"
kill -KILL "$stopped"
finish
check 3 6 12 "node1: no answer for 1 s" "a stopped helper"

go 7 "${slow[@]}" "$scratch/c"
start_all
flowing
stopped=$(helper 1)
kill -STOP "$stopped"
sleep 2
kill -CONT "$stopped"
finish
check 0 7 12 "^dlfm: staged .* on 7 nodes" "a helper that was stopped for a while comes again"

go 7 "${slow[@]}" "$scratch/c"
for r in 0 2 3 4 5 6; do rank $r; done
finish
check 3 6 14 "node1: no connection from it within 2 s" "a node that never comes"

go 7 "${slow[@]}" "$scratch/c"
start_all 1:DLFM_TEST_FULL=3000000
finish
check 3 6 8 "node1: no space left on device" "a full node still forwards"

go 7 "${slow[@]}" "$scratch/c"
start_all 1:DLFM_TEST_FAIL="noexec here" 6:DLFM_TEST_FAIL="noexec here"
finish
check 3 5 8 "on 2 of 7 nodes; node\[1,6\]: noexec here" "nodes that cannot stage at all"

go 4 "${slow[@]}" --rate=1G "$scratch/c"
start_all 2:DLFM_TEST_HANG=3000000
finish
check 3 3 12 "node2: writing the image has made no progress for 3 s" "writing hangs on a node"

go 7 "${slow[@]}" "$scratch/c"
start_all
flowing
kill -KILL "$(helper 0)"
finish
is "$(sort -u "$scratch"/rc/[1-6])" 3 "rank 0 is killed: the others end with status 3"
le $((SECONDS - started)) 50 "rank 0 is killed: in time"
is "$(cat "$scratch"/out/[1-6])" "" "rank 0 is killed: six nodes do not say the same six times"

go 7 "${slow[@]}" "$scratch/c"
start_all
flowing
kill -TERM "$(helper 0)"
finish
check 125 0 10 "^dlfm: not staged: interrupted$" "rank 0 is asked to end"

cp "$scratch/c" "$scratch/short"
go 4 "${slow[@]}" "$scratch/short"
start_all
flowing
truncate -s 5M "$scratch/short"
finish
check 125 0 8 "^dlfm: not staged: .*/short: it ended while it was read" "the file is cut while it is read"
is "$(sort -u "$scratch"/rc/[1-3])" 0 "... and the others were told"

go 4 --idle=1 --join=2 "$scratch/none"
start_all
finish
check 125 0 3 "^dlfm: not staged: .*/none: No such file" "a cache that is not there"

cp "$scratch/c" "$scratch/flipped"
printf '\377\0' | dd of="$scratch/flipped" bs=1 seek=5000000 conv=notrunc 2>/dev/null
go 4 "$scratch/flipped"
start_all
finish
check 125 0 5 "^dlfm: staging failed on 4 of 4 nodes; node\[0-3\]: the contents are damaged$" "a flipped byte in the file"

go 4 "${slow[@]}" --require "$scratch/c"
start_all 3:DLFM_TEST_FAIL="noexec here"
finish
check 125 3 8 "on 1 of 4 nodes; node3: noexec here" "--require: one node is enough to fail"

go 4 --rate=1M --timeout=3 "$scratch/c"
start_all
finish
check 125 0 6 "node\[0-3\]: not done within 3 s" "the limit of the whole"

done_testing
