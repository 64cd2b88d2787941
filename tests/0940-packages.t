#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0940-packages: the Debian packages are built from the tree, install, serve a user and go again without a trace; recipes and
# modulefiles are in order. (make package-check does it in a clean root.)
# time-limit: 600
. "$(dirname "$0")/lib.sh"

version=$(sed -n 's/^## \([0-9][0-9.]*\).*/\1/p' "$top_srcdir/NEWS.md" | head -n 1)

# --- what is written down twice -------------------------------------------------------------------------------------

is "$(sed -n '1s/^dlfm (\([^)]*\)).*/\1/p' "$top_srcdir/debian/changelog")" "$version" "debian/changelog has the version of NEWS.md"
if [ -n "$PYTHON" ] && [ -x "$top_srcdir/configure" ]; then
	run "$PYTHON" -I "$top_srcdir/contrib/check-recipes.py" "$top_srcdir" "$version"
	is "$rc:$out$err" "0:" "the recipes for RPM, Spack and EasyBuild have it too, and only options that configure has"
else
	skip "no python3 or no configure" "the recipes have it too"
fi

# --- pkg-config, modulefiles ----------------------------------------------------------------------------------------

ok "they install" make -s -C "$top_builddir" install-pkgconfigDATA install-moduleluaDATA install-moduletclDATA \
	DESTDIR="$scratch/inst"
pc() {
	PKG_CONFIG_PATH=$scratch/inst$DLFM_PREFIX/lib/pkgconfig pkg-config "$@" dlfm
}
if command -v pkg-config >/dev/null; then
	is "$(pc --modversion)" "$DLFM_VERSION" "pkg-config tells the version"
	is "$(pc --variable=audit) $(pc --variable=preload)" "$DLFM_PREFIX/lib/dlfm/dlfm-audit.so $DLFM_PREFIX/lib/dlfm/libdlfm.so" \
		"... and where the injected objects are"
else
	skip "no pkg-config" "pkg-config tells the version"
	skip "no pkg-config" "... and where the injected objects are"
fi
modules=$scratch/inst$DLFM_PREFIX/share/dlfm/modulefiles
is "$(cd "$modules" && find . -type f | sort | xargs)" "./lua/dlfm/$DLFM_VERSION.lua ./tcl/dlfm/$DLFM_VERSION" "modulefiles are there"
is "$(grep -rlE '@[a-zA-Z]+@|^[^#-]*(LD_PRELOAD|LD_AUDIT|LD_LIBRARY_PATH)' "$modules")" "" "... complete, and they set paths only"

# --- the packages ---------------------------------------------------------------------------------------------------

packages="dlfm dlfm-mpi dlfm-pbs dlfm-pynamic dlfm-slurm"
why=
for p in dpkg-buildpackage dh; do
	command -v "$p" >/dev/null || why="$p is not installed"
done
for p in mpi pmix slurm pbs pynamic launcher; do
	have_part "$p" || why="the part '$p' cannot be built here"
done
[ -n "$why" ] || (cd "$top_srcdir" && dpkg-checkbuilddeps) >/dev/null 2>&1 || why="build dependencies are missing"
if [ -n "$why" ]; then
	skip "$why" "the packages are built"
	done_testing
fi
mkdir "$scratch/deb" && cp -r "$top_srcdir" "$scratch/deb/dlfm" && cd "$scratch/deb/dlfm" || bail_out "no copy of the sources"
rm -rf .git
[ ! -f config.status ] || make distclean >/dev/null 2>&1
run -t 480 env -u CC -u CFLAGS -u MAKEFLAGS -u MFLAGS -u MAKELEVEL DEB_BUILD_OPTIONS="nocheck noautodbgsym parallel=2" nice dpkg-buildpackage -us -uc -b
is "$rc" 0 "the packages are built" || diag "$(tail -n 30 <<<"$out$err")"
cd "$scratch/deb" || exit
for p in $packages; do
	dpkg-deb -x "$p"_*.deb "x-$p"
