#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0209-preload-aarch64: libdlfm.so for aarch64: cross-compiled without a warning, and run by qemu-user where it is there
. "$(dirname "$0")/fm-lib.sh"
need aarch64-linux-gnu-gcc aarch64-linux-gnu-readelf aarch64-linux-gnu-nm

cross=aarch64-linux-gnu
echo 'int main(void) { return 0; }' | "$cross-gcc" -xc -o "$scratch/try" - 2>/dev/null || skip_all "no C library for $cross"
mkdir "$scratch/include"
xxhash=$(echo '#include <xxhash.h>' | $CC -E -xc - | sed -n 's/^# 1 "\(.*xxhash.h\)".*/\1/p' | head -1)
ln -s "$xxhash" "$scratch/include/"
cc=("$cross-gcc" -std=gnu11 -O2 -Wall -Wextra -Werror -I"$top_srcdir" -I"$top_builddir" -I"$scratch/include")

sources=$(sed -n '/^LIBDLFM_SHARED =/,/# end/p;/^libdlfm_libdlfm_so_SOURCES =/,/# end/p' "$top_srcdir/libdlfm/Makemodule.am" |
	grep -o 'libdlfm/[^ ]*\.c')
so=$scratch/libdlfm.so
ok "it compiles without a warning" bash -c 'cd "$1" && so=$2 && shift 2 && "$@" -fPIC -fvisibility=hidden -fno-delete-null-pointer-checks \
	-shared -Wl,-soname,libdlfm.so -Wl,-z,defs,-z,relro,-z,now -o "$so"' bash "$top_srcdir" "$so" "${cc[@]}" $sources
[ "$rc" -eq 0 ] || { diag "$err"; done_testing; }
is "$("$cross-readelf" -dW "$so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')" libc.so.6 "needs libc alone"
is "$("$cross-nm" -D --undefined-only "$so" | sed -n 's/.*@GLIBC_//p' | sort -uV)" 2.17 "symbols of glibc 2.17 alone"
unlike "$("$cross-readelf" -lW "$so")" "TLS" "no thread-local data"

qemu=$(command -v qemu-aarch64 || command -v qemu-aarch64-static) || {
	skip "no qemu-aarch64" "every form answers"
	done_testing
}
ok "the test's program" "${cc[@]}" -D_GNU_SOURCE -o "$scratch/forms" "$top_srcdir/tests/tools/fm-forms.c" -ldl
[ "$rc" -eq 0 ] || { diag "$err"; done_testing; }
mkdir -p "$sw/d"
echo contents >"$sw/f"
ln -s f "$sw/l"
touch "$sw/d/x"
# mkimage runs as aarch64 too: the image is made by the node.
"${cc[@]}" -D_GNU_SOURCE -o "$scratch/mkimage" "$top_srcdir/tests/tools/mkimage.c" \
	"$top_srcdir"/libdlfm/{image-write,intern,hwcaps-level}.c || bail_out "mkimage does not compile"
run "$qemu" -L "/usr/$cross" "$scratch/mkimage" "$image" "$sw"
is "$rc" 0 "an image is made"
mv "$sw" "$scratch/away"

bad= n=0
for form in open openat64 __open_2 fopen stat lstat64 fstatat __xstat __lxstat64 __fxstatat statx access faccessat readlink \
	__readlinkat_chk realpath readdir readdir64_r; do
	kind=f want="^ok 0"
	case $form in
	*readlink*) kind=l want="^ok 1" ;;
	readdir*) kind=d want="^ok 3" ;;
	esac
	got=$("$qemu" -L "/usr/$cross" -E LD_PRELOAD="$so" -E DLFM_IMAGE="$image" "$scratch/forms" r "$form" "$sw/$kind" 2>&1)
	# A form that this libc does not have prints nothing.
	[[ -z $got || $got =~ $want ]] || bad+=" $form($got)"
	[ -z "$got" ] || n=$((n + 1))
done
is "$bad" "" "every form answers for software that is not there any more"
ge $n 16 "... $n forms"
done_testing
