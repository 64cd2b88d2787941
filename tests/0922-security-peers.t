#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0922-security-peers: a hostile peer on the network: frames in another order, twice, left out, sent back; a recorded session; silence
# by the byte; a flood. Nobody without the secret gets a byte of the cache, nor a say (0502: damage, noise, crowds)
# time-limit: 300
. "$(dirname "$0")/lib.sh"
need_part pmix
need_python
. "$top_srcdir/tests/stage/lib.sh"

tool() {
	"$PYTHON" "$top_srcdir/tests/stage/wire-attack.py" "$@"
}
stop_child() {
	{ kill -KILL -- "-$child" && wait "$child"; } 2>/dev/null
}
make_cache c 3

# attack RANK HOW: three ranks; those below RANK come by way of somebody who does that
attack() {
	forget_images
	begin 3 --idle=2 "$scratch/c"
	rank "$1" DLFM_DEBUG=1
	background tool between "$wire" "$1" "$2" >"$scratch/ready"
	wait_until 20 grep -q ready "$scratch/ready" || bail_out "no proxy"
	for r in 0 1 2; do [ $r = "$1" ] || rank $r DLFM_DEBUG=1; done
	finish
	stop_child
}
for how in swap-down swap-up repeat-down repeat-up drop-down drop-up other-way-up; do
	attack 0 $how
	is "$rc $(images)" "0 3" "$how: every node gets its image"
	like "$(cat "$scratch"/out/*)" "damaged|came where [0-9]+ was due" "... over another connection: this one ended at that frame"
done

# A session recorded whole, then sent again to the same rank, which still waits for its other child.
forget_images
begin 3 --idle=2 --join=30 "$scratch/c"
rank 0
wait_until 20 test -s "$wire/0.dlfm.endpoint"
cp "$wire/0.dlfm.endpoint" "$scratch/endpoint"
background tool between "$wire" 0 record >"$scratch/ready"
wait_until 20 grep -q ready "$scratch/ready"
rank 1
wait_until 20 sh -c '[ $(wc -c <"$1") -gt 200 ]' - "$wire/recorded"
run tool replay "$wire" 0
like "$out" "^recorded True: (0|64) bytes, closed$" "a recorded session, sent again: a challenge at most"
run tool reflect "$wire" 0
is "$(grep -c 'closed$' <<<"$out")/$(grep -c ': 0 bytes' <<<"$out")" 3/3 "proofs sent back, or got from another connection: nothing comes"
stop_child
cp "$scratch/endpoint" "$wire/0.dlfm.endpoint"
rank 2
finish
is "$(find "$scratch/img/2" -type f -size +0 | wc -l)" 1 "... and the node that was waited for is served"
wait 2>/dev/null

# Slow, and fast, while staging goes on.
forget_images
begin 3 --idle=2 --join=40 "$scratch/c"
rank 0
background tool drip "$wire" 0 50 >"$scratch/drip"
wait_until 20 grep -q ready "$scratch/drip"
rank 1
wait_until 30 grep -q closed "$scratch/drip"
is "$(tail -n 1 "$scratch/drip")" "closed 50 of 50" "who greets byte by byte is not listened to for longer than --idle"
background tool flood "$wire" 0 >"$scratch/flood"
wait_until 20 grep -q ready "$scratch/flood"
sleep 1
rss=$(awk '/VmHWM/ { print int($2 / 1024) }' "/proc/$(helper 0)/status")
le "$rss" 40 "a flood of connections takes no memory ($rss MiB at most)"
rank 2
finish
stop_child
is "$rc $(images)" "0 3" "... and keeps nobody out"
done_testing
