#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0603-slurm-life: an image lives as long as its jobs, whatever ends them; users do not meet; a /dev/shm of the job's own
# time-limit: 400
. "$(dirname "$0")/lib.sh"
. "$testdir/slurm-lib.sh"
slurm_setup timeout=40 stage_dirs=/dev/shm:/run/stage # both are the nodes' own, unlike /tmp
make_app
slurm_up 3
everywhere mkdir -m 1777 /run/stage
make_cache app.dat
cache=/srv/home/tester/app.dat

# images: how many there are on all nodes
images() {
	leftovers | grep -cE '/dlfm-[0-9]+/[0-9a-f]{32}$'
}

# start [-u USER] OPTIONS...: a job of the application on all nodes that sleeps; $id is its number when it runs
start() {
	local user=tester
	[ "${1:-}" != -u ] || { user=$2 && shift 2; }
	: >"$scratch/job"
	background "$cluster" run -u $user srun -N3 -n3 --dlfm=$cache "$@" $app 100 >"$scratch/job" 2>&1
	wait_until 60 sh -c "[ \$(grep -c answer= '$scratch/job') = 3 ]" || diag "$(cat "$scratch/job")"
	id=$("$cluster" run squeue -h -u $user -o %A | head -n 1)
}

start
is "$(grep -c 'lib=image' "$scratch/job")/$(images)" 3/3 "a running job has an image on each of its nodes"
is "$(everywhere sh -c 'stat -c "%a %u" /dev/shm/dlfm-20001' | sort -u)" "700 20001" "... that is the user's alone"
is "$(everywhere sh -c 'ls /dev/shm/dlfm-20001/leases' | sort -u | sed "s/\.[0-9a-f]*$//")" "$id" "... leased by the job"
not_ok "another user cannot look at it" timeout 20 "$cluster" node 1 setpriv --reuid 20002 --regid 20002 --clear-groups \
	sh -c 'ls /dev/shm/dlfm-20001 || cat /dev/shm/dlfm-20001/*/index'
is "$(everywhere sh -c 'ps -eo comm | grep dlfm')" "" "nothing of DLFM runs while the tasks do"
one=$child

# A second job with the same cache uses the image, and it outlives the first.
before=$(on 1 sh -c 'stat -c %i /dev/shm/dlfm-20001/[0-9a-f]*/index')
first=$id
start
is "$(on 1 sh -c 'stat -c %i /dev/shm/dlfm-20001/[0-9a-f]*/index')" "$before" "a second job uses the image that is there"
as tester scancel "$first"
wait "$one" 2>/dev/null
wait_until 60 is_over "$first"
is "$(images)" 3 "... and keeps it when the first is cancelled"
as tester scancel -u tester
ok "the last to leave removes it" wait_until 60 no_leftovers

# Other ends.
start
"$cluster" run pkill -KILL -u 20001 -x srun # of this cluster only: others run beside it
as tester scancel -u tester
ok "nothing is left of a job whose srun was killed" wait_until 60 no_leftovers
start
on 2 sh -c 'kill -9 $(ps -eo pid,args | sed -n "s/^ *\([0-9]*\) slurmstepd: .*\.0\].*/\1/p")'
as tester scancel -u tester
ok "... of one whose slurmstepd was killed" wait_until 60 no_leftovers
wait_until 60 no_jobs
as tester srun -N3 --dlfm=$cache sh -c "$app; exit 5"
is "$rc" 5 "a failing job has its own status"
ok "... and nothing is left of it" wait_until 60 no_leftovers

# Requeue: the job's number stays, its images do not.
cat >"$home/requeue.sh" <<E
#!/bin/bash
#SBATCH -N3 -n3 --requeue -o requeue.out --open-mode=append
srun --dlfm=app.dat $app
[ -n "\$SLURM_RESTART_COUNT" ] || sleep 60
E
as tester env -C /srv/home/tester sbatch --parsable requeue.sh
id=$out
wait_until 60 sh -c "[ \$(grep -c lib=image '$home/requeue.out') = 3 ]"
as tester scontrol requeue "$id"
sleep 2 # a job that starts in the second of its requeueing meets its revoked credential: Slurm would wait two minutes
as tester scontrol update jobid="$id" starttime=now
wait_until 60 sh -c "[ \$(grep -c lib= '$home/requeue.out') = 6 ]"
is "$(grep -c 'lib=image' "$home/requeue.out")" 6 "a requeued job stages again, and is served again" || diag "$(cat "$home/requeue.out")"
ok "... and nothing is left of it" wait_until 60 no_leftovers

