#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0351-stage-faults: full, small, noexec and hostile directories; builders that are killed or stopped
. "$(dirname "$0")/stage-lib.sh"
need_root

user="setpriv --reuid 4711 --regid 4711 --clear-groups"
mkdir -p "$sw/lib"
for i in 1 2 3 4 5 6 7 8; do random "$sw/lib/$i.so" 3000000; done
for i in $(seq 200); do echo "$i" >"$sw/lib/$i.py"; done
ok "a cache of 24 MB" "$mkcache" "$cache" "$sw"
chmod 644 "$cache"

# refused NAME PATTERN [CMD...]: staging fails with 125, names the directory and the reason, leaves nothing in $shm
refused() {
	local name=$1 pattern=$2
	shift 2
	run -t 30 "${@:-dlfm}" stage -d "$shm" "$cache"
	is "$rc" 125 "$name: refused"
	like "$err" "$pattern" "$name: says which directory and why"
	is "$out" "" "$name: no image"
}

# --- room ---------------------------------------------------------------------------------------------------------

tmpfs "$shm" size=10m,mode=1777
refused "too small" "no directory to stage in: $shm has [0-9]+ MiB free, the image needs up to [0-9]+ MiB"
is "$(left "$shm")" "" "too small: nothing is left, not even the store"
run dlfm replay -d "$shm" "$cache" -- echo it ran
is "$rc:$out" "0:it ran" "too small: replay runs the command"
tmpfs "$scratch/second" size=100m,mode=1777
run dlfm stage -d "$shm" -d "$scratch/second" "$cache"
like "$out" "^$scratch/second/" "the next directory is taken"
run dlfm stage -d "$shm" -d "$scratch/second" "$cache"
like "$out" "^$scratch/second/" "and found again"
dlfm clean -q -d "$scratch/second"
umount "$scratch/second"
umount "$shm"

tmpfs "$shm" size=100m,nr_inodes=100,mode=1777
refused "too few inodes" "$shm has [0-9]+ inodes free, the image needs up to [0-9]+"
umount "$shm"

tmpfs "$shm" size=100m,noexec,mode=1777
refused "noexec" "$shm is mounted noexec"
umount "$shm"

tmpfs "$shm" size=100m,mode=1777
mount -o remount,ro "$shm"
refused "read-only" "cannot make $shm/dlfm-0: Read-only file system"
umount "$shm"

# Room that goes while staging: each point in time
tmpfs "$shm" size=100m,mode=1777
full=0 fine=0
for left in 2000 6000 12000 18000 22000 24000 24500 25000 40000; do
	background bash -c 'until ls -d "$1"/dlfm-0/.??*/root 2>/dev/null; do :; done; fallocate -l $((100*1048576-$2*1024)) "$1/filler" || fallocate -l 70000000 "$1/filler"' - "$shm" $left >/dev/null 2>&1
	run -t 30 dlfm stage -d "$shm" "$cache"
	wait_until 10 test -e "$shm/filler"
	if [ "$rc" = 0 ]; then
		fine=$((fine + 1))
		dlfm clean -q -d "$shm" --all
	else
		full=$((full + 1))
		[[ $err =~ $shm/dlfm-0\ has\ no\ room\ for ]] || fail "full at $left KiB: the message" "$err"
	fi
	kill -- -"$child" 2>/dev/null
	rm -f "$shm/filler"
	is "$(left "$shm")" "" "full with $left KiB left: nothing is left behind"
done
ge "$full" 1 "a file system that fills while staging is reported ($full times, $fine times there was room)"
umount "$shm"

# --- hostile directories ------------------------------------------------------------------------------------------

