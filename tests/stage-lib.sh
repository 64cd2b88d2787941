# SPDX-License-Identifier: BSD-3-Clause
# Tests of staging and replay: a small software tree $sw, caches of it made without a recording, a node memory $shm.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_part tools

sw=$scratch/sw
cache=$scratch/cache.dat
mkcache=$top_builddir/tests/tools/mkcache
stage_cache=$top_builddir/tests/tools/stage-cache
[ -x "$mkcache" ] && [ -x "$stage_cache" ] || skip_all "the test tools are not built (make check)"
[ -e "$DLFM_LIBDIR/dlfm-audit.so" ] || [ -e "$DLFM_LIBDIR/libdlfm.so" ] || skip_all "no injected object is built"

shm=$scratch/shm
mkdir -p "$sw" "$shm"
chmod 755 "$scratch" 2>/dev/null

# tmpfs DIR OPTIONS: a small file system of node memory
tmpfs() {
	mkdir -p "$1"
	mount -t tmpfs -o "$2" dlfm-test "$1"
}

# What is left in a staging directory
left() {
	find "$1" -mindepth 1 | sed "s|^$1/||" | sort
}

# random FILE BYTES
random() {
	head -c "$2" /dev/urandom >"$1"
}

# pattern FILE BYTES: compresses well
pattern() {
	yes "$1" | head -c "$2" >"$1"
}
