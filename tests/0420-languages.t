#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0420-languages: languages other than Python find their modules in node memory: Perl, Lua, R, Ruby, Tcl, Guile, Node.js, bash,
# and a program that scans directories and loads what is there by dlopen, as Julia does
# time-limit: 240
#
# The interpreters' own libraries are Debian's: /usr is mounted once more through a file system that counts, in a mount
# namespace of its own. What is still asked of the file system is listed, and nothing else may be: doc/user-guide.md has a
# table of it.
. "$(dirname "$0")/lib.sh"
need_part dl fm tools slowfs
need_fuse
need_root
need "${CC%% *}" unshare pgrep
unshare -m true 2>/dev/null || skip_all "no permission to make a mount namespace"

sw=$scratch/sw
app=$scratch/apps # where $sw is mounted
mkdir -p "$sw" "$app" "$scratch/real" "$scratch/usr" "$scratch/node" "$scratch/cwd"

cat >"$scratch/between" <<EOF
#!/bin/bash
: >"$scratch/log"
"\$@"
rc=\$?
echo END >>"$scratch/log"
exit \$rc
EOF
cat >"$scratch/counted" <<EOF
cd "$scratch/cwd" || exit 99
# The servers end with their mounts. They must not need /usr for it (glibc loads libgcc_s when threads are cancelled).
trap 'umount -l /usr "$scratch/usr" "$app"' EXIT
trap 'exit 143' TERM
export LD_PRELOAD=libgcc_s.so.1
mount --bind /usr "$scratch/real" &&
	dlfm-slowfs -o ro --cache=nfs --state="$scratch/state" --log="$scratch/log" "$scratch/real" "$scratch/usr" &&
	mount --bind "$scratch/usr" /usr &&
	dlfm-slowfs --cache=nfs --state="$scratch/state" --log="$scratch/log" "$sw" "$app" || exit 99
unset LD_PRELOAD
kind=\$1
shift
set -- "$scratch/between" "\$@"
dlfm=$top_builddir/cache-tools/dlfm
case \$kind in
record) set -- \$dlfm record -q -o "$scratch/cache.dat" -- "\$@" ;;
replay) set -- \$dlfm replay -q --require -d "$scratch/node" "$scratch/cache.dat" -- "\$@" ;;
esac
env -i PATH=/usr/bin:/bin LC_ALL=C HOME="$scratch" TMPDIR=/tmp DLFM_LIBDIR="$DLFM_LIBDIR" "\$@"
EOF
chmod 755 "$scratch/between"

# counted KIND CMD...: in a mount namespace with $sw at $app, and /usr read-only, both counted and not known to the kernel yet; KIND
# is plain, record or replay. What the command itself asked for is in $scratch/requests.
counted() {
	: >"$scratch/log"
	run -t 60 unshare -m --propagation private bash "$scratch/counted" "$@"
	sed '/^END$/,$d' "$scratch/log" | grep -v '^release' >"$scratch/requests"
}

# The requests that no cache takes over: of programs and ld.so, which the kernel opens, of the directories on their way, and
# gconv's table, which libc opens by itself. $1: what else is not answered in this language, as an extended regular expression of request and path.
beyond() {
	cut -f 1,4 "$scratch/requests" | sort -u |
		grep -vE $'\t(/|/bin|/bin/[^/]*|/lib|/lib64|/lib64/ld-linux[^/]*|/lib/[^/]*|/lib/[^/]*/ld-linux[^/]*)$' |
		grep -vE $'/gconv(/gconv-modules.cache)?$|/lib/R/bin/(exec/)?R$|/guile/[^/]*/bin/guile$' |
		grep -vE "${1:-nothing at all}"
}

