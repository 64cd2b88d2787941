#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0606-slurm-soak: many short jobs of four users with eight caches, some cancelled at a random moment: all that should run do, nothing is left
# time-limit: 240
# DLFM_SOAK_JOBS (60) is the number of jobs, DLFM_SOAK_SEED what they are made from; `make soak` runs a thousand.
. "$(dirname "$0")/lib.sh"
. "$testdir/slurm-lib.sh"
jobs=${DLFM_SOAK_JOBS:-60}
seed=${DLFM_SOAK_SEED:-$$}
export CLUSTER_CONF="MinJobAge=2" # the controller forgets ended jobs: what it then holds is a leak
slurm_setup timeout=60
make_app
slurm_up 4
limit=$((60 + 4 * jobs))
diag "$jobs jobs, seed $seed"

# Eight caches, two of each user, each with a file that the others have not.
users=(tester tester2 tester3 tester4)
for k in 0 1 2 3 4 5 6 7; do
	user=${users[k % 4]}
	mkdir -p "$share/app$k" && echo "k = $k" >"$share/app$k/own.py"
	make_cache "soak$k.dat" "/srv/share/app$k"
	[ "$user" = tester ] || mv "$home/soak$k.dat" "$CLUSTER_DIR/home/$user/"
	chown --reference="$CLUSTER_DIR/home/$user" "$CLUSTER_DIR/home/$user/soak$k.dat"
done

cat >"$share/soak-job" <<'E'
#!/bin/bash
# soak-job TASKS CACHE SECONDS: prints the tasks' lines, then how the step ended
echo "tasks=$1"
srun --dlfm="$2" /srv/share/app/app "$3"
echo "status=$?"
E

# What runs on the login node: submits the jobs, never more than 12 at a time, and cancels every ninth or so.
cat >"$share/soak" <<'E'
#!/bin/bash
# soak FIRST LAST SEED
RANDOM=$3
users=(tester tester2 tester3 tester4)
for ((i = $1; i <= $2; i++)); do
	while [ "$(squeue -h | wc -l)" -ge 12 ]; do sleep .2; done
	k=$((RANDOM % 8)) nodes=$((1 + RANDOM % 3)) tasks=$((1 + RANDOM % 2)) cancel=$((RANDOM % 9 == 0)) when=$((RANDOM % 25))
	user=${users[k % 4]} home=/srv/home/${users[k % 4]}
	id=$(cd "$home" && setpriv --reuid "$user" --regid "$user" --init-groups env HOME="$home" USER="$user" \
		sbatch --parsable -N$nodes --ntasks-per-node=$tasks -o "$home/job.$i" /srv/share/soak-job $((nodes * tasks)) \
		"$home/soak$k.dat" $((3 * cancel))) || { echo "$i: not submitted"; continue; }
	[ $cancel = 0 ] || { echo "$i" >>/srv/share/cancelled; (sleep "$((when / 10)).$((when % 10))"; scancel "$id") & }
done
wait
while [ -n "$(squeue -h)" ]; do sleep .2; done
E
chmod 755 "$share"/soak*
: >"$share/cancelled"

# daemons: descriptors and resident KiB of slurmctld and of the slurmd of each node, a line each
daemons() {
	local p
	sleep 4 # MinJobAge, and the controller's purge
	for p in $("$cluster" run pgrep -x 'slurmctld|slurmd'); do
		"$cluster" run sh -c 'echo "$(cat /proc/$0/comm) $(ls /proc/$0/fd | wc -l) $(sed -n "s/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p" /proc/$0/status)"' "$p"
	done | sort
}

# grown COLUMN: the largest growth of a daemon since the warm-up
grown() {
	paste -d' ' "$scratch/before" "$scratch/after" | awk -v c="$1" 'BEGIN { most = -1e9 } { d = $(c + 3) - $c; if (d > most) most = d } END { print most }'
}

# judge: a line for each job that did not do what it should
judge() {
	local f i n status served
	for f in "$CLUSTER_DIR"/home/tester*/job.*; do
		i=${f##*.}
		grep -qx "$i" "$share/cancelled" && continue
		n=$(sed -n 's/^tasks=//p' "$f") status=$(sed -n 's/^status=//p' "$f") served=$(grep -c 'answer=42 lib=image data=image' "$f")
		[ "$(grep -c answer=42 "$f")" = "$n" ] && [ "$status" = 0 ] || echo "failed: job $i: $(tr '\n' ';' <"$f")"
		[ "$served" = "$n" ] || echo "not served: job $i: $(tr '\n' ';' <"$f")"
	done
}

warm=$((jobs / 4))
run -t "$limit" "$cluster" run /srv/share/soak 1 "$warm" "$seed"
daemons >"$scratch/before"
run -t "$limit" "$cluster" run /srv/share/soak $((warm + 1)) "$jobs" $((seed + 1))
is "$rc/$out" "0/" "$jobs jobs were submitted and have ended"
ok "nothing is left on any node" wait_until 60 no_leftovers
diag "$(leftovers)"
is "$({ cat "$share/cancelled"; ls "$CLUSTER_DIR"/home/tester*/job.* | sed 's/.*[.]//'; } | sort -u | wc -l)" "$jobs" \
	"... every job wrote its output or was cancelled"
diag "$(wc -l <"$share/cancelled") cancelled"
le "$(wc -l <"$share/cancelled")" $((jobs / 3 + 5)) "... few of them"
judge >"$scratch/judged"
is "$(grep -c '^failed' "$scratch/judged")" 0 "every job that was not cancelled ran all its tasks"
is "$(grep -c '^not served' "$scratch/judged")" 0 "... from its image"
[ ! -s "$scratch/judged" ] || diag "$(head -n 20 "$scratch/judged")"
daemons >"$scratch/after"
diag "$(paste "$scratch/before" "$scratch/after")"
le "$(grown 2)" 3 "slurmctld and slurmd have no more descriptors open than after the first jobs"
le "$(grown 3)" $((8192 + 2 * jobs)) "... and no more memory, in KiB"
is "$(find "$CLUSTER_DIR" -name '*.parts' -o -name 'core*' -type f -size +100k | head)" "" "no parts of records, no core dumps"
as tester sinfo -h -R
is "$out" "" "no node was drained"
"$cluster" down
done_testing
