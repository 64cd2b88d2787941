#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0933-faults-cluster: under Slurm, each process of a launch is killed at many points in time, nodes are lost: the job runs or is told in
# bounded time, what it prints is right, nothing is left, the next job is as if nothing had been
# time-limit: 600
. "$(dirname "$0")/lib.sh"
. "$testdir/slurm-lib.sh"
# A node that does not answer is down after 6 s, and may come back.
CLUSTER_CONF=$'SlurmdTimeout=6\nReturnToService=2\nKillWait=3\nUnkillableStepTimeout=10'
export CLUSTER_CONF
slurm_setup timeout=10 stage_dirs=/dev/shm
make_app
mkdir "$share/big" && head -c 60000000 /dev/urandom >"$share/big/big.so"
slurm_up 3
make_cache big.dat /srv/share/big
big=/srv/home/tester/big.dat
here="env -C /srv/home/tester"

all() { [ "${DLFM_FAULTS:-}" = all ]; }
# Delays in ms from the start of srun
if all; then delays=$(seq 0 15 900); else delays="60 200 400"; fi

idle() {
	[ "$("$cluster" run sinfo -h -o '%T %D' | tr -s ' ')" = "idle 3" ]
}
# which PROGRAM: pgrep's arguments. "steps" are the slurmstepd of steps (one killed while it runs the epilog drains the node, with any plugin
# and with none); "stager" that of a job's second step, the one that stages: srun of any site waits for ever for the tasks of one that was
# killed after the launch
which() {
	case $1 in
	steps) echo '-f ^slurmstepd:.\[' ;;
	stager) echo '-f ^slurmstepd:.\[[0-9]+\.1\]' ;;
	*) echo "-x $1" ;;
	esac
}
# kill_on NODE PROGRAM: SIGKILL to all such processes there
kill_on() {
	on "$1" pkill -9 $(which "$2") >/dev/null 2>&1
}
# kill_when_there NODE PROGRAM MS: waits for it, at most a few seconds, and kills it so much later (0: at once)
kill_when_there() {
	on "$1" sh -c 'for i in $(seq 300); do
			if [ "$1" = 0.000 ]; then ! pkill -9 $0 || exit 0
			elif pgrep $0 >/dev/null; then sleep "$1"; pkill -9 $0; exit; fi
			sleep 0.01
		done; exit 1' \
		"$(which "$2")" "$(printf %d.%03d $(($3 / 1000)) $(($3 % 1000)))" >/dev/null 2>&1
}

# finished: the job in the background ends in bounded time, or is ended; sets $rc, $out, $err
finished() {
	local late=
	wait_until 60 test ! -d "/proc/$child" || {
		late=1
		"$cluster" run scancel -u tester
		kill -9 -- -"$child"
	}
	wait "$child" 2>/dev/null
	rc=$?
	out=$(cat "$scratch/out") err=$(cat "$scratch/err")
	[ -z "$late" ]
}

# shoot NODE PROGRAM OPTION: at each delay, a job, and in it that; sets $bad, $hits
shoot() {
	local ms
	bad= hits=0
	for ms in $delays; do
		started=$SECONDS
		background "$cluster" run -u tester $here srun -N3 -n3 "--dlfm=$3" $app >"$scratch/out" 2>"$scratch/err"
		if [ "$2" != dlfm-stage ]; then # it comes late, and stays for a moment only
			! kill_when_there "$1" "$2" $((ms / 100 * ms / 100)) || hits=$((hits + 1))
		else
			sleep "$(printf %d.%03d $((ms / 1000)) $((ms % 1000)))"
			! kill_on "$1" "$2" || hits=$((hits + 1))
		fi
		finished || bad+="$ms ms: srun hangs"$'\n'
		# Lines of tasks are right, whoever printed them; a step that lost a task or a daemon tells so by its status.
		[ -z "$(grep rank= <<<"$out" | grep -v 'answer=42')" ] || bad+="$ms ms: $out"$'\n'
		[ "$rc" != 0 ] || [ "$(grep -c answer=42 <<<"$out")" = 3 ] || bad+="$ms ms: status 0 and $(grep -c answer=42 <<<"$out") tasks: $err"$'\n'
		[ "$rc" = 0 ] || [ -n "$err" ] || bad+="$ms ms: status $rc without a word"$'\n'
		# Only ours was killed: the job runs.
		[ "$rc" = 0 ] || bad+="$ms ms: the job was lost: $rc $err"$'\n'
		wait_until 60 no_jobs || bad+="$ms ms: the job does not end"$'\n'
		wait_until 60 no_leftovers || bad+="$ms ms: left: $(leftovers)"$'\n'
		rm -rf "$home"/rec.dat*
	done
}
next() { # NAME: the next job is served on all nodes
	wait_until 60 idle || diag "$("$cluster" run sinfo -R)"
	as tester $here srun -N3 -n3 --dlfm=replay:$big $app
	is "$rc/$(grep -c answer=42 <<<"$out")/$err" "0/3/" "$1: the next job is as if nothing had been"
	wait_until 60 no_leftovers
}

