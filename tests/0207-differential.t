#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0207-differential: random sequences of file system calls by several processes give the same with and without DLFM.
# DLFM_DIFFERENTIAL_ROUNDS (300: with 0211, some 2,100 sequences of 80 calls) and DLFM_DIFFERENTIAL_SEED (1) make it longer and other.
# time-limit: 600
. "$(dirname "$0")/fm-lib.sh"
[ -n "$PYTHON" ] || skip_all "no python3"

rounds=${DLFM_DIFFERENTIAL_ROUNDS:-300}
seed=${DLFM_DIFFERENTIAL_SEED:-1}
differential() {
	run -t $((rounds * 3 + 60)) "$@" "$PYTHON" "$top_srcdir/tests/tools/differential.py" "$scratch/$1" "$worker" "$mkimage" \
		"$libdlfm" "$node_memory/$1" --rounds "$rounds" --calls 80 --seed "$seed"
}

mkdir "$scratch/env"
differential env
is "$rc" 0 "as $(id -un), seed $seed, $rounds rounds: no difference"
[ "$rc" = 0 ] || diag "$out" "$err"

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	mkdir "$scratch/setpriv" "$node_memory/setpriv-memory"
	chmod 755 "$scratch" "$node_memory"
	chown 65534:65534 "$scratch/setpriv" "$node_memory/setpriv-memory"
	# The programs are where an ordinary user may not look.
	cp "$worker" "$mkimage" "$libdlfm" "$top_srcdir/tests/tools/differential.py" "$scratch"
	worker=$scratch/fm-worker mkimage=$scratch/mkimage
	run -t $((rounds * 3 + 60)) setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all "$PYTHON" \
		"$scratch/differential.py" "$scratch/setpriv" "$worker" "$mkimage" "$scratch/libdlfm.so" \
		"$node_memory/setpriv-memory/image" --rounds "$rounds" --calls 80 --seed $((seed + 100000))
	is "$rc" 0 "as an ordinary user, seed $((seed + 100000)), $rounds rounds: no difference"
	[ "$rc" = 0 ] || diag "$out" "$err"
else
	skip "not root" "as an ordinary user"
fi
done_testing
