#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0604-slurm-faults: what goes wrong while a step is being staged: the step runs, or is told, in a bounded time
# time-limit: 150
. "$(dirname "$0")/lib.sh"
. "$testdir/slurm-lib.sh"
slurm_setup timeout=8 stage_dirs=/dev/shm
make_app
mkdir "$share/big" && head -c 150000000 /dev/urandom >"$share/big/big.so"
slurm_up 4
make_cache app.dat
make_cache big.dat /srv/share/big
cache=/srv/home/tester/app.dat big=/srv/home/tester/big.dat

# While big.dat is being staged there is a temporary directory on the node.
staging() {
	on "$1" sh -c 'ls -d /dev/shm/dlfm-20001/.[0-9a-f]*' >/dev/null 2>&1
}

in_staging() { # NODE COMMAND...: runs srun with $big on 4 nodes in the background, and the command when NODE stages
	local node=$1
	shift
	background "$cluster" run -u tester srun -N4 -n4 --dlfm=$big$more $app >"$scratch/out" 2>"$scratch/err"
	wait_until 60 staging "$node" || diag "n$node does not stage: $(cat "$scratch/err")"
	"$@"
	wait "$child"
	rc=$?
	out=$(cat "$scratch/out")
	err=$(cat "$scratch/err")
	wait_until 60 no_jobs
}
more=

# --- memory: of a helper, all of its libraries included, while it stages more than ten times as much

watch_memory() { # the largest seen, in KiB
	timeout 60 "$cluster" node 2 sh -c 'p=$(pgrep -x dlfm-stage) && while awk "/^VmHWM:/ { print \$2 }" "/proc/$p/status" 2>/dev/null
		do sleep 0.02; done' >"$scratch/memory"
}
in_staging 2 watch_memory
is "$(grep -c 'lib=' <<<"$out")/$err" 4/ "a cache of 150 MB is staged"
le "$(sort -n "$scratch/memory" | tail -n 1)" 50000 "... by a helper that holds little of it at a time"

# --- a helper is killed

in_staging 3 on 3 pkill -9 -x dlfm-stage
is "$rc/$(grep -c answer= <<<"$out")" 0/4 "a helper killed on one node: the step runs"
is "$(grep -c 'lib=image' <<<"$out")/$(grep -c 'lib=shared' <<<"$out")" 3/1 "... with DLFM on the others"
like "$err" "^dlfm: .*n3" "... and a line names the node"
is "$(grep -c . <<<"$err")" 1 "... one line"
more=,require
in_staging 3 on 3 pkill -9 -x dlfm-stage
is "$rc/$out" "125/" "... with require it does not"
like "$err" "n3.*not started \(require\)" "... and says which node"
more=
ok "... and nothing is left" wait_until 60 no_leftovers

# --- interrupted

interrupt() {
	"$cluster" run pkill -INT -u 20001 -x srun # of this cluster only: others run beside it
}
in_staging 2 interrupt
is "$rc/$out" "130/" "Ctrl-C while staging ends srun"
like "$err" "dlfm: interrupted while /srv/home/tester/big.dat was staged" "... which says so"
ok "... and nothing is left" wait_until 60 no_leftovers
# The first srun is the user's; a process of it guards the job, and below it is the one that stages.
terminate() {
	"$cluster" run sh -c 'kill -TERM "$(pgrep -u 20001 -x srun | head -n 1)"'
}
in_staging 2 terminate
is "$rc/$out" "130/" "SIGTERM to srun alone does the same"
like "$err" "dlfm: interrupted while /srv/home/tester/big.dat was staged" "... and is told"
ok "... and nothing is left" wait_until 60 no_leftovers
in_staging 2 "$cluster" run -u tester scancel -u tester
is "$out" "" "a job that is cancelled while it is staged does not run"
ok "... and nothing is left" wait_until 60 no_leftovers

# --- a node is full

on 2 mount -o remount,size=20m /dev/shm
as tester srun -N4 -n4 --dlfm=$big $app
is "$rc/$(grep -c 'lib=image' <<<"$out")/$(grep -c 'lib=shared' <<<"$out")" 0/3/1 "a node whose /dev/shm is too small runs without"
like "$err" "^dlfm: .*n2.*(space|free|fit|MiB)" "... and a line says which and why"
on 2 mount -o remount,size=2g /dev/shm
on 2 mount -o remount,noexec /dev/shm
as tester srun -N4 -n4 --dlfm=$cache $app
is "$rc/$(grep -c 'lib=image' <<<"$out")/$(grep -c 'lib=shared' <<<"$out")" 0/3/1 "a node whose /dev/shm is noexec runs without"
like "$err" "^dlfm: .*n2.*(noexec|exec)" "... and a line says so"
on 2 mount -o remount,exec /dev/shm