# language NAME KNOWN CMD...: same output recorded and replayed, and nothing but KNOWN is asked of the file system
language() {
	local name=$1 known=$2 plain
	shift 2
	counted plain "$@"
	[ "$rc" != 99 ] || bail_out "cannot mount: $err"
	plain=$out
	requests=$(wc -l <"$scratch/requests")
	if [ "$rc" != 0 ] || [ -z "$plain" ]; then
		fail "$name runs" "status $rc" "$err"
		return
	fi
	counted record "$@"
	is "$rc $out" "0 $plain" "$name: recorded, it prints the same" || diag "$err"
	counted replay "$@"
	is "$rc $out" "0 $plain" "$name: replayed, it prints the same" || diag "$err"
	is "$(beyond "$known" | head -n 20)" "" "... and its modules come from memory"
	diag "$name: $requests requests plain, $(wc -l <"$scratch/requests") replayed; beside the program itself:" \
		"$(cut -f 1,4 "$scratch/requests" | grep -E "${known:-nothing at all}" | sort | uniq -c | sort -rn | head -n 6)"
}

# interpreter NAME: sets $exe to the one in /usr/bin; without it a test point is skipped
interpreter() {
	exe=/usr/bin/$1
	[ -x "$exe" ] || { skip "no $exe" "$1" && return 1; }
}

# --- Perl: modules of the distribution, and 20 directories in PERL5LIB, each with one module

for i in {1..20}; do
	mkdir -p "$sw/p$i/lib/perl5/My"
	echo "package My::M$i; sub f { $i } 1;" >"$sw/p$i/lib/perl5/My/M$i.pm"
done
if interpreter perl; then
	cat >"$sw/many.pl" <<'E'
use POSIX; use Encode; use Data::Dumper; use File::Find; use Time::HiRes;
my $s = 0;
for my $i (1 .. 20) { eval "require My::M$i; \$s += My::M${i}::f();" or die $@ }
eval { require My::Nowhere } and die;
print "$s\n", map { "$_ $INC{$_}\n" } sort keys %INC;
E
	language Perl '' env "PERL5LIB=$(printf "$app/p%d/lib/perl5:" {1..20})" "$exe" "$app/many.pl"
	ge "$requests" 500 "... hundreds of requests otherwise"
fi

# --- Lua: several templates in LUA_PATH and LUA_CPATH, modules with libraries of their own

for i in {1..10}; do
	mkdir -p "$sw/l$i/share/lua/5.4/m$i"
	echo "return { f = function() return $i end }" >"$sw/l$i/share/lua/5.4/m$i/init.lua"
done
if interpreter lua5.4; then
	cat >"$sw/many.lua" <<'E'
local s = 0
for i = 1, 10 do s = s + require("m" .. i).f() end
print(s, pcall(require, "nowhere.at.all"))
for _, m in ipairs { "socket", "socket.http", "lfs" } do print(m, (pcall(require, m))) end
local n = {}
for k in pairs(package.loaded) do n[#n + 1] = k end
table.sort(n)
print(table.concat(n, " "))
E
	language Lua '' env "LUA_PATH=$(printf "$app/l%d/share/lua/5.4/?.lua;" {1..10})$(
		printf "$app/l%d/share/lua/5.4/?/init.lua;" {1..10});" \
		"LUA_CPATH=$(printf "$app/l%d/lib/lua/5.4/?.so;" {1..10});" "$exe" "$app/many.lua"
	ge "$requests" 200 "... hundreds of requests otherwise"
fi

# --- R, Ruby, Tcl, Guile: packages of the distribution

if interpreter Rscript; then
	cat >"$sw/some.R" <<'E'
library(stats4); library(splines); library(parallel); library(tools)
print(search()); print(summary(lm(dist ~ speed, cars))$r.squared)
E
	language R $'/lib/os-release$|^lookup\t/lib/R/library/translations|\t/lib/R/etc(/[^/]*)?$' \
		"$exe" --vanilla "$app/some.R"
fi
if interpreter ruby; then
	cat >"$sw/some.rb" <<'E'
