#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0602-slurm-record: a step recorded on 4 nodes, however it ends; record or replay by one line; report and learning
# time-limit: 400
. "$(dirname "$0")/lib.sh"
. "$testdir/slurm-lib.sh"
# A job that is ended has time to collect: what is left undone is the epilog's, which knows less.
CLUSTER_CONF="KillWait=30"
export CLUSTER_CONF
slurm_setup timeout=40
make_app
slurm_up 4
here="env -C /srv/home/tester"
dlfm="$inside/bin/dlfm"

# answers CACHE: does it hold library and file of the application?
answers() {
	"$cluster" run "$inside/bin/dlfm" ls "/srv/home/tester/$1" >"$scratch/ls" &&
		grep -q /srv/share/app/lib/libanswer.so "$scratch/ls" && grep -q /srv/share/app/lib/data.py "$scratch/ls"
}

# partial CACHE: is it marked so?
partial() {
	"$cluster" run "$inside/bin/dlfm" info --json "/srv/home/tester/$1" | grep -q '"partial": *true'
}

# tidy: no parts and no journals are left
tidy() {
	[ -z "$(find "$home" -name '*.parts')" ] && no_leftovers
}

as tester $here srun -N4 -n8 --dlfm=record:rec.dat,scope=all $app
is "$rc/$err" "0/dlfm: recorded in $(cd "$home" && echo /srv/home/tester)/rec.dat" "record says where the cache is, in one line"
is "$(grep -c 'lib=shared data=shared' <<<"$out")" 8 "... and the tasks ran from the file system"
ok "the cache is there when srun ends, and holds what was looked up" answers rec.dat
not_ok "... and is not marked as partial" partial rec.dat
is "$(stat -c %u "$home/rec.dat")" 20001 "... and it is the user's"
ok "no journals are left" wait_until 60 tidy
as tester $here srun -N4 -n8 --dlfm=replay:rec.dat $app
is "$(grep -c 'lib=image data=image' <<<"$out")/$err" "8/" "a recorded cache is replayed"

as tester $here srun -N2 --dlfm=./auto.dat,scope=all $app
like "$err" "recorded in /srv/home/tester/./auto.dat" "a FILE that is absent is recorded"
as tester $here srun -N2 --dlfm=./auto.dat,scope=all $app
is "$(grep -c 'lib=image data=image' <<<"$out")" 2 "... and the next time replayed"
as tester $here srun -N1 --dlfm=record,scope=all $app
like "$err" "recorded in /srv/home/tester/dlfm-[0-9]+\.0\.dat" "without a FILE it is named after job and step"

# Different programs on the nodes: all nodes' journals count.
for k in 1 2 3 4; do mkdir -p "$share/app/n$k" && echo "y = $k" >"$share/app/n$k/own.py"; done
as tester $here srun -N4 --dlfm=record:each.dat,scope=all sh -c 'read x </srv/share/app/$SLURMD_NODENAME/own.py'
"$cluster" run "$inside/bin/dlfm" ls /srv/home/tester/each.dat >"$scratch/ls"
is "$(grep -c '/app/n[1-4]/own.py' "$scratch/ls")" 4 "what only one of the nodes looked up is in the cache"

# What only the compute nodes see is packed there.
mkdir "$share/app/private"
everywhere sh -c 'mount -t tmpfs private /srv/share/app/private && echo "z = 1" >/srv/share/app/private/seen.py'
as tester $here srun -N2 --dlfm=record:private.dat,scope=all sh -c 'read x </srv/share/app/private/seen.py'
"$cluster" run "$inside/bin/dlfm" ls /srv/home/tester/private.dat >"$scratch/ls"
is "$(grep -c '/app/private/seen.py' "$scratch/ls")" 1 "files are packed where they were seen, on a compute node"

# --- however the step ends

