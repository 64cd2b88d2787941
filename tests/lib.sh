# SPDX-License-Identifier: BSD-3-Clause
# Shell tests: TAP test points, a scratch directory, programs of the build tree, bounded runs, cleaning up at the end.
#
#   #!/bin/bash
#   # SPDX-License-Identifier: BSD-3-Clause
#   # 0101-name: what it shows
#   # time-limit: 60                       (optional; 120 seconds otherwise)
#   . "$(dirname "$0")/lib.sh"
#   need_part dl; need gcc                 # or the whole test is skipped, with the reason
#   run dlfm info "$scratch/none"          # bounded; sets $rc, $out, $err
#   is "$rc" 125 "info: a missing cache is DLFM's own failure"
#   like "$err" "none" "info: ... and names the file"
#   ok "the cache verifies" dlfm verify "$scratch/cache.dat"
#   done_testing
#
# $scratch is on a local disk (/opt, $HOME or what DLFM_TEST_TMPDIR names), removed at the end. $top_srcdir,
# $top_builddir, $PYTHON, $CC, $DLFM_LIBDIR (the injected objects) and PATH (the build tree's programs) are set.

set -u
export LC_ALL=C

testdir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top_builddir=${top_builddir:-$(cd "$testdir/.." && pwd)}
if [ ! -f "$top_builddir/tests/env.sh" ]; then
	echo "Bail out! $top_builddir is not configured: run ./autogen.sh && ./configure && make, or set top_builddir"
	exit 1
fi
. "$top_builddir/tests/env.sh"
export top_srcdir top_builddir PYTHON CC
export DLFM_LIBDIR=$top_builddir/libdlfm
export DLFM_HELPERDIR=$top_builddir/pmix-dist
export PATH=$top_builddir/cache-tools:$top_builddir/bench:$top_builddir/pmix-dist:$PATH

test_count=0
test_failed=0
test_planned=
cleanups=()
children=()
mounts=()

# --- test points -------------------------------------------------------------------------------------------------

diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

pass() {
	test_count=$((test_count + 1))
	printf 'ok %d - %s\n' "$test_count" "$1"
}

# fail NAME [DIAGNOSTICS...]
fail() {
	test_count=$((test_count + 1))
	test_failed=$((test_failed + 1))
	printf 'not ok %d - %s\n' "$test_count" "$1"
	shift
	local line
	for line; do diag "$line"; done
	[ "$(type -t after_failure)" != function ] || after_failure >>"$scratch/.explained" 2>&1
	return 1
}

# skip WHY [NAME]: one test point that cannot be done here
skip() {
	test_count=$((test_count + 1))
	printf 'ok %d - %s # SKIP %s\n' "$test_count" "${2:-}" "$1"
}

# skip_all WHY: the whole test cannot be done here; only before the first test point
skip_all() {
	printf '1..0 # SKIP %s\n' "$1"
	test_planned=0
	exit 0
}

# ok NAME CMD...: the command succeeds; its output is shown if it does not
ok() {
	local name=$1
	shift
	run "$@"
	if [ "$rc" -eq 0 ]; then pass "$name"; else fail "$name" "status $rc of: $*" "$out" "$err"; fi
}

# not_ok NAME CMD...: the command fails
not_ok() {
	local name=$1
	shift
	run "$@"
	if [ "$rc" -ne 0 ]; then pass "$name"; else fail "$name" "unexpected success of: $*" "$out" "$err"; fi
}

# is GOT WANT NAME
is() {
	if [ "$1" = "$2" ]; then pass "$3"; else fail "$3" "got:  $1" "want: $2"; fi
}

isnt() {
	if [ "$1" != "$2" ]; then pass "$3"; else fail "$3" "got what must not be: $1"; fi
}

# like GOT REGEX NAME: an extended regular expression matches somewhere
like() {
	if [[ $1 =~ $2 ]]; then pass "$3"; else fail "$3" "got:       $1" "not like:  $2"; fi
}

unlike() {
	if [[ ! $1 =~ $2 ]]; then pass "$3"; else fail "$3" "got:  $1" "like: $2"; fi
}

# le NUMBER LIMIT NAME, ge NUMBER LIMIT NAME: also for decimal fractions
le() {
	if awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && a + 0 <= b + 0) }'; then
		pass "$3"
	else
		fail "$3" "got $1, want at most $2"
	fi
}

ge() {
	if awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && a + 0 >= b + 0) }'; then
		pass "$3"
	else
		fail "$3" "got $1, want at least $2"
	fi
}

# plan N at the start, or done_testing at the end
plan() {
	test_planned=$1
	printf '1..%d\n' "$1"
}

# What a test's own function after_failure (if it has one) printed at its failures stands at the end, where "run" shows it.
done_testing() {
	[ ! -s "$scratch/.explained" ] || diag "$(tail -n 36 "$scratch/.explained")"
	[ -n "$test_planned" ] || plan "$test_count"
	exit $((test_failed > 0))
}

bail_out() {
	printf 'Bail out! %s\n' "$*"
	test_planned=0
	exit 1
}

