#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0605-slurm-site: Slurm as most sites have it (its own TreeWidth, direct PMIx connections), 16 nodes, a hundred launches
# time-limit: 500
. "$(dirname "$0")/lib.sh"
. "$testdir/slurm-lib.sh"
CLUSTER_SITE=defaults
export CLUSTER_SITE
slurm_setup timeout=30
make_app

# launches N NODES: N steps that are jobs, one after another; how many tasks were served, and the longest in ms
launches() {
	local k start took served=0
	longest=0 wrong=
	for ((k = 0; k < $1; k++)); do
		start=${EPOCHREALTIME/./}
		as tester srun -N"$2" --dlfm=$cache $app
		took=$(((${EPOCHREALTIME/./} - start) / 1000))
		[ $took -le $longest ] || longest=$took
		served=$((served + $(grep -c 'lib=image data=image' <<<"$out")))
		[ -z "$err" ] || wrong=$err
	done
	echo "$served"
}

slurm_up 16
make_cache app.dat
cache=/srv/home/tester/app.dat
is "$("$cluster" run scontrol show config | awk '$1 == "TreeWidth" { print $3 }')" 50 "Slurm's own TreeWidth"
is "$("$cluster" run scontrol show config | awk '$1 == "PMIxDirectConn" { print $3 }')" yes "direct connections of PMIx"
for n in 16 9; do
	as tester srun -N$n --dlfm=$cache $app
	is "$err/$(grep -c 'lib=image data=image' <<<"$out")" "/$n" "$n nodes"
done
as tester srun -N16 -n32 --dlfm=record:/srv/home/tester/rec.dat,scope=all $app
is "$err" "dlfm: recorded in /srv/home/tester/rec.dat" "a record of 16 nodes"
as tester srun -N16 --dlfm=/srv/home/tester/rec.dat,transport=pmix $app
is "$err/$(grep -c 'lib=image data=image' <<<"$out")" "/16" "... replayed, transport=pmix"
served=$(launches 10 16; echo "$longest" >"$scratch/longest"; echo "$wrong" >"$scratch/wrong")
is "$served$(<"$scratch/wrong")" 160 "ten launches on 16 nodes, all served"
le "$(<"$scratch/longest")" 50000 "... none hung ($(<"$scratch/longest") ms)"
ok "nothing is left" wait_until 60 no_leftovers

slurm_up 4
make_cache app.dat
served=$(launches 100 4; echo "$longest" >"$scratch/longest"; echo "$wrong" >"$scratch/wrong")
is "$served$(<"$scratch/wrong")" 400 "a hundred launches on 4 nodes, all served"
le "$(<"$scratch/longest")" 50000 "... none hung ($(<"$scratch/longest") ms)"
ok "nothing is left" wait_until 60 no_leftovers

unset CLUSTER_SITE
slurm_up 16
make_cache app.dat
as tester srun -N16 -n64 --dlfm=$cache $app
is "$err/$(grep -c 'lib=image data=image' <<<"$out")" "/64" "16 nodes, tuned"
as tester sinfo -h -R
is "$out" "" "no node was drained"
"$cluster" down
done_testing