as tester $here srun -N2 -n4 --dlfm=record:failed.dat,scope=all sh -c "$app; exit \$((SLURM_PROCID % 2 * 3))"
is "$rc" 3 "a failing application's status is srun's"
like "$err" "recorded in .*/failed.dat; the record of step [0-9]+\.0 is partial: 2 tasks failed" "... and the record says that it is partial"
ok "... and it is marked" partial failed.dat
ok "... and holds what was looked up" answers failed.dat
is "$(cat "$home/failed.dat.log" | cut -d: -f2)" " 2 tasks failed" "... and a log beside it says so"
as tester $here srun -N2 -n2 --dlfm=record:failed.dat,scope=all $app
not_ok "the log goes with the next good record" test -e "$home/failed.dat.log"
as tester $here srun -N2 -n2 -K --dlfm=record:killed.dat,scope=all sh -c "$app; kill -9 \$\$"
like "$err" "recorded in .*/killed.dat; .* partial: 2 tasks were killed" "a record of tasks that were killed"
ok "... holds what they looked up" answers killed.dat

background "$cluster" run -u tester $here srun -N4 -n4 --dlfm=record:cancelled.dat,scope=all $app 60 >"$scratch/cancelled" 2>&1
wait_until 60 sh -c "[ \$(grep -c answer= '$scratch/cancelled') = 4 ]"
as tester scancel -u tester
wait "$child"
like "$(cat "$scratch/cancelled")" "recorded in .*/cancelled.dat; .* partial: 4 tasks were killed" "a record of a job that was cancelled"
ok "... holds what it looked up" answers cancelled.dat

background "$cluster" run -u tester $here srun -N4 -n4 --dlfm=record:gone.dat,scope=all $app 60 >"$scratch/gone" 2>&1
wait_until 60 sh -c "[ \$(grep -c answer= '$scratch/gone') = 4 ]"
"$cluster" run pkill -KILL -u 20001 -x srun # of this cluster only
as tester scancel -u tester
ok "a record whose srun was killed is made" wait_until 60 answers gone.dat
ok "... and its log says what it is" wait_until 60 grep -q "partial: 4 tasks were killed" "$home/gone.dat.log"

background "$cluster" run -u tester $here srun -N4 -n4 --dlfm=record:lost.dat,scope=all $app 60 >"$scratch/lost" 2>&1
wait_until 60 sh -c "[ \$(grep -c answer= '$scratch/lost') = 4 ]"
on 3 sh -c 'kill -9 $(ps -eo pid,args | sed -n "s/^ *\([0-9]*\) slurmstepd: .*\.0\].*/\1/p")'
as tester scancel -u tester
ok "the record of a step whose slurmstepd was killed on a node is made by its epilog" wait_until 60 answers lost.dat
ok "... and says so" wait_until 60 grep -q "1 node lost its slurmstepd" "$home/lost.dat.log"

