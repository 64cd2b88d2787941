#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0604-slurm-faults: what goes wrong while a step is being staged: the step runs, or is told, in a bounded time
# time-limit: 400
. "$(dirname "$0")/lib.sh"
. "$testdir/slurm-lib.sh"
slurm_setup timeout=15 stage_dirs=/dev/shm
make_app
mkdir "$share/big" && head -c 150000000 /dev/urandom >"$share/big/big.so"
slurm_up 4
make_cache app.dat
make_cache big.dat /srv/share/big
cache=/srv/home/tester/app.dat big=/srv/home/tester/big.dat

# in_staging NODE WHERE SCRIPT: runs srun with $big on 4 nodes in the background, and, as soon as NODE stages (there is a temporary directory
# then), the script on it ("node") or where srun runs ("login"). The one shell that waits also acts: in time also on a slow machine.
in_staging() {
	local where=(node "$1") shm=/dev/shm
	[ "$2" = node ] || where=(run) shm=/proc/$(<"$CLUSTER_DIR/n$1/init.pid")/root/dev/shm
	background "$cluster" run -u tester srun -N4 -n4 --dlfm=$big$more $app >"$scratch/out" 2>"$scratch/err"
	timeout -k 5 100 "$cluster" "${where[@]}" sh -c \
		"until ls -d $shm/dlfm-20001/.[0-9a-f]* >/dev/null 2>&1; do sleep 0.01; done; $3" >"$scratch/script" 2>&1 ||
		diag "n$1 does not stage, or the script failed: $(cat "$scratch/err" "$scratch/script")"
	wait "$child"
	rc=$?
	out=$(cat "$scratch/out")
	err=$(without_waiting <"$scratch/err")
	wait_until 60 no_jobs
}
more=

# --- memory: of a helper, all of its libraries included, while it stages more than ten times as much

# The largest seen, in KiB.
in_staging 2 node 'p=$(pgrep -x dlfm-stage)
	while awk "/^VmHWM:/ { print \$2 }" "/proc/$p/status" 2>/dev/null && [ -e "/proc/$p/exe" ]; do sleep 0.02; done; true'
is "$(grep -c 'lib=' <<<"$out")/$err" 4/ "a cache of 150 MB is staged"
le "$(sort -n "$scratch/script" | tail -n 1)" 50000 "... by a helper that holds little of it at a time"

as tester srun -N1 --dlfm=$big,transport=pmix $app
is "$(grep -c 'lib=image' <<<"$out")/$err" 1/ "one node needs no transport: nor the limits of one"
wait_until 60 no_jobs

# --- a helper is killed

in_staging 3 node 'pkill -9 -x dlfm-stage'
is "$rc/$(grep -c answer= <<<"$out")" 0/4 "a helper killed on one node: the step runs"
is "$(grep -c 'lib=image' <<<"$out")/$(grep -c 'lib=shared' <<<"$out")" 3/1 "... with DLFM on the others"
like "$err" "^dlfm: .*n3" "... and a line names the node"
is "$(grep -c . <<<"$err")" 1 "... one line"
more=,require
in_staging 3 node 'pkill -9 -x dlfm-stage'
is "$rc/$out" "125/" "... with require it does not"
like "$err" "n3.*not started \(require\)" "... and says which node"
more=
ok "... and nothing is left" wait_until 60 no_leftovers

# --- interrupted

# All that the login node of this cluster runs: others run beside it.
in_staging 2 login 'pkill -INT -u 20001 -x srun'
is "$rc/$out" "130/" "Ctrl-C while staging ends srun"
like "$err" "dlfm: interrupted while /srv/home/tester/big.dat was staged" "... which says so"
ok "... and nothing is left" wait_until 60 no_leftovers
# The first srun is the user's; a process of it guards the job, and below it is the one that stages.
in_staging 2 login 'kill -TERM "$(pgrep -u 20001 -x srun | head -n 1)"'
is "$rc/$out" "130/" "SIGTERM to srun alone does the same"
like "$err" "dlfm: interrupted while /srv/home/tester/big.dat was staged" "... and is told"
ok "... and nothing is left" wait_until 60 no_leftovers
in_staging 2 login 'scancel -u tester'
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

SECONDS=0
in_staging 4 node 'pkill -STOP -x dlfm-stage'
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
