#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0105-code: what runs is what would run: bindings without a PLT, exceptions across libraries, thread-local data, indirect
# functions, symbol versions, RELRO, byte-identical files; debuggers see original paths
. "$(dirname "$0")/dl-lib.sh"
need strace

export LD_LIBRARY_PATH=$sw/lib

# --- -fno-plt, lazy and immediate binding, interposition ---
lib "$sw/lib/libtwo.so" 'int two(void) { return 2; } int hook(void) { return 1; }' -fno-plt
lib "$sw/lib/libone.so" 'int two(void); int hook(void); int one(void) { return two() * 10 + hook(); }' -fno-plt -L"$sw/lib" -ltwo
prog "$sw/noplt" "$show_code
int one(void);
int hook(void) { return 7; }
int main(void) { printf(\"%d\\n\", one()); show(); return 0; }" -fno-plt -rdynamic -L"$sw/lib" -lone
same_as_plain "-fno-plt" "$sw/noplt"
like "$plain" "^27" "-fno-plt: the program's symbol wins"
same_as_plain "-fno-plt, LD_BIND_NOW" env LD_BIND_NOW=1 "$sw/noplt"

# --- symbol versions and indirect functions, RELRO ---
printf 'V1 { global: versioned; local: *; };\nV2 { global: versioned; } V1;\n' >"$scratch/versions"
lib "$sw/lib/libversions.so" '__asm__(".symver old, versioned@V1"); __asm__(".symver new, versioned@@V2");
	int old(void) { return 1; } int new(void) { return 2; }' -Wl,--version-script="$scratch/versions" -Wl,-z,relro,-z,now
lib "$sw/lib/libifunc.so" 'static int a(void) { return 5; } static int (*choose(void))(void) { return a; }
	int chosen(void) __attribute__((ifunc("choose")));'
prog "$sw/versions" "$show_code
int versioned(void), chosen(void);
int main(void)
{
	char line[8192];
	int (*f)(void) = dlvsym(RTLD_DEFAULT, \"versioned\", \"V1\");
	FILE *maps = fopen(\"/proc/self/maps\", \"r\");
	printf(\"%d %d %d\\n\", versioned(), f ? f() : -1, chosen());
	while (fgets(line, sizeof(line), maps))
		if (strstr(line, \"libversions\"))
			printf(\"%.4s\\n\", strchr(line, ' ') + 1);
	show();
	return 0;
}" -L"$sw/lib" -lversions -lifunc
same_as_plain "versions, indirect functions, RELRO" "$sw/versions"

# --- thread-local data, initial-exec, 16 KiB at start-up: ld.so has sized static TLS before it knows (BZ 31991) ---
lib "$sw/lib/libtls.so" 'static __thread char block[16384] __attribute__((tls_model("initial-exec"))) = {1};
	int tls(void) { block[16383]++; return block[0] + block[16383]; }'
prog "$sw/tls" "$show_code
#include <pthread.h>
int tls(void);
static void *run(void *arg) { tls(); printf(\"%d\\n\", tls()); return arg; }
int main(void)
{
	pthread_t t;
	run(NULL);
	pthread_create(&t, NULL, run, NULL);
	pthread_join(t, NULL);
	show();
	return 0;
}" -L"$sw/lib" -ltls -pthread
tunable=GLIBC_TUNABLES=glibc.rtld.optional_static_tls=32768
if env LD_AUDIT="$auditor" DLFM_JOURNAL="$journals" $tunable true; then
	same_as_plain "16 KiB of initial-exec TLS" env $tunable "$sw/tls"
else
	skip "glibc has no tunable for static TLS" "16 KiB of initial-exec TLS"
fi

# --- C++: an exception through three libraries, dynamic_cast and typeid across them ---
cxx=${CXX:-g++}
if command -v "$cxx" >/dev/null; then
	cat >"$scratch/x.h" <<-'END'
		#include <stdexcept>
		struct base { virtual ~base() {} };
		struct oops : std::runtime_error, base { oops() : std::runtime_error("oops") {} };
		void thrower(int); void middle(int);
	END
	(cd "$scratch" && printf '#include "x.h"\nvoid thrower(int n) { if (n) throw oops(); }\n' >t.cc &&
		printf '#include "x.h"\nvoid middle(int n) { struct g { ~g() {} } guard; thrower(n); }\n' >m.cc &&
		"$cxx" -shared -fPIC -o "$sw/lib/libthrower.so" t.cc &&
		"$cxx" -shared -fPIC -o "$sw/lib/libmiddle.so" m.cc -L"$sw/lib" -lthrower) || bail_out "no C++"
	cat >"$scratch/main.cc" <<-END
		#include "x.h"
		extern "C" {
		$show_code
		}
		int main()
		{
			for (int i = 0; i < 3; i++)
				try { middle(i); puts("fine"); }
				catch (const base &b) { puts(dynamic_cast<const std::exception &>(b).what()); }
			void *h = dlopen("libmiddle.so", RTLD_NOW);
			void (*f)(int) = (void (*)(int))dlsym(h, "_Z6middlei");
			try { f(1); } catch (const oops &e) { puts(e.what()); }
			show();
			return 0;
		}
	END
	if "$cxx" -fpermissive -w -o "$sw/cxx" "$scratch/main.cc" -I"$scratch" -L"$sw/lib" -lmiddle -lthrower; then
		same_as_plain "C++ exceptions" "$sw/cxx"
	else
		fail "C++ exceptions: cannot build"
	fi
else
	skip "no $cxx" "C++ exceptions"
fi

# --- a debugger, a core dump's view: original paths, and the files are the same bytes ---
lib "$sw/lib/libdbg.so" 'int dbg(int n) { return n + 1; }' -g
prog "$sw/dbg" "$show_code
int dbg(int);
int main(void) { void *h = try_open(\"libtwo.so\", RTLD_NOW); printf(\"%d %d\\n\", dbg(1), call(h, \"two\")); return 0; }" -g -L"$sw/lib" -ldbg
same_as_plain "debugged program" "$sw/dbg"
staged=$image/root$sw/lib/libdbg.so
ok "the staged file has the same bytes" cmp "$sw/lib/libdbg.so" "$staged"
if command -v gdb >/dev/null; then
	run gdb -nx -batch -ex "set environment DLFM_IMAGE $image" -ex "set environment LD_AUDIT $image/lib/dlfm-audit.so" \
		-ex "set environment LD_LIBRARY_PATH $sw/lib" -ex "set startup-with-shell off" -ex "set breakpoint pending on" \
		-ex "set debuginfod enabled off" -ex "break dbg" -ex "run" -ex "info sharedlibrary" -ex "backtrace" "$sw/dbg"
	like "$out" "Yes +$sw/lib/libdbg.so" "gdb: info sharedlibrary shows the original path, with symbols"
	like "$out" "Yes[^/]* $sw/lib/libtwo.so" "gdb: ... of a library that was opened later"
	like "$out" "#0 +dbg \(n=1\)" "gdb: a breakpoint in the library is met"
	unlike "$out" "$image/root" "gdb: no staged path is seen"
else
	skip "no gdb" "gdb"
fi
done_testing
