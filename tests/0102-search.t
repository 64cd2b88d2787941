#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0102-search: every way in which ld.so finds a needed library is replayed from the image with the same result
. "$(dirname "$0")/dl-lib.sh"
need strace

main="$show_code
int one(void);
int main(void) { printf(\"%d\\n\", one()); show(); return 0; }"
one='int two(void); int one(void) { return two() + 1; }'
two='int two(void) { return 40; }'

# --- a chain of needed libraries in LD_LIBRARY_PATH, behind 50 other directories ---
lib "$sw/chain/lib/libtwo.so" "$two"
lib "$sw/chain/lib/libone.so" "$one" -L"$sw/chain/lib" -ltwo
prog "$sw/chain/prog" "$main" -L"$sw/chain/lib" -lone -Wl,-rpath-link,"$sw/chain/lib"
path=
for i in {1..50}; do
	mkdir -p "$sw/chain/d$i"
	path=$path$sw/chain/d$i:
done
same_as_plain "chain" env LD_LIBRARY_PATH="$path$sw/chain/lib" "$sw/chain/prog"

# --- RPATH that reaches the libraries of libraries, RUNPATH that does not; $ORIGIN, $ORIGIN/../lib, $LIB ---
build() { # build DIR LIBDIR FLAG-OF-PROGRAM FLAG-OF-LIBRARY
	lib "$1/$2/libtwo.so" "$two"
	lib "$1/$2/libone.so" "$one" -L"$1/$2" -ltwo "$4"
	prog "$1/bin/prog" "$main" -L"$1/$2" -lone -Wl,-rpath-link,"$1/$2" "$3"
}
build "$sw/rpath" lib -Wl,--disable-new-dtags,-rpath,"$sw/rpath/lib" -DNONE
same_as_plain "RPATH" "$sw/rpath/bin/prog"
build "$sw/runpath" lib -Wl,--enable-new-dtags,-rpath,"$sw/runpath/lib" -Wl,--enable-new-dtags,-rpath,"$sw/runpath/lib"
same_as_plain "RUNPATH" "$sw/runpath/bin/prog"
build "$sw/origin" bin -Wl,--enable-new-dtags,-rpath,'$ORIGIN' -Wl,--enable-new-dtags,-rpath,'$ORIGIN'
same_as_plain "RUNPATH \$ORIGIN" "$sw/origin/bin/prog"
like "$plain" "origin $sw/origin/bin " "RUNPATH \$ORIGIN: the origin was asked for"
build "$sw/up" lib -Wl,--enable-new-dtags,-rpath,'$ORIGIN/../lib' -Wl,--enable-new-dtags,-rpath,'$ORIGIN/../lib'
same_as_plain "RUNPATH \$ORIGIN/../lib" "$sw/up/bin/prog"
like "$plain" "object $sw/up/bin/../lib/libone.so" "RUNPATH \$ORIGIN/../lib: the name is not tidied up"
build "$sw/uprpath" lib -Wl,--disable-new-dtags,-rpath,'$ORIGIN/../lib' -DNONE
same_as_plain "RPATH \$ORIGIN/../lib" "$sw/uprpath/bin/prog"
prog "$scratch/token" 'int main(void) { return 0; }'
libdir=$(LD_DEBUG=libs LD_LIBRARY_PATH='/dlfm/$LIB' "$scratch/token" 2>&1 |
	sed -n 's|.*search path=.*:/dlfm/\([^:]*\)[[:space:]]*(LD_LIBRARY_PATH.*|\1|p' | sed 's/[[:space:]]*$//;q')
build "$sw/lib" "${libdir:-lib64}" -Wl,--enable-new-dtags,-rpath,'$ORIGIN/../$LIB' \
	-Wl,--enable-new-dtags,-rpath,'$ORIGIN/'
same_as_plain "RUNPATH \$ORIGIN/../\$LIB" "$sw/lib/bin/prog"

# --- hwcaps subdirectories: the best that the CPU allows wins ---
lib "$sw/hwcaps/libone.so" 'int one(void) { return 1; }'
for level in 2 3 4; do
	lib "$sw/hwcaps/glibc-hwcaps/x86-64-v$level/libone.so" "int one(void) { return $level; }"
done
prog "$sw/hwcaps/prog" "$main" -L"$sw/hwcaps" -lone
same_as_plain "hwcaps" env LD_LIBRARY_PATH="$sw/hwcaps" "$sw/hwcaps/prog"

# --- a soname that is not the file's name, symbolic links to files and directories, one library by two names ---
lib "$sw/names/real/libone-1.2.3.so" "$one" -Wl,-soname,libone.so.1 -Wl,--unresolved-symbols=ignore-all
ln -s libone-1.2.3.so "$sw/names/real/libone.so.1"
ln -s libone.so.1 "$sw/names/real/libone.so"
ln -s real "$sw/names/link"
ln -s "$sw/names/link" "$sw/names/link2"
lib "$sw/names/real/libtwo.so" "$two" -Wl,-soname,libother.so.2
ln -s libtwo.so "$sw/names/real/libother.so.2"
prog "$sw/names/prog" "$show_code
int one(void);
int main(void)
{
	void *a = try_open(\"$sw/names/real/libone-1.2.3.so\", RTLD_NOW), *b = try_open(\"$sw/names/link2/libone.so\", RTLD_NOW);
	void *c = try_open(\"libone.so.1\", RTLD_NOW), *d = try_open(\"libone.so\", RTLD_NOW);
	printf(\"%d, one object: %d\\n\", one(), a == b && b == c && c == d);
	show();
	return 0;
}" -L"$sw/names/real" -lone -ltwo -Wl,--no-as-needed
same_as_plain "names" env LD_LIBRARY_PATH="$sw/names/link2:$sw/names/real" "$sw/names/prog"
like "$plain" "one object: 1" "names: the library is mapped once"

# --- two identical files are two objects ---
lib "$sw/twins/a/libone.so" 'static int n; int one(void) { return ++n; }'
mkdir -p "$sw/twins/b"
cp "$sw/twins/a/libone.so" "$sw/twins/b/libone.so"
prog "$sw/twins/prog" "$show_code
int main(void)
{
	void *a = try_open(\"$sw/twins/a/libone.so\", RTLD_NOW), *b = try_open(\"$sw/twins/b/libone.so\", RTLD_NOW);
	call(a, \"one\"); call(a, \"one\"); call(b, \"one\");
	show();
	return a == b;
}"
same_as_plain "twins" "$sw/twins/prog"
done_testing
