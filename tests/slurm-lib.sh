# SPDX-License-Identifier: BSD-3-Clause
# For tests on the virtual cluster: a private installation on it, the plugin loaded, jobs as a user. After lib.sh.
#
#   slurm_setup [PLUGSTACK ARGUMENTS...]   installs, writes the plugstack; then: slurm_up N
#   as tester srun ...                     runs as a user (tester, tester2) on the login node, bounded; $rc $out $err
#   on K CMD...                            runs as root inside node nK
#   everywhere CMD...                      on each node, in turn
#
# On the nodes the cluster's directory is /srv: $share (/srv/share inside) holds the installation, $home the user's files.

share=$CLUSTER_DIR/share
home=$CLUSTER_DIR/home/tester
cluster=$top_srcdir/tests/cluster
inside=/srv/share/dlfm # the prefix, as the nodes see it

need_cluster() {
	need_part slurm pmix tools dl fm
	need_root
	need slurmctld slurmd srun munged ip
	unshare -m -n -u -p -f true 2>/dev/null || skip_all "no permission to make namespaces"
	[ -d /etc/slurm ] && [ -d /srv ] || skip_all "no /etc/slurm or /srv to mount on"
	[ -n "$(find /usr/lib*/ -name mpi_pmix.so -print -quit)" ] || skip_all "Slurm has no pmix plugin here"
}

# The build tree's files in the layout of the configured prefix (the build tree itself may be private to root).
install_here() {
	local prefix=$share/dlfm
	mkdir -p "$share" && chmod 755 "$share" || return
	make -C "$top_builddir" -s MAKEFLAGS= install-exec DESTDIR="$share/dest" >"$scratch/install.log" 2>&1 ||
		bail_out "make install failed: $(tail -n 3 "$scratch/install.log")"
	mv "$share/dest$DLFM_PREFIX" "$prefix"
	chmod -R go+rX "$prefix"
}

slurm_setup() {
	need_cluster
	install_here
	plugin=$(cd "$share/dlfm" && find . -name dlfm.so | head -n 1)
	echo "optional $inside/${plugin#./} prefix=$inside $*" >"$scratch/plugstack"
	export CLUSTER_PLUGSTACK=$scratch/plugstack
	on_exit "'$cluster' down"
}

slurm_up() {
	nodes=$1
	timeout -k 5 90 "$cluster" up "$nodes" 2>"$scratch/up.err" ||
		bail_out "the cluster does not start: $(tail -n 3 "$scratch/up.err")"
}

# what srun says about waiting depends on what else the cluster does
without_waiting() {
	sed -E '/^srun: job [0-9]+ (queued and waiting for|has been allocated) resources$/d
		/^srun: (Job [0-9]+ step creation temporarily disabled|Step created for job)/d'
}

# as USER CMD...: at most $limit (60) seconds
as() {
	local user=$1
	shift
	run -t "${limit:-60}" "$cluster" run -u "$user" "$@"
	err=$(without_waiting <<<"$err")
}

# batch NAME [SBATCH OPTIONS...]: runs the script on stdin as a batch job of tester in his home; $out is its output, $id its number
batch() {
	local name=$1
	shift
	{ echo '#!/bin/bash' && cat; } >"$home/$name.sh"
	as tester env -C /srv/home/tester sbatch --parsable -o "$name.out" "$@" "$name.sh"
	id=$out
	[ "$rc" = 0 ] || return
	wait_until "${limit:-60}" is_over "$id"
	out=$(cat "$home/$name.out")
}

is_over() {
	[ -z "$("$cluster" run squeue -h -j "$1" 2>/dev/null)" ]
}

on() {
	timeout -k 5 30 "$cluster" node "$@"
}

everywhere() {
	local k
	for ((k = 1; k <= nodes; k++)); do on "$k" "$@"; done
}

# What the daemons of the cluster have to say, at a failure (lib.sh prints it at the end of the test).
after_failure() {
	[ -d "$CLUSTER_DIR/log" ] || return 0
	echo "-- $(date +%T): test point $test_count failed; jobs: $("$cluster" run squeue -h -o '%A %T %r' 2>&1 | tr '\n' ';')"
	grep -hE 'dlfm|error: |pilog' "$CLUSTER_DIR"/log/slurmd.*.log | sort | tail -n 14 | cut -c 1-200
	grep -hE 'error|lingering|Resending|not resp' "$CLUSTER_DIR"/log/slurmctld.log | tail -n 4 | cut -c 1-200
}

no_jobs() {
	[ -z "$("$cluster" run squeue -h)" ]
}

# What DLFM has on all nodes, a line a file or directory.
leftovers() {
	everywhere sh -c 'find /dev/shm -mindepth 1 -maxdepth 3 2>/dev/null | sed "s|^|$(hostname): |"; find /tmp -maxdepth 1 -name "dlfm-200*"'
}

no_leftovers() {
	[ -z "$(leftovers)" ]
}

# A little application on the shared file system, and its cache: $app is a program that needs a library and reads a file, and
# prints "lib" and where its library and file come from.
make_app() {
	local d=$share/app
	mkdir -p "$d/lib"
	cat >"$d/lib.c" <<-'E'
		int answer(void) { return 42; }
	E
	cat >"$d/main.c" <<-'E'
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <fcntl.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>
		#include <linux/magic.h>
		#include <sys/vfs.h>
		#include <unistd.h>
		int answer(void);
		int main(int argc, char **argv)
		{
			char line[4096], from[4096] = "";
			struct statfs fs = {0};
			const char *rank = getenv("SLURM_PROCID"), *image = getenv("DLFM_IMAGE");
			FILE *f = fopen("/proc/self/maps", "r");
			int fd = open("/srv/share/app/lib/data.py", O_RDONLY);
			while (fgets(line, sizeof(line), f))
				if (strstr(line, "libanswer"))
					sscanf(line, "%*s %*s %*s %*s %*s %4095s", from);
			fstatfs(fd, &fs);
			printf("rank=%s answer=%d lib=%s data=%s\n", rank ? rank : "-", answer(),
			       image && strncmp(from, image, strlen(image)) == 0 ? "image" : "shared",
			       fs.f_type == TMPFS_MAGIC ? "image" : "shared");
			fflush(stdout);
			if (argc > 1)
				sleep(atoi(argv[1]));
			return 0;
		}
	E
	gcc -shared -fPIC -o "$d/lib/libanswer.so" "$d/lib.c" &&
		gcc -o "$d/app" "$d/main.c" -L"$d/lib" -lanswer -Wl,-rpath,/srv/share/app/lib ||
		bail_out "the test application does not compile"
	echo 'x = 1' >"$d/lib/data.py"
	app=/srv/share/app/app
}

# make_cache NAME [DIR...]: a cache of the application, and of DIR, as /srv/home/tester/NAME, without a recorded run
make_cache() {
	timeout 60 "$cluster" run "$top_builddir/tests/tools/mkcache" "/srv/home/tester/$1" /srv/share/app "${@:2}" ||
		bail_out "mkcache failed"
	chown 20001:20001 "$home/$1"
}
