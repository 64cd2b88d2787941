#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0941-containers: under another root directory (bubblewrap, chroot; this system's libc, and an older one of another Debian
# release) a replay works on what the container has in common with its host, if the image is visible; else DLFM stands aside
# without a word.
# time-limit: 240
. "$(dirname "$0")/stage-lib.sh"
need_part dl fm
need_root
need bwrap gcc chroot
need_python
bwrap --ro-bind / / true 2>/dev/null || skip_all "bubblewrap does not work here"

tree=$scratch/apps
tmpfs "$tree" size=16m || skip_all "nothing can be mounted here"
unmount_on_exit "$tree"
tmpfs "$shm" size=64m
unmount_on_exit "$shm"
export DLFM_LIBDIR=$scratch/objects
cp -r "$top_builddir/libdlfm" "$scratch/objects-built" && mkdir "$DLFM_LIBDIR" && cp "$scratch"/objects-built/*.so "$DLFM_LIBDIR"

# --- the software on the shared tree: two modules, and one in C that needs no libc -----------------------------------

mkdir "$tree/lib"
echo 'value = 1' >"$tree/lib/mod_a.py"
echo 'value = 2' >"$tree/lib/mod_b.py"
cat >"$scratch/answer.c" <<'END'
static struct {
	long references;
	void *type, *init;
	long index;
	void *copy;
	const char *name, *text;
	long size;
	void *rest[5];
} module = {.references = 1, .name = "answer", .size = -1};
void *PyModule_Create2(void *, int);
void *PyInit_answer(void)
{
	return PyModule_Create2(&module, 1013);
}
END
gcc -shared -fPIC -nostdlib -o "$tree/lib/answer.so" "$scratch/answer.c" || bail_out "no compiler"
# Tells what it imported, and for a module, a library and a directory whether they came from the image.
cat >"$tree/program.py" <<'END'
import os, sys
sys.path.insert(0, os.path.dirname(__file__) + "/lib")
try:
    import absent_module
except ImportError:
    pass
import answer, mod_a, mod_b
line = [l for l in open("/proc/self/maps") if l.rstrip().endswith("answer.so")][0]
print(mod_a.value + mod_b.value, "library" if "/root/" in line else "-",
      "module" if os.stat(mod_a.__file__).st_ino != int(os.environ["MOD_A"]) else "-",
      os.path.exists("/etc/only-here"))
END
MOD_A=$(stat -c %i "$tree/lib/mod_a.py")
export MOD_A PYTHONDONTWRITEBYTECODE=1
from_image="3 library module"
from_files="3 - -"

# --- the containers -------------------------------------------------------------------------------------------------

# container TREE BIND... -- CMD: in $root, with TREE where the shared tree is, and the BINDs
container() {
	local apps=$1 binds=()
	shift
	while [ "$1" != -- ]; do
		binds+=(--bind "$1" "$1")
		shift
	done
	shift
	bwrap=(bwrap "${system[@]}" --proc /proc --dev /dev --bind "$apps" "$tree" "${binds[@]}" --chdir / -- "$@")
}

# Another root directory with this system's programs
here() {
	mkdir "$scratch/etc" && touch "$scratch/etc/only-here"
	system=(--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --ro-bind "$scratch/etc" /etc)
	[ ! -e /lib64 ] || system+=(--symlink usr/lib64 /lib64)
	python=$PYTHON
}

# older: Debian 11 with glibc 2.31, as much of it as python3.9 needs, from the mirror that this machine uses
older() {
	local d=$scratch/apt options uri
	[ -r /usr/share/keyrings/debian-archive-keyring.gpg ] || return 1
	mkdir -p "$d/state/lists/partial" "$d/cache/archives/partial" "$scratch/older" && cd "$d" && : >status
	uri=$(sed -n 's/^URIs: *\([^ ]*\/debian\)\/* *$/\1/p; s/^deb \(\[.*\] \)\?\([^ ]*\/debian\)\/* .*/\2/p' \
		/etc/apt/sources.list.d/* /etc/apt/sources.list 2>/dev/null | head -n 1)
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${uri:-http://deb.debian.org/debian} bullseye main" >list
	options=(-q -o "Dir::State=$d/state" -o "Dir::State::status=$d/status" -o "Dir::Cache=$d/cache" -o "Dir::Etc::sourcelist=$d/list"
		-o Dir::Etc::sourceparts=/dev/null -o Acquire::Languages=none -o APT::Sandbox::User=root -o Acquire::Retries=1
		-o Acquire::http::Timeout=20)
	timeout 80 apt-get "${options[@]}" update >log 2>&1 || return 1
	timeout 60 apt-get "${options[@]}" download libc6 libc-bin dash coreutils libacl1 libattr1 libgmp10 libselinux1 libpcre2-8-0 \
		libgcc-s1 libpython3.9-minimal python3.9-minimal zlib1g libexpat1 libcrypt1 >>log 2>&1 || return 1
	for f in *.deb; do
		dpkg-deb -x "$f" "$scratch/older" || return 1
	done
	cd "$scratch/older" || return 1
	mkdir -p proc dev etc tmp ".$tree" ".$shm" ".$DLFM_LIBDIR" && touch etc/only-here && ln -sf dash bin/sh
	system=(--bind "$scratch/older" /)
	python=/usr/bin/python3.9
}

