#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0304-pack-resolutions: which of ld.so's searches become resolutions, with which guards; static TLS; start-up objects
# time-limit: 60
. "$(dirname "$0")/lib.sh"
need_part dl fm
need "$CC"

cd "$scratch" || bail_out "no scratch directory"
mkdir -p sw/lib sw/bin early out
echo 'int f(void) { return 1; }' >f.c
"$CC" -shared -fPIC -Wl,-soname,libf.so -o sw/lib/libf.so f.c
echo 'int f(void); int main(void) { return f() - 1; }' >main.c
# The first library that is searched is tried in subdirectories for the CPU's features, too; libf.so is the second.
echo 'int first(void) { return 1; }' >first.c
"$CC" -shared -fPIC -Wl,-soname,libfirst.so -o sw/lib/libfirst.so first.c
"$CC" -o sw/bin/prog main.c -Lsw/lib -Wl,--no-as-needed -lfirst -lf
for i in $(seq 9); do mkdir n$i; done

resolution() { # of libf.so for the program, without the scratch directory's name
	dlfm ls -r "${1:-out/c.dat}" libf.so | sed "s|$scratch/||g"
}
record=(dlfm record --scope=all --exclude="$scratch/n*" -o out/c.dat)

run env LD_LIBRARY_PATH="$scratch/early:$scratch/sw/lib" "${record[@]}" sw/bin/prog
is "$rc $(resolution)" "0 sw/bin/prog: libf.so -> sw/lib/libf.so" "what the cache knows to be absent needs no guard"
like "$(dlfm info out/c.dat)" "environments +.*sw/bin/prog, hwcaps level [0-9]+, LD_LIBRARY_PATH $scratch/early:$scratch/sw/lib" \
	"info tells the search environment"
