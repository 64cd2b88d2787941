#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0502-stage-peers: what comes over the network is believed from nobody: damaged frames, peers without the secret
# time-limit: 90
. "$(dirname "$0")/lib.sh"
need_part pmix
[ -n "$PYTHON" ] || skip_all "no python3"
. "$top_srcdir/tests/stage/lib.sh"

tool() {
	"$PYTHON" "$top_srcdir/tests/stage/wire-tool.py" "$@"
}

# stop_child: without bash's word on it
stop_child() {
	{ kill -KILL -- "-$child" && wait "$child"; } 2>/dev/null
}

make_cache c 8

# damage AT TIMES: rank 1, above 3 and 4, by way of a proxy that flips a bit
damage() {
	started=$SECONDS
	forget_images
	begin 5 --idle=2 "$scratch/c"
	rank 1
	background tool proxy "$wire" 1 "$1" "$2" >"$scratch/proxy"
	wait_until 10 grep -q ready "$scratch/proxy" || bail_out "no proxy"
	for r in 0 2 3 4; do rank $r; done
	finish
	stop_child
}

damage 3000000 1
is "$rc $(images)" "0 5" "a chunk is damaged on the way: it is fetched again"
damage 40 1
is "$rc $(images)" "0 5" "... the same for a greeting"
le $((SECONDS - started)) 25 "... and nobody waits for the child that went to rank 0"
damage 120 1
is "$rc $(images)" "0 5" "... and for a control frame"
damage 3000000 9
is "$rc $(images)" "0 5" "a link that always damages is replaced by one to rank 0"

# The only way to rank 0 damages everything.
forget_images
begin 2 --idle=2 "$scratch/c"
rank 0
background tool proxy "$wire" 0 3000000 99 >"$scratch/proxy"
wait_until 10 grep -q ready "$scratch/proxy" || bail_out "no proxy"
rank 1
finish
stop_child
is "$rc $(images)" "0 2" "each attempt goes on where the last one failed"
forget_images
begin 2 --idle=2 "$scratch/c"
rank 0
background tool proxy "$wire" 0 300 99 >"$scratch/proxy"
wait_until 10 grep -q ready "$scratch/proxy" || bail_out "no proxy"
rank 1
finish
stop_child
is "$rc $(images)" "3 1" "no way to rank 0 that does not damage: the node fails"
like "$err" "node1: .*arrived damaged|node1: its process ended" "... and is named"

# Strangers, while rank 0 waits for rank 1.
forget_images
begin 3 --idle=2 --join=30 "$scratch/c"
rank 0
run tool stranger "$wire" 0
while IFS= read -r line; do
	like "$line" "closed$" "without the secret: $line"
done <<<"$out"
background tool crowd "$wire" 0 400 >"$scratch/crowd"
wait_until 10 grep -q ready "$scratch/crowd"
rank 1
rank 2
finish
stop_child
is "$rc $(images)" "0 3" "400 silent connections keep nobody out"


done_testing
