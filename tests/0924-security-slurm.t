#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0924-security-slurm: the user's environment reaches nothing that runs as root; names in --dlfm= are names; what others put beside a
# cache that is being recorded is not used
# time-limit: 400
. "$(dirname "$0")/lib.sh"
. "$testdir/slurm-lib.sh"
slurm_setup timeout=40 stage_dirs=/dev/shm
make_app
slurm_up 2
make_cache app.dat
cache=/srv/home/tester/app.dat

# --- the environment as a weapon ------------------------------------------------------------------------------------

# Loaded into a process it notes who and what that is; run in place of a program, too.
mkdir -m 777 "$share/evil" "$share/evil/seen"
cat >"$scratch/evil.c" <<'X'
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
static void note(void)
{
	char exe[200] = "", line[400];
	int fd, n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	n = snprintf(line, sizeof(line), "%d %d %s\n", (int)getuid(), (int)geteuid(), n > 0 ? strrchr(exe, '/') + 1 : "?");
	fd = open("/srv/share/evil/seen/loaded", O_WRONLY | O_APPEND | O_CREAT, 0666);
	fchmod(fd, 0666);
	if (write(fd, line, n) < 0)
		_exit(1);
	close(fd);
}
static __attribute__((constructor)) void start(void) { note(); }
unsigned la_version(unsigned v) { return v; }
X
gcc -shared -fPIC -o "$share/evil/evil.so" "$scratch/evil.c" || bail_out "no evil.so"
cat >"$share/evil/program" <<'X'
#!/bin/sh
echo "$(id -u) $0" >>/srv/share/evil/seen/ran
X
chmod 755 "$share/evil/program"
mkdir "$share/evil/bin"
for p in dlfm dlfm-stage dlfm-collect dlfm-stage-copy env sh rm cp cat mkdir logger; do ln -s ../program "$share/evil/bin/$p"; done
hostile=(LD_PRELOAD=/srv/share/evil/evil.so LD_AUDIT=/srv/share/evil/evil.so LD_LIBRARY_PATH=/srv/share/evil
	PATH=/srv/share/evil/bin:/usr/bin:/bin BASH_ENV=/srv/share/evil/program ENV=/srv/share/evil/program TMPDIR=/srv/share/evil
	DLFM_LIBDIR=/srv/share/evil DLFM_HELPERDIR=/srv/share/evil/bin DLFM_IMAGE=/srv/share/evil DLFM_JOURNAL=/srv/share/evil
	DLFM_LOG=/srv/share/evil/seen/dlfmlog DLFM_DEBUG=1 MALLOC_TRACE=/srv/share/evil/seen/malloc GCONV_PATH=/srv/share/evil
	HOME=/srv/share/evil GLIBC_TUNABLES=glibc.malloc.check=3)
# A job script: srun itself is spared, its tasks and all that is done for them are not.
attack() { # NAME OPTION
	printf 'export %s\n' "${hostile[@]}" >"$home/hostile.sh"
	batch "$1" -N2 <<X
cd /srv/home/tester
set -a
. ./hostile.sh
set +a
/usr/bin/env -u LD_PRELOAD -u LD_AUDIT /usr/bin/srun -N2 -n2 --export=ALL,LD_PRELOAD=/srv/share/evil/evil.so,LD_AUDIT=/srv/share/evil/evil.so --dlfm=$2 $app
/usr/bin/env -u LD_PRELOAD -u LD_AUDIT /usr/bin/srun -N2 -n2 --dlfm=$2 $app
X
}
attack one record:/srv/home/tester/r.dat,scope=all
is "$(grep -c answer=42 <<<"$out")" 4 "a job with a hostile environment runs, recorded" || diag "$out"
ok "... the cache is there" test -s "$home/r.dat"
attack two replay:$cache,report
is "$(grep -c answer=42 <<<"$out")" 4 "... and replayed" || diag "$out"
ok "what it left is cleaned up" wait_until 30 no_leftovers
loaded=$(sort "$share/evil/seen/loaded" | uniq -c)
ge "$(grep -c ' 20001 20001 app$' <<<"$loaded")" 1 "the user's own tasks are the user's to harm"
is "$(grep -E ' 0 [0-9]+ | [0-9]+ 0 ' <<<"$loaded")" "" "no process of root's has loaded anything from the job's environment"
is "$(grep -E 'dlfm|slurmstepd' <<<"$loaded")" "" "nor has a program that the plugin runs as the user on his behalf"
ran=$(cat "$share/evil/seen/ran" 2>/dev/null)
is "$(grep '^0 ' <<<"$ran")" "" "nothing was found by the user's PATH as root"
is "$(grep 'dlfm' <<<"$ran")" "" "... nor any of DLFM's programs as the user"
rm -f "$share/evil/seen"/*

# --- names ----------------------------------------------------------------------------------------------------------

wrong= ran=0
for name in '`touch pwned`' ';touch pwned;' "it's" '"q"' '|touch pwned&' '%s%n' '--x' '../tester/a b'; do
	"$cluster" run -u tester cp $cache "/srv/home/tester/$name.dat"
	as tester env -C /srv/home/tester srun -N1 "--dlfm=replay:./$name.dat" $app
	[ "$rc" = 0 ] && [[ $out == *answer=42* ]] || wrong+="$name: $rc $out $err"$'\n'
	[[ $out != *lib=image* ]] || ran=$((ran + 1))
	as tester env -C /srv/home/tester srun -N1 "--dlfm=$name" true
	[ ! -e "$home/pwned" ] || wrong+="$name: a shell has read it"$'\n'
done
is "$wrong" "" "names in --dlfm= that a shell would read: none has"
ge "$ran" 6 "... and they name caches ($ran of 8)"
for name in '$(touch pwned)' $'line\ntouch pwned'; do
	as tester env -C /srv/home/tester srun -N1 "--dlfm=replay:./$name" $app
	like "$rc $out$err" "^255 .*(not expanded|control character|'~')" "... refused by the option's own grammar: ${name%%[[:cntrl:]]*}"
done
is "$(find "$CLUSTER_DIR" -name pwned 2>/dev/null)" "" "... nor has one on a node"

# --- what others put beside a cache ------------------------------------------------------------------------------------

# A directory that all may write, job numbers that all can guess.
mkdir -m 777 "$share/open"
echo precious >"$home/precious" && chown 20001 "$home/precious"
as tester2 sh -c 'cd /srv/share/open && for j in $(seq 1 80); do mkdir -m 777 x.dat.$j.0.parts; done; ln -s /srv/home/tester/precious x.dat.log'
as tester srun -N2 -n2 --dlfm=record:/srv/share/open/x.dat,scope=all $app
is "$rc/$(grep -c answer=42 <<<"$out")" 0/2 "the directory for the journals was made by another user: the step runs"
like "$err" "^dlfm: .*x.dat.[0-9]+.0.parts is there, and is not a directory of yours.*; the step runs without DLFM$" "... unrecorded, and says why"
is "$(find "$share/open" -type f)" "" "... nothing was put there"
"$cluster" run -u tester2 sh -c 'rm -r /srv/share/open/x.dat.*.parts'
as tester srun -N2 -n2 --dlfm=record:/srv/share/open/x.dat,scope=all sh -c "$app; kill -9 \$\$"
wait_until 30 test -s "$share/open/x.dat"
ok "another user's link where the log goes: the cache is made" test -s "$share/open/x.dat"
is "$(cat "$home/precious")" precious "... and nothing is written through the link"
as tester sinfo -h -R
is "$out" "" "no node was drained"
"$cluster" down
done_testing