# --- what a test needs -------------------------------------------------------------------------------------------

# need PROGRAM...: all on PATH
need() {
	local p
	for p; do
		command -v "$p" >/dev/null || skip_all "$p is not installed"
	done
}

# have_part PART, need_part PART...: built in this tree (dl fm tools pmix mpi slurm pbs pynamic launcher slowfs unit)
have_part() {
	case "$DLFM_PARTS" in *" $1 "*) ;; *) return 1 ;; esac
}

need_part() {
	local p
	for p; do
		have_part "$p" || skip_all "the part '$p' is not built"
	done
}

need_root() {
	[ "$(id -u)" = 0 ] || skip_all "needs root"
}

# need_fuse: a FUSE mount can be made here
need_fuse() {
	[ -r /dev/fuse ] && [ -w /dev/fuse ] && grep -qw fuse /proc/filesystems || skip_all "no /dev/fuse that can be used"
}

# need_python MODULE...: $PYTHON can import them
need_python() {
	local m
	[ -n "$PYTHON" ] || skip_all "no python3"
	for m; do
		timeout 60 "$PYTHON" -c "import $m" >/dev/null 2>&1 || skip_all "$PYTHON cannot import $m"
	done
}

# own_shm: the whole test with a /dev/shm of its own, if it runs as root: what other processes do there is not seen. Before all
# else: the test starts once more.
own_shm() {
	if [ -n "${DLFM_TEST_OWN_SHM:-}" ]; then
		unset DLFM_TEST_OWN_SHM
		return
	fi
	[ "$(id -u)" = 0 ] && unshare --mount true 2>/dev/null || return 0
	trap - EXIT
	rm -rf --one-file-system "$scratch"
	DLFM_TEST_OWN_SHM=yes exec unshare --mount --propagation private sh -c \
		'mount -t tmpfs -o mode=1777 own /dev/shm && exec bash "$@"' sh "$testdir/$(basename "$0")"
}

# --- running -----------------------------------------------------------------------------------------------------

# run [-t SECONDS] CMD...: at most 60 s, or SECONDS; sets $rc (124: stopped), $out and $err. Functions can be run too,
# but without a limit.
run() {
	local limit=60
	if [ "$1" = -t ]; then
		limit=$2
		shift 2
	fi
	if [ "$(type -t "$1")" = function ] || [ "$(type -t "$1")" = builtin ]; then
		"$@" >"$scratch/.out" 2>"$scratch/.err" </dev/null
	else
		timeout -k 5 "$limit" "$@" >"$scratch/.out" 2>"$scratch/.err" </dev/null
	fi
	rc=$?
	out=$(tr -d '\0' <"$scratch/.out")
	err=$(tr -d '\0' <"$scratch/.err")
	return 0
}

# background CMD...: starts it in a process group of its own, sets $child; it is killed at the end
background() {
	set -m
	"$@" </dev/null &
	child=$!
	set +m
	children+=("$child")
}

# wait_until SECONDS CMD...: repeats the command until it succeeds; fails after the time
wait_until() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.05
	done
}

# on_exit 'COMMAND': is evaluated at the end, the last one first
on_exit() {
	cleanups+=("$1")
}

# unmount_on_exit DIR
unmount_on_exit() {
	mounts+=("$1")
}

unmount() {
	mountpoint -q "$1" || return 0
	umount "$1" 2>/dev/null || fusermount3 -u "$1" 2>/dev/null || umount -l "$1" 2>/dev/null ||
		fusermount3 -uz "$1" 2>/dev/null
}

test_end() {
	local rc=$? i
	trap - EXIT
	trap '' INT TERM HUP
	set +e +u
	for ((i = ${#cleanups[@]} - 1; i >= 0; i--)); do eval "${cleanups[i]}" >/dev/null 2>&1; done
	cd /
	for ((i = ${#mounts[@]} - 1; i >= 0; i--)); do unmount "${mounts[i]}"; done
	for i in "${children[@]}"; do kill -TERM -- "-$i" 2>/dev/null; done
	for i in "${children[@]}"; do
		wait_until 3 test ! -d "/proc/$i" || kill -KILL -- "-$i" 2>/dev/null
	done
	wait
	awk -v d="$scratch/" 'index($5, d) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
		while read -r i; do umount -l "$i"; done
	rm -rf --one-file-system "$scratch"
	if [ -z "$test_planned" ]; then
		echo "# the test ended before done_testing (status $rc)"
		[ "$rc" -ne 0 ] || rc=1
	fi
	exit "$rc"
}

# Not below /tmp or /var/tmp: pack takes what lies there for data of the run.
for base in "${DLFM_TEST_TMPDIR:-}" /opt "${HOME:-}" /var/tmp; do
	[ -n "$base" ] && [ -d "$base" ] && [ -w "$base" ] && break
done
scratch=$(mktemp -d "$base/dlfm-test.XXXXXX") || bail_out "no scratch directory"
chmod 755 "$scratch"
trap test_end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
# Each test has journals, images and a virtual cluster of its own.
export CLUSTER_DIR=$scratch/cluster
