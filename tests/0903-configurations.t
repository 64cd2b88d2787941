#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0903-configurations: configure tells what is built and why not; nothing optional is needed; clang finds no fault either;
# tarball and installation are complete. ("make check-configurations" tries more.)
# time-limit: 400
. "$(dirname "$0")/lib.sh"
need make gcc
[ -x "$top_srcdir/configure" ] || skip_all "no $top_srcdir/configure"

optional=(pmix mpi slurm pbs-hook pynamic python-embed fuse3 cmocka)
mkdir "$scratch/none" "$scratch/clang" "$scratch/inst"

# A source tree that is itself configured cannot be built elsewhere.
src=$top_srcdir
if [ -f "$src/config.status" ]; then
	src=$scratch/src
	cp -r "$top_srcdir" "$src"
	(cd "$src" && make distclean) >/dev/null 2>&1
fi

cd "$scratch/none" || exit
run -t 120 "$src/configure" "${optional[@]/#/--without-}" CFLAGS="-O0 -Werror"
is "$rc" 0 "configure without anything optional" || diag "$err"
for part in "PMIx staging helper" "MPI transport" "Slurm plugin" "PBS hook" "Pynamic" "bench file system" "unit tests"; do
	like "$out" "$part +no +\(--without-" "... says that it leaves out: $part"
done
for part in "dl layer" "fm layer" "cache tools"; do
	like "$out" "$part +yes" "... and builds: $part"
done
ok "it builds" timeout 300 make -j2
ok "it installs below DESTDIR" make install DESTDIR="$scratch/inst" prefix=/usr
is "$(cd "$scratch/inst" && find . -name 'dlfm-audit.so' -o -name 'libdlfm.so' -o -path "*/bin/dlfm" | sort | xargs)" \
	"./usr/bin/dlfm ./usr/lib/dlfm/dlfm-audit.so ./usr/lib/dlfm/libdlfm.so" "the command and both objects are there"
run "$scratch/inst/usr/bin/dlfm" --version
like "$out" "${DLFM_VERSION%%+*}" "the installed command runs"
ok "it uninstalls" make uninstall DESTDIR="$scratch/inst" prefix=/usr
is "$(find "$scratch/inst" ! -type d)" "" "... all of it"

run "$src/configure" --with-slurm=/nonexistent
isnt "$rc" 0 "a part that was asked for by name and is missing stops configure"
like "$err" "spank.h" "... with the reason"

if [ -d "${DLFM_GIT_DIR:-$src}/.git" ] || [ -f "${DLFM_GIT_DIR:-$src}/.git" ]; then
	ok "the tarball's directory is made" make -s distdir
	(cd dlfm-*/ && find . -type f | sed 's|^\./||' | sort) >"$scratch/dist"
	git -C "${DLFM_GIT_DIR:-$src}" ls-files | grep -v '\.gitignore$' | while read -r f; do
		[ -e "$src/$f" ] && echo "$f"
	done | sort >"$scratch/git"
	is "$(comm -13 "$scratch/dist" "$scratch/git")" "" "all that is in git is in the tarball"
else
	skip "no git tree" "the tarball's directory is made"
	skip "no git tree" "all that is in git is in the tarball"
fi

if command -v clang >/dev/null; then
	cd "$scratch/clang" || exit
	run -t 120 "$src/configure" CC=clang --enable-werror CFLAGS=-O1
	is "$rc" 0 "configure with clang"
	run -t 300 make -j2
	is "$rc" 0 "everything builds with clang without a warning" || diag "$(tail -n 30 <<<"$err")"
else
	skip "no clang" "everything builds with clang without a warning"
fi

done_testing