# What the node that packs has begun is killed, as Slurm's proctrack/linuxproc does after KillWait: its epilog goes on.
mv "$share/dlfm/bin/dlfm" "$share/dlfm/bin/dlfm.real"
printf '#!/bin/sh\nwhile [ -e /srv/share/hold ]; do sleep 0.1; done\nexec /srv/share/dlfm/bin/dlfm.real "$@"\n' >"$share/dlfm/bin/dlfm"
chmod 755 "$share/dlfm/bin/dlfm"
: >"$share/hold"
background "$cluster" run -u tester $here srun -N3 -n3 --dlfm=record:again.dat,scope=all $app 60 >"$scratch/again" 2>&1
wait_until 60 sh -c "[ \$(grep -c answer= '$scratch/again') = 3 ]"
as tester scancel -u tester
wait_until 60 sh -c "[ -L '$home'/again.dat.*.parts/packing ]"
packer=$(readlink "$home"/again.dat.*.parts/packing)
on $((${packer#n} + 1)) pkill -KILL -x 'dlfm.*'
rm "$share/hold"
wait "$child"
like "$(cat "$scratch/again")" "recorded in .*/again.dat; .* partial: 3 tasks were killed" \
	"a record is made by the epilog where what packed it was killed"
ok "... and holds what was looked up" answers again.dat
mv "$share/dlfm/bin/dlfm.real" "$share/dlfm/bin/dlfm"

# The time limit: the end of the job is set to now; slurmctld looks every 30 seconds.
background "$cluster" run -u tester $here srun -N2 -n2 -t 1 --dlfm=record:limit.dat,scope=all $app 200 >"$scratch/limit" 2>&1
limit_job=$child
background "$cluster" run -u tester $here srun -N2 -n2 -t 1 --dlfm=replay:rec.dat $app 200 >"$scratch/limit-replay" 2>&1
replay_job=$child
for f in limit limit-replay; do wait_until 60 sh -c "[ \$(grep -c answer= '$scratch/$f') = 2 ]"; done
for job in $("$cluster" run squeue -h -o %A); do "$cluster" run scontrol update jobid="$job" EndTime=now; done

# --- in batch jobs

batch twice -N2 -n4 --dlfm=./job.dat,scope=all <<E
srun $app
srun $app
E
is "$(grep -c 'lib=shared data=shared' <<<"$out")/$(grep -c 'lib=image data=image' <<<"$out")" 4/4 \
	"in a job, the first step records and the second replays"
batch mpirun -N3 -n6 --dlfm=record:mpirun.dat,scope=all <<E
mpirun --oversubscribe -n 6 -N 2 $app
E
ok "mpirun records by the step of its daemons" answers mpirun.dat

# --- what cannot be

as tester $here srun -N1 --dlfm=record:/proc/none/x.dat $app
like "$err" "^dlfm: cannot make /proc/none/x.dat.*; the step runs without DLFM$" "a place where nothing can be written is told before the tasks start"
like "$out" "lib=shared" "... and the step runs"
as tester $here srun -N1 --dlfm=record:/proc/none/x.dat,require $app
is "$rc/$out" "125/" "... and does not with require"
as tester $here srun -N2 --dlfm=record:local.dat $app
like "$err" "nothing was recorded in .*/local.dat: no cache was made of step [0-9]+\.0: nothing .* on a shared file system" \
	"a record of nothing says why there is no cache"
not_ok "... and there is none" test -e "$home/local.dat"

# --- report and learning

as tester $here srun -N2 -n4 --dlfm=replay:rec.dat,report $app
like "$err" "4 processes" "report counts the processes of all nodes"
like "$err" "answered from memory|from memory" "... and what was answered from memory"
as tester $here srun -N2 -n4 --dlfm=replay:rec.dat,report=report.txt $app
is "$err" "dlfm: the report is in /srv/home/tester/report.txt" "report=FILE"
ok "... is written" grep -q "4 processes" "$home/report.txt"
echo 'z = 1' >"$share/app/extra.py"
as tester $here srun -N2 --dlfm=replay:rec.dat,scope=all,learn sh -c 'read x </srv/share/app/extra.py'
like "$err" "added to /srv/home/tester/rec.dat what it lacked" "learn adds what went to the file system"
"$cluster" run "$inside/bin/dlfm" ls /srv/home/tester/rec.dat >"$scratch/ls"
is "$(grep -c '/app/extra.py' "$scratch/ls")/$(grep -c libanswer "$scratch/ls")" 1/1 "... to what was there"
learners=()
for k in 1 2 3; do
	echo "w = $k" >"$share/app/learnt$k.py"
	background "$cluster" run -u tester $here srun -N1 --dlfm=rec.dat,scope=all,learn sh -c "read x </srv/share/app/learnt$k.py" \
		>"$scratch/learn.$k" 2>&1
	learners+=("$child")
done
wait "${learners[@]}"
is "$(cat "$scratch"/learn.? | grep -c "added to /srv/home/tester/rec.dat what it lacked")" 3 "three jobs learn at once" ||
	diag "$(cat "$scratch"/learn.?)"
"$cluster" run "$inside/bin/dlfm" ls /srv/home/tester/rec.dat >"$scratch/ls"
is "$(grep -c '/app/learnt[123].py' "$scratch/ls")/$(grep -c '/app/extra.py' "$scratch/ls")" 3/1 "... and nothing that one of them learnt is lost"
ok "... the cache is whole" "$cluster" run -u tester "$inside/bin/dlfm" verify /srv/home/tester/rec.dat

wait "$limit_job"
like "$(cat "$scratch/limit")" "recorded in .*/limit.dat; .* partial: 2 tasks were killed" "a record of a job that came to its time limit"
ok "... holds what it looked up" answers limit.dat
wait "$replay_job"
like "$(cat "$scratch/limit-replay")" "lib=image.*TIME LIMIT" "a replay came to it, too"
ok "nothing is left" wait_until 60 tidy
[ "$test_failed" = 0 ] || diag "$(leftovers | head -n 20)" "$(ls "$home")"
as tester sinfo -h -R
is "$out" "" "no node was drained"
"$cluster" down
done_testing
