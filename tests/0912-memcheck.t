#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0912-memcheck: the tools and a program that replays run under valgrind without a fault; "make memcheck" tries more.
# time-limit: 400
. "$(dirname "$0")/lib.sh"
need_part dl fm tools
need valgrind
run -t 350 "$top_srcdir/tests/memcheck" --quick
while IFS= read -r line; do
	case $line in
	ok\ *) pass "${line#ok }" ;;
	FAIL\ *) fail "${line#FAIL }" "$out" ;;
	esac
done <<<"$out"
is "$rc" 0 "nothing was found" || diag "$err"
done_testing