# replay OPTION... -- CMD: at most 60 s
replay() {
	run dlfm replay -q -d "$shm" "$cache" "$@"
}

check_container() {
	local name=$1
	container "$tree" -- "$python" "$tree/program.py"
	run "${bwrap[@]}"
	is "$rc:$out:$err" "0:$from_files True:" "$name: the program runs without DLFM"
	container "$tree" "$DLFM_LIBDIR" /dev/shm -- "$python" "$tree/program.py"
	run dlfm record -q --scope=all -o "$cache" -- "${bwrap[@]}"
	is "$rc:$out:$err" "0:$from_files True:" "$name: a recording in the container"
	is "$(dlfm ls "$cache" | grep -cE "$tree/lib/(mod_[ab].py|answer.so)$")" 3 "... has the software"
	container "$tree" "$shm" -- "$python" "$tree/program.py"
	replay -- "${bwrap[@]}"
	is "$rc:$out:$err" "0:$from_image True:" "$name: replayed, with the image visible: it answers for the shared tree"
	container "$tree" -- "$python" "$tree/program.py"
	replay -- "${bwrap[@]}"
	is "$rc:$out:$err" "0:$from_files True:" "$name: without the image DLFM stands aside and says nothing"
	mkdir "$scratch/other-$name" && cp -r "$tree/." "$scratch/other-$name" && echo 'value = 40' >"$scratch/other-$name/lib/mod_b.py"
	container "$scratch/other-$name" "$shm" -- "$python" "$tree/program.py"
	replay -- "${bwrap[@]}"
	like "$rc:$out:$err" "^0:41 - .* True:$" "$name: another tree at the same place is read, not the image"
	container "$tree" "$shm" -- "$python" -c "open('$tree/lib/mod_b.py', 'a').write('value = 5\n')"
	replay -- sh -c '"$@" && exec "$0" "$tree/program.py"' "$PYTHON" "${bwrap[@]}"
	like "$rc:$out:$err" "^0:6 .*:$" "$name: what is changed in the container, its host sees"
	echo 'value = 2' >"$tree/lib/mod_b.py"
}
export tree

here
check_container same
container "$tree" -- /usr/bin/env
LD_PRELOAD=libm.so.6 replay -- "${bwrap[@]}"
is "$rc:$(grep -E '^LD_(PRELOAD|AUDIT)=' <<<"$out"):$err" "0:LD_PRELOAD=libm.so.6:" "what the user preloads is still preloaded"
container "$tree" "$shm" -- /usr/bin/env
replay -- "${bwrap[@]}"
like "$out" "LD_PRELOAD=$shm" "what is visible stays in the environment"

replay -- unshare --mount sh -c "mount -o remount,bind,noexec '$shm' && exec '$PYTHON' '$tree/program.py'"
is "$rc:$out:$err" "0:$from_files False:" "an image that is visible, but mounted noexec, as enroot does it: nothing is said"

if older; then
	cd "$scratch" || exit
	check_container older
	mount --bind "$tree" "$scratch/older$tree" && unmount_on_exit "$scratch/older$tree"
	mount -t proc proc "$scratch/older/proc" && unmount_on_exit "$scratch/older/proc"
	replay -- chroot "$scratch/older" "$python" "$tree/program.py"
	is "$rc:$out:$err" "0:$from_files True:" "older: chroot without the image: nothing is said"
	mount --bind "$shm" "$scratch/older$shm" && unmount_on_exit "$scratch/older$shm"
	replay -- chroot "$scratch/older" "$python" "$tree/program.py"
	is "$rc:$out:$err" "0:$from_image True:" "... with the image: answered from memory"
	replay -- chroot "$scratch/older" /bin/sh -c "/bin/true; exec $python $tree/program.py"
	is "$rc:$out:$err" "0:$from_image True:" "... also what a shell in it starts"
else
	skip "no packages of Debian 11: $(tail -n 1 "$scratch/apt/log" 2>/dev/null)" "an older release in the container"
fi
# Another libc's ld.so knows no LD_AUDIT, but LD_PRELOAD, and ends a program if a symbol is missing.
musl=/lib/ld-musl-$(uname -m).so.1
if [ -e "$musl" ]; then
	cat >"$scratch/musl.c" <<-'END'
		int puts(const char *);
		int access(const char *, int);
		_Noreturn void exit(int);
		__attribute__((force_align_arg_pointer)) void _start(void)
		{
			puts(access("/", 0) == 0 ? "runs" : "fails");
			exit(0);
		}
	END
	gcc -ffreestanding -nostdlib -o "$tree/musl" "$scratch/musl.c" "$musl" -Wl,--dynamic-linker="$musl"
	replay -- "$tree/musl"
	is "$rc:$out:$err" "0:runs:" "a program of another libc (musl) runs as without DLFM"
else
	skip "no musl" "a program of another libc (musl) runs as without DLFM"
fi
is "$(left "$shm")" "" "nothing is left"

done_testing
