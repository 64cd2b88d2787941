#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0900-repository: the rules that every file of the repository keeps
. "$(dirname "$0")/lib.sh"

cd "$top_srcdir" || bail_out "no $top_srcdir"
find . -name .git -prune -o -name build-aux -prune -o -name _build -prune -o -name _inst -prune -o -name autom4te.cache -prune -o -type f \
	\( -name '*.[ch]' -o -name '*.sh' -o -name '*.t' -o -name '*.py' -o -name '*.m4' -o -name '*.am' \) \
	! -name aclocal.m4 -print >"$scratch/sources"

is "$(xargs grep -L 'SPDX-License-Identifier: BSD-3-Clause' <"$scratch/sources")" "" "every source names its licence"

bad=$(grep -rlE --include='*' '^#! */bin/(ba)?sh|^#! */usr/bin/env bash' tests bench contrib pbs-hook .ci autogen.sh m4 |
	while read -r f; do bash -n "$f" 2>/dev/null || echo "$f"; done)
is "$bad" "" "every shell script parses"

done_testing