tmpfs "$shm" size=100m,mode=0777
refused "not sticky" "$shm is writable by others and not sticky"
chmod 1777 "$shm"
mkdir -m 700 "$shm/dlfm-0"
chown 4711 "$shm/dlfm-0"
run dlfm stage -d "$shm" "$cache"
like "$rc $out" "^0 $shm/dlfm-0-[0-9a-f]{8}/" "somebody else has the store's name: it gets one that nobody could foresee"
dlfm clean -q -d "$shm" --all
is "$(left "$shm"; stat -c %u "$shm/dlfm-0")" "dlfm-0"$'\n'4711 "... which is cleaned as any, and what stands there is not touched"
rm -r "$shm/dlfm-0"
mkdir -m 777 "$scratch/elsewhere"
ln -s "$scratch/elsewhere" "$shm/dlfm-0"
refused "a planted link" "$shm/dlfm-0 is not a directory"
is "$(left "$scratch/elsewhere")" "" "nothing was written through it"
rm "$shm/dlfm-0"
: >"$shm/dlfm-0"
refused "a planted file" "$shm/dlfm-0 is not a directory"
rm "$shm/dlfm-0"
mkdir -m 755 "$shm/dlfm-0"
refused "a store that others can read" "$shm/dlfm-0 is open to others"
chmod 700 "$shm/dlfm-0"
id=$(dlfm stage -d "$shm" "$cache")
id=${id##*/}
dlfm clean -q -d "$shm" --all
mkdir -m 700 "$shm/dlfm-0"
ln -s "$scratch/elsewhere" "$shm/dlfm-0/$id"
refused "a link under the image's name" "$shm/dlfm-0/$id is not a directory"
rm "$shm/dlfm-0/$id"
mkdir -m 700 "$shm/dlfm-0/$id"
refused "an image without an index" "$shm/dlfm-0/$id/index: No such file"
rmdir "$shm/dlfm-0/$id"
rm -r "$shm/dlfm-0/leases"
ln -s "$scratch/elsewhere" "$shm/dlfm-0/leases"
refused "a link in place of the leases" "leases is not a directory"
rm -r "$shm/dlfm-0"

# another user, before us: his own store, not ours
mkdir -m 755 "$scratch/mine"
run $user dlfm stage -d "$shm" "$cache"
like "$out" "^$shm/dlfm-4711/" "an unprivileged user stages"
theirs=$out
run dlfm stage -d "$shm" "$cache"
like "$out" "^$shm/dlfm-0/" "root does not use the user's image"
run $user cat "$out/index"
is "$rc" 1 "nobody reads another's image"
run dlfm clean -d "$shm"
is "$out" "2 removed" "root cleans for everybody"
is "$(left "$shm")" "" "and nothing is left"
run $user dlfm stage -d "$shm" --lease=9.0 "$cache"
run dlfm clean -d "$shm"
is "$out" "0 removed" "but not what is leased"
ok "the user's lease is released by himself" $user dlfm clean -d "$shm" --job=9
is "$(left "$shm")" "" "nothing is left"
mkdir -m 700 "$shm/dlfm-4711"
: >"$shm/dlfm-4711/precious"
run dlfm clean -d "$shm" --all
ok "a store in another's name is not cleaned" test -e "$shm/dlfm-4711/precious"
rm -r "$shm/dlfm-4711"

# --- a cache that is not to be trusted -----------------------------------------------------------------------------

cp "$cache" "$scratch/mine/c.dat"
chmod 666 "$scratch/mine/c.dat"
run dlfm stage -d "$shm" "$scratch/mine/c.dat"
is "$rc" 125 "a cache that others can write is refused"
like "$err" "c.dat: others can write it.*chmod go-w" "... with what to do"
run dlfm stage -d "$shm" --trust "$scratch/mine/c.dat"
is "$rc" 0 "... unless it is trusted"
dlfm clean -q -d "$shm"
chmod 644 "$scratch/mine/c.dat"
chown 4711 "$scratch/mine/c.dat"
run dlfm stage -d "$shm" "$scratch/mine/c.dat"
like "$rc $err" "125 .*belongs to uid 4711" "another user's cache is refused"
run $user dlfm stage -d "$shm" "$scratch/mine/c.dat"
is "$rc" 0 "it is his own"
run setpriv --reuid 4712 --regid 4712 --clear-groups dlfm stage -d "$shm" "$cache"
is "$rc" 0 "root's is good for everybody"
dlfm clean -q -d "$shm" --all

# --- killed, stopped ------------------------------------------------------------------------------------------------

killed=0
for ms in $(seq 1 2 60); do
	background "$stage_cache" "$cache" "$shm" "$DLFM_LIBDIR" 20000 >"$scratch/killed" 2>&1
	sleep "$(printf 0.%03d "$ms")"
	kill -KILL -- -"$child" 2>/dev/null
	wait "$child" 2>/dev/null
	[ -s "$scratch/killed" ] || killed=$((killed + 1))
	[ -z "$(ls -d "$shm"/dlfm-0/[0-9a-f]* 2>/dev/null)" ] || dlfm clean -q -d "$shm"
	ls -d "$shm"/dlfm-0/.??* >>"$scratch/temporaries" 2>/dev/null
	[ "$((ms % 10))" = 1 ] || continue
	run dlfm stage -d "$shm" "$cache"
	ok "killed after $ms ms: the next one stages whole" cmp "$sw/lib/8.so" "$out/root$sw/lib/8.so"
	is "$(ls -A "$shm/dlfm-0" | wc -l)" 3 "... and sweeps (image, leases, lock)"
	dlfm clean -q -d "$shm"
	is "$(left "$shm")" "" "... nothing is left"
done
diag "killed $killed times in the middle, $(wc -l <"$scratch/temporaries") temporaries were left"
ge "$(wc -l <"$scratch/temporaries")" 1 "some were killed in the middle"

# A builder that is stopped: the others do not wait for ever, and use their own
background "$stage_cache" "$cache" "$shm" "$DLFM_LIBDIR" 8 >/dev/null
wait_until 10 bash -c 'ls -d "$1"/dlfm-0/.??*/root' - "$shm"
stopped=$child
ok "a builder is stopped" kill -STOP "$stopped"
start=$SECONDS
run -t 60 "$stage_cache" "$cache" "$shm" "$DLFM_LIBDIR"
is "$rc" 0 "beside a stopped builder another one finishes"
le $((SECONDS - start)) 20 "... in time"
kill -CONT "$stopped"
wait_until 60 test ! -d "/proc/$stopped"
run "$stage_cache" "$cache" "$shm" "$DLFM_LIBDIR"
is "$(ls -A "$shm/dlfm-0" | wc -l)" 3 "the late one uses the image that is there"
dlfm clean -q -d "$shm"

# Many at once: one image
for i in 1 2 3 4 5 6; do
	dlfm stage -d "$shm" --lease=3.$i "$cache" >"$scratch/out.$i" 2>&1 &
done
wait
is "$(cat "$scratch"/out.* | sort -u | wc -l)" 1 "six at once stage one image"
is "$(ls -A "$shm/dlfm-0" | wc -l)" 3 "... and leave no temporary"
is "$(ls "$shm/dlfm-0/leases" | wc -l)" 6 "... six leases"
dlfm clean -q -d "$shm" --job=3
is "$(left "$shm")" "" "... and nothing in the end"

done_testing
