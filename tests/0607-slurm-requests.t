#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0607-slurm-requests: what a job asks of the shared file system does not grow with its ranks, nor, but for exec, with its nodes
# time-limit: 400
. "$(dirname "$0")/lib.sh"
. "$testdir/slurm-lib.sh"
need_part slowfs
need_fuse
slurm_setup
make_app
for k in 1 2 3 4 5 6 7 8 9; do echo "x = $k" >"$share/app/lib/more$k.py"; done
slurm_up 3
make_cache app.dat
# The application and its cache on a file system of one server, mounted on each node and where srun runs, whose clients keep nothing.
mv "$share/app" "$share/src"
mkdir "$share/app" "$share/src/job"
cp -p "$home/app.dat" "$share/src/job/app.dat"
cp "$top_builddir/bench/dlfm-slowfs" "$share/"
: >"$share/log"
mount_on() { # CMD...
	"$@" /srv/share/dlfm-slowfs --state=/srv/share/state --log=/srv/share/log --cache=none /srv/share/src /srv/share/app
}
ok "the shared file system is mounted" mount_on timeout 30 "$cluster" run
for k in 1 2 3; do mount_on on "$k" || bail_out "no mount on n$k"; done

# requests NODES RANKS OPTION: of a whole job; "<others than of the program and its directory> <of these>"
requests() {
	: >"$share/log"
	as tester srun -N"$1" -n"$2" --chdir=/ --dlfm="$3" $app
	[ "$(grep -c "lib=$4 data=$4" <<<"$out")" = "$2" ] || diag "$1 nodes, $2 ranks: $out" "$err" >&2
	awk -F'\t' '$1 !~ /^(release|forget)/ { if ($4 == "/" || $4 == "/app") exec++; else other++ } END { print other + 0, exec + 0 }' \
		"$share/log"
}

replay=replay:/srv/share/app/job/app.dat,require
requests 1 1 $replay image >"$scratch/warm" # libraries of srun and the like
read -r one exec_one < <(requests 1 1 $replay image)
ge "$one" 10 "a job of one rank: the cache is read, what was recorded is looked at ($one requests)"
for point in "1 8" "3 3" "3 8"; do
	set -- $point
	read -r other exec < <(requests $1 $2 $replay image)
	is "$other" "$one" "$1 nodes, $2 ranks: as many requests, but for exec"
done
ge "$exec" "$exec_one" "exec is what each rank asks ($exec_one, $exec)"
read -r plain _ < <(requests 3 8 off shared)
ge "$plain" $((8 * 4)) "without DLFM each rank asks for itself ($plain requests)"
"$cluster" down
done_testing
