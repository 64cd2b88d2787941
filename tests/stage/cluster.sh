# SPDX-License-Identifier: BSD-3-Clause
# For tests of dlfm-stage on a virtual Slurm cluster, as the user tester: the programs and caches go to /srv/share.

cluster() {
	bash "$top_srcdir/tests/cluster" "$@"
}

share=$CLUSTER_DIR/share

# need_cluster: or the whole test is skipped
need_cluster() {
	need_root
	need slurmctld slurmd srun munged ip nsenter unshare
	unshare -m -n -u -p -f true 2>/dev/null || skip_all "no permission to make namespaces"
}

# fill_share: programs, and a tree of files to be cached
fill_share() {
	mkdir -p "$share/bin" "$share/lib" "$share/tree/sub"
	cp "$top_builddir/pmix-dist/dlfm-stage" "$top_builddir/tests/tools/mkcache" "$share/bin/" || bail_out "no programs"
	! have_part mpi || cp "$top_builddir/pmix-dist/dlfm-stage-mpi" "$share/bin/"
	cp "$DLFM_LIBDIR"/*.so "$share/lib/"
	for ((i = 0; i < 20; i++)); do
		head -c $((RANDOM * 20 + 1)) /dev/urandom >"$share/tree/sub/file$i"
	done
	head -c "${1:-6000000}" /dev/urandom >"$share/tree/large"
	chmod -R a+rX "$CLUSTER_DIR" "$share"
}

# start_cluster N
start_cluster() {
	on_exit 'cluster down'
	cluster up "$1" >/dev/null || bail_out "no cluster: $(cluster logs 2>&1 | tail -n 20)"
}

# make_cluster_cache: /srv/share/cache.dat of the tree, tester's own
make_cluster_cache() {
	cluster run /srv/share/bin/mkcache /srv/share/cache.dat /srv/share/tree &&
		chown 20001:20001 "$share/cache.dat" && chmod 644 "$share/cache.dat" || bail_out "mkcache failed"
}

# as_user CMD...
as_user() {
	timeout -k 5 60 bash "$top_srcdir/tests/cluster" run -u tester "$@"
}

# stage N OPTION...: dlfm-stage on N nodes; the srun options in ${srun_options[@]}
srun_options=()
stage() {
	local n=$1
	shift
	as_user srun -N"$n" --ntasks-per-node=1 --mpi=pmix --kill-on-bad-exit=0 "${srun_options[@]}" \
		/srv/share/bin/dlfm-stage --libdir=/srv/share/lib "$@"
}

# verdict: the lines of DLFM in $err
verdict() {
	grep '^dlfm: ' <<<"$err"
}

# nodes_with_image: numbers of the nodes that have a complete image of the tree
nodes_with_image() {
	local k
	for ((k = 1; k <= $1; k++)); do
		cluster node "$k" sh -c 'for i in /dev/shm/dlfm-20001/[0-9a-f]*/root/srv/share/tree; do
			diff -r "$i" /srv/share/tree && exit 0; done; exit 1' >/dev/null 2>&1 && echo -n "$k "
	done
}

# forget_images N: on all nodes
forget_images() {
	local k
	for ((k = 1; k <= $1; k++)); do
		cluster node "$k" sh -c 'rm -rf /dev/shm/dlfm-20001'
	done
}

# leftovers N: what is in the nodes' memory that is no image, lease or lock
leftovers() {
	local k
	for ((k = 1; k <= $1; k++)); do
		cluster node "$k" sh -c 'ls -A /dev/shm/dlfm-20001 2>/dev/null' | grep -vE '^([0-9a-f]{32}|leases|lock)$'
	done
}
