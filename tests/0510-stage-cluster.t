#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0510-stage-cluster: dlfm-stage under Slurm, as a user: tuned and default sites, 1 to 16 nodes, all transports, mpirun
# time-limit: 400
. "$(dirname "$0")/lib.sh"
need_part pmix tools
. "$top_srcdir/tests/stage/cluster.sh"
need_cluster

fill_share
launches=${DLFM_TEST_LAUNCHES:-10}

# launches SITE: many, one after the other; none hangs
many() {
	local i start slow=0 failed=0
	for ((i = 0; i < launches; i++)); do
		start=$EPOCHREALTIME
		run stage 4 --timeout=30 /srv/share/cache.dat
		[ "$rc" = 0 ] || failed=$((failed + 1))
		awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { exit !(b - a > 10) }' && slow=$((slow + 1))
		forget_images 4
	done
	is "$failed failed, $slow slow" "0 failed, 0 slow" "$1: $launches launches"
}

for site in tuned defaults; do
	export CLUSTER_SITE=$site
	start_cluster 4
	make_cluster_cache

	run stage 4 --lease=7.0 /srv/share/cache.dat
	is "$rc" 0 "$site: staged on four nodes"
	like "$err" "^dlfm: staged [0-9.]+ MiB on 4 nodes in [0-9.]+ s$" "$site: one line says so"
	is "$(nodes_with_image 4)" "1 2 3 4 " "$site: every node has every byte"
	is "$(leftovers 4)" "" "$site: and nothing else"
	is "$(cluster node 3 stat -c '%U %a' /dev/shm/dlfm-20001)" "tester 700" "$site: it is the user's alone"
	is "$(cluster node 3 readlink -e /dev/shm/dlfm-20001/leases/7.0)" \
		"$(cluster node 3 sh -c 'echo /dev/shm/dlfm-20001/[0-9a-f]*')" "$site: the lease names it"

	run stage 4 --lease=7.1 /srv/share/cache.dat
	like "$rc $err" "^0 .*on 4 nodes .*\(4 had it already\)" "$site: a second time nothing is sent"
	run stage 4 --release=7
	is "$rc $(nodes_with_image 4)" "0 " "$site: --release removes it"

	srun_options=(-w "n[2,4]")
	run stage 2 --quiet /srv/share/cache.dat
	is "$rc $err $(nodes_with_image 4)" "0  2 4 " "$site: on a subset of the nodes"
	srun_options=()
	forget_images 4
	many "$site"

	# As the plugin starts it: Slurm's direct connections lose messages of users' steps (doc/architecture.md).
	export SLURM_PMIX_DIRECT_CONN=false
	for transport in pmix mpi; do
		have_part $transport || continue
		run stage 4 --transport=$transport /srv/share/cache.dat
		is "$rc $(nodes_with_image 4)" "0 1 2 3 4 " "$site: transport=$transport"
		run stage 4 --transport=$transport /srv/share/cache.dat
		like "$rc $err" "^0 .*4 had it already" "$site: transport=$transport: a second time"
		# Once in many a rank stays in MPI_Init, where Slurm's fence keeps it; it ends by its own time limit.
		run stage 4 --transport=$transport --timeout=20 /srv/share/none.dat
		like "$rc $(verdict)" "^125 dlfm: not staged: /srv/share/none.dat: there is no such file" "$site: transport=$transport: no such cache"
		forget_images 4
	done
	unset SLURM_PMIX_DIRECT_CONN
	[ $site = defaults ] || cluster down >/dev/null
done

SLURM_PMIX_DIRECT_CONN=false run stage 4 --transport=pmix --pmix-max=1M /srv/share/cache.dat
like "$rc $(verdict)" "^125 dlfm: not staged: .*transport=pmix takes at most 1 " "transport=pmix: not for large caches"

run as_user srun -N4 --mpi=none /srv/share/bin/dlfm-stage /srv/share/cache.dat
like "$rc $(verdict)" "^125 dlfm: started with 4 tasks but without PMIx; use srun --mpi=pmix or mpirun$" "without PMIx: said once"

if command -v mpirun >/dev/null; then
	run as_user salloc -Q -N4 mpirun -N 1 /srv/share/bin/dlfm-stage --libdir=/srv/share/lib /srv/share/cache.dat
	is "$rc $(nodes_with_image 4)" "0 1 2 3 4 " "mpirun -N 1"
	like "$err" "dlfm: staged .* on 4 nodes" "mpirun -N 1: rank 0 says so"
	forget_images 4
else
	skip "no mpirun" "mpirun -N 1"
fi

# Networks that lead nowhere: one with the same address on every node (as docker0 has), one where each node seems to reach
# the others but does not.
for k in 1 2 3 4; do
	cluster node $k sh -c "ip link add trap0 type veth peer name trap0p && ip addr add 172.17.0.1/16 dev trap0 && ip link set trap0p up && ip link set trap0 up
		ip link add trap1 type veth peer name trap1p && ip addr add 10.98.0.$k/24 dev trap1 && ip link set trap1p up && ip link set trap1 up"
done
run stage 4 --idle=8 --timeout=50 /srv/share/cache.dat
is "$rc $(nodes_with_image 4)" "0 1 2 3 4 " "several interfaces: the one that reaches the parent is found"
le "$(sed -n 's/.* in \([0-9.]*\) s$/\1/p' <<<"$err")" 4 "... without waiting for the others"
forget_images 4
run stage 4 --interfaces='trap*' --idle=1 --join=2 /srv/share/cache.dat
is "$rc $(nodes_with_image 4)" "3 1 " "--interfaces: only these are published"
like "$(verdict)" "on 3 of 4 nodes; n\[2-4\]: no connection from it within 2 s" "... and who cannot be reached is named"
forget_images 4

run as_user /srv/share/bin/dlfm-stage --libdir=/srv/share/lib --dirs=/srv/home/tester /srv/share/cache.dat
like "$rc $err" "^0 dlfm: staged .* on 1 node " "alone, without a launcher"
cluster down >/dev/null

start_cluster 16
run stage 16 /srv/share/cache.dat
is "$rc $(nodes_with_image 16 | wc -w)" "0 16" "sixteen nodes"
done_testing
