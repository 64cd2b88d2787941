#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0511-stage-cluster-faults: dlfm-stage under Slurm with default settings: a helper killed or stopped, a full node, a network
# cut, a damaged file: told in one line and in time; the next launch is not affected
# time-limit: 400
. "$(dirname "$0")/lib.sh"
need_part pmix tools
. "$top_srcdir/tests/stage/cluster.sh"
need_cluster

fill_share 12000000
export CLUSTER_SITE=defaults
start_cluster 4
make_cluster_cache
slow=(--rate=6M --idle=1 --join=4 /srv/share/cache.dat)

# begin_stage: in the background
begin_stage() {
	started=$SECONDS
	background stage 4 "$@" >"$scratch/out" 2>"$scratch/err"
}

# flowing K: node K writes its image
flowing() {
	wait_until 10 cluster node "$1" sh -c 'ls -d /dev/shm/dlfm-20001/.[0-9a-f]*' && sleep 0.3
}

end_stage() {
	wait "$child"
	rc=$?
}

# check IMAGES SECONDS REGEX NAME. (Slurm's status is the highest of the tasks': 137 if one was killed.)
check() {
	err=$(cat "$scratch/err")
	like "$(verdict)" "$3" "$4: the line"
	is "$(verdict | wc -l)" 1 "$4: one line"
	is "$(nodes_with_image 4)" "$1" "$4: who has the image"
	le $((SECONDS - started)) $(($2 + 40)) "$4: in time"
}

# helper K SIGNAL
helper() {
	cluster node "$1" pkill "-$2" -x dlfm-stage
}

again() {
	forget_images 4
	run stage 4 /srv/share/cache.dat
	is "$rc $(nodes_with_image 4)" "0 1 2 3 4 " "$1: the next launch is as if nothing had been"
	is "$(leftovers 4)" "" "$1: nothing is left behind"
	forget_images 4
}

begin_stage "${slow[@]}"
flowing 2
helper 2 KILL
end_stage
check "1 3 4 " 15 "^dlfm: staging failed on 1 of 4 nodes; n2: its process ended; tasks on it run without DLFM$" "kill -9 in the middle"
again "kill -9 in the middle"

begin_stage "${slow[@]}"
flowing 2
helper 2 STOP
wait_until 20 grep -q '^dlfm: ' "$scratch/err"
helper 2 KILL
end_stage
check "1 3 4 " 20 "n2: no answer for 1 s" "a stopped helper"
again "a stopped helper"

begin_stage "${slow[@]}"
flowing 1
helper 1 KILL
end_stage
is "$(grep '^dlfm: ' "$scratch/err")" "" "kill -9 of rank 0: no verdict"
le $((SECONDS - started)) 60 "... and the others end in time"
again "kill -9 of rank 0"

begin_stage "${slow[@]}"
flowing 4
cluster node 4 ip link set eth0 down
wait_until 20 grep -q '^dlfm: ' "$scratch/err"
check "1 2 3 " 20 "n4: no answer for 1 s" "a node is cut off"
cluster node 4 ip link set eth0 up
end_stage
wait_until 30 as_user srun -N4 true
again "a node is cut off"

cluster node 3 mount -o remount,size=1m /dev/shm
begin_stage --dirs=/dev/shm /srv/share/cache.dat
end_stage
is "$rc" 3 "/dev/shm is too small on n3: status 3"
check "1 2 4 " 10 "on 1 of 4 nodes; n3: .*/dev/shm.*; tasks on it run without DLFM$" "/dev/shm is too small on n3"
run stage 4 --dirs=/dev/shm --require /srv/share/cache.dat
is "$rc" 125 "... with --require: status 125"
cluster node 3 mount -o remount,size=2g /dev/shm
again "/dev/shm was too small"

cp "$share/cache.dat" "$share/damaged.dat"
printf '\377\0\377' | dd of="$share/damaged.dat" bs=1 seek=7000000 conv=notrunc 2>/dev/null
chown 20001 "$share/damaged.dat"
begin_stage /srv/share/damaged.dat
end_stage
is "$rc" 125 "a flipped byte in the file: status 125"
check "" 10 "on 4 of 4 nodes; n\[1-4\]: .*damaged" "a flipped byte in the file"
is "$(leftovers 4)" "" "a flipped byte in the file: nothing is left behind"

# A node whose helper does not start: a wrapper that sleeps there.
cat >"$share/bin/late" <<'X'
#!/bin/bash
[ "$SLURMD_NODENAME" != n3 ] || sleep 20
exec /srv/share/bin/dlfm-stage "$@"
X
chmod 755 "$share/bin/late"
started=$SECONDS
background as_user srun -N4 --ntasks-per-node=1 --mpi=pmix --kill-on-bad-exit=0 /srv/share/bin/late \
	--libdir=/srv/share/lib "${slow[@]}" >"$scratch/out" 2>"$scratch/err"
wait_until 20 grep -q '^dlfm: ' "$scratch/err"
check "1 2 4 " 16 "n3: no connection from it within 4 s" "a node whose helper does not start"
cluster node 3 pkill -x sleep
wait "$child"
again "a node whose helper did not start"

# Ctrl-C
begin_stage "${slow[@]}"
flowing 2
kill -INT -- "-$child"
sleep 0.2
kill -INT -- "-$child"
end_stage
le $((SECONDS - started)) 50 "interrupted: in time"
sleep 0.5
is "$(leftovers 4)" "" "interrupted: nothing is left behind"
done_testing
