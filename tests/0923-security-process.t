#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0923-security-process: no secret in arguments, environment or logs; programs with raised rights are left alone; no shell sees a name
# time-limit: 400
. "$(dirname "$0")/stage-lib.sh"
need_python
need "${CC%% *}"
umask 022

# --- secrets ----------------------------------------------------------------------------------------------------------

if have_part pmix; then
	. "$top_srcdir/tests/stage/lib.sh"
	make_cache c 8
	begin 3 --rate=4M "$scratch/c"
	for r in 0 1 2; do rank $r DLFM_DEBUG=1 DLFM_LOG="$scratch/log"; done
	for r in 0 1 2; do wait_until 20 test -s "$wire/$r.dlfm.endpoint"; done
	wait_until 20 test -s "$scratch/out/2.pid"
	: >"$scratch/seen"
	for r in 0 1 2; do # what other processes of the node, and the scheduler's logs, could see of them
		cat "/proc/$(helper $r)/cmdline" "/proc/$(helper $r)/environ" >>"$scratch/seen" 2>/dev/null
	done
	size=$(stat -c %s "$scratch/seen")
	finish
	cat "$scratch"/out/* "$scratch/log" >>"$scratch/seen" 2>/dev/null
	find "$scratch/img" -type f -exec cat {} + >>"$scratch/seen"
	cat >"$scratch/secrets.py" <<'X'
import base64, os, sys
wire, seen = sys.argv[1:]
with open(seen, "rb") as f:
    text = f.read()
secrets = []
for r in range(3):
    with open(os.path.join(wire, f"{r}.dlfm.endpoint"), "rb") as f:
        secrets.append(f.read()[8:40])
found = 0
for s in secrets:
    forms = [s[:16], s[16:], s[:8].hex().encode(), s[:8].hex().upper().encode(), base64.b64encode(s[:12]), s[:8][::-1].hex().encode()]
    found += sum(form in text for form in forms)
print(len(set(secrets)), found)
X
	run "$PYTHON" "$scratch/secrets.py" "$wire" "$scratch/seen"
	is "$out" "3 0" "each helper has a secret of its own, which is in no argument, environment, output, debug log or image"
	ge "$size" 200 "... (they were looked at: $size bytes)"
	ge "$(grep -c 'dlfm-stage\[' "$scratch/seen")" 5 "... (and the debug log is one)"
else
	skip "the part 'pmix' is not built" "secrets"
fi

# --- programs with raised rights ------------------------------------------------------------------------------------

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null && have_part dl && have_part fm && tmpfs "$shm" size=100m,mode=1777; then
	as_user="setpriv --reuid 4711 --regid 4711 --clear-groups"
	mkdir "$sw/lib"
	cp -a "$DLFM_LIBDIR"/*.so "$scratch/"
	cp "$top_builddir/cache-tools/dlfm" "$scratch/dlfm"
	say() {
		echo "const char *word(void) { return \"$1\"; }" | "${CC%% *}" -shared -fPIC -x c -o "$sw/lib/new.so" - &&
			mv "$sw/lib/new.so" "$sw/lib/libword.so" && echo "$1" >"$sw/lib/word.py"
	}
	cat >"$scratch/prog.c" <<'X'
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
const char *word(void);
int main(int argc, char **argv)
{
	char line[32] = "";
	FILE *f = fopen(argv[argc - 1], "r");
	if (f && fgets(line, sizeof(line), f))
		line[strcspn(line, "\n")] = 0;
	printf("%s %s secure=%lu\n", word(), line, getauxval(AT_SECURE));
	return 0;
}
X
	say old
	"${CC%% *}" -o "$scratch/prog" "$scratch/prog.c" -L"$sw/lib" -lword -Wl,-rpath,"$sw/lib" || bail_out "no program"
	"$mkcache" "$cache" "$sw" && chmod 644 "$cache"
	export DLFM_LIBDIR=$scratch
	image=$($as_user "$scratch/dlfm" stage -d "$shm" "$cache")
	say new
	mkdir -m 777 "$scratch/journals"
	variables=(DLFM_IMAGE="$image" DLFM_JOURNAL="$scratch/journals" DLFM_DEBUG=1 DLFM_LOG="$scratch/journals/log"
		LD_AUDIT="$scratch/dlfm-audit.so" LD_PRELOAD="$scratch/libdlfm.so")
	raised() { # PROGRAM NAME WANT: what it prints, and what it leaves
		rm -f "$scratch/journals"/*
		run $as_user env "${variables[@]}" "$1" "$sw/lib/word.py"
		is "$out" "$3" "$2"
	}
	raised "$scratch/prog" "a program of the user's is served" "old old secure=0"
	ge "$(ls "$scratch/journals" | wc -l)" 3 "... and leaves journals and a log"
	for kind in setuid setgid capabilities; do
		cp "$scratch/prog" "$scratch/$kind"
		case $kind in
		setuid) chmod 4755 "$scratch/$kind" ;;
		setgid) chmod 2755 "$scratch/$kind" ;;
		*) setcap cap_net_bind_service+ep "$scratch/$kind" 2>/dev/null || { skip "no setcap" "$kind"; continue; } ;;
		esac
		raised "$scratch/$kind" "$kind: neither layer is there" "new new secure=1"
		is "$err$(ls "$scratch/journals")" "" "... nothing is said, written, recorded"
	done
	# ld.so drops the variables itself. Where it does not (a site that names the objects in /etc/ld.so.preload) they look at AT_SECURE.
	if [ -d /proc/self/ns ] && unshare -m true 2>/dev/null; then
		echo "$scratch/libdlfm.so" >"$scratch/preload"
		cat >"$scratch/preloaded" <<X
#!/bin/sh
mount -t tmpfs none /mnt && cp -a /etc /mnt/etc && cp "$scratch/preload" /mnt/etc/ld.so.preload && mount --bind /mnt/etc /etc &&
	exec $as_user env DLFM_IMAGE="$image" DLFM_JOURNAL="$scratch/journals" "\$@"
X
		chmod 755 "$scratch/preloaded"
		rm -f "$scratch/journals"/*
		run unshare -m "$scratch/preloaded" "$scratch/prog" "$sw/lib/word.py"
		if [ "$out" = "new old secure=0" ]; then
			pass "preloaded by /etc/ld.so.preload: a program of the user's reads the image"
			rm -f "$scratch/journals"/*
			run unshare -m "$scratch/preloaded" "$scratch/setuid" "$sw/lib/word.py"
			is "$out" "new new secure=1" "... a setuid program, in which the object is, does not"
			is "$(ls "$scratch/journals")" "" "... nor is it recorded"
		else
			skip "/etc/ld.so.preload cannot be tried here: $out $err" "preloaded"
		fi
	fi
	dlfm clean -q -d "$shm" --all
	export DLFM_LIBDIR=$top_builddir/libdlfm
else
	skip "needs root, tmpfs and both layers" "raised rights"
fi

# --- names that a shell would read ----------------------------------------------------------------------------------

# Wherever a command takes a name, it is given these; a shell that read one would make a file "pwned".
mkdir -p "$scratch/names/cwd" "$scratch/names/sw"
cd "$scratch/names/cwd" || exit
export pwn=pwned
names=('$(touch pwned)' '`touch pwned`' ';touch pwned;' $'a\ntouch pwned\n' "'\$(touch pwned)'" '"$(touch pwned)"' '|touch pwned' '&touch pwned&'
	'%s%n%n%n' '--output=pwned' '>pwned' '../cwd/$(touch pwned)' '*' '~root' '$IFS$9' '\' "$(printf '\033]0;pwned\007')")
echo 'x = 1' >"$scratch/names/sw/mod.py"
wrong=
told() { # WHAT NAME: no file pwned; ended as it should
	[ ! -e pwned ] || { wrong+="$1 ran a shell on: $2"$'\n' && rm -f pwned; }
	[ "$rc" -lt 124 ] || [ "$rc" = 125 ] || [ "$rc/$1" = "127/a command" ] || wrong+="$1 of '$2' ended with $rc: $err"$'\n'
}
made=0
for name in "${names[@]}"; do
	run dlfm record -q --scope=all -o "./$name.dat" -- cat "$scratch/names/sw/mod.py"
	told record "$name"
	[ "$rc" != 0 ] || made=$((made + 1))
	run dlfm replay -q -d "$shm" "./$name.dat" -- cat "$scratch/names/sw/mod.py"
	told replay "$name"
	[ "$out" = "x = 1" ] || wrong+="replay of '$name': $out $err"$'\n'
	for words in "info" "ls" "verify" "pack -o c.dat" "learn" "stage --lease" "stage -d" "record --policy" "clean --job" \
		"replay --report" "option --" "merge -o c.dat" "extract -C"; do
		run dlfm $words "$name"
		told "$words" "$name"
	done
	run dlfm extract -C . "./$name.dat" "$name"
	told "extract pattern" "$name"
	run dlfm record -q --scope=all -o c.dat -- "$name"
	told "a command" "$name"
done
is "$wrong" "" "${#names[@]} names, in 17 places each: no shell has read one"
ge "$made" 12 "... ($made of them are good file names, and caches were made)"
cd "$scratch" || exit

# The sources: programs are started with a list of arguments, never by a command line.
is "$(grep -rnE '\b(system|popen|wordexp|execlp?)\(' --include=*.c --include=*.h "$top_srcdir"/{libdlfm,cache-tools,pmix-dist,spank-plugin,pbs-hook})" "" \
	"no source of what is installed calls system(), popen() or the like"
is "$(grep -nE 'os\.system|shell *=|os\.popen|getoutput|\beval\(|\bexec\(' "$top_srcdir"/pbs-hook/*.py)" "" "nor does the PBS hook"
is "$(grep -rlE '/bin/(ba|da)?sh|/bin/env' --include=*.c --include=*.h --include=*.py "$top_srcdir"/{libdlfm,cache-tools,pmix-dist,spank-plugin,pbs-hook})" "" \
	"... or names a shell"
done_testing
