#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0110-node-configuration: what a node's own ld.so.cache finds is not taken from another node's recording
. "$(dirname "$0")/dl-lib.sh"
need_part tools
need_root
need ldconfig strace
unshare --mount true 2>/dev/null || skip_all "no mount namespace can be made here"

lib "$sw/lib/libshared.so" 'int shared(void) { return 5; }'
for node in 1 2; do
	lib "$scratch/node$node/libown.so" "int own(void) { return $node; }"
	{ echo "$scratch/node$node"; cat /etc/ld.so.conf; } >"$scratch/conf$node"
	ldconfig -X -f "$scratch/conf$node" -C "$scratch/cache$node" 2>/dev/null || skip_all "ldconfig makes no cache here"
done
prog "$sw/prog" "$show_code
int shared(void), own(void);
int main(void) { printf(\"%d %d\\n\", shared(), own()); show(); return 0; }" -L"$sw/lib" -lshared -L"$scratch/node1" -lown
mkdir "$sw/d1" "$sw/d2"
export LD_LIBRARY_PATH=$sw/d1:$sw/d2:$sw/lib

on_node() { # on_node N CMD...: as if it ran on that node
	run unshare --mount bash -c 'mount --bind "$1" /etc/ld.so.cache && shift && exec "$@"' bash "$scratch/cache$1" "${@:2}"
}
replay_on() {
	on_node "$1" strace -f -o "$scratch/trace" dlfm replay -q --dir="$node_memory" --layers=dl "$scratch/cache.dat" -- "$sw/prog"
}
program_opens() { # what the replayed program itself opens or asks for below the software
	awk -v sw="$sw/" '/execve\("[^"]*\/sw\/prog"/ && !/ = -1 / { pid = $1; next } $1 == pid && index($0, "\"" sw) && !/"\/proc/' "$scratch/trace"
}
sleep 0.2 # a directory that was changed in the same clock tick is not recorded
on_node 1 "$sw/prog"; plain1=$out
on_node 2 "$sw/prog"; plain2=$out
like "$plain1" "^5 1" "node 1 has one library"
like "$plain2" "^5 2" "node 2 has another of the same name"
on_node 1 dlfm record -q -o "$scratch/cache.dat" --scope=all --layers=dl -- "$sw/prog"
is "$rc$out$err" "0$plain1" "recorded on node 1"
replay_on 1
is "$out$err" "$plain1" "replayed on node 1: as plain"
is "$(program_opens)" "" "... and nothing is asked of the software"
is "$(grep -c 'openat.*"", ' "$scratch/trace")" 0 "... without a search"
replay_on 2
is "$out$err" "$plain2" "replayed on node 2: as plain there"
# Without a resolution ld.so itself asks once whether each searched directory exists (layers=dl recorded none of them).
is "$(program_opens | grep -v S_IFDIR)" "" "... and no library is looked for in the software"
isnt "$(grep -c 'openat.*"", ' "$scratch/trace")" 0 "... with a search, answered from memory, for what the node itself finds"
done_testing
