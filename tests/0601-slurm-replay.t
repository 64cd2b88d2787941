#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0601-slurm-replay: one cache staged on 4 nodes for steps of all shapes, within and without jobs; MPI; nothing is left
# time-limit: 400
. "$(dirname "$0")/lib.sh"
. "$testdir/slurm-lib.sh"
slurm_setup
need mpicc mpirun
make_app
cat >"$share/mpi.c" <<'E'
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
int answer(void);
int main(int argc, char **argv)
{
	int rank, sum;
	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
	printf("rank %d sum %d %s\n", rank, sum + answer(), getenv("DLFM_IMAGE") ? "image" : "none");
	MPI_Finalize();
	return 0;
}
E
mpicc -o "$share/app/mpi" "$share/mpi.c" -L"$share/app/lib" -lanswer -Wl,-rpath,/srv/share/app/lib
slurm_up 4
make_cache app.dat
cache=/srv/home/tester/app.dat
here="env -C /srv/home/tester"

# images N NAME: the last run's tasks were N, all of them served from the image
images() {
	is "$(grep -c 'lib=image data=image' <<<"$out")/$(grep -c answer= <<<"$out")/$err" "$1/$1/" "$2"
}

# --- a step that is a job

as tester srun -N4 -n8 --dlfm=$cache $app
images 8 "srun: 8 tasks on 4 nodes"
as tester srun -N3 --dlfm=$cache,transport=pmix $app
images 3 "srun: transport=pmix"
as tester srun -N2 -n4 --dlfm=$cache --distribution=cyclic --mem=0 $app
images 4 "srun: --mem=0, cyclic distribution"
printf '0-1 %s\n2-3 %s\n' $app $app >"$home/multi"
as tester srun -N2 -n4 --dlfm=$cache --multi-prog /srv/home/tester/multi
images 4 "srun: --multi-prog"
echo hello >"$home/input"
as tester bash -c "srun -N2 --dlfm=$cache cat </srv/home/tester/input"
is "$out" "$(printf 'hello\nhello')" "the tasks' standard input is theirs"
as tester env SLURM_NNODES=7 SLURM_NTASKS=9 SLURM_HINT=x SLURM_CPU_BIND=rank SLURM_DISTRIBUTION=plane=3 PMIX_RANK=5 PMI_RANK=5 \
	OMPI_COMM_WORLD_SIZE=9 SLURM_NTASKS_PER_NODE=2 SLURM_MPI_TYPE=pmi2 srun -N2 -n2 --ntasks-per-node=1 --dlfm=$cache $app
is "$(grep -c 'lib=image data=image' <<<"$out")" 2 "an environment full of SLURM_* and PMI* variables"
as tester srun -N2 -i none --dlfm=$cache sh -c 'exit $((SLURM_PROCID * 7))'
is "$rc" 7 "srun's status is that of the tasks"
batch array -N2 -a 1-3 -o array.%a --dlfm=replay:app.dat <<<"srun -N2 $app" 2>/dev/null
is "$(cat "$home"/array.[123] | grep -c 'lib=image data=image')" 6 "a job array"

# --- steps of one job

batch several -N4 -n8 --dlfm=replay:app.dat <<E
env | grep -E '^(LD_AUDIT|LD_PRELOAD|DLFM_IMAGE|DLFM_JOURNAL)' || echo plain
srun $app
srun $app
srun -N1 -n2 $app
srun -N1 -n1 -w n3 --dlfm=off $app
for k in 1 2 3; do srun --exclusive -N1 -n2 $app & done
srun --exclusive -N1 -n2 $app
wait
E
is "$(head -n 1 <<<"$out")" plain "the batch script itself gets nothing"
is "$(grep -c 'lib=image data=image' <<<"$out")" 26 "steps of other widths, on a subset, and several at once"
is "$(grep -c 'lib=shared data=shared' <<<"$out")" 1 "... and one that wants none"
batch atonce -N4 -n8 --dlfm=replay:app.dat,require <<E
for k in 1 2 3; do srun --exclusive -N2 -n2 $app & done
wait
E
is "$(grep -c 'lib=image data=image' <<<"$out")" 6 "several steps that are the first, at once" || diag "$out"
batch once -N4 -n4 --dlfm=replay:app.dat <<E
srun true; srun true; srun -N2 -n2 true; srun true
E
is "$(grep -hoE "launch task StepId=$id\.[0-9]+ " "$CLUSTER_DIR"/log/slurmd.n[1-4].log | sort -u | wc -l)" 5 \
	"four steps with one cache are staged by one step more"
batch two -N2 -n2 <<E
#SBATCH --dlfm=replay:app.dat
cp app.dat other.dat
srun $app
srun --dlfm=replay:other.dat $app
touch app.dat
srun $app
E
images 6 "two caches in one job, and a cache that was replaced"
as tester $here salloc -N2 -n2 --dlfm=replay:app.dat sh -c "env | grep ^LD_; srun $app; srun $app"
is "$(grep -c 'lib=image data=image' <<<"$out")/$(grep -c ^LD_ <<<"$out")" 4/0 "salloc's option reaches its steps, not its shell"
is "$("$cluster" run find /dev/shm -mindepth 1)" "" "... and nothing is left of it where it ran"
as tester $here salloc -N2 -n2 sh -c "srun $app; srun --dlfm=app.dat $app"
is "$(grep -c 'lib=image data=image' <<<"$out")/$(grep -c 'lib=shared' <<<"$out")" 2/2 "an option of one step is that step's only"
as tester $here sbatch -N2 -n2 --wrap='sleep 60'
id=${out##* }
wait_until 60 sh -c "[ \"\$('$cluster' run squeue -h -j $id -o %T)\" = RUNNING ]"
as tester srun --jobid=$id --overlap -N2 -n2 --dlfm=$cache $app
images 2 "a step of a running job, from outside"
as tester scancel $id

# --- MPI

export OMPI_MCA_btl=tcp,self OMPI_MCA_mpi_yield_when_idle=1
as tester srun -N4 -n4 --mpi=pmix --dlfm=$cache /srv/share/app/mpi
is "$(grep -c 'sum 48 image' <<<"$out")" 4 "an MPI program under --mpi=pmix"
batch mpirun -N3 -n6 --dlfm=replay:app.dat <<E
mpirun --oversubscribe -n 6 -N 2 /srv/share/app/mpi
mpirun --oversubscribe -n 6 -N 2 sh -c 'grep -c libanswer /proc/self/maps >/dev/null; echo \$(hostname) \${DLFM_IMAGE:+image}'
E
is "$(grep -c 'sum 57 image' <<<"$out")" 6 "mpirun in a job: all ranks, also those on its own node"
is "$(grep -cE '^n[123] image' <<<"$out")" 6 "... of every program that it starts"

# --- what stays

ok "no job is left" wait_until 60 no_jobs
ok "nothing of DLFM is left on any node" wait_until 60 no_leftovers
as tester sinfo -h -R
is "$out" "" "no node was drained"
[ "$test_failed" = 0 ] || diag "$(leftovers | head -n 20)"
"$cluster" down
done_testing
