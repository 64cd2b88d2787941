# SPDX-License-Identifier: BSD-3-Clause
# For tests of the helper's network part by itself: N ranks of stub-stage-files on this machine, wired up by files.
# Each rank R has its images in $scratch/img/R, its output in $scratch/out/R, its status in $scratch/rc/R.

stage_bin=$top_builddir/tests/stage
wire=$scratch/wire

# make_cache NAME MIB
make_cache() {
	[ -e "$scratch/$1" ] || "$stage_bin/stub-cache" "$scratch/$1" "$2" || bail_out "stub-cache failed"
}

# forget_images: as if nothing had ever been staged
forget_images() {
	rm -rf "$scratch/img"
}

# rank R [VARIABLE=VALUE...]: starts rank R of $ranks with ${options[@]} in the background; its process is ${pid[R]}
rank() {
	local r=$1
	shift
	mkdir -p "$scratch/img/$r" "$scratch/out" "$scratch/rc"
	(
		env DLFM_TEST_WIREUP="$wire" DLFM_TEST_RANKS="$ranks" DLFM_TEST_RANK="$r" "$@" \
			timeout --foreground -k 2 60 bash -c 'echo $$ >"$0"; exec "$@"' "$scratch/out/$r.pid" \
			"$stage_bin/stub-stage-files" --dirs="$scratch/img/$r" "${options[@]}" \
			>"$scratch/out/$r" 2>&1 </dev/null
		echo $? >"$scratch/rc/$r"
	) 2>/dev/null &
	pid[r]=$!
}

# begin N OPTION...: the ranks of the next run, their options; starts none
begin() {
	ranks=$1
	shift
	options=("$@")
	pid=()
	rm -rf "$wire" "$scratch/out" "$scratch/rc"
	mkdir "$wire"
}

# helper R: the process id of the helper itself
helper() {
	cat "$scratch/out/$1.pid"
}

# finish: waits for all ranks that were started; sets $rc and $err of rank 0
finish() {
	wait "${pid[@]}" 2>/dev/null
	rc=$(cat "$scratch/rc/0" 2>/dev/null)
	err=$(cat "$scratch/out/0" 2>/dev/null)
}

# images: how many ranks have an image
images() {
	find "$scratch/img" -type f -size +0 | wc -l
}
