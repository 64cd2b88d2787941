#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0600-slurm-option: --dlfm of srun, sbatch and salloc; the plugin's arguments; what is said when something is wrong
# time-limit: 400
. "$(dirname "$0")/lib.sh"
. "$testdir/slurm-lib.sh"
slurm_setup
make_app
slurm_up 2
make_cache app.dat
cache=/srv/home/tester/app.dat

# --- the shared object

exported=$(nm -D --defined-only "$share/dlfm/${plugin#./}" | awk '{ print $3 }' | grep -v '^slurm_spank_' | sort | tr '\n' ' ')
is "$exported" "plugin_name plugin_type plugin_version spank_plugin_version " \
	"nothing but Slurm's entry points is exported"

# --- the option

as tester srun --help
like "$out" "--dlfm=record" "srun --help shows the option"
as tester sbatch --help
like "$out" "--dlfm=record" "... and so does sbatch --help"
as tester salloc --help
like "$out" "--dlfm=record" "... and salloc --help"

for command in "srun true" "sbatch --wrap=true" "salloc true"; do
	set -- $command
	as tester "$1" --dlfm=recrod "${@:2}"
	isnt "$rc" 0 "$1 refuses a mistyped word"
	like "$err" "unknown value 'recrod'; use record, replay:FILE, FILE or off" "... and says what could be written"
done
as tester srun '--dlfm=replay:~/app.dat' true
like "$err" "are not expanded" "a file below ~ is refused with the reason"
printf '#!/bin/bash\n#SBATCH --dlfm=replay\ntrue\n' >"$home/bad.sh"
as tester sbatch /srv/home/tester/bad.sh
isnt "$rc" 0 "a wrong #SBATCH --dlfm is refused at submission"
like "$err" "replay needs a cache" "... with the reason"
as tester env DLFM=replay sbatch --wrap=true
like "$err" "the variable DLFM: replay needs a cache" "a wrong variable DLFM is told at submission"
as tester scancel 1
ok "none of these left a job" wait_until 60 no_jobs

# --- what it does

as tester srun -N2 $app
is "$(grep -c 'lib=shared data=shared' <<<"$out")" 2 "without the option nothing happens"
as tester srun -N2 --dlfm=replay:$cache $app
is "$rc/$err" "0/" "replay says nothing when all is well"
is "$(grep -c 'lib=image data=image' <<<"$out")" 2 "... and serves library and file from the image"
as tester srun -N2 --dlfm=$cache $app
is "$(grep -c 'lib=image data=image' <<<"$out")" 2 "a FILE that is there is replayed"
as tester env DLFM=replay:$cache srun -N2 $app
is "$(grep -c 'lib=image data=image' <<<"$out")" 2 "the variable DLFM does the same"
as tester env DLFM=replay:$cache srun -N2 --dlfm=off $app
is "$(grep -c 'lib=shared data=shared' <<<"$out")" 2 "... and the option overrides it"
as tester srun -N2 --dlfm=replay:$cache,layers=dl $app
is "$(grep -c 'lib=image data=shared' <<<"$out")" 2 "layers=dl serves libraries only"
as tester srun -N2 --dlfm=replay:$cache,layers=fm $app
is "$(grep -c 'lib=shared data=image' <<<"$out")" 2 "layers=fm serves files only"
as tester env DLFM_DISABLE=1 srun -N2 --dlfm=replay:$cache $app
is "$(grep -c 'lib=shared data=shared' <<<"$out")" 2 "DLFM_DISABLE=1 switches it off"
as tester env -C /srv/home/tester srun -N2 --dlfm=replay:./app.dat --chdir=/ $app
is "$(grep -c 'lib=image data=image' <<<"$out")" 2 "a relative FILE is that of srun's directory"

# --- the environment of the tasks

as tester env LD_PRELOAD=/lib/x86_64-linux-gnu/libm.so.6 GLIBC_TUNABLES=glibc.malloc.check=0 \
	srun -N1 --dlfm=replay:$cache sh -c 'env | grep -E "^(LD_|DLFM|GLIBC|SLURM_DLFM)"'
