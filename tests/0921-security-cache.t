#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0921-security-cache: caches that lie though all digests are right: paths that lead out, bombs; bounded memory, nothing written outside
# time-limit: 400
. "$(dirname "$0")/stage-lib.sh"
need zstd xxh128sum script
need_python

mkdir -p "$sw/lib/deep" "$scratch/out"
echo hello >"$sw/lib/deep/aaaa.py"
ln -s deep/./aaaa.py "$sw/lib/link.py"
ok "a cache" "$mkcache" "$cache" "$sw"
bad=$scratch/bad.dat
hostile() {
	"$PYTHON" "$top_srcdir/tests/tools/hostile-cache.py" "$cache" "$bad" "$@" 2>"$scratch/.hostile" ||
		bail_out "hostile-cache: $(tail -n 1 "$scratch/.hostile")"
}

# Runs a command, and tells in $rss how much memory it and its children had at most, in MiB
cat >"$scratch/rss.py" <<'X'
import resource, subprocess, sys
rc = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL).returncode
with open(sys.argv[1], "w") as f:
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, file=f)
sys.exit(rc)
X
measured() {
	run -t 60 "$PYTHON" "$scratch/rss.py" "$scratch/rss" "$@"
	rss=$(cat "$scratch/rss")
}

hostile rename '/lib/deep/aaaa.py\0' '/lib/deep/bbbb.py\0'
run dlfm verify "$bad"
is "$rc" 0 "a cache with another name in it, and right digests, is good: the tests below test their lies"

# --- paths that lead out ----------------------------------------------------------------------------------------------

cp -a "$sw" "$scratch/sw-before"
snapshot() {
	(cd "$scratch" && find . -path ./shm -prune -o -path ./bad.dat -prune -o -name '.*' -type f -prune -o -printf '%p %s %T@\n' | grep -v '^\. ' | sort)
	ls -A "$shm" "$scratch/out"
}
# refused NAME: whatever is done with the cache fails, names it, and leaves nothing
refused() {
	local cmd wrong= before
	before=$(snapshot)
	for cmd in info ls verify "extract -C out" "merge -o out/n.dat $cache" "refresh -o out/n.dat" "diff $cache" \
		"stage -d $shm" "replay --require -d $shm"; do
		words=($cmd "$bad")
		[[ $cmd != replay* ]] || words+=(-- touch "$scratch/out/ran")
		run -t 20 dlfm "${words[@]}"
		[ "$rc" = 125 ] && [[ $err == "dlfm: "*"bad.dat"*"damaged"* ]] || wrong+="${cmd%% *}: status $rc: $err"$'\n'
	done
	is "$wrong" "" "$1: every command refuses the cache"
	is "$(snapshot)" "$before" "... and nothing is left"
}
cd "$scratch" || exit
hostile rename '/lib/deep/aaaa.py\0' '/lib/deep/../a.py\0'
refused "a path with .. in it"
hostile rename '/lib/deep/aaaa.py\0' '/lib/deep/a/../..\0'
refused "a path that ends in .."
hostile rename '/lib/deep/aaaa.py\0' '/lib/deep/aa\0a.py\0'
refused "a path with a NUL in it"
hostile rename '/lib/deep/aaaa.py\0' '/lib/deep//aaa.py\0'
refused "a path with two slashes"
hostile rename "$sw/lib/deep/aaaa.py\\0" "x${sw:1}/lib/deep/aaaa.py\\0"
refused "a relative path"

# Where parents and order fit, only the names themselves tell. (The one before it shows that the tool changes nothing else.)
mkdir -p "$scratch/two/only/zz" && echo 'y = 1' >"$scratch/two/only/zz/aaaa.py"
for name in yy ..; do
	"$mkcache" "$bad.0" "$scratch/two" || bail_out "mkcache failed"
	mv "$cache" "$cache.kept" && mv "$bad.0" "$cache"
	hostile rename "/only/zz\\0" "/only/$name\\0"
	mv "$bad" "$cache"
	hostile rename "/only/zz/aaaa.py\\0" "/only/$name/aaaa.py\\0"
	mv "$cache.kept" "$cache"
	[ $name != yy ] || ok "a directory and what is in it by another name: good" dlfm ls "$bad"
