#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0701-pbs-launch: dlfm-pbs-launch on three virtual nodes, with a real mpirun; Slurm's srun stands in for pbs_tmrsh
# time-limit: 300
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/slurm-lib.sh"
need_part pbs
need mpirun gcc
slurm_setup
slurm_up 3
make_app
make_cache app.dat
echo "y = 2" >"$share/app/lib/more.py"
launcher=$inside/libexec/dlfm/dlfm-pbs-launch

# What the launch hook and pbs_mom would do: a job on n1, n2, n3 whose first task is the launcher.
mkdir -p "$share/bin"
cat >"$share/bin/pbs_tmrsh" <<'E'
#!/bin/bash
# pbs_tmrsh HOST WORD...: executes the words on a node of the job, without a shell
host=$1
shift
echo "$host" >>/srv/home/tester/tmrsh.log
unset "${!OMPI_@}" "${!PMIX_@}"
exec env SLURM_CONF=/etc/slurm/slurm.conf srun --jobid="$(cat /srv/home/tester/jobid)" --overlap -N1 -n1 -w "$host" --mem=0 \
	--mpi=none --export=PATH,PBS_JOBID,HOME "$@"
E
cat >"$share/bin/job" <<'E'
#!/bin/bash
# job NODES LAUNCHER-ARGUMENTS...: on the primary node, with the environment that mom gives
echo "$SLURM_JOB_ID" >/srv/home/tester/jobid
nodes=$1
shift
unset "${!SLURM_@}"
printf '%s\n' $nodes >/srv/home/tester/nodefile
export PBS_JOBID=job7.ctl PBS_NODEFILE=/srv/home/tester/nodefile PBS_O_WORKDIR=/srv/home/tester PATH=/usr/bin:/bin
cd / && exec "$@"
E
chmod 755 "$share/bin"/*

# launch NODES ARGUMENTS...
launch() {
	local nodes=$1
	shift
	rm -f "$home/tmrsh.log"
	limit=100 as tester salloc -Q -N3 --exclusive srun --overlap -N1 -n1 -w n1 --mem=0 /srv/share/bin/job "$nodes" \
		$launcher --tmrsh=/srv/share/bin/pbs_tmrsh --dlfm=$inside/bin/dlfm --libdir="$inside/lib/dlfm" --job=job7.ctl --timeout=60 "$@"
}

clean() {
	for k in 1 2 3; do
		on $k setpriv --reuid 20001 --regid 20001 --clear-groups $inside/bin/dlfm clean --quiet --job=job7.ctl
	done
}

launch "n1 n1 n2 n3" --top --option=replay:app.dat -- $app
is "$rc" 0 "replay: the program's status"
is "$out" "rank=- answer=42 lib=image data=image" "replay: the first task is served from memory"
like "$(sort -u "$home/tmrsh.log" | tr '\n' ' ')" "n2 n3" "... after mpirun has gone to the other nodes by pbs_tmrsh"
is "$(everywhere sh -c 'ls /dev/shm/dlfm-20001/leases 2>/dev/null' | sort | uniq -c | tr -s ' ')" " 3 job7.ctl" "... and every node has the image, leased by the job"
launch "n1" --option=replay:app.dat -- $app
is "$out" "rank=- answer=42 lib=image data=image" "replay: another task is served, too"
is "$(cat "$home/tmrsh.log" 2>/dev/null)" "" "... without staging anything"
clean
ok "clean: nothing is left on any node" no_leftovers
launch "n1 n2 n3" --top --option=replay:app.dat,report=rep.txt -- /bin/sh -c "/srv/share/bin/pbs_tmrsh n3 $launcher --job=job7.ctl --libdir=$inside/lib/dlfm --option=replay:app.dat,report -- $app; exit 6"
is "$rc $out" "6 rank=0 answer=42 lib=image data=image" "report: the program's status and output"
like "$(cat "$home/rep.txt")" "lookups: .*from memory" "... and the report where the option says"
like "$(head -n 1 "$home/rep.txt")" "^dlfm: [3-9] processes" "... with what the other nodes' processes looked up"
is "$(ls "$home" | grep -c journals)" 0 "... and nothing else beside it"
clean
launch "n1 n2" --top --option=replay:app.dat,learn -- /bin/sh -c "/srv/share/bin/pbs_tmrsh n2 $launcher --job=job7.ctl --libdir=$inside/lib/dlfm --option=replay:app.dat,learn -- /bin/cat /srv/share/app/lib/more.py"
is "$rc $out" "0 y = 2" "learn: the program runs"
ok "learn: what another node missed is in the cache now" bash -c "'$cluster' run -u tester $inside/bin/dlfm ls /srv/home/tester/app.dat | grep more.py"
clean
launch "n1" --option=replay:app.dat -- $app
is "$out" "rank=- answer=42 lib=shared data=shared" "a task on a node without the image runs unchanged"
is "$err" "" "... and silently"

launch "n1" --top --option=replay:app.dat -- $app
is "$out" "rank=- answer=42 lib=image data=image" "one node: staged without MPI"
clean
launch "n1 n2 n3" --top --mpirun=/nowhere/mpirun --option=replay:app.dat -- $app
is "$out" "rank=- answer=42 lib=image data=image" "no mpirun: every node reads the cache itself"
is "$(everywhere sh -c 'ls /dev/shm/dlfm-20001/leases 2>/dev/null' | grep -c job7.ctl)" 3 "... all three"
clean

launch "n1 n2 n3" --top --option=replay:none.dat -- $app
is "$rc" 0 "no such cache: the job runs"
is "$out" "rank=- answer=42 lib=shared data=shared" "... without DLFM"
like "$err" "dlfm: .*none.dat.*runs without DLFM" "... and says so"
is "$(grep -c . <<<"$err")" 1 "... in one line"
launch "n1" --top --option=replay:none.dat,require -- $app
is "$rc" 125 "require: the job ends before its program starts"
is "$out" "" "... which prints nothing"

launch "n1" --top --option=off -- /bin/sh -c 'echo "$0:$*"; cat; exit 3' a b
is "$rc $out" "3 a:b" "arguments, input and status pass through"
limit=60 as tester salloc -Q -N1 srun -N1 -n1 bash -c "exec -a -dlfm-pbs-launch $launcher --top --job=job7.ctl --option=off -- /bin/bash -c 'echo \$0; shopt -q login_shell && echo login'"
is "$out" "-bash
login" "a login shell stays one"
launch "n1" --top --option=off --argv0=myname -- /bin/bash -c 'tr "\0" " " </proc/self/cmdline | cut -d" " -f1; echo $BASH_ARGV0'
like "$out" "myname" "argv[0] is kept"
launch "n1" --top --option=off -- /nowhere/program
is "$rc" 127 "a program that is not there: 127"

launch "n1 n2" --top --option=record:rec.dat,scope=all -- /bin/sh -c "$app; /srv/share/bin/pbs_tmrsh n2 $launcher --job=job7.ctl --libdir=$inside/lib/dlfm --option=record:rec.dat -- $app; exit 5"
is "$rc" 5 "record: the program's status"
like "$err" "dlfm: recorded in /srv/home/tester/rec.dat" "... and says where the cache is"
ok "record: the cache verifies" "$cluster" run -u tester $inside/bin/dlfm verify /srv/home/tester/rec.dat
ok "record: it has what both nodes looked up" bash -c "'$cluster' run -u tester $inside/bin/dlfm info /srv/home/tester/rec.dat | tr -s ' \n' '  ' | grep -E 'n1.*n2|n2.*n1'"
is "$(ls "$home" | grep -c journals)" 0 "record: nothing else is left beside it"
clean
ok "record: nothing is left on any node" no_leftovers

# --- killed while the nodes are staged

mkdir "$share/big" && head -c 150000000 /dev/urandom >"$share/big/big.so"
make_cache big.dat /srv/share/big
# killed NODE PROGRAM: as soon as n2 writes its image
killed() {
	(on 2 sh -c 'until ls -d /dev/shm/dlfm-20001/.[0-9a-f]* >/dev/null 2>&1; do sleep 0.01; done'; on "$1" pkill -9 -x "$2") >/dev/null 2>&1 &
	launch "n1 n2 n3" --top --option=replay:big.dat -- $app
	wait $!
	is "$?" 0 "kill -9 of $2 on n$1: it was there"
	is "$rc/$(grep -c answer=42 <<<"$out")" "$3" "... ${4:-the job runs}"
	[ $2 = dlfm-pbs-launch ] || like "$err" "^dlfm: [^"$'\n'"]*$" "... and is told in one line"
	wait_until 60 no_jobs
	clean
	ok "... and nothing is left on any node" wait_until 60 no_leftovers
}
killed 2 dlfm-stage 0/1
killed 1 dlfm-stage 0/1
killed 1 mpirun 0/1
killed 1 dlfm-pbs-launch 137/0 "the task is gone, and the job is told"
launch "n1 n2 n3" --top --option=replay:big.dat -- $app
is "$rc $out/$err" "0 rank=- answer=42 lib=image data=image/" "the next job is as if nothing had been"
clean
ok "... nothing is left" no_leftovers

done_testing