# What an earlier step of the job staged, and somebody removed.
as tester salloc -Q -N3 --ntasks-per-node=2 --dlfm=$cache sh -c "srun true; srun --dlfm=off -N1 -n1 -w n2 rm -r /dev/shm/dlfm-20001; srun $app"
is "$(grep -c 'lib=image' <<<"$out")/$(grep -c 'lib=shared' <<<"$out")" 4/2 "a node that lost its image runs without"
is "$(grep dlfm <<<"$err")" "slurmstepd-n2: error: dlfm: n2: the image of $cache is gone; tasks on it run without DLFM" \
	"... and a line, one for all its tasks, says which and why"

# --- a damaged cache

size=$(stat -c %s "$home/app.dat")
for at in 100 600 $((size - 40)); do
	cp -p "$home/app.dat" "$home/bad.dat"
	printf '\377\000\125' | dd of="$home/bad.dat" bs=1 seek=$at conv=notrunc 2>/dev/null
	as tester srun -N4 -n4 --dlfm=/srv/home/tester/bad.dat $app
	is "$rc/$(grep -c 'answer=42' <<<"$out")" 0/4 "a damaged byte at $at of $size: the step runs"
	like "$err" "^dlfm: .*bad.dat|^dlfm: .*(digest|damaged|not a cache|header|frame)" "... and is told"
done
as tester sh -c 'head -c 3000 /srv/home/tester/app.dat >/srv/home/tester/short.dat; chmod 600 /srv/home/tester/short.dat'
as tester srun -N4 -n4 --dlfm=/srv/home/tester/short.dat $app
is "$rc/$(grep -c 'lib=shared' <<<"$out")" 0/4 "a cache that was cut off: the step runs without DLFM"
chmod 666 "$home/app.dat"
as tester srun -N2 -n2 --dlfm=$cache $app
is "$rc/$(grep -c 'lib=shared' <<<"$out")" 0/2 "a cache that anybody may write is not used"
like "$err" "^dlfm: .*(writ|trust)" "... and is told"
chmod 644 "$home/app.dat"
ok "nothing is left of these" wait_until 60 no_leftovers

# --- a node does not answer

stop() {
	on 4 pkill -STOP -x dlfm-stage
}
SECONDS=0
in_staging 4 stop
is "$(grep -c 'lib=image' <<<"$out")/$(grep -c answer= <<<"$out")" 3/4 "a helper that is stopped on one node: the others are served"
like "$err" "^dlfm: .*n4" "... and a line names the node"
le "$SECONDS" 100 "... in a bounded time"
on 4 pkill -CONT -x dlfm-stage
ok "nothing is left" wait_until 60 no_leftovers

# --- no installation on the nodes; no PMIx in Slurm

mv "$share/dlfm/bin/dlfm-stage" "$share/dlfm/bin/away"
as tester srun -N2 -n2 --dlfm=$cache $app
is "$rc/$(grep -c 'lib=shared' <<<"$out")" 0/2 "a helper that is not installed: the step runs without DLFM"
like "$err" "^dlfm: staging failed: .*No such file" "... and is told in one line"
mv "$share/dlfm/bin/away" "$share/dlfm/bin/dlfm-stage"
as tester sinfo -h -R
is "$out" "" "no node was drained"
dir=$(dirname "$(find /usr/lib*/ -name mpi_pmix.so -print -quit)")
mkdir -p "$share/plugins"
cp "$dir"/*.so "$share/plugins/"
rm "$share"/plugins/mpi_pmix*
CLUSTER_CONF="PluginDir=/srv/share/plugins"
export CLUSTER_CONF
slurm_up 3
make_cache app.dat
as tester srun -N3 -n6 --dlfm=$cache $app
is "$err/$(grep -c 'lib=image' <<<"$out")" /6 "without Slurm's pmix plugin sbcast brings the cache to the nodes"
ok "... and nothing is left" wait_until 60 no_leftovers
CLUSTER_CONF=$CLUSTER_CONF$'\nBcastParameters=DestDir=/nonexistent'
on 2 mount -o remount,noexec /dev/shm
as tester srun -N3 -n3 --dlfm=$cache $app
is "$rc/$(grep -c 'lib=image' <<<"$out")/$(grep -c 'lib=shared' <<<"$out")" 0/2/1 "... to those that can use it"
like "$err" "^dlfm: staging failed on 1 of 3 nodes; n2: .*noexec.*; tasks on it run without DLFM$" "... and is told which and why, in one line"
ok "nothing is left" wait_until 60 no_leftovers
"$cluster" down
done_testing
