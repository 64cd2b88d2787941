#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0920-security-node: a hostile user of the same node: names that change while staging runs, names taken, another's image
# time-limit: 400
. "$(dirname "$0")/stage-lib.sh"
need_root
need setpriv strace "${CC%% *}"
need_python
need_part dl fm

victim=4711 attacker=4712
as_victim="setpriv --reuid $victim --regid $victim --clear-groups"
as_attacker="setpriv --reuid $attacker --regid $attacker --clear-groups"
umask 022
tmpfs "$shm" size=200m,mode=1777 || skip_all "no tmpfs can be mounted"

# A program that tells where its library and a file of its own come from: "old" is recorded, "new" is what is there later.
mkdir "$sw/lib"
say() {
	echo "const char *word(void) { return \"$1\"; }" | "${CC%% *}" -shared -fPIC -x c -o "$sw/lib/new.so" - &&
		mv "$sw/lib/new.so" "$sw/lib/libword.so" && echo "$1" >"$sw/lib/word.py"
}
say old
cat >"$scratch/prog.c" <<'X'
#include <stdio.h>
#include <string.h>
const char *word(void);
int main(int argc, char **argv)
{
	char line[32] = "";
	FILE *f = fopen(argv[argc - 1], "r");
	if (f && fgets(line, sizeof(line), f))
		line[strcspn(line, "\n")] = 0;
	printf("%s %s\n", word(), line);
	return 0;
}
X
"${CC%% *}" -o "$scratch/prog" "$scratch/prog.c" -L"$sw/lib" -lword -Wl,-rpath,"$sw/lib" || bail_out "no program"
ok "a cache" "$mkcache" "$cache" "$sw"
chmod 644 "$cache"
cp -a "$DLFM_LIBDIR"/*.so "$scratch/" # readable to all, wherever the build tree is
mkdir "$scratch/libs" && mv "$scratch"/*.so "$scratch/libs/"
cp "$top_builddir/cache-tools/dlfm" "$scratch/dlfm"
export DLFM_LIBDIR=$scratch/libs
dlfm=$scratch/dlfm

# --- names that change ----------------------------------------------------------------------------------------------

# What must stay as it is: a directory of the victim's, one of root's, a file of the victim's.
mkdir -m 700 "$scratch/precious" "$scratch/roots"
echo mine >"$scratch/precious/file"
chown -R $victim "$scratch/precious"
echo root >"$scratch/roots/file"
echo mine >"$shm/hard" && chown $victim "$shm/hard"
cat >"$scratch/swap.py" <<'X'
# Puts one thing after another under the victim's names, as fast as it can, until a file tells to stop.
import os, random, sys
shm, precious, roots, stop, uid = sys.argv[1:]
names = [f"{shm}/dlfm-{uid}", f"{shm}/dlfm-{uid}-00000000"]
done = taken = 0
things = [lambda n: os.mkdir(n, 0o777), lambda n: os.symlink(precious, n), lambda n: os.symlink(roots, n),
          lambda n: os.close(os.open(n, os.O_CREAT | os.O_EXCL, 0o666)), lambda n: os.mkfifo(n),
          lambda n: os.link(shm + "/hard", n), lambda n: os.symlink(shm, n), lambda n: os.symlink(n, n)]
while not os.path.exists(stop):
    n = random.choice(names)
    for act in (lambda: random.choice(things)(n), lambda: os.symlink(precious, n + "/leases"),
                lambda: os.rename(n, f"{shm}/away"), lambda: os.unlink(f"{shm}/away"), lambda: os.rmdir(f"{shm}/away"),
                lambda: os.unlink(f"{shm}/away/leases"), lambda: os.rmdir(f"{shm}/away"), lambda: os.unlink(n), lambda: os.rmdir(n)):
        try:
            act()
            done += 1
        except OSError:
            taken += 1
for n in names + [f"{shm}/away"]:
    for act in (os.unlink, os.rmdir):
        try:
            act(n)
        except OSError:
            pass
print(done, taken)
X
before=$(cd "$scratch" && ls -lR --full-time precious roots)
background $as_attacker "$PYTHON" "$scratch/swap.py" "$shm" "$scratch/precious" "$scratch/roots" "$scratch/stop" $victim >"$scratch/swapped"
staged=0 bad=
for ((i = 0; i < 40; i++)); do
	run -t 30 $as_victim "$dlfm" stage -d "$shm" --lease=7.$i "$cache"
	if [ "$rc" = 0 ]; then
		staged=$((staged + 1))
		[ "$(stat -c '%u %a' "${out%/*}" "$out" | sort -u)" = "$victim 700" ] || bad+="$out: $(stat -c '%u %a' "${out%/*}" "$out")"$'\n'
		cmp -s "$sw/lib/libword.so" "$out/root$sw/lib/libword.so" || bad+="$out: not whole"$'\n'
	else
		[[ $err == "dlfm: "*"$shm"* ]] || bad+="status $rc: $err"$'\n'
	fi
	[ $((i % 4)) != 0 ] || run -t 30 "$dlfm" clean -q -d "$shm"
	run -t 30 $as_victim "$dlfm" clean -q -d "$shm" --job=7
done
touch "$scratch/stop"
wait_until 60 test -s "$scratch/swapped"
diag "$staged of 40 staged; the attacker: $(cat "$scratch/swapped") (done, refused)"
is "$bad" "" "names that change while staging runs: whole images in the user's own directory, or a reason"
ge "$staged" 36 "... and hardly ever does it cost the image"
is "$(cd "$scratch" && ls -lR --full-time precious roots)" "$before" "... nothing was written or removed through the attacker's links"
is "$(cat "$shm/hard")" mine "... nor through a hard link"
rm -f "$shm/hard"
run "$dlfm" clean -d "$shm" --all
is "$(find "$shm" -mindepth 1 -user $victim)" "" "... and root's cleaning leaves nothing of the victim's"
rm -rf "$shm"/*

# What was opened, and how: the trace of a whole staging and cleaning.
run strace -f -y -o "$scratch/trace" -e trace=open,openat,openat2,creat,mkdir,mkdirat,symlink,link,rename,chmod,chown,lchown,utime,utimes,truncate,unlink,rmdir,fchmodat,fchownat,mknod,mknodat \
	$as_victim "$dlfm" stage -d "$shm" "$cache"
run strace -f -y -A -o "$scratch/trace" -e trace=open,openat,openat2,creat,mkdir,mkdirat,symlink,link,rename,chmod,chown,lchown,utime,utimes,truncate,unlink,rmdir,fchmodat,fchownat,mknod,mknodat \
	$as_victim "$dlfm" clean -d "$shm" --all
below=$(grep -F "$shm/dlfm-$victim" "$scratch/trace")
ge "$(grep -c openat <<<"$below")" 10 "the trace shows what is opened in the store"
is "$(grep -E 'open(at)?\(' <<<"$below" | grep -v '"\."' | grep -v O_NOFOLLOW)" "" "every open in it has O_NOFOLLOW"
is "$(grep O_CREAT <<<"$below" | grep -v '"lock"' | grep -v O_EXCL)" "" "every file is made with O_EXCL"
is "$(grep -E ' (open|creat|mkdir|symlink|link|rename|chmod|chown|lchown|utimes?|truncate|unlink|mknod)\("'"$shm/" "$scratch/trace")" "" \
	"nothing in it is made, changed or removed by its whole path (but for the last rmdir, which follows no link)"

# --- another's image ------------------------------------------------------------------------------------------------

# uses IMAGE [CMD...]: what the program of the victim gets with both layers and this image: "old old" if it is believed
uses() {
	run env DLFM_IMAGE="$1" LD_AUDIT="$scratch/libs/dlfm-audit.so" LD_PRELOAD="$scratch/libs/libdlfm.so" \
		"${@:2}" "$scratch/prog" "$sw/lib/word.py"
}
image=$($as_victim "$dlfm" stage -d "$shm" "$cache")
theirs=$($as_attacker "$dlfm" stage -d "$shm" "$cache")
roots=$("$dlfm" stage -d "$shm" "$cache")
say new
uses "$image" $as_victim
is "$out" "old old" "one's own image is used"
chmod -R go+rX "${theirs%/*}" "${roots%/*}"
uses "$theirs" $as_victim
is "$rc $out$err" "0 new new" "another user's image, laid open: attached by neither layer, silently"
uses "$roots" $as_victim
is "$rc $out$err" "0 new new" "root's: not either"
uses "$image"
is "$rc $out$err" "0 new new" "a user's image by root: not attached"
chmod 770 "$image/.." && chmod g+w "$image/index"
uses "$image" $as_victim
is "$out" "new new" "an index that the group can write is not believed"
chmod 700 "$image/.." && chmod g-w "$image/index"
# Files of the victim's that the attacker gives another name, or has him own: a hard link of the index, elsewhere.
mkdir -m 755 "$scratch/fake" && ln "$image/index" "$shm/index" && ln "$image/dirty" "$shm/dirty"
mkdir -m 755 "$shm/fake" && chown $attacker "$shm/fake" && mv "$shm/index" "$shm/dirty" "$shm/fake/"
uses "$shm/fake" $as_victim
is "$rc $out$err" "0 new new" "hard links of the victim's own index in the attacker's directory: not attached"
ln -s "$image" "$shm/link"
uses "$shm/link" $as_victim
is "$rc $out$err" "0 new new" "a link to the image: not attached"
uses "$image" $as_victim
is "$out" "old old" "(the image itself still is)"

# --- journals that somebody else wrote --------------------------------------------------------------------------------

mkdir -m 777 "$scratch/journals"
run $as_attacker env DLFM_JOURNAL="$scratch/journals" LD_PRELOAD="$scratch/libs/libdlfm.so" "$scratch/prog" "$sw/lib/word.py"
is "$(ls "$scratch/journals" | wc -l)" 1 "a journal of the attacker's"
chmod 644 "$scratch/journals"/*
mkdir -m 755 "$scratch/out" && chown $victim "$scratch/out"
run $as_victim "$dlfm" pack -q --scope=all -o "$scratch/out/c.dat" "$scratch/journals"
like "$rc $err" "^125 dlfm: .*journal: belongs to uid $attacker" "pack does not believe it: it would decide which libraries are loaded"
is "$(ls -A "$scratch/out")" "" "... and makes no cache"
run "$dlfm" pack -q --scope=all -o "$scratch/root.dat" "$scratch/journals"
like "$rc $err" "^125 dlfm: .*belongs to uid $attacker" "... nor for root, whose caches everybody trusts"
chown $victim "$scratch/journals"/*
run $as_victim "$dlfm" pack -q --scope=all -o "$scratch/out/c.dat" "$scratch/journals"
is "$rc" 0 "... the victim's own is packed"

# --- a cache that others may change -----------------------------------------------------------------------------------

trusted() { # MODE OWNER:GROUP: may the victim stage it?
	cp "$cache" "$scratch/t.dat" && chmod "$1" "$scratch/t.dat" && chown "$2" "$scratch/t.dat"
	$as_victim "$dlfm" stage -q -d "$shm" "$scratch/t.dat" >/dev/null 2>"$scratch/why" && echo yes || echo no
}
is "$(trusted 644 0:0) $(trusted 600 $victim:$victim) $(trusted 644 $attacker:$attacker)" "yes yes no" "a cache of root's, one's own, another's"
is "$(trusted 666 0:0) $(trusted 664 0:100) $(trusted 664 $victim:100)" "no no no" "... writable by others, or by a group"
is "$(trusted 664 $victim:$victim)" yes "... but by the user's own group (its number is his)"
cp "$cache" "$scratch/theirs.dat" && chown $attacker "$scratch/theirs.dat"
ln -sf "$scratch/theirs.dat" "$scratch/t.dat"
run $as_victim "$dlfm" replay -d "$shm" --require "$scratch/t.dat" -- "$scratch/prog"
like "$rc $err" "^125 .*belongs to uid $attacker" "... a link to another's"
run $as_victim "$dlfm" replay -q -d "$shm" --trust "$scratch/t.dat" -- echo ran
is "$rc $out" "0 ran" "... unless asked: --trust"

run "$dlfm" clean -q -d "$shm" --all
done_testing
