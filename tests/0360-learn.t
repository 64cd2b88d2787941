#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0360-learn: a replay adds what it had to ask of the file system to its cache
# time-limit: 120
. "$(dirname "$0")/lib.sh"
need_part tools dl fm
need_python json

prefix=$scratch/site-packages
mkdir -p "$prefix"
for m in a b c d e f; do echo "name = '$m'" >"$prefix/dlfm_$m.py"; done
export PYTHONPATH=$prefix PYTHONDONTWRITEBYTECODE=1
cache=$scratch/cache.dat
has() { dlfm ls "$cache" | grep -q "/dlfm_$1.py"; }

ok "a recording" dlfm record -q --scope=all -o "$cache" -- "$PYTHON" -c 'import dlfm_a'
ok "... has what it looked up" has a
not_ok "... and nothing else" has b
before=$(sha256sum <"$cache")
ok "a replay that asks for more" dlfm replay "$cache" -- "$PYTHON" -c 'import dlfm_a, dlfm_b'
is "$(sha256sum <"$cache")" "$before" "... leaves the cache alone"
ok "a replay with --learn" dlfm replay --learn "$cache" -- "$PYTHON" -c 'import dlfm_a, dlfm_b'
ok "... adds to it" has b
ok "... and takes nothing away" has a
ok "the cache verifies" dlfm verify "$cache"
run dlfm replay --report "$cache" -- "$PYTHON" -c 'import dlfm_b'
unlike "$err" "dlfm_b" "the next replay is answered from memory"

# Four at once: each keeps what the others learnt.
for m in c d e f; do
	timeout 60 dlfm replay -q --learn "$cache" -- "$PYTHON" -c "import dlfm_$m" &
done
wait
for m in a b c d e f; do ok "after four learners at once: dlfm_$m" has $m; done
ok "... and the cache verifies" dlfm verify "$cache"
is "$(ls "$scratch" | grep -c 'learn\|tmp')" 0 "nothing else is left beside it"

before=$(sha256sum <"$cache")
chattr +i "$cache" 2>/dev/null || mount --bind -o ro "$cache" "$cache" 2>/dev/null
if ! { : >>"$cache"; } 2>/dev/null; then
	echo "name = 'g'" >"$prefix/dlfm_g.py"
	run dlfm replay --learn "$cache" -- "$PYTHON" -c 'import dlfm_g; print(dlfm_g.name)'
	is "$rc $out" "0 g" "a cache that cannot be written: the command runs"
	like "$err" "nothing was learnt: .*cache.dat" "... and a message says why nothing was learnt"
	is "$(sha256sum <"$cache")" "$before" "... the cache is as it was"
	chattr -i "$cache" 2>/dev/null || umount "$cache"
else
	skip "no immutable file and no bind mount here" "a cache that cannot be written"
fi
done_testing
