#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Caches that lie, with every digest and size right but for the lie.

hostile-cache.py CACHE OUT rename OLD NEW    OLD, in the metadata, becomes NEW (Python escapes; of the same length)
hostile-cache.py CACHE OUT metadata BYTES    the metadata is followed by so many zero bytes
hostile-cache.py CACHE OUT frame BYTES       the only frame of the only content becomes one that decompresses to so many zeros
"""
import struct
import subprocess
import sys

HEADER = "<8sII16sQQQQQQQQQQQQQ"  # up to the flags, cache-format.h
FIELDS = ("magic version header_size id file_size metadata_offset metadata_stored metadata_size contents_offset "
          "contents_stored contents_size n_contents n_entries n_files files_size created flags").split()


def program(argv, data):
    return subprocess.run(argv, input=data, stdout=subprocess.PIPE, check=True).stdout


def xxh128(data):
    return bytes.fromhex(program(["xxh128sum"], data).split()[0].decode())


def zstd(data):
    return program(["zstd", "-q", "-3", "--no-check", "-c", f"--stream-size={len(data)}"], data)


def read(name):
    with open(name, "rb") as f:
        data = f.read()
    head = dict(zip(FIELDS, struct.unpack_from(HEADER, data)))
    end = 256 + head["metadata_stored"]
    return head, program(["zstd", "-dqc"], data[256:end]), data[end:]


def write(name, head, metadata, contents):
    stored = zstd(bytes(metadata))
    head["id"] = xxh128(metadata)
    head["metadata_stored"], head["metadata_size"] = len(stored), len(metadata)
    head["contents_offset"], head["contents_stored"] = 256 + len(stored), len(contents)
    head["file_size"] = 256 + len(stored) + len(contents)
    start = struct.pack(HEADER, *[head[f] for f in FIELDS]).ljust(240, b"\0")
    with open(name, "wb") as f:
        f.write(start + xxh128(start) + stored + contents)


def area(metadata, i):
    """(offset, count) of the i-th area: entries, names, contents, frames, ..."""
    return struct.unpack_from("<QQ", metadata, 32 + 16 * i)


def main(cache, out, verb, *rest):
    head, metadata, contents = read(cache)
    metadata = bytearray(metadata)
    if verb == "rename":
        old, new = (t.encode().decode("unicode_escape").encode("latin-1") for t in rest)
        if len(old) != len(new) or metadata.count(old) != 1:
            sys.exit(f"{old} -> {new}: {metadata.count(old)} times there")
        metadata = metadata.replace(old, new)
    elif verb == "metadata":
        metadata += bytes(int(rest[0]))
    elif verb == "frame":
        contents = zstd(bytes(int(rest[0])))
        offset, _ = area(metadata, 3)
        where, _ = area(metadata, 2)
        struct.pack_into("<I", metadata, offset, len(contents))
        struct.pack_into("<Q", metadata, where + 32, len(contents))
    write(out, head, metadata, contents)


main(*sys.argv[1:])