done
refused "a directory named .., with what is in it"

# Names that a terminal would obey, on one
mkdir "$scratch/names" && echo 'x = 1' >"$scratch/names/"$'a\e]0;pwned\a\e[2J.py'
"$mkcache" "$scratch/names.dat" "$scratch/names" || bail_out "mkcache failed"
echo 'x = 22' >"$scratch/names/"$'a\e]0;pwned\a\e[2J.py'
on_terminal='dlfm info $0; dlfm ls $0; dlfm ls -r $0; dlfm verify -f $0; dlfm diff $0 $1; dlfm stage --stale=fail -d $2 $0; dlfm top $0; dlfm extract -n $0
	dlfm merge -o /nonexistent/$(printf "\\033]0;x").dat $0; dlfm info "$(printf "\\033]0;x")"'
run script -qec "sh -c '$on_terminal' $scratch/names.dat $cache $shm" /dev/null
ge "$(grep -c 'a?]0;pwned??\[2J.py' <<<"$out")" 4 "names that a terminal would obey: shown"
is "$(grep -c $'\e]0\|\e\[2J\|\a' <<<"$out")" 0 "... but not sent to it"

# A link may lead anywhere, as on the file system. Its copies never do.
mkdir "$scratch/target"
hostile rename 'deep/./aaaa.py\0' '..//../target/\0'
run dlfm stage -d "$shm" "$bad"
if [ "$rc" = 0 ]; then
	is "$(find "$out/root" -type l | while read -r l; do realpath -m "$l"; done | grep -v "^$out/root/")" "" "a link that leads out: not in the image"
else
	is "$rc" 125 "a link that leads out: not in the image"
fi
run dlfm extract -C "$scratch/out" "$bad"
is "$(ls -A "$scratch/target")" "" "... nothing is extracted through it"
dlfm clean -q -d "$shm" --all
rm -rf "$scratch/out"/*

# --- bombs ------------------------------------------------------------------------------------------------------------

hostile metadata $((256 << 20))
le "$(stat -c %s "$bad")" 100000 "a cache of some KiB whose metadata would be 256 MiB"
for cmd in info ls "stage -d $shm" "extract -C out"; do
	measured dlfm $cmd "$bad"
	like "$rc $err" "^125 .*declares [0-9]+ bytes of metadata" "${cmd%% *} refuses it"
	le "$rss" 64 "... before it takes memory for it ($rss MiB)"
done
hostile frame $((256 << 20))
measured dlfm verify "$bad"
is "$rc" 125 "a frame that is 256 MiB and says it is 6 bytes: refused"
le "$rss" 64 "... $rss MiB"
measured dlfm stage -d "$shm" "$bad"
is "$rc$(left "$shm")" 125 "... by stage, which leaves nothing"
le "$rss" 64 "... $rss MiB"

mkdir "$scratch/large"
truncate -s 512M "$scratch/large/zeros.so"
"$mkcache" "$bad" "$scratch/large" || bail_out "mkcache failed"
le "$(stat -c %s "$bad")" 100000 "a cache of some KiB that holds 512 MiB, and says so"
measured dlfm verify "$bad"
is "$rc" 0 "it is whole"
le "$rss" 64 "... reading takes bounded memory ($rss MiB)"
measured dlfm stage -d "$shm" --max-size=256M "$bad"
like "$rc $err" "^125 .*256 MiB are allowed" "stage --max-size refuses it by what it says"
is "$(left "$shm")" "" "... before anything is written"
if [ "$(id -u)" = 0 ] && tmpfs "$scratch/small" size=300m,mode=1777; then
	measured dlfm stage -d "$scratch/small" "$bad"
	like "$rc $err" "^125 .*MiB free, the image needs" "a directory with too little room refuses it by what it says"
	mount -o remount,size=700m "$scratch/small"
	measured dlfm stage -d "$scratch/small" "$bad"
	is "$rc" 0 "with room it is staged"
	le "$rss" 96 "... in bounded memory ($rss MiB), though it is 512 MiB"
	umount "$scratch/small"
else
	skip "needs root and tmpfs" "a directory with too little room"
fi

done_testing
