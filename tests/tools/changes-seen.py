#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
changes-seen: processes that ask about recorded files while another one changes them never see an older state than they must.

Usage: changes-seen.py DIRECTORY FILES READERS            (run it with and without libdlfm.so)
       changes-seen.py --make DIRECTORY FILES             makes the files

File i goes through the states 0 to 4: `v` bytes long in state v, absent in state 2. The writer tells in shared memory which
state of which file it has reached; a reader looks there, asks in some way, looks again: what it saw must be a state from the
one reached before to the one after the one reached afterwards. Prints how many answers were right, and each wrong one.
"""
import multiprocessing
import os
import random
import sys

STATES = 5
ABSENT = 2
BASE = 100  # bytes of state 0


def path_of(top, i):
    return f"{top}/d{i % 7}/f{i}"


def write(path, state):
    with open(path, "w") as f:
        f.write("x" * (BASE + state))


def make(top, files):
    for i in range(files):
        os.makedirs(os.path.dirname(path_of(top, i)), exist_ok=True)
        write(path_of(top, i), 0)


def change(path, state, i):
    """By ways that show one state or the other, nothing between."""
    if state == ABSENT:
        os.unlink(path)
    elif state == 1 and i % 2:
        with open(path, "a") as f:
            f.write("x")
    else:
        write(path + ".new", state)
        os.rename(path + ".new", path)


def by_open(path):
    with open(path, "rb") as f:
        return len(f.read())


def by_fstat(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.fstat(fd).st_size
    finally:
        os.close(fd)


def by_listing(path):
    return None if os.path.basename(path) in os.listdir(os.path.dirname(path)) else -1


def by_access(path):
    return None if os.access(path, os.R_OK) else -1


WAYS = (by_open, by_fstat, lambda p: os.stat(p).st_size, lambda p: os.lstat(p).st_size, by_listing, by_access,
        lambda p: os.path.getsize(os.path.realpath(p)))


def states_seen(way, path):
    """The states that the answer may be of."""
    try:
        size = way(path)
    except FileNotFoundError:
        return {ABSENT}
    if size is None:
        return set(range(STATES)) - {ABSENT}
    return {ABSENT} if size < 0 else {size - BASE}


def reached(shared):
    return divmod(shared.value, STATES)


def reader(shared, top, files, seed, results):
    rng, asked, wrong = random.Random(seed), 0, []
    while True:
        i, before = reached(shared)
        if i >= files:
            break
        way = rng.choice(WAYS)
        seen = states_seen(way, path_of(top, i))
        j, after = reached(shared)
        last = after + 1 if i == j else STATES
        asked += 1
        if not seen & set(range(before, last + 1)):
            wrong.append(f"file {i}, way {WAYS.index(way)}: states {sorted(seen)}, from {before} to {last} would be right")
    results.put((asked, wrong))


def main():
    if sys.argv[1] == "--make":
        return make(sys.argv[2], int(sys.argv[3]))
    top, files, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    shared, results = multiprocessing.RawValue("q", 0), multiprocessing.SimpleQueue()
    readers = [multiprocessing.Process(target=reader, args=(shared, top, files, s, results)) for s in range(n)]
    for r in readers:
        r.start()
    rng = random.Random(0)
    for i in range(files):
        for state in range(STATES):
            if state:
                change(path_of(top, i), state, i)
            shared.value = i * STATES + state
            for _ in range(rng.randrange(3)):
                os.sched_yield()
    shared.value = files * STATES
    answers = [results.get() for _ in readers]
    for r in readers:
        r.join()
    for line in [line for _, wrong in answers for line in wrong][:20]:
        print(line)
    print("asked %d, wrong %d" % (sum(a for a, _ in answers), sum(len(w) for _, w in answers)))
    return None


if __name__ == "__main__":
    main()
