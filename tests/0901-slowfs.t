#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0901-slowfs: the bench's file system is a faithful file system, counts what reaches it and takes its time
# time-limit: 90
. "$(dirname "$0")/lib.sh"
need_part slowfs
need_fuse
need dlfm-slowfs fusermount3

src=$scratch/src mnt=$scratch/mnt other=$scratch/other state=$scratch/state
mkdir "$src" "$mnt" "$other"

# mount_slowfs DIR OPTION...
mount_slowfs() {
	local dir=$1
	shift
	unmount_on_exit "$dir"
	timeout 20 dlfm-slowfs --state "$state" "$@" "$src" "$dir" && wait_until 5 mountpoint -q "$dir"
}

count() {
	dlfm-slowfs --counts "$state" --json |
		"$PYTHON" -c 'import json, sys; d = json.load(sys.stdin); print(d.get(sys.argv[1], d["kinds"].get(sys.argv[1])))' "$1"
}

# --- usage
run dlfm-slowfs --help
is "$rc" 0 "--help"
run dlfm-slowfs --latency=x a b
is "$rc" 2 "a value that is none is refused"
like "$err" "latency" "... by its option's name"
echo nonsense >"$scratch/nonsense"
run dlfm-slowfs --counts "$scratch/nonsense"
is "$rc" 1 "a file that is no state file is refused"

# --- a faithful file system
ok "mounts" mount_slowfs "$mnt" --log "$scratch/log"
cat >"$scratch/faithful.py" <<'EOF'
import mmap, os, stat, subprocess, sys, threading
src, mnt = sys.argv[1:]
os.chdir(mnt)
with open("file", "w") as f:
    f.write("one\n")
with open("file", "a") as f:
    f.write("two\n")
assert open(src + "/file").read() == "one\ntwo\n"
assert os.stat("file").st_ino == os.stat(src + "/file").st_ino
os.symlink("file", "link")
assert os.readlink("link") == "file" and open("link").read() == "one\ntwo\n"
os.link("file", "hard")
assert os.stat("hard").st_nlink == 2
os.mkdir("dir")
os.rename("file", "dir/moved")
assert sorted(os.listdir(".")) == ["dir", "hard", "link"], os.listdir(".")
assert {e.name: e.inode() for e in os.scandir("dir")} == {"moved": os.stat("hard").st_ino}
with open("big", "wb") as f:
    f.seek(5 << 30)
    f.write(b"end")
assert os.stat("big").st_size == (5 << 30) + 3
with open("big", "rb") as f:
    f.seek(5 << 30)
    assert f.read() == b"end"
os.truncate("big", 8192)
with open("big", "r+b") as f:
    m = mmap.mmap(f.fileno(), 0)
    m[4096:4100] = b"mmap"
    m.flush()
    m.close()
assert open(src + "/big", "rb").read()[4096:4100] == b"mmap"
f = open("gone", "w+")
os.unlink("gone")
f.write("still")
f.flush()
f.seek(0)
assert f.read() == "still"
f.close()
os.chmod("hard", 0o640)
os.utime("hard", ns=(1, 1500000000123456789))
st = os.stat("hard")
assert stat.S_IMODE(st.st_mode) == 0o640 and st.st_mtime_ns == 1500000000123456789
os.mkdir("many")
for i in range(3000):
    open("many/%d" % i, "w").close()
assert len(os.listdir("many")) == 3000
def walk():
    assert len(list(os.scandir("many"))) == 3000
threads = [threading.Thread(target=walk) for i in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
subprocess.run(["cp", "/bin/sh", "shell"], check=True)
assert subprocess.run(["./shell", "-c", "exit 7"]).returncode == 7
subprocess.run(["rm", "-rf", "many"], check=True)
assert not os.path.exists(src + "/many")
os.replace("shell", "big")
assert os.path.getsize("big") == os.path.getsize("/bin/sh")
assert os.statvfs(".").f_bsize
try:
    os.rmdir("dir")
    raise SystemExit("rmdir of a full directory")
except OSError as e:
    assert e.errno == 39, e
EOF
ok "files, names, links, mmap, exec, 64-bit offsets, threads" "$PYTHON" "$scratch/faithful.py" "$src" "$mnt"

if command -v git >/dev/null; then
	git_case() {
		cd "$mnt" && git init -q repo && cd repo && cp -r "$top_srcdir/m4" . && git add . &&
			git -c user.name=t -c user.email=t@t commit -qm one && git clone -q . ../copy &&
			git -C ../copy fsck --strict && diff -r m4 ../copy/m4
	}
	ok "git: init, commit, clone, fsck" git_case
	cd "$scratch" || exit
fi
if [ "$(id -u)" = 0 ]; then
	chmod 755 "$src"
	mkdir -m 777 "$src/public"
	install -m 600 /dev/null "$src/secret"
	nobody() {
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	}
	not_ok "another user: permissions hold" nobody cat "$mnt/secret"
	ok "another user makes a file" nobody sh -c "echo x >'$mnt/public/mine'; mkdir '$mnt/public/dir'"
	is "$(stat -c %u "$src/public/mine" "$src/public/dir" | xargs)" "65534 65534" "... and owns it"
fi
like "$(cut -f 1,4 "$scratch/log")" $'create\t/file' "the log names what was asked for"

# --- counting: without a cache in the client each question is a request
ok "reset" dlfm-slowfs --reset "$state"
is "$(count requests)" 0 "... sets all counts to zero"
"$PYTHON" -I -S -c "
import os
for i in range(10):
    os.lstat('$mnt/hard')
    try: os.lstat('$mnt/none')
    except FileNotFoundError: pass
"
is "$(count lookup) $(count absent)" "20 10" "10 lookups of a name, 10 of an absent one"
ok "unmounts" fusermount3 -u "$mnt"

# --- the client's cache
ok "mounts with a client like NFS" mount_slowfs "$mnt" --cache=nfs
"$PYTHON" -I -S -c "
import os
for i in range(10):
    os.lstat('$mnt/hard')
    try: os.lstat('$mnt/none')
    except FileNotFoundError: pass
" && first=$(count lookup)
is "$first $(count absent)" "22 11" "one request each in the first seconds"

# --- pacing: one queue for all mounts of a state file
unmount "$mnt"
mount_slowfs "$mnt" --service=2000 --latency=20000
mount_slowfs "$other" --service=2000 --latency=20000
cat >"$scratch/pace.py" <<'EOF'
import os, sys, threading, time
def ask(d, me):
    for i in range(20):
        try: os.lstat("%s/none%d" % (d, me)) # (the kernel lets one ask for a name at a time)
        except FileNotFoundError: pass
dirs = sys.argv[1:]
t = time.time()
threads = [threading.Thread(target=ask, args=(d, i)) for i, d in enumerate(dirs)]
[x.start() for x in threads]
[x.join() for x in threads]
print("%.3f" % (time.time() - t))
EOF
run "$PYTHON" -I -S "$scratch/pace.py" "$mnt"
ge "$out" 0.85 "20 lookups with a getattr each, of 2 ms + 20 ms, one after the other"
le "$out" 1.5 "... take not much longer"
all=()
for i in 1 2 3 4 5 6 7 8 9 10; do all+=("$mnt" "$other"); done
run "$PYTHON" -I -S "$scratch/pace.py" "${all[@]}"
ge "$out" 1.5 "400 lookups, with a getattr each, on two mounts queue for 2 ms each"
le "$out" 3 "... but their latencies overlap"

done_testing
