#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0908-model: the model of a launch gives the answers that are known by hand, and says what it assumes
# time-limit: 60
. "$(dirname "$0")/lib.sh"
need dlfm-model

# No time for anything: each case sets what it is about.
nothing='"fs_service_us": 0, "fs_data_service_us": 0, "fs_latency_us": 0, "fs_bandwidth_mb_s": 1e12, "fs_one_queue": 0, "fs_client_us": 0,
	"node_memory_gb_s": 1e12, "net_mb_s": 1e12, "net_latency_us": 0, "launch_s": 0, "launch_hop_s": 0, "launch_task_s": 0,
	"sbcast_file_s": 0, "sbcast_hop_us": 0, "app_cpu_s": 0, "app_memory_mb": 0, "app_first_requests": 0,
	"app_next_requests": 0, "app_mb": 0, "app_lookups": 0, "app_files": 0, "lib_files": 0, "lib_mb": 0, "lib_requests": 0,
	"dlfm_first_requests": 0, "dlfm_first_mb": 0, "cache_mb": 0, "cache_packed_mb": 0, "cache_entries": 0,
	"stage_start_s": 0, "stage_stale_requests": 0, "stage_unpack_mb_s": 1e12, "stage_write_mb_s": 1e12,
	"image_mb": 0, "image_mount_s": 0, "daemon_start_s": 0, "daemon_ipc_us": 0, "daemon_hop_us": 0'

# model METHOD NODES RANKS_PER_NODE MEMBER ASSUMPTIONS: one figure, to a ten-thousandth
model() {
	printf '{%s, %s}' "$nothing" "$5" >"$scratch/params.json"
	run dlfm-model --params="$scratch/params.json" --methods="$1" --nodes="$2" --ranks-per-node="$3"
	"$PYTHON" -c 'import json, sys; print("%.4f" % json.load(sys.stdin)[0][sys.argv[1]])' "$4" <<<"$out" || diag "$err"
}

requests='"app_first_requests": 1000, "app_next_requests": 100'
is "$(model vanilla 8 1 seconds "$requests, \"fs_service_us\": 100")" 0.8000 \
	"8 ranks with 1000 requests of 100 us at one server take 0.8 s"
is "$(model vanilla 8 1 seconds "$requests, \"fs_service_us\": 100, \"fs_servers\": 4")" 0.2000 "... at four servers a quarter"
is "$(model vanilla 8 1 seconds "$requests, \"fs_latency_us\": 250")" 0.2500 "latency is the same for one and for many"
is "$(model vanilla 8 4 requests "$requests")" 10400.0000 "a node's further ranks ask less"
is "$(model vanilla 3 2 seconds "$requests, \"launch_s\": 0.5, \"launch_hop_s\": 0.1, \"launch_fanout\": 2,
	\"launch_task_s\": 0.01")" 0.6100 "Slurm's launch: a hop for three nodes at a width of two, the second task of a node"
is "$(model local 4 6 seconds '"app_cpu_s": 1, "node_cores": 2')" 3.0000 "6 ranks compute on 2 cores"
is "$(model local 4 6 seconds '"app_cpu_s": 1, "machine_cores": 2')" 12.0000 "... and those of all nodes, if the nodes share them"
is "$(model local 4 6 seconds '"app_memory_mb": 500, "node_memory_gb_s": 10')" 0.3000 "... and share their node's memory bandwidth"
is "$(model vanilla 10 1 seconds '"app_mb": 100, "fs_bandwidth_mb_s": 1000')" 1.0000 "10 nodes read 100 MB at 1 GB/s"

is "$(model vanilla 5 4 seconds "$requests, \"fs_client_us\": 100, \"node_cores\": 1")" 0.1300 "requests cost their node's processor time"

chunk='"cache_packed_mb": 1, "cache_mb": 1, "stage_chunk_kib": 1024, "stage_fanout": 2, "net_mb_s": 10'
is "$(model dlfm-exec 7 1 seconds "$chunk")" 0.4000 "one chunk through a tree of 2 levels: the last child of the last child"
is "$(model dlfm-exec 7 1 seconds "$chunk, \"net_latency_us\": 1000")" 0.4040 "... two latencies down, two up with the verdict"
is "$(model dlfm-exec 7 1 seconds "$chunk, \"stage_fanout\": 1")" 0.6000 "... through a chain"
is "$(model dlfm-exec 7 1 seconds "$chunk, \"stage_chunk_kib\": 1")" 0.2002 "chunks are passed on while others come"
is "$(model dlfm-exec 1 1 seconds "$chunk, \"stage_unpack_mb_s\": 2, \"stage_threads\": 2, \"stage_write_mb_s\": 8")" 0.3750 \
	"one chunk is decompressed, then written"
is "$(model dlfm-exec 1 1 seconds "$chunk, \"stage_chunk_kib\": 1, \"stage_unpack_mb_s\": 4, \"stage_threads\": 1,
	\"stage_write_mb_s\": 8")" 0.2501 "... and many at the same time"
stale='"stage_stale_requests": 1000, "fs_service_us": 100, "stage_parallel": 10'
is "$(model dlfm-exec 5 1 seconds "$stale")" 0.1000 "one node asks whether files have changed, as fast as the server answers"
is "$(model dlfm-exec 5 1 seconds "$stale, \"fs_latency_us\": 1900")" 0.2019 "... or as many at once as it asks"
is "$(model bcast 8 1 seconds '"lib_files": 4, "lib_mb": 8, "net_mb_s": 100, "launch_fanout": 2')" 0.4000 \
	"sbcast: 4 files of one block to 8 nodes, three levels, two, two and one copies"
is "$(model image 5 1 seconds '"image_mb": 10, "fs_bandwidth_mb_s": 100')" 0.5000 "each node reads of an image"
is "$(model daemons 3 10 seconds '"app_lookups": 1000, "daemon_ipc_us": 10')" 0.1000 "the ranks of a node ask its daemon in turn"

# --- what is assumed
run dlfm-model --assumptions
is "$("$PYTHON" -c '
import json, sys
a = json.load(sys.stdin)
print(len(a) > 40, all(x["name"] and x["source"] and isinstance(x["value"], float) for x in a))' <<<"$out")" "True True" \
	"every assumption has a name, a value and a source"
echo '{"net_mb_s": 7}' >"$scratch/given.json"
run dlfm-model --params="$scratch/given.json" --assumptions
is "$("$PYTHON" -c '
import json, sys
print([(x["name"], x["value"]) for x in json.load(sys.stdin) if x["source"] == "given"])' <<<"$out")" "[('net_mb_s', 7.0)]" \
	"what was given says so"

for bad in '{"net": 1}|no assumption is named net' '{"net_mb_s": "fast"}|net_mb_s must be a number' \
	'{"fs_servers": 0}|fs_servers must be' '{"net_mb_s": NaN}|' '[1]|not a readable JSON object'; do
	echo "${bad%%|*}" >"$scratch/bad.json"
	run dlfm-model --params="$scratch/bad.json"
	is "$rc" 2 "refused: ${bad%%|*}"
	like "$err" "${bad#*|}" "... and says why"
done
for bad in --nodes=0 --nodes=1,x --nodes=-1 --nodes=20000000 --methods=magic --ranks-per-node=0 --ranks-per-node=1,2 more; do
	run dlfm-model "$bad"
	is "$rc" 2 "refused: $bad"
done
done_testing