# A node that goes down, and comes back without its memory.
start
timeout 60 "$cluster" reboot 2
as tester scancel -u tester
ok "nothing is left of a job whose node was rebooted" wait_until 60 no_leftovers
wait_until 60 no_jobs
as tester srun -N3 --dlfm=$cache $app
is "$(grep -c 'lib=image' <<<"$out")" 3 "... and the node serves the next job"

# slurmd: restarted beside a running job; and after a crash, when the job has ended meanwhile.
start
timeout 60 "$cluster" slurmd 2
sleep 0.3
is "$(images)" 3 "a restart of slurmd takes nothing from a running job"
as tester scancel -u tester
wait_until 60 no_jobs
on 3 sh -c 'umask 077 && mkdir -p /dev/shm/dlfm-20001/leases /dev/shm/dlfm-20001/journal.999998.0 &&
	ln -s ../00000000000000000000000000000001 /dev/shm/dlfm-20001/leases/999999.0123456789abcdef &&
	mkdir /dev/shm/dlfm-20001/00000000000000000000000000000001 && : >/dev/shm/dlfm-20001/note.999999 &&
	chown -hR 20001:20001 /dev/shm/dlfm-20001'
on 3 sh -c 'mkdir -p /dev/shm/keep && touch /dev/shm/keep/f && ln -s /dev/shm/keep /dev/shm/dlfm-20002'
timeout 60 "$cluster" slurmd 3
ok "what a job left that ended while slurmd was down is swept at its start" wait_until 60 on 3 test ! -e /dev/shm/dlfm-20001
ok "... and no link is followed" on 3 test -e /dev/shm/keep/f
on 3 rm -r /dev/shm/dlfm-20002 /dev/shm/keep

# Two users on the same nodes, and one who stands in the way.
cp "$home/app.dat" "$share/common.dat" # root's: any user may trust it
cache=/srv/share/common.dat
start
one=$child
start -u tester2
is "$(images)" 6 "two users have images of their own of one cache" || diag "$(leftovers)"
as tester scancel -u tester
"$cluster" run -u tester2 scancel -u tester2
ok "... and both go" wait_until 60 no_leftovers
on 1 sh -c 'mkdir -m 777 /dev/shm/dlfm-20001 && chown 20002 /dev/shm/dlfm-20001'
as tester srun -N3 -n3 --dlfm=$cache sh -c 'echo ${DLFM_IMAGE%/*}'
like "$(sort <<<"$out" | tr '\n' ' ')" "^/dev/shm/dlfm-20001 /dev/shm/dlfm-20001 /dev/shm/dlfm-20001-[0-9a-f]{8} $" \
	"a directory that somebody else made is not used; one beside it is"
is "$(on 1 stat -c %u /dev/shm/dlfm-20001)" 20002 "... nor removed"
on 1 rmdir /dev/shm/dlfm-20001
ok "nothing is left" wait_until 60 no_leftovers
as tester sinfo -h -R
is "$out" "" "no node was drained"

# A private /dev/shm for each job. (Slurm 22.05 fails to start some jobs in such a cluster: tried again.)
CLUSTER_CONTAINER=1
export CLUSTER_CONTAINER
slurm_up 2
make_cache app.dat
again() { # CMD...: until a job has started
	local k
	for k in 1 2 3 4 5 6 7 8 9 10; do
		as tester "$@"
		[[ $err == *"not ready"* || $err == *"revoked"* ]] || return 0
	done
}
again srun -N2 -n4 --dlfm=$cache $app
if [[ $err == *"not ready"* ]]; then
	skip "job_container/tmpfs does not work here" "a job with a /dev/shm of its own"
else
	is "$(grep -c 'lib=image' <<<"$out")" 4 "a job with a /dev/shm of its own is served" || diag "$err"
	again srun -N1 --dlfm=record:/srv/home/tester/c.dat,scope=all $app
	like "$err" "the job has .* for itself \(job_container\)" "... and a record there is refused with the reason"
	like "$out" "lib=shared" "... and the tasks run"
fi
"$cluster" down
done_testing
