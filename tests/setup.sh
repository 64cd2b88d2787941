# SPDX-License-Identifier: BSD-3-Clause
# Set-up on a fresh machine, for tests/run and bench/demo: packages, a scratch directory, a copy of the sources, the build.
# Before it is sourced: source_dir (top of the sources). make_scratch sets work.

say() {
	printf '== %s\n' "$*"
}

# give_up WHY: the caller defines what is printed last
give_up() {
	say "$1"
	exit 1
}

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# make_scratch NAME: on a local disk; not below /tmp or /var/tmp: DLFM takes nothing from there into a cache
make_scratch() {
	local base
	for base in "${DLFM_TEST_TMPDIR:-}" /opt "${HOME:-}" /var/tmp; do
		[ -n "$base" ] && [ -d "$base" ] && [ -w "$base" ] && break
	done
	work=$(mktemp -d "$base/$1.XXXXXX") || give_up "no scratch directory"
	chmod 755 "$work" # tests run programs as other users
}

# install_packages: those of tests/packages that are missing, if that can be done here
install_packages() {
	local missing=() p
	command -v dpkg-query >/dev/null || { say "not a Debian system: nothing is installed" && return; }
	local installed
	installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n')
	for p in $(sed 's/#.*//' "$source_dir/tests/packages"); do
		grep -qxF "$p installed" <<<"$installed" || missing+=("$p")
	done
	[ ${#missing[@]} -gt 0 ] || { say "all packages of tests/packages are installed" && return; }
	[ -n "$install" ] || { say "missing packages: ${missing[*]}" && return; }
	say "installing ${missing[*]}"
	{ as_root apt-get -q update && as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o Dpkg::Use-Pty=0 --no-install-recommends install "${missing[@]}"; } \
		</dev/null >"$work/apt.log" 2>&1 || {
		tail -n 20 "$work/apt.log"
		[ "${CI:-}" != true ] || give_up "apt-get failed"
		say "apt-get failed: going on with what is there"
	}
}

# copy_sources: into $work/src, what git knows or would take; the version goes along
copy_sources() {
	mkdir "$work/src"
	if [ -e "$source_dir/.git" ] && git -C "$source_dir" rev-parse HEAD >/dev/null 2>&1; then
		git -C "$source_dir" ls-files -z -co --exclude-standard |
			(cd "$source_dir" && xargs -0 sh -c 'for f; do [ -e "$f" ] && printf "%s\0" "$f"; done' sh) |
			tar -C "$source_dir" --null -T - -cf - | tar -C "$work/src" -xf -
		(cd "$source_dir" && sh m4/gen-version) >"$work/src/.tarball-version"
	else
		tar -C "$source_dir" --exclude=.git -cf - . | tar -C "$work/src" -xf -
	fi
}

# step TEXT CMD...: the output goes to a log, and to the terminal only when it fails
step() {
	local text=$1 start=$SECONDS
	shift
	if "$@" </dev/null >"$work/step.log" 2>&1; then
		say "$text: done in $((SECONDS - start)) s"
	else
		tail -n 60 "$work/step.log"
		give_up "$text failed"
	fi
}

# build CONFIGURE-OPTION...: bootstraps $work/src and builds it in $work/build; prints configure's summary
build() {
	cd "$work/src" || exit
	if [ ! -x configure ] || [ -e "$source_dir/.git" ]; then
		step "bootstrap" ./autogen.sh
	fi
	mkdir "$work/build"
	cd "$work/build" || exit
	step "configure" ../src/configure "$@"
	sed -n '/^DLFM /,$p' "$work/step.log"
	step "build" make -j"${JOBS:-2}"
}
