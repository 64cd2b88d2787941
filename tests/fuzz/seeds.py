#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Makes the first inputs of the fuzzing harnesses.

seeds.py OUT                         those that are texts, journals and frames, into OUT/<harness>/
seeds.py --fixed OUT DIR CACHE...    inputs made of the caches, into OUT/cache, OUT/stage and OUT/header; times and inodes,
                                     and the names in the path of the scratch directory DIR, replaced by fixed ones
seeds.py --real OUT FILE...          inputs made of caches and journals as they are
seeds.py --hex OUT DIR               inputs that found something once: DIR/<harness>-<name>.hex, with '#' for comments
"""
import os
import struct
import subprocess
import sys

OPTIONS = """off
record
record:/a/b.dat,require,scope=all
replay:/a/b.dat
replay:c.dat,report=/tmp/r,learn,layers=dl+fm,stale=refresh,transport=pmix,scope=shared
./a:b.dat,layers=fm,stale=drop,transport=mpi,report
/sw/x.dat,stale=fail,layers=dl,transport=tcp""".splitlines()
TICKETS = ["t7.0 go 7.0 replay:/a/b.dat,require", "t123.4294967291 quiet - record:/x"]
ARGUMENTS = ["prefix=/usr/local\nstage_dirs=/dev/shm:/tmp\nmax_size=4G\ntimeout=60\ndefault=off",
             "default=replay:/a.dat,learn\nmax_size=12K"]
POLICY = """{"scope": "all", "include": ["/a/*"], "exclude": [], "code_suffixes": [".so"],
 "shared_file_systems": ["nfs"], "local_file_systems": ["ext4"], "max_code_size": 5, "max_data_size": 0}"""


def put(out, harness, name, data):
    os.makedirs(os.path.join(out, harness), exist_ok=True)
    with open(os.path.join(out, harness, name), "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())


def record(at, kind, a, b=b"", ops=1, err=0):
    size = (32 + len(a) + len(b) + 2 + 7) // 8 * 8
    head = struct.pack("<IIHHiIIII", 0x4D464C44 ^ at, size, kind, ops, err, 1, 77, len(a), len(b))
    return (head + a + b"\0" + b + b"\0").ljust(size, b"\0")


def journal():
    strings = b"/sw/bin/python\0/sw/lib\0\1\0node1\0/home/u\0"
    body = b""
    first = (192 + len(strings) + 7) // 8 * 8
    for kind, a, b in ((1, b"/sw/lib/a.py", b""), (3, b"/sw/bin/python", b"liba.so"),
                       (4, b"/sw/lib/liba.so", b"/sw/bin/python"), (5, b"/sw/lib/liba.so", b""),
                       (2, b"/home/u/out", b"")):
        body += record(first + len(body), kind, a, b)
    tail = first + len(body)
    head = b"DLFMJNL\0" + struct.pack("<6I4QQ", 2, 1, 0, 4711, 1, len(strings), 10**18, 3, 9, tail, 8192)
    head = head[:72].ljust(72 + 16 * 8 - 8, b"\0")[:192]
    return (head.ljust(192, b"\0") + strings).ljust(first, b"\0") + body


def frames():
    yield b"\0" + struct.pack("<IIQ", 100, 6, 7)
    yield b"\0" + struct.pack("<IIQ", 256, 2, 1 << 40)
    yield b"\1" + struct.pack("<BBHI", 1, 5, 0, 0) + b"node1"
    yield b"\1" + struct.pack("<BBHI", 4, 5, 7, 2) + b"node3" + b"no room"
    yield b"\2" + b"DLFMEP1\0" + bytes(32) + struct.pack("<HBB", 4000, 2, 5) + b"node1" + bytes(10) + \
        b"\xff\xff\x7f\0\0\1" + bytes(15) + b"\1"
    yield b"\3" + b"\0".join(b"n%d" % i for i in (1, 2, 3, 7, 10, 11)) + b"\0n007\0n008\0login\0gpu1a\0"


def elf():
    head = b"\x7fELF\2\1\1".ljust(16, b"\0") + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 4096, 4096, 4096)
    tls = struct.pack("<IIQQQQQQ", 7, 4, 0, 0, 0, 10, 1000, 64)
    return head + load + tls


def texts(out):
    for i, text in enumerate(OPTIONS):
        put(out, "option", f"{i}", text)
    for i, text in enumerate(TICKETS + ARGUMENTS):
        put(out, "slurm", f"{i}", text)
    put(out, "files", "policy", POLICY)
    put(out, "files", "elf", elf())
    put(out, "journal", "made", journal())
    for i, data in enumerate(frames()):
        put(out, "frames", f"{i}", data)


# ---- caches: cache-tools/cache-format.h ----

def areas(raw):
    """(offset, count) of entries, names, contents, frames, tables, resolutions, guards, strings"""
    return [struct.unpack_from("<QQ", raw, 32 + 16 * i) for i in range(8)]


def fix(raw, scratch):
    raw = bytearray(raw)
    for part in scratch.split("/")[1:]:
        raw = raw.replace(b"/" + part.encode(), b"/" + b"x" * len(part))
    (entries, n_entries), (names, n_names) = areas(raw)[:2]
    inodes = {}
    for i in range(n_entries):
        at = entries + 160 * i + 48
        if not any(raw[at:at + 112]):
            continue
        ino = inodes.setdefault(bytes(raw[at + 8:at + 16]), len(inodes) + 1)
        struct.pack_into("<QQ", raw, at, 1, ino)
        for t in range(3):
            struct.pack_into("<QII", raw, at + 64 + 16 * t, 10**9 + i, i, 0)
    for i in range(n_names):
        struct.pack_into("<Q", raw, names + 24 * i + 8, i + 1)
    return bytes(raw)


def cache(out, path, name, change=lambda raw: raw):
    with open(path, "rb") as f:
        data = f.read()
    stored, = struct.unpack_from("<Q", data, 48)
    raw = change(subprocess.run(["zstd", "-qdc"], input=data[256:256 + stored], capture_output=True, check=True).stdout)
    head = struct.pack("<I", len(raw))
    put(out, "cache", name, head + raw)
    # id, time and digest do not matter: the harness makes a digest
    put(out, "header", name, data[:16] + bytes(16) + data[32:120] + bytes(8) + data[128:240] + b"\1" * 16)
    contents = data[256 + stored:]
    if len(contents) < 200000:
        put(out, "stage", name, head + raw + contents)


def main(args):
    if args[0] == "--fixed":
        for path in args[3:]:
            cache(args[1], path, os.path.basename(path), lambda raw: fix(raw, args[2]))
    elif args[0] == "--real":
        for i, path in enumerate(args[2:]):
            with open(path, "rb") as f:
                is_journal = f.read(7) == b"DLFMJNL"
                data = f.read()
            if is_journal:
                put(args[1], "journal", f"real{i}", b"DLFMJNL" + data)
            else:
                cache(args[1], path, f"real{i}")
    elif args[0] == "--hex":
        # git has no empty folders: there is none as long as nothing was found
        for name in sorted(os.listdir(args[2])) if os.path.isdir(args[2]) else []:
            with open(os.path.join(args[2], name)) as f:
                lines = [line.split("#")[0] for line in f]
            harness = name.split("-")[0]
            put(args[1], harness, "found-" + name[:-4], bytes.fromhex("".join(lines)))
    else:
        texts(args[0])


main(sys.argv[1:])
