#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0359-not-as-recorded: what is otherwise where a cache is replayed: device numbers of mounts, thread-local data that the pilot had not
# time-limit: 90
. "$(dirname "$0")/lib.sh"
need_part dl fm tools
need_python
need "${CC%% *}"
mkdir "$scratch/node"

# --- thread-local data at start-up that was not there when it was recorded (ld.so sizes it too early under an auditor: BZ 31991)

mkdir "$scratch/lib"
export LD_LIBRARY_PATH=$scratch/lib
tls() { # tls NAME BYTES: a library with initial-exec thread-local data
	printf '%s\n' "static __thread char block[$2] __attribute__((tls_model(\"initial-exec\"))) = {1};
		int $1(void) { return block[0] + sizeof(block); }" | $CC -xc -shared -fPIC -o "$scratch/lib/lib$1.so" - || bail_out "cannot build"
}
program() { # program FILE LIBRARY: calls its function, and that of what it opens
	printf '%s\n' "#include <dlfcn.h>
		#include <stdio.h>
		int $2(void);
		int main(void)
		{
			void *late = dlopen(\"liblate.so\", RTLD_NOW);
			int (*f)(void) = late ? dlsym(late, \"late\") : NULL;
			printf(\"%d %s\n\", $2(), f ? \"late\" : dlerror());
			return f && f() > 1 ? 0 : 1;
		}" | $CC -xc -o "$1" - -L"$scratch/lib" "-l$2" -ldl || bail_out "cannot build"
}
tls some 400
tls late 1400
tls more 2200
program "$scratch/recorded" some
program "$scratch/other" more
run dlfm record -q -o "$scratch/tls.dat" --scope=all -- "$scratch/recorded"
is "$rc $out" "0 401 late" "recorded" || diag "$err"
replay=(dlfm replay -q --require -d "$scratch/node" "$scratch/tls.dat" --)
if env GLIBC_TUNABLES=glibc.rtld.optional_static_tls=3072 DLFM_JOURNAL="$scratch" LD_AUDIT="$DLFM_LIBDIR/dlfm-audit.so" "$scratch/other" >"$scratch/.out" 2>&1; then
	run "${replay[@]}" "$scratch/recorded"
	is "$rc $out$err" "0 401 late" "a library that is opened late has the room that it has without DLFM"
	run "${replay[@]}" "$scratch/other"
	is "$rc $out$err" "0 2201 late" "a program that was not recorded starts"
	run env LD_PRELOAD="$scratch/lib/libmore.so" "${replay[@]}" "$scratch/recorded"
	is "$rc $out$err" "0 401 late" "a library is preloaded that was not when it was recorded"
else
	skip "glibc has no tunable for static TLS" "thread-local data at start-up"
fi
unset LD_LIBRARY_PATH

# --- a mount has another device number on each node: what stat and fstat say is the same file

if have_part slowfs && [ "$(id -u)" = 0 ] && [ -w /dev/fuse ] && grep -qw fuse /proc/filesystems; then
	mkdir -p "$scratch/sw/lib/pack/inner" "$scratch/mnt" "$scratch/between" "$scratch/sw/away"
	echo 'x = 1' >"$scratch/sw/lib/pack/__init__.py"
	echo 'y = 1' >"$scratch/sw/lib/pack/inner/__init__.py"
	ln -s pack "$scratch/sw/lib/link"
	ln -s mnt/lib "$scratch/spelled"
	cat >"$scratch/ask.py" <<-END
		import os, link.inner, pack
		def same(path):
		    fd = os.open(path, os.O_RDONLY)
		    answer = os.path.samestat(os.stat(path), os.fstat(fd))
		    os.close(fd)
		    return answer
		top = os.path.realpath(os.path.dirname(os.path.dirname(pack.__file__)))
		print([same(p) for p in (top, top + "/pack", top + "/link", top + "/pack/__init__.py", "$scratch/mnt", "$scratch")])
		print(os.lstat(top + "/link").st_dev == os.stat(top + "/../away").st_dev, os.path.ismount("$scratch/mnt"), os.path.ismount(top))
		print([d for d, _, _, _ in os.fwalk(top)])
	END
	mount_it() {
		dlfm-slowfs --service=0 --latency=0 --state="$scratch/state$1" "$scratch/sw" "$scratch/mnt" || bail_out "cannot mount"
		stat -c %d "$scratch/mnt"
	}
	unmount_on_exit "$scratch/mnt"
	unmount_on_exit "$scratch/between"
	export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$scratch/spelled
	there=$(mount_it 1)
	run dlfm record -q -o "$scratch/c.dat" -- "$PYTHON" "$scratch/ask.py"
	is "$rc" 0 "recorded from a mount" || diag "$err"
	unmount "$scratch/mnt"
	mount -t tmpfs between "$scratch/between"
	isnt "$(mount_it 2)" "$there" "the mount has another device number now"
	run "$PYTHON" "$scratch/ask.py"
	plain=$out
	unlike "${plain%%]*}" "False" "stat and fstat agree, without DLFM"
	run dlfm replay --require -d "$scratch/node" --report-lines=0 --report "$scratch/c.dat" -- "$PYTHON" "$scratch/ask.py"
	is "$rc $out" "0 $plain" "... and when it is replayed" || diag "$err"
	like "$err" "layer fm: [1-9][0-9]* from memory \([1-9][0-9]* found" "... from memory"
else
	skip "needs root and /dev/fuse" "device numbers"
fi
done_testing