is "$(dlfm ls -a out/c.dat "$scratch/early/*" | sort | head -n 1)" "$scratch/early/glibc-hwcaps" "the absent candidates are in the cache"

dirs=$(printf "$scratch/n%s:" 1 2 3)
run env LD_LIBRARY_PATH="$dirs$scratch/sw/lib" "${record[@]}" sw/bin/prog
like "$(resolution)" "unless there is n1/libf.so, n2/libf.so, n3/libf.so\\)" "directories out of scope: guards"
dirs=$(printf "$scratch/n%s:" 1 2 3 4 5 6 7 8 9)
run env LD_LIBRARY_PATH="$dirs$scratch/sw/lib" "${record[@]}" sw/bin/prog
is "$rc $(resolution)" "0 " "too many guards: no resolution"
run env LD_LIBRARY_PATH="$dirs$scratch/sw/lib" dlfm replay --require out/c.dat -- sw/bin/prog
is "$rc" 0 "... and replay finds the library without"

for list in ":$scratch/sw/lib" "sw/lib" "$scratch/sw/lib::"; do
	run env LD_LIBRARY_PATH="$list" "${record[@]}" sw/bin/prog
	is "$rc $(resolution)" "0 " "LD_LIBRARY_PATH with the working directory ('$(sed "s|$scratch/||" <<<"$list")'): no resolution"
done

# A candidate for another machine is passed over, as ld.so does.
printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\377\0\1\0\0\0' >early/libf.so
head -c 200 /dev/zero >>early/libf.so
run env LD_LIBRARY_PATH="$scratch/early:$scratch/sw/lib" "${record[@]}" sw/bin/prog
if [ "$rc" = 0 ]; then
	like "$(resolution)" "^sw/bin/prog: libf.so -> sw/lib/libf.so" "a library for another machine does not count"
else
	skip "this ld.so stops at one" "a library for another machine"
fi
rm early/libf.so

# Two processes that disagree.
export LD_LIBRARY_PATH=$scratch/early:$scratch/sw/lib
journal() { # journal DIR CMD...: records without packing
	local dir=$1
	shift
	dlfm record --keep-journal --scope=all -o out/ignored.dat -- "$@" >/dev/null 2>.journal
	mv "$(sed -n 's/^dlfm: the journals are in //p' .journal)" "$dir"
}
journal j1 sw/bin/prog
run dlfm pack --scope=all -o out/c.dat j1
is "$(resolution)" "sw/bin/prog: libf.so -> sw/lib/libf.so" "one process"
cp sw/lib/libf.so early/libf.so
journal j2 sw/bin/prog
run dlfm pack -v --scope=all -o out/c.dat j2
is "$(resolution)" "sw/bin/prog: libf.so -> early/libf.so" "another one, after a library appeared before it"
run dlfm pack -v --scope=all -o out/c.dat j1 j2
is "$(resolution)" "" "both: they disagree, no resolution"
like "$err" "; 1 resolutions on which processes disagreed" "... and -v counts it"
rm early/libf.so

# A library that the run itself makes.
cat >make.sh <<'END'
cp sw/lib/libf.so early/libf.so
sw/bin/prog
END
run "${record[@]}" sh make.sh
is "$rc $(resolution)" "0 " "a library that the run wrote: no resolution"
is "$(dlfm ls out/c.dat "$scratch/early/libf.so")" "" "... and it is not stored"
rm early/libf.so
unset LD_LIBRARY_PATH

# $ORIGIN in a RUNPATH: the answer is spelled as ld.so spells it.
"$CC" -o sw/bin/origin main.c -Lsw/lib -lf -Wl,--enable-new-dtags,-rpath,'$ORIGIN/../lib'
run "${record[@]}" sw/bin/origin
like "$(resolution)" "sw/bin/origin: libf.so -> sw/bin/../lib/libf.so" "RUNPATH with \$ORIGIN/../lib"
run dlfm replay --require --report out/c.dat -- sw/bin/origin
is "$rc" 0 "... is replayed"
like "$err" "[12] searches resolved" "... by its resolution"

# Sonames, links, dlopen by name and by path.
mv sw/lib/libf.so sw/lib/libf.so.1.2
ln -s libf.so.1.2 sw/lib/libf.so
cat >dl.c <<'END'
#include <dlfcn.h>
int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		dlopen(argv[i], RTLD_NOW);
	return 0;
}
END
"$CC" -o sw/bin/dl dl.c -ldl
export LD_LIBRARY_PATH=$scratch/sw/lib
run "${record[@]}" sw/bin/dl libf.so "$scratch/sw/lib/libf.so.1.2" libnowhere.so "$scratch/sw/lib/libnot.so"
is "$(resolution)" "sw/bin/dl: libf.so -> sw/lib/libf.so" "dlopen by name: the link, as ld.so found it"
is "$(dlfm ls -r out/c.dat libnowhere.so)" "" "a search in vain has no resolution"
like "$(dlfm ls -a out/c.dat "$scratch/sw/lib/*" | tr '\n' ' ')" "libf.so .*libf.so.1.2 .*libnowhere.so" "link, file and what is not there are known"
is "$(dlfm ls out/c.dat '*/libf.so*' | wc -l) $(dlfm info --json out/c.dat | grep -c '"partial": false')" "2 1" "... each once"
unset LD_LIBRARY_PATH

# Static TLS of start-up objects: the sum, with what ld.so needs anyway; nothing if it is small.
tls() {
	dlfm info --json "$1" | sed -n 's/.*"static_tls": \([0-9]*\).*/\1/p'
}
is "$(tls out/c.dat)" 0 "no thread-local data to speak of: no static TLS is asked for"
echo '__thread char a[8192] __attribute__((tls_model("initial-exec"))); char *ga(void) { return a; }' >t1.c
echo '__thread char b[4000] __attribute__((tls_model("initial-exec"))); char *gb(void) { return b; }' >t2.c
"$CC" -shared -fPIC -o sw/lib/libt1.so t1.c
"$CC" -shared -fPIC -o sw/lib/libt2.so t2.c
echo 'char *ga(void), *gb(void); int main(void) { return ga() == gb(); }' >tmain.c
"$CC" -o sw/bin/tls tmain.c -Lsw/lib -lt1 -lt2
export LD_LIBRARY_PATH=$scratch/sw/lib
run "${record[@]}" sw/bin/tls
is "$rc" 0 "two start-up libraries with 12 KB of initial-exec TLS are recorded"
ge "$(tls out/c.dat)" 12192 "... the cache asks for at least their sum"
le "$(tls out/c.dat)" 16384 "... and not for much more"
run dlfm replay --require out/c.dat -- sw/bin/tls
is "$rc" 0 "... and replayed"

done_testing
