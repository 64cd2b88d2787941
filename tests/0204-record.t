#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 0204-record: the journal of the fm layer: absolute paths, operations, errno; writes; processes; SIGKILL
. "$(dirname "$0")/fm-lib.sh"
[ -n "$PYTHON" ] || skip_all "no python3"

mkdir -p "$sw/d"
echo x >"$sw/f"
ln -s f "$sw/l"

# has KIND OPS ERR PATH
has() {
	records "$1" | awk -F'\t' -v ops="$2" -v err="$3" -v p="$4" '$2 == ops && $3 == err && $6 == p { found = 1 } END { exit !found }'
}

cat >"$scratch/ask.py" <<END
import os
os.chdir("$sw")
os.stat("f"); os.lstat("d/../l"); os.access("f", os.R_OK); os.readlink("l"); os.listdir("d"); open("f").close()
fd = os.open("d", os.O_RDONLY)
for call in (lambda: os.stat("none"), lambda: os.stat("x", dir_fd=fd), lambda: open("f/x"), lambda: os.listdir("gone"),
             lambda: os.chdir("nowhere")):
    try: call()
    except OSError: pass
open("d/out", "w").close(); os.rename("d/out", "d/moved"); os.unlink("d/moved"); os.mkdir("d/m")
os.stat("/proc/self/status"); os.stat("/dev/null"); os.stat("//sys")
END
record "$PYTHON" -S -E "$scratch/ask.py"
is "$rc$err" 0 "the program runs"
ok "stat, by a relative path" has PATH 1 0 "$sw/f"
ok "lstat; the path is not normalised" has PATH 2 0 "$sw/d/../l"
ok "open" has PATH 4 0 "$sw/f"
ok "access" has PATH 8 0 "$sw/f"
ok "readlink" has PATH 16 0 "$sw/l"
ok "a listing" has PATH 32 0 "$sw/d"
ok "chdir" has PATH 256 0 "$sw"
ok "an absent name, with ENOENT" has PATH 1 2 "$sw/none"
ok "relative to a descriptor" has PATH 1 2 "$sw/d/x"
ok "ENOTDIR" has PATH 4 20 "$sw/f/x"
ok "an absent directory's listing" has PATH 32 2 "$sw/gone"
ok "an absent directory to change to" has PATH 256 2 "$sw/nowhere"
ok "a file that was made" has WRITE 0 0 "$sw/d/out"
ok "the name it got" has WRITE 0 0 "$sw/d/moved"
ok "a directory that was made" has WRITE 0 0 "$sw/d/m"
is "$(records | grep -c '	/proc\|	/dev/null\|	//sys')" 0 "/proc and /dev are not recorded"
like "$(records HEADER)" "^HEADER	fm	0	[0-9]+	[0-9]+	.*	$(readlink -f "$PYTHON")	" "layer, flags and program"

# Every process has a journal of its own, and what a killed one looked up is complete.
rm -f "$journals"/*
cat >"$scratch/kill.py" <<END
import os, signal
if os.fork() == 0:
    for i in range(2000):
        try: os.stat("$sw/child/%d" % i)
        except OSError: pass
    os.kill(os.getpid(), signal.SIGKILL)
os.wait()
try: os.stat("$sw/parent")
except OSError: pass
os.kill(os.getpid(), signal.SIGKILL)
END
record "$PYTHON" -S -E "$scratch/kill.py"
is "$(records PATH | grep -c "$sw/child/")" 2000 "a killed child's look-ups are all there"
is "$(records PATH | grep -c "$sw/parent")" 1 "its parent's, killed too"
child=$(grep -l "$sw/child/" "$journals"/* | wc -l)
both=$(grep -l "$sw/child/" "$journals"/* | xargs grep -l "$sw/parent" | wc -l)
is "$child $both" "1 0" "each has its own journal"

# Many processes and threads at once.
rm -f "$journals"/*
cat >"$scratch/many.py" <<END
import os, threading
def ask(name):
    for i in range(300):
        try: os.stat("$sw/%s/%d" % (name, i))
        except OSError: pass
for p in range(6):
    if os.fork() == 0:
        threads = [threading.Thread(target=ask, args=("%d-%d" % (p, t),)) for t in range(4)]
        [t.start() for t in threads]; [t.join() for t in threads]
        os._exit(0)
for p in range(6): os.wait()
END
record "$PYTHON" -S -E "$scratch/many.py"
is "$(records PATH | grep -c "$sw/[0-9]-[0-9]/")" 7200 "six processes of four threads: every look-up, once"

# While replaying, only what went to the file system.
rm -f "$journals"/*
rm -rf "$sw/d"
mkdir "$sw/d"
seal -a "$sw/none"
replay_noted "$PYTHON" -S -E "$scratch/ask.py"
is "$rc$err" 0 "replays"
not_ok "what was answered is not in the journal" has PATH 1 0 "$sw/f"
not_ok "... nor what was known to be absent" has PATH 1 2 "$sw/none"
ok "what the job made is" has WRITE 0 0 "$sw/d/out"
like "$(records HEADER)" "^HEADER	fm	1	" "the header says replay"
ge "$(counted hit)" 5 "hits are counted"
ge "$(counted absent)" 4 "absences are counted"
ge "$(counted open)" 1 "opened staged files are counted"
ge "$(counted write)" 4 "writes are counted"
ge "$(counted local)" 1 "/proc and /dev are counted"

# A journal directory that cannot be used is no reason to fail.
rm -f "$journals"/*
for dir in /nonexistent /proc "$scratch/ask.py"; do
	run env DLFM_JOURNAL="$dir" LD_PRELOAD="$libdlfm" cat "$sw/f"
	is "$rc$out$err" 0x "no journal in $dir: the program runs, silently"
done
done_testing
