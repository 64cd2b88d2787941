#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0680-documents-slurm: the commands for a cluster that stand in the documents, run by a user of the virtual cluster, print what
# stands below them
# time-limit: 240
. "$(dirname "$0")/lib.sh"
. "$testdir/slurm-lib.sh"
slurm_setup
[ -n "$PYTHON" ] || skip_all "no python3"
/usr/bin/python3 -c 'import numpy, scipy.linalg' 2>/dev/null || skip_all "Debian's python3 with numpy and scipy is not there"
slurm_up 4
libdir=$(dirname "$(cd "$share/dlfm" && find . -name libdlfm.so)")
shell="$cluster run -u tester env -i HOME=/srv/home/tester USER=tester LC_ALL=C \
	PATH=$inside/bin:/usr/bin:/bin DLFM_LIBDIR=$inside/${libdir#./} TERM=dumb SLURM_CONF=${SLURM_CONF:-/etc/slurm/slurm.conf}"
for d in doc/tutorial.md doc/user-guide.md doc/admin-guide.md; do
	run -t 160 "$PYTHON" -B "$top_srcdir/tests/tools/documents.py" --cluster="$shell" --cluster-home="$home" \
		--cluster-inside=/srv/home/tester "$top_srcdir/$d"
	if [ "$rc" = 0 ]; then
		pass "$d: its commands do what it says"
		diag "$out"
	else
		fail "$d: its commands do what it says" "$out" "$err"
	fi
done
"$cluster" down
done_testing