if all; then nodes_to_hit="1 2"; else nodes_to_hit=2; fi
for k in $nodes_to_hit; do
	shoot $k dlfm-stage replay:$big
	is "$bad" "" "dlfm-stage killed on node $k, $hits times, while a step starts"
	next "dlfm-stage on node $k"
	shoot $k dlfm-collect record:rec.dat,scope=all
	is "$bad" "" "dlfm-collect killed on node $k, $hits times, while a record ends"
done
shoot 3 stager replay:$big
is "$bad" "" "the slurmstepd that stages killed on a node, $hits times"
ge "$hits" 1 "... (it was)"
next "slurmstepd"

# srun itself, with its nested step: the user's tasks are gone with it, and so is all that was staged
bad=
for ms in $delays; do
	background "$cluster" run -u tester $here srun -N3 -n3 --dlfm=replay:$big $app 5 >"$scratch/out" 2>"$scratch/err"
	sleep "$(printf %d.%03d $((ms / 1000)) $((ms % 1000)))"
	"$cluster" run pkill -9 -u 20001 -x srun # of this cluster only
	finished || bad+="$ms ms: srun hangs"$'\n'
	"$cluster" run scancel -u tester 2>/dev/null
	wait_until 90 no_jobs || bad+="$ms ms: the job does not end"$'\n'
	wait_until 60 no_leftovers || bad+="$ms ms: left: $(leftovers)"$'\n'
done 2>/dev/null
is "$bad" "" "every srun killed at the same points: nothing is left"
next "srun"

# --- a node is lost ---------------------------------------------------------------------------------------------------

# lose K: its network is gone, and its processes with it; regain K: it is started anew, with an empty memory
lose() {
	on "$1" ip link set eth0 down
	kill_on "$1" dlfm-stage
	kill_on "$1" steps
}
lost() { # MS OPTION NAME
	started=$SECONDS
	background "$cluster" run -u tester $here srun -N3 -n3 "--dlfm=replay:$big$2" $app >"$scratch/out" 2>"$scratch/err"
	sleep "$(printf %d.%03d $(($1 / 1000)) $(($1 % 1000)))"
	lose 3
	finished || fail "$3: srun ends" "$err"
	if [ "$rc" = 0 ]; then
		is "$(grep -c answer=42 <<<"$out")" 3 "$3: it had been done"
	else
		like "$err" "[a-z]" "$3: it is told (status $rc after $((SECONDS - started)) s)"
		is "$(grep rank= <<<"$out" | grep -vc 'answer=42')" 0 "... what was printed is right"
	fi
	on 3 ip link set eth0 up
	"$cluster" run scancel -u tester 2>/dev/null
	wait_until 90 no_jobs || fail "$3: no job is left"
	wait_until 90 idle || fail "$3: the node comes back" "$("$cluster" run sinfo)"
	ok "... nothing is left, not on the lost node either, when it is back" wait_until 90 no_leftovers
	next "$3"
}
if all; then
	for ms in $(seq 20 60 800); do lost $ms "" "a node lost after $ms ms"; done
else
	lost 200 "" "a node lost after 200 ms"
fi
"$cluster" down
done_testing
