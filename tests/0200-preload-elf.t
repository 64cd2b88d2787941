#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0200-preload-elf: libdlfm.so loads into every program from glibc 2.17 on, and stands before what programs bind
. "$(dirname "$0")/fm-lib.sh"
need readelf nm

dynamic=$(readelf -dW "$libdlfm")
needed=$(sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' <<<"$dynamic")
is "$needed" "libc.so.6" "needs libc alone"
like "$dynamic" "BIND_NOW" "nothing is bound lazily"
unlike "$dynamic" "RPATH|RUNPATH|TEXTREL" "no search path, no text relocation"
unlike "$(readelf -lW "$libdlfm")" "TLS" "no thread-local data"
newest=$(nm -D --undefined-only "$libdlfm" | sed -n 's/.*@GLIBC_//p' | sort -uV | tail -n 1)
is "$(printf '%s\n2.17\n' "$newest" | sort -V | tail -n 1)" 2.17 "no symbol newer than glibc 2.17 (newest: $newest)"

nm -D --defined-only "$libdlfm" | awk '{ print $3 }' | sort >"$scratch/exported"
grep -oE '^[[:space:]]X\([^,]*, [a-z_0-9]+, ' "$top_srcdir/libdlfm/fm/calls.h" | sed 's/.*, \(.*\), /\1/' | sort >"$scratch/wanted"
is "$(diff "$scratch/wanted" "$scratch/exported")" "" "the functions of calls.h are exported, and nothing else"

# What programs and libraries at hand bind of libc and what, by its name, is about paths, is wrapped or is known not to
# need it: by descriptor, in /dev or /tmp by nature, asking about the file system itself, or executing.
cat >"$scratch/others" <<'END'
close_range closefrom copy_file_range dirname dlopen dlmopen fchdir fdopen fdopendir fgetxattr flistxattr
freadlink fstat fstat64 __fxstat __fxstat64 fstatfs fstatfs64 fstatvfs fstatvfs64 ftruncate ftruncate64 fpathconf pathconf
getdirentries getdirentries64 getxattr lgetxattr llistxattr listxattr iconv_open memfd_create open_memstream open_wmemstream opendisk openlog openpty popen
posix_openpt shm_open shm_unlink sem_open sem_unlink mq_open mq_unlink statfs statfs64 statvfs statvfs64 tmpfile tmpfile64
alphasort alphasort64 versionsort versionsort64 scandir scandir64 scandirat scandirat64 epoll_create epoll_create1 timerfd_create dladdr
pthread_create pthread_key_create __pthread_key_create posix_spawn_file_actions_addfchdir_np pthread_attr_setstackaddr
getaddrinfo_a sched_setaffinity link_map catopen setlocale bindtextdomain dl_iterate_phdr mktemp readdir_unlocked openat2 thrd_create
timer_create name_to_handle_at open_by_handle_at linux_dirent posix_spawn_file_actions_addchdir_np tss_create getopt_long
ether_line getpwent fts_open fts64_open __gconv_open __gconv_create_spec __open_catalog argz_create_sep fopencookie get_current_dir_name open_tree fspick pidfd_open mkstemp_s perf_event_open __open_nocancel io_uring_setup
END
tr ' ' '\n' <"$scratch/others" | sort -u >"$scratch/exempt"
bound=$scratch/bound
for f in /usr/bin/* /usr/lib/*-linux-gnu/lib{python,perl,stdc++,hdf5,mpi,open-pal,glib,gio,uv,R,z,ssl,crypto,sqlite3,git2}*.so* \
	"$PYTHON"; do
	[ -f "$f" ] && [ -r "$f" ] && printf '%s\0' "$f"
done | head -z -n 1500 | timeout 60 xargs -0 nm -D --undefined-only 2>/dev/null | awk '$1 == "U" || $1 == "w" { print $2 }' |
	sed -n 's/@\{1,2\}GLIBC_.*//p' | sort -u >"$bound"
grep -E '(^|_)(f?re|f)?open|stat|access|link|realpath|canonicalize|dir($|64|_|at)|chmod|chown|utime|truncate|rename|remove|mkdir|mknod|mkfifo|temp|creat|xattr' "$bound" |
	grep -vE 'pthread|sem_|shm_|^dl|attr_|state|env|status' >"$scratch/about-paths"
ge "$(wc -l <"$scratch/about-paths")" 30 "programs here bind functions about paths"
is "$(sort -u "$scratch/exported" "$scratch/exempt" | comm -23 "$scratch/about-paths" -)" "" \
	"each of them is wrapped, or need not be"
done_testing
