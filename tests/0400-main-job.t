#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0400-main-job: numpy, scipy and GPAW from a slow shared file system, recorded once and replayed without asking it for anything
# but the interpreter
# time-limit: 300
. "$(dirname "$0")/lib.sh"
need_part dl fm tools slowfs
need_fuse
need mpirun
need_python numpy scipy ase gpaw

sw=$scratch/sw mnt=$scratch/mnt log=$scratch/log cache=$scratch/mnt/cache.dat
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_mpi_yield_when_idle=1
mkdir "$mnt"
unmount_on_exit "$mnt"
on_exit 'dlfm clean -q -d "$scratch/node"'
mkdir "$scratch/node"
"$PYTHON" "$top_srcdir/bench/make-prefix" --quiet "$sw" || bail_out "no software prefix"

# The job says what it is made of, so that a replay can be compared with a plain run.
cat >"$scratch/job.py" <<'EOF'
import sys, numpy, scipy.linalg, gpaw
print(gpaw.__version__, "%.6f" % scipy.linalg.norm(scipy.linalg.expm(numpy.eye(50) / 3)))
for name in sorted(sys.modules):
    print(name, getattr(sys.modules[name], "__file__", None))
libraries = {l.split()[-1].split("/")[-1] for l in open("/proc/self/maps") if ".so" in l}
print(sorted(libraries - {"dlfm-audit.so", "libdlfm.so"}))
print(sys.path, sys.prefix, sys.executable)
EOF

# in_software CMD...: a node that has just been allocated: nothing is cached; the environment of the software; 120 s at most
in_software() {
	unmount "$mnt"
	timeout 20 dlfm-slowfs --preset=nfs --state="$scratch/state" --log="$log" "$sw" "$mnt" || return 1
	dlfm-slowfs --reset="$scratch/state"
	: >"$log"
	run -t 120 bash -c '. "$1/env.sh" && shift && exec "$@"' - "$mnt" "$@"
}

# from_here CMD...: what is asked before does not count: env.sh and dlfm itself
cat >"$scratch/from-here" <<EOF
#!/bin/bash
: >"$log"
exec "\$@"
EOF
chmod +x "$scratch/from-here"

waited() {
	grep -vc '^release' "$log"
}

# same NAME: $out is what the plain run printed; tells the first differences only
same() {
	if [ "$out" = "$plain" ]; then
		pass "$1"
	else
		fail "$1" "$(diff <(printf '%s\n' "$plain") <(printf '%s\n' "$out") | head -n 20 | cut -c 1-300)"
	fi
}

# --- one process

in_software python3 "$scratch/job.py"
is "$rc" 0 "plain" || bail_out "$err"
plain=$out
plain_requests=$(waited)
ge "$plain_requests" 4000 "... thousands of requests"

in_software "$top_builddir/cache-tools/dlfm" record -o "$cache" -- python3 "$scratch/job.py"
is "$rc" 0 "record" || diag "$err"
same "... the program finds what it found"
ok "... the cache is sound" dlfm verify "$sw/cache.dat"

replay=("$top_builddir/cache-tools/dlfm" replay -d "$scratch/node" "$cache" -- "$scratch/from-here")
in_software "${replay[@]}" python3 "$scratch/job.py"
is "$rc" 0 "replay" || diag "$err"
same "... the program finds what it found: modules, libraries, paths"
# All but the interpreter and the directories on its way; OpenMPI's helper and its settings and empty plugin directory,
# which are data; and what the shell script above asks for.
beyond() {
	cut -f 1,4 "$log" | grep -v '^release' |
		grep -vE $'\t(/|/software|/software/Python(/[^/]*(/bin(/python3[.0-9]*)?)?)?|/bin(/python3)?)$' |
		grep -vE $'\t/software/openmpi(/[^/]*(/(bin(/orted)?|lib(/hwloc)?|etc(/.*)?))?)?$' |
		grep -vE $'\t/software/(gpaw/[^/]*/bin/(ssh|rsh)|ncurses/.*)$' # searched by name, by a shell
}
is "$(beyond | head -n 20)" "" "... and asks the file system for the interpreter alone"
diag "requests: $plain_requests plain, $(waited) replayed"

in_software env DLFM_DISABLE=1 "${replay[@]}" python3 "$scratch/job.py"
same "DLFM_DISABLE=1: the program runs"
ge "$(waited)" $((plain_requests * 9 / 10)) "... and asks for everything"

# --- the software changes after it was recorded

module=$(find "$sw/software/ase" -name version.py -o -name units.py | head -n 1)
cat >>"$module" <<'EOF'
changed_since = "changed since it was recorded"
EOF
name=ase.$(basename "$module" .py)
in_software "${replay[@]}" python3 -c "import gpaw, $name; print($name.changed_since)"
is "$rc $out" "0 changed since it was recorded" "a module that changed since is read afresh" || diag "$err"

# --- MPI

in_software mpirun --oversubscribe -n 4 python3 "$top_srcdir/bench/h2.py"
like "$out" "^H2 on 4 ranks" "plain: mpirun of a GPAW calculation" || diag "$err"
plain=$out
plain_requests=$(waited)
rm -f "$sw/cache.dat"
in_software "$top_builddir/cache-tools/dlfm" record -o "$cache" -- mpirun --oversubscribe -n 4 python3 "$top_srcdir/bench/h2.py"
is "$rc $out" "0 $plain" "record: the same energy" || diag "$err"
in_software "${replay[@]}" mpirun --oversubscribe -n 4 python3 "$top_srcdir/bench/h2.py"
is "$rc $out" "0 $plain" "replay: the same energy" || diag "$err"
is "$(beyond | grep -E '\.(py|pyc|so[.0-9]*)$|site-packages' | head -n 10)" "" "... no module and no library from the file system"
le "$(waited)" $((plain_requests / 20)) "... at most a twentieth of the requests"
diag "requests: $plain_requests plain, $(waited) replayed"

is "$(find "$scratch/node" -mindepth 2 -maxdepth 2 ! -name leases ! -name lock | wc -l)" 0 "no image is left on the node"
done_testing
