#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0608-slurm-containers: tasks that another plugin puts into a container, as pyxis does: with the image visible they are answered
# from memory; else, or where no library can be mapped from it (enroot mounts /dev/shm noexec), they run without a word
# time-limit: 240
. "$(dirname "$0")/lib.sh"
. "$testdir/slurm-lib.sh"
slurm_setup
make_app
# pyxis joins the container's mount namespace in this callback. The container: a root directory of its own, with the node's directories in it.
cat >"$share/container.c" <<'END'
#define _GNU_SOURCE
#include <sched.h>
#include <slurm/spank.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

SPANK_PLUGIN(container, 1);

int slurm_spank_task_init_privileged(spank_t sp, int argc, char **argv)
{
	char how[16], command[100];

	if (spank_getenv(sp, "SLURM_TEST_CONTAINER", how, sizeof(how)) != ESPANK_SUCCESS)
		return 0;
	snprintf(command, sizeof(command), "bash /srv/share/contain %s", how);
	if (unshare(CLONE_NEWNS) < 0 || system(command) != 0 || chroot("/srv/share/root") < 0 || chdir("/") < 0)
		exit(99);
	return 0;
}
END
cat >"$share/contain" <<'END'
PATH=/usr/sbin:/usr/bin:/sbin:/bin
root=/srv/share/root
mount --make-rprivate / && mount -t tmpfs -o mode=755 container $root || exit
for d in /*; do
	[ ! -L "$d" ] || cp -P "$d" $root/
	[ ! -L "$d" ] && [ -d "$d" ] || continue
	mkdir "$root$d" && mount --rbind "$d" "$root$d" || exit
done
case $1 in
noexec) mount -o remount,bind,noexec $root/dev/shm ;;
own) mount -t tmpfs own $root/dev/shm ;;
esac
END
mkdir "$share/root"
gcc -shared -fPIC -o "$share/container.so" "$share/container.c" || bail_out "the plugin does not compile"
snippet=$(<"$scratch/plugstack")

for order in before after; do
	if [ $order = before ]; then
		printf '%s\n' "optional /srv/share/container.so" "$snippet" >"$scratch/plugstack"
	else
		printf '%s\n' "$snippet" "optional /srv/share/container.so" >"$scratch/plugstack"
	fi
	slurm_up 1
	make_cache app.dat
	cache=/srv/home/tester/app.dat
	as tester env SLURM_TEST_CONTAINER=plain srun -n2 --dlfm=replay:$cache $app
	is "$rc/$err/$(grep -c 'lib=image data=image' <<<"$out")" 0//2 "the container's plugin stands $order DLFM's: the image is visible, and answers"
	for how in noexec own; do
		as tester env SLURM_TEST_CONTAINER=$how srun -n2 --dlfm=replay:$cache $app
		is "$rc/$err/$(grep -c 'lib=shared data=shared' <<<"$out")" 0//2 "... a /dev/shm that is $how: the tasks run as without DLFM, and nothing is said" || diag "$out"
	done
	as tester srun -n2 --dlfm=replay:$cache $app
	is "$rc/$err/$(grep -c 'lib=image data=image' <<<"$out")" 0//2 "... and without a container as ever"
done
"$cluster" down
done_testing