require 'json'; require 'set'; require 'optparse'; require 'digest'; require 'yaml'; require 'net/http'
puts $LOADED_FEATURES.sort, JSON.generate([1, 2])
E
	language Ruby $'dir(plus)?\t/.*/specifications(/default)?$|\t/share/zoneinfo' "$exe" "$app/some.rb"
fi
if interpreter tclsh; then
	cat >"$sw/some.tcl" <<'E'
package require http; package require msgcat; package require tcltest
puts [lsort [package names]]; puts [clock format 0 -gmt 1]
E
	language Tcl $'^lookup\t(/local)?/(share|lib)/[^/]*(/[^/]*)?$' "$exe" "$app/some.tcl"
fi
if interpreter guile; then
	cat >"$sw/some.scm" <<'E'
(use-modules (srfi srfi-1) (ice-9 match) (ice-9 regex) (sxml simple) (web uri))
(display (fold + 0 '(1 2 3))) (newline)
E
	language Guile '' env GUILE_AUTO_COMPILE=0 "$exe" "$app/some.scm"
fi

# --- Node.js asks statx(2) by syscall(2), past libc's function; what it opens comes from memory

if interpreter node; then
	for i in {1..10}; do
		mkdir -p "$sw/node_modules/n$i"
		echo "module.exports = $i" >"$sw/node_modules/n$i/index.js"
	done
	echo 'let s = 0; for (let i = 1; i <= 10; i++) s += require("n" + i); console.log(s)' >"$sw/some.js"
	language Node.js $'^(lookup|getattr|readlink)\t' "$exe" "$app/some.js"
fi

# --- shells read what they source with open(2)

mkdir -p "$sw/profile.d"
for i in {1..10}; do
	printf '#!/bin/sh\nm%d=%d\n' "$i" "$i" >"$sw/profile.d/$i.sh"
done
language bash $'dir(plus)?\t/profile.d$' /bin/bash -c 'for f in "$0"/*.sh; do . "$f"; done; echo $m1 $m10' "$app/profile.d"

# --- as Julia does: directories are listed, their libraries loaded by absolute path, and modules read

mkdir -p "$sw/plugins" "$sw/depot/compiled"
for i in {1..50}; do
	echo "int value(void) { return $i; }" | $CC -xc -shared -fPIC -o "$sw/plugins/plugin$i.so" - || bail_out "cannot compile"
	echo "module $i" >"$sw/depot/compiled/m$i.ji"
done
cat >"$scratch/loader.c" <<'E'
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int scan(const char *dir, int (*each)(const char *path))
{
	struct dirent *d;
	char path[4096];
	struct stat st;
	DIR *stream = opendir(dir);
	int sum = 0;

	while (stream && (d = readdir(stream))) {
		snprintf(path, sizeof(path), "%s/%s", dir, d->d_name);
		if (d->d_name[0] != '.' && stat(path, &st) == 0)
			sum += each(path);
	}
	if (stream)
		closedir(stream);
	return sum;
}

static int load(const char *path)
{
	void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	int (*value)(void) = object ? (int (*)(void))dlsym(object, "value") : NULL;
	Dl_info info;

	return value && dladdr((void *)value, &info) && !strcmp(info.dli_fname, path) ? value() : -1000000;
}

static int read_module(const char *path)
{
	char text[100] = "";
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(text, 1, sizeof(text), f) : 0;

	if (f)
		fclose(f);
	return (int)n;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		printf("%s %d\n", argv[i], scan(argv[i], i == 1 ? load : read_module));
	return 0;
}
E
$CC -o "$sw/loader" "$scratch/loader.c" -ldl || bail_out "cannot compile the loader"
language "dlopen of 50 libraries" $'\t/loader$|dir(plus)?\t/depot/compiled$' "$app/loader" "$app/plugins" "$app/depot/compiled"
like "$out" "plugins 1275"$'\n' "... all of them are found"

no_servers() {
	! pgrep -f "dlfm-slowfs.*$scratch/" >/dev/null
}
ok "the file systems have ended" wait_until 60 no_servers

done_testing
