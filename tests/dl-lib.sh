# SPDX-License-Identifier: BSD-3-Clause
# Tests of the dl layer: small libraries, recording, and a node image made of what was recorded, without pack or a cache.
# Everything lies below $sw, the "software", of which the image holds copies.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need_part dl
need "${CC%% *}"

sw=$scratch/sw
journals=$scratch/journals
image=
mkimage=$top_builddir/tests/tools/mkimage
journal_dump=$top_builddir/tests/tools/journal-dump
auditor=$DLFM_LIBDIR/dlfm-audit.so
[ -x "$mkimage" ] && [ -x "$journal_dump" ] || skip_all "the test tools are not built (make check)"
mkdir -p "$sw" "$journals"
node_memory=$(mktemp -d /dev/shm/dlfm-test.XXXXXX) || bail_out "no /dev/shm"
on_exit 'rm -rf "$node_memory"'

# lib FILE 'C source' [FLAG...]: a shared library; prog FILE 'C source' [FLAG...]: a program
lib() {
	local file=$1 source=$2
	shift 2
	mkdir -p "$(dirname "$file")"
	printf '%s\n' "$source" | $CC -xc -shared -fPIC -o "$file" - -xnone "$@" || bail_out "cannot build $file"
}
prog() {
	local file=$1 source=$2
	shift 2
	mkdir -p "$(dirname "$file")"
	printf '#define _GNU_SOURCE\n%s\n' "$source" | $CC -xc -o "$file" - -xnone "$@" || bail_out "cannot build $file"
}

# C code that tells everything that a program can see of its objects: names, origins, addresses' owners
show_code='#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int show_one(struct dl_phdr_info *i, size_t n, void *arg)
{
	char origin[8192] = "?";
	/* The program, the vDSO and ld.so have no origin; dlinfo(3) dies when asked for it. */
	int has_origin = strchr(i->dlpi_name, '"'/'"') && !strstr(i->dlpi_name, "/ld-");
	void *h = has_origin ? dlopen(i->dlpi_name, RTLD_LAZY | RTLD_NOLOAD) : NULL;
	struct link_map *map = NULL;
	Dl_info info = {0};
	(void)n; (void)arg;
	if (h && dlinfo(h, RTLD_DI_ORIGIN, origin) == 0 && dlinfo(h, RTLD_DI_LINKMAP, &map) == 0)
		dladdr(map->l_ld, &info);
	printf("object %s origin %s map %s dladdr %s\n", i->dlpi_name, origin, map ? map->l_name : "-",
	       info.dli_fname ? info.dli_fname : "-");
	if (h)
		dlclose(h);
	return 0;
}
__attribute__((unused)) static void show(void) { dl_iterate_phdr(show_one, NULL); fflush(stdout); }
__attribute__((unused)) static void *try_open(const char *name, int flags)
{
	void *h = dlopen(name, flags);
	printf("dlopen %s: %s\n", name, h ? "ok" : dlerror());
	return h;
}
__attribute__((unused)) static int call(void *h, const char *name)
{
	int (*f)(void) = h ? dlsym(h, name) : NULL;
	int n = f ? f() : -1;
	printf("%s() = %d\n", name, n);
	return n;
}
'

# record CMD...: sets $rc, $out, $err; journals go to $journals
record() {
	run env DLFM_JOURNAL="$journals" LD_AUDIT="$auditor" "$@"
}

# records [KIND]: what all dl journals hold
records() {
	"$journal_dump" "$journals"/dl-*.journal | if [ $# -gt 0 ]; then awk -F'\t' -v k="$1" '$1 == k'; else cat; fi
}

# The arguments by which mkimage makes what pack would make of what was recorded: every spelling of a path that was tried
# and of the directories above it, and tables of resolutions: the answer to a search is its last candidate, if that exists.
recorded_arguments() {
	records | awk -F'\t' -v sw="$sw/" '
		function finish() {
			if (name != "" && name !~ /\// && last != "" && system("test -e \"" last "\"") == 0)
				line["-r\n" requester " " name " " last]
			name = last = ""
		}
		function table(i) {
			finish()
			if (print_table != "" && print_table != 0) {
				print "-t"; print print_table
				for (i in line) print i
			}
			for (i in line) delete line[i]
		}
		function spelling(path) {
			for (; index(path, sw) == 1 && path !~ /\/\.\.?\/|\/\// && !seen[path]++; sub(/\/[^\/]*$/, "", path)) {
				print "-p"
				print path
			}
		}
		$1 == "HEADER" { table(); print_table = $7 }
		$1 == "SEARCH" { finish(); requester = $6; name = $7; spelling(name) }
		$1 == "TRY" { last = $6; spelling(last) }
		END { table() }'
}

# seal [MKIMAGE-OPTION...]: makes $image of $sw and of what was recorded
seal() {
	local arguments
	image=$node_memory/image
	rm -rf "$image"
	mapfile -t arguments < <(recorded_arguments)
	"$mkimage" -l "$DLFM_LIBDIR" -L "$sw" "$@" "${arguments[@]}" "$image" "$sw" 2>"$scratch/.mkimage" || bail_out "mkimage failed"
	rm -f "$journals"/*
}

# replay CMD...: with the image and a journal
replay() {
	run env DLFM_IMAGE="$image" DLFM_JOURNAL="$journals" LD_AUDIT="$image/lib/dlfm-audit.so" "$@"
}

# traced CMD...: replay under strace; $trace is the file
traced() {
	trace=$scratch/trace
	run strace -f -o "$trace" env DLFM_IMAGE="$image" DLFM_JOURNAL="$journals" LD_AUDIT="$image/lib/dlfm-audit.so" "$@"
}

# same_as_plain NAME CMD...: the command does the same without DLFM, recording, and replaying from an image made of the
# recording; the replay asks nothing of the software but to execute. Leaves $plain, $out and $trace.
same_as_plain() {
	local name=$1
	shift
	run "$@"
	plain=$out
	[ "$rc" -eq 0 ] && [ -n "$plain" ] || { fail "$name: plain" "status $rc" "$out" "$err" || return; }
	rm -f "$journals"/*
	record "$@"
	is "$out$err" "$plain" "$name: recorded as plain"
	seal ${seal_options:-}
	traced "$@"
	is "$out$err" "$plain" "$name: replayed as plain"
	is "$(software_calls)" "" "$name: replay asks nothing of the software"
}

# software_calls: the traced calls of the replayed program that name something below the software
software_calls() {
	awk -v sw="\"$sw" '/execve\(/ { running = /execve\("\/usr\/bin\/env"/ ? 0 : 1; next } running && index($0, sw) && !/"\/proc\/self\/exe"/' "$trace"
}