like "$out" "LD_PRELOAD=/dev/shm/dlfm-20001/[0-9a-f]{32}/lib/libdlfm.so:/lib/x86_64-linux-gnu/libm.so.6" \
	"the user's LD_PRELOAD stays, behind ours"
like "$out" "LD_AUDIT=/dev/shm/dlfm-20001/[0-9a-f]{32}/lib/dlfm-audit.so" "the auditor is that of the image"
like "$out" "GLIBC_TUNABLES=glibc.malloc.check=0" "the user's tunables stay"
unlike "$out" "SLURM_DLFM" "how srun told the nodes is not left in the environment"
as tester srun -N1 --export=NONE --dlfm=replay:$cache $app
is "$out" "rank=0 answer=42 lib=image data=image" "it works under --export=NONE"
as tester srun -N1 --export=FOO=1 --dlfm=replay:$cache $app
is "$out" "rank=0 answer=42 lib=image data=image" "... and under --export=VARIABLE"

# --- what is wrong

as tester srun -N1 --dlfm=replay:/srv/home/tester/none.dat $app
is "$rc" 0 "without the cache the step runs"
like "$out" "lib=shared" "... without DLFM"
like "$err" "^dlfm: /srv/home/tester/none.dat: No such file or directory; the step runs without DLFM$" "... in one line"
as tester srun -N1 --dlfm=replay:/srv/home/tester/none.dat,require $app
is "$rc/$out" "125/" "with require it does not run"
like "$err" "^dlfm: /srv/home/tester/none.dat: No such file or directory; the step is not started \(require\)" "... and says why"
as tester srun -N1 : -N1 --dlfm=replay:$cache $app
like "$err" "heterogeneous jobs are not supported" "a heterogeneous job is refused with the reason"
is "$(grep -c 'lib=shared data=shared' <<<"$out")" 2 "... and runs without"
ok "no job is left" wait_until 60 no_jobs

# --- arguments of plugstack.conf

again() { # ARGUMENTS...: plugstack.conf is read anew by each srun, sbatch and slurmstepd
	echo "optional $inside/${plugin#./} prefix=$inside $*" >"$CLUSTER_DIR/etc/plugstack.conf"
}
again stage_dir=/dev/shm
as tester srun -N1 --dlfm=replay:$cache $app
like "$err" "plugstack.conf: unknown argument 'stage_dir=/dev/shm'; use prefix=, stage_dirs=" \
	"an unknown argument of plugstack.conf is refused by name"
is "$rc/$out" "0/rank=0 answer=42 lib=shared data=shared" "... and the step runs without DLFM"
as tester srun -N1 --dlfm=replay:$cache,require $app
is "$rc" 125 "... and does not with require"
for bad in timeout=0 timeout=x max_size=5X prefix=usr stage_dirs=shm default=recrod default=x.dat; do
	again $bad
	as tester srun -N1 $app
	like "$err" "plugstack.conf: ${bad%=*}=: " "$bad is refused by name"
done
again default=replay:$cache
as tester srun -N1 $app
is "$out" "rank=0 answer=42 lib=image data=image" "default= is for those who say nothing"
as tester srun -N1 --dlfm=off $app
is "$out" "rank=0 answer=42 lib=shared data=shared" "... and can be switched off"
again max_size=1K
as tester srun -N1 --dlfm=replay:$cache $app
like "$out$err" "lib=shared.*max|max.*lib=shared|lib=shared" "max_size= refuses a larger image"
like "$err" "dlfm: .*(larger|bytes|limit|size)" "... and says so"
everywhere mkdir -m 1777 /run/stage # (/tmp is also that of other tests' clusters)
again stage_dirs=/nonexistent:/run/stage
as tester srun -N1 --dlfm=replay:$cache sh -c 'echo $DLFM_IMAGE'
like "$out" "^/run/stage/dlfm-20001/" "stage_dirs= are tried in order"
as tester sinfo -h -R
is "$out" "" "no node was drained"

"$cluster" down
done_testing
