#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
differential: the same random file system calls with and without libdlfm.so, and every difference in what they told.

Usage: differential.py WORKDIR WORKER MKIMAGE LIBDLFM IMAGE [--seed N] [--rounds N] [--calls N] [--workers N] [--at-once]

In each round a small tree is made, some worker processes (fm-worker) are told, one after the other, what to call,
and their answers are written down. Then the tree is made again and recorded in an image, and the same calls are made
by workers with the image. The image holds a part of the tree, under more than one spelling, and names
that do not exist. Exit status 1 if any answer differs; what led to it is printed.

With --at-once the workers do not wait for each other: each changes a tree of its own and asks about that and about one
that nobody changes, all in the same image.
"""
import argparse
import os
import random
import shutil
import subprocess
import sys
import threading

O = {n: getattr(os, n) for n in dir(os) if n.startswith("O_")}
OLD_TIME = 946684800  # fixed times are told by fm-worker, those of now are not


# Prefixes that lead to the same place as long as no link was changed.
SAME = (("rec/a/sub", "rec/link/sub", "rec/b/via", "alias/a/sub", "alias/link/sub", "alias/b/via", "out/in/sub", "out/chain/sub"),
        ("rec/a", "rec/link", "alias/a", "alias/link", "out/in", "out/chain", "rec/b/../a", "rec/./a"),
        ("rec/b", "rec/abs", "alias/b", "alias/abs", "rec/a/../b"),
        ("rec", "alias", "out/../rec", "rec/empty/.."))
FILES = ("rec/a/f1", "rec/a/f2", "rec/a/sub/x", "rec/a/sub/deep/y", "rec/b/f1", "rec/b/g", "rec/top", "out/o1", "out/d/o2",
         "rec/a/lx", "rec/b/via", "rec/link", "rec/abs", "alias", "out/in", "rec/outward", "rec/dangling", "rec/loop",
         "out/chain", "out/final", "out/future")
DIRECTORIES = ("rec", "rec/a", "rec/a/sub", "rec/a/sub/deep", "rec/b", "rec/empty", "out", "out/d")
# Forms of stat(2) beside those that fm-worker calls by themselves.
STATS = ("stat64", "lstat64", "fstatat64", "__xstat64", "__lxstat", "__lxstat64", "__fxstatat", "__fxstatat64")
ABSENT = tuple(f"{d}/{n}" for d in DIRECTORIES for n in ("new", "none", "other", "n1", "none/deep", "new/f1"))


def spelling(rng, path):
    """Another name of the same file, perhaps."""
    for prefixes in SAME:
        for prefix in prefixes:
            if (path + "/").startswith(prefix + "/"):
                return rng.choice(prefixes) + path[len(prefix):]
    return path


class Tree:
    """
    The tree of one round, below `top`: `rec` is recorded, `out` is not, `alias` leads to `rec`. It lies some levels
    deep, since calls by relative paths may leave it.
    """

    def __init__(self, workdir, seed, name="jail"):
        self.jail, self.seed = f"{workdir}/{name}", seed
        self.top = f"{self.jail}/1/2/3/tree"

    def make(self):
        rng = random.Random(self.seed)
        shutil.rmtree(self.jail, ignore_errors=True)
        for d in ("rec/a/sub/deep", "rec/b", "rec/empty", "out/d"):
            os.makedirs(f"{self.top}/{d}")
        for n, name in enumerate(("rec/a/f1", "rec/a/f2", "rec/a/sub/x", "rec/a/sub/deep/y", "rec/b/f1", "rec/b/g",
                                  "rec/top", "out/o1", "out/d/o2")):
            with open(f"{self.top}/{name}", "w") as file:
                file.write(f"{name} {rng.random()}\n" * (n * 40 + 1))
        for target, name in (("a", "rec/link"), (f"{self.top}/rec/b", "rec/abs"), ("nowhere", "rec/dangling"),
                             ("loop", "rec/loop"), ("sub/x", "rec/a/lx"), ("../link/sub", "rec/b/via"),
                             ("rec", "alias"), ("../rec/a", "out/in"), ("../out/o1", "rec/outward"), ("../alias/a", "out/chain"),
                             ("../rec/a/f1", "out/final"), ("../rec/b/new", "out/future")):
            os.symlink(target, f"{self.top}/{name}")
        os.chmod(f"{self.top}/rec/b/g", 0o755)
        os.chmod(f"{self.top}/rec/top", rng.choice((0o444, 0o600, 0o644)))
        for n, (path, _, files) in enumerate(os.walk(self.top, topdown=False)):
            for i, name in enumerate(sorted(files) + ["."]):
                t = (OLD_TIME + 1000 * n + i) * 10**9 + 7 * n + i
                os.utime(f"{path}/{name}", ns=(t, t), follow_symlinks=False)

    def recorded(self, rng):
        """Arguments of mkimage: what the image of this round holds."""
        top = self.top
        prefixes = [f"{top}/rec"] if rng.random() < 0.7 else [f"{top}/rec/a", f"{top}/rec/b"]
        share = rng.choice((0.1, 0.4, 0.8))
        paths = [p for p in FILES + DIRECTORIES + ABSENT if rng.random() < share]
        spellings = {f"{top}/{p}" for p in (spelling(rng, p) for p in paths) if "/." not in p}
        spellings |= {s for s in (f"{top}/alias", f"{top}/rec/dangling/z", f"{top}/none/deeper", f"{top}/rec/a/f1/below",
                                  f"{top}/rec/loop/x", f"{top}/out/d", f"{top}/out/in/none") if rng.random() < 0.5}
        return [a for s in sorted(spellings) for a in ("-p", s)], prefixes


class Calls:
    """
    Random commands for fm-worker. Most are about what is there or was made; after each change some calls ask
    for it, for what is around it and below it, by other spellings of its name.
    """
    names = ("f1", "f2", "g", "sub", "sub/x", "sub/deep", "sub/deep/y", "lx", "via", "new", "none", "other", "top", "x",
             "y", "new/z", "f1/below", "o1", "d", "d/o2", "n1", "n2", "")
    places = ("rec", "rec/a", "rec/b", "rec/a/sub", "rec/link", "rec/abs", "alias", "alias/a", "alias/link",
              "rec/b/via", "out", "out/d", "out/in", "rec/empty", "rec/dangling", "rec/loop", "none", "rec/new")

    def __init__(self, rng, top, shared=None):
        self.rng, self.top, self.shared = rng, top, shared
        self.made = []
        self.waiting = []

    def relative(self):
        rng, r = self.rng, self.rng.random()
        if r < 0.35:
            path = rng.choice(FILES)
        elif r < 0.45:
            path = rng.choice(DIRECTORIES)
        elif r < 0.6 and self.made:
            path = rng.choice(self.made)
        elif r < 0.7:
            path = rng.choice(ABSENT)
        else:
            path = "/".join(p for p in (rng.choice(self.places), rng.choice(self.names)) if p)
        if rng.random() < 0.4:
            path = spelling(rng, path)
        r = rng.random()
        if r < 0.05:
            path += rng.choice(("/", "/.", "/..", "//"))
        elif r < 0.1:
            path = path.replace("/", rng.choice(("//", "/./", "/../" + path.split("/")[0] + "/")), 1)
        return path

    def full(self, path):
        """As an absolute path, or relative to where a worker may be."""
        r = self.rng.random()
        if r < 0.85:
            return f"{self.top}/{path}"
        return self.rng.choice(("../", "./", "", "../../")) + path

    def path(self):
        if self.rng.random() < 0.05:
            return self.rng.choice(self.names[:-1])
        return self.full(self.relative())

    def reading(self, p):
        rng = self.rng
        n = str(rng.randrange(4))
        return rng.choice((
            ("stat", p), ("lstat", p), ("lstat", p), ("xstat", p), ("statx", p, str(rng.randrange(2))),
            ("form", rng.choice(STATS), p), ("form", rng.choice(STATS), p), ("getxattr", p),
            ("fstatat", n, p, str(rng.randrange(2))), ("access", p, str(rng.choice((0, 1, 2, 4, 5)))),
            ("faccessat", n, p, str(rng.choice((0, 4)))), ("readlink", p, str(rng.choice((3, 4000)))),
            ("realpath", p), ("list", p), ("list", p), ("fopen", p, "r"), ("getcwd",), ("procfd", p),
            ("open", p, str(rng.choice((0, 0, 0, O["O_NOFOLLOW"], O["O_DIRECTORY"], O["O_PATH"], O["O_CLOEXEC"])))),
            ("openat", n, p, str(rng.choice((0, O["O_NOFOLLOW"])))),
        ))

    def writing(self, p, q):
        rng = self.rng
        n = str(rng.randrange(4))
        create = O["O_CREAT"]
        if rng.random() < 0.15:  # whole trees and links move
            victims = DIRECTORIES if rng.random() < 0.5 else tuple(f for f in FILES if "." not in f)
            p = self.full(spelling(rng, rng.choice(victims)))
            return rng.choice((("rename", p, q), ("unlink", p), ("lutime", p, "42"), ("mkdir", p), ("chmod", p, "000")))
        return rng.choice((
            ("write", p, str(rng.choice((0, create, create | O["O_EXCL"], create | O["O_TRUNC"], O["O_APPEND"]))),
             f"w{rng.randrange(99)}"),
            ("write", p, str(create | O["O_TRUNC"]), "w"),
            ("writeat", n, p), ("unlink", p), ("unlink", p), ("unlinkat", n, p, str(rng.randrange(2))), ("remove", p),
            ("rmdir", p), ("mkdir", p), ("mkdir", p), ("mkdirat", n, p), ("rename", p, q), ("rename", p, q), ("rename", p, q),
            ("renameat", n, p, q), ("symlink", rng.choice(("f1", "../a", "a/sub", q)), p), ("link", p, q),
            ("truncate", p, str(rng.randrange(200))), ("chmod", p, rng.choice(("644", "755", "600", "500", "000"))),
            ("fchmod", p, rng.choice(("644", "640"))), ("lutime", p, str(rng.randrange(9999))), ("utime", p, str(rng.randrange(9999))),
            ("futimens", p, str(rng.randrange(9999))), ("fopen", p, rng.choice(("w", "a", "r+"))), ("mkstemp", p),
            ("mkdtemp", p), ("again", rng.choice("wtcu"), p), ("again", "w", p), ("freopen", p), ("setxattr", p),
        ))

    def moving(self):
        rng, p = self.rng, self.path()
        n = str(rng.randrange(4))
        return rng.choice((("chdir", p), ("dir", n, p), ("fchdir", n), ("fork",), ("chdir", self.top),
                           ("shell", f"{self.top}/{self.relative()}", rng.choice(self.names[:5]))))

    def around(self, path):
        """Reading calls about a path that was just changed: itself, its directory, what may be below it."""
        rng = self.rng
        for _ in range(rng.randrange(2, 6)):
            place = path.rstrip("/")
            r = rng.random()
            if r < 0.25 and "/" in place:
                place = place.rsplit("/", 1)[0]
            elif r < 0.4:
                below = [f for f in FILES + DIRECTORIES if f.startswith(place + "/")]
                place = rng.choice(below) if below else f"{place}/{rng.choice(self.names[:-1])}"
            elif r < 0.5:
                place = rng.choice(FILES)
            if rng.random() < 0.6:
                place = spelling(rng, place)
            self.waiting.append(self.reading(self.full(place)))

    def next(self, calm):
        if self.waiting:
            return self.waiting.pop()
        r = self.rng.random()
        if r < calm:
            if self.shared and self.rng.random() < 0.3:
                return self.reading(f"{self.shared}/{self.relative()}")
            return self.reading(self.path())
        if r >= 1 - (1 - calm) * 0.15:
            return self.moving()
        p, q = self.relative(), self.relative()
        self.made = (self.made + [p, q])[-12:]
        command = self.writing(self.full(p), self.full(q))
        self.around(p)
        self.around(q)
        self.rng.shuffle(self.waiting)
        return command


class Workers:
    def __init__(self, program, env, directories):
        self.all = [subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, cwd=cwd,
                                     text=True) for cwd in directories]

    def tell(self, i, command):
        w = self.all[i]
        w.stdin.write("\t".join(command) + "\n")
        w.stdin.flush()
        answer = w.stdout.readline()
        if not answer:
            raise RuntimeError(f"worker {i} ended ({w.wait()}) at {command}")
        return answer.rstrip("\n")

    def tell_all(self, i, commands):
        """Does not wait for one answer before the next call."""
        text, _ = self.all[i].communicate("".join("\t".join(c) + "\n" for c in commands))
        return text.splitlines()

    def end(self):
        for w in self.all:
            if not w.stdin.closed:
                w.stdin.close()
                w.stdout.read()
            w.wait()


class Turns:
    """A round in which one worker after the other calls, all on one tree."""

    def __init__(self, args, rng, seed):
        tree = Tree(args.workdir, seed)
        calls = Calls(rng, tree.top)
        calm = rng.choice((0.3, 0.6, 0.85))
        self.script = [(rng.randrange(args.workers), calls.next(calm)) for _ in range(args.calls)]
        self.trees, self.directories = [tree], [tree.top] * args.workers
        self.recorded = tree.recorded(rng)

    def play(self, workers):
        return [workers.tell(i, command) for i, command in self.script]


class AtOnce:
    """A round in which all call at once, each on a tree of its own and on one that nobody changes."""

    def __init__(self, args, rng, seed):
        names = ["shared"] + [f"jail{i}" for i in range(args.workers)]
        self.trees = [Tree(args.workdir, seed + n, name) for n, name in enumerate(names)]
        self.directories = [t.top for t in self.trees[1:]]
        self.scripts, options, prefixes = [], [], []
        for i, top in enumerate(self.directories):
            calls, calm = Calls(rng, top, self.trees[0].top), rng.choice((0.3, 0.6, 0.85))
            self.scripts.append([(i, calls.next(calm)) for _ in range(args.calls)])
        self.script = [s for script in self.scripts for s in script]
        for more_options, more_prefixes in (t.recorded(rng) for t in self.trees):
            options += more_options
            prefixes += more_prefixes
        self.recorded = options, prefixes

    def play(self, workers):
        answers = [[] for _ in self.scripts]

        def one(i):
            answers[i] = workers.tell_all(i, [command for _, command in self.scripts[i]])

        threads = [threading.Thread(target=one, args=(i,)) for i in range(len(self.scripts))]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        if [len(a) for a in answers] != [len(s) for s in self.scripts]:
            raise RuntimeError("a worker ended before its script did")
        return [a for some in answers for a in some]


def play(args, what, env):
    workers = Workers(args.worker, env, what.directories)
    try:
        return what.play(workers)
    finally:
        workers.end()
        for tree in what.trees:
            subprocess.run(["chmod", "-R", "u+rwx", tree.jail], check=False, stderr=subprocess.DEVNULL)


def round_of(args, seed):
    what = (AtOnce if args.at_once else Turns)(args, random.Random(seed), seed)
    script, (options, prefixes) = what.script, what.recorded
    plain_env = {k: v for k, v in os.environ.items() if not k.startswith("DLFM_") and k != "LD_PRELOAD"}
    for tree in what.trees:
        tree.make()
    plain = play(args, what, plain_env)

    for tree in what.trees:
        tree.make()
    shutil.rmtree(args.image, ignore_errors=True)
    subprocess.run([args.mkimage, *options, args.image, *prefixes], check=True)
    ours = play(args, what, {**plain_env, "LD_PRELOAD": args.libdlfm, "DLFM_IMAGE": args.image})

    for n, (a, b) in enumerate(zip(plain, ours)):
        if a != b:
            print(f"# seed {seed}, call {n}: differs; image: {options} {prefixes}")
            for i in range(max(0, n - args.context), n + 1):
                print(f"#   {i}: worker {script[i][0]} {script[i][1]}: {plain[i]}")
            print(f"#   with DLFM: {b}")
            return False
    return True


def main():
    p = argparse.ArgumentParser()
    for name in ("workdir", "worker", "mkimage", "libdlfm", "image"):
        p.add_argument(name)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--rounds", type=int, default=20)
    p.add_argument("--calls", type=int, default=200)
    p.add_argument("--workers", type=int, default=3)
    p.add_argument("--context", type=int, default=12)
    p.add_argument("--keep-going", action="store_true")
    p.add_argument("--at-once", action="store_true")
    args = p.parse_args()
    bad = 0
    for seed in range(args.seed, args.seed + args.rounds):
        if not round_of(args, seed):
            bad += 1
            if not args.keep_going:
                break
    print(f"{args.rounds} rounds of {args.calls} calls by {args.workers} workers: {bad} with differences")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