done
is "$(find x-* -path '*/etc/*')" "" "nothing goes to /etc: the site's files stay as they are"
is "$(for f in dlfm/usr/bin/dlfm dlfm/usr/bin/dlfm-stage dlfm-slurm/usr/share/dlfm/slurm/dlfm.conf dlfm-pbs/usr/sbin/dlfm-pbs-setup \
	dlfm-pynamic/usr/bin/pynamic dlfm-mpi/usr/libexec/dlfm/dlfm-stage-mpi dlfm-pbs/usr/share/dlfm/pbs/dlfm_hook.py; do
	[ -s "x-$f" ] || echo "$f"
done)" "" "each part is in its package"
multiarch=$(dpkg-architecture -qDEB_HOST_MULTIARCH)
is "$(grep -h '^optional' x-dlfm-slurm/usr/share/dlfm/slurm/dlfm.conf)" "optional /usr/lib/$multiarch/slurm-wlm/dlfm.so prefix=/usr" \
	"the plugstack snippet names the plugin"
[ -s "x-dlfm-slurm/usr/lib/$multiarch/slurm-wlm/dlfm.so" ]
is $? 0 "... which is there"

# --- installed in a copy of this system (an overlay), in namespaces of its own -----------------------------------------

root=$scratch/root
if [ "$(id -u)" != 0 ] || ! mkdir "$root" "$scratch/over" ||
	! unshare -m sh -c "mount -t tmpfs over $scratch/over && mkdir $scratch/over/up $scratch/over/work &&
		mount -t overlay -o lowerdir=/,upperdir=$scratch/over/up,workdir=$scratch/over/work over $root" 2>/dev/null; then
	skip "no overlayfs for this user" "the packages install"
	done_testing
fi
cat >"$scratch/inside" <<END
set -e
scratch=$scratch root=$root
mount -t tmpfs over \$scratch/over && mkdir \$scratch/over/up \$scratch/over/work
mount -t overlay -o lowerdir=/,upperdir=\$scratch/over/up,workdir=\$scratch/over/work over \$root
mount -t proc proc \$root/proc
mount --rbind /dev \$root/dev
mount -t tmpfs -o mode=1777 shm \$root/dev/shm
mkdir -p \$root/debs \$root/srv/dlfm-tree/lib/installed
cp \$scratch/deb/*.deb $top_srcdir/contrib/installed-user \$root/debs
cd \$root/srv/dlfm-tree/lib/installed
: >__init__.py && echo value=1 >a.py && echo value=2 >b.py
install -d -o nobody \$root/srv/dlfm-home
inside() { chroot \$root env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive HOME=/srv/dlfm-home "\$@"; }
inside sh -c 'dpkg --force-depends -i /debs/*.deb' >\$scratch/dpkg.log 2>&1
inside dpkg -l dlfm dlfm-slurm | grep -c ^ii >\$scratch/installed
cd /
inside sh -c 'cd /srv/dlfm-home && exec setpriv --reuid nobody --regid nogroup --clear-groups sh /debs/installed-user /srv/dlfm-tree'
inside sh -c 'dpkg -P $packages' >>\$scratch/dpkg.log 2>&1
chroot \$root find /usr /etc /var -xdev -path '*dlfm*' -newer /debs >\$scratch/left
END
run -t 150 unshare --mount --pid --fork --kill-child bash "$scratch/inside"
is "$(cat "$scratch/installed" 2>/dev/null)" 2 "the packages install" || diag "$err" "$(cat "$scratch/dpkg.log")"
n=0
while read -r state rest; do
	case "$state $rest" in
	ok\ *) pass "installed: ${rest#* - }" ;;
	not\ ok\ *) fail "installed: ${rest#* - }" ;;
	"# "*) diag "$rest" ;;
	esac
	n=$((n + 1))
done <<<"$out"
ge "$n" 14 "the user's session was run to its end"
is "$rc" 0 "... and the packages can be purged" || diag "$err" "$(tail -n 20 "$scratch/dpkg.log")"
is "$(cat "$scratch/left" 2>/dev/null)" "" "nothing is left of them"

done_testing
