#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Stands in the way of the staging helper's connections.

wire-tool.py proxy WIRE RANK AT TIMES   changes the endpoint of RANK in directory WIRE so that its children come by
                                        way of this process, which flips a bit AT bytes after the beginning of what the
                                        first TIMES connections carry down
wire-tool.py stranger WIRE RANK         connects to RANK without its secret, in several ways; prints how each ended
wire-tool.py crowd WIRE RANK N          opens N connections to RANK and says nothing, until it is killed
"""
import os
import select
import socket
import struct
import sys
import time

LOCAL = bytes(10) + b"\xff\xff" + socket.inet_aton("127.0.0.1")


def endpoint_path(wire, rank):
    return os.path.join(wire, f"{rank}.dlfm.endpoint")


def read_endpoint(wire, rank):
    """(secret, port, name)"""
    end = time.monotonic() + 20
    while not os.path.exists(endpoint_path(wire, rank)):
        if time.monotonic() > end:
            sys.exit("no endpoint")
        time.sleep(0.01)
    with open(endpoint_path(wire, rank), "rb") as f:
        data = f.read()
    port, _, length = struct.unpack_from("<HBB", data, 40)
    return data[8:40], port, data[44:44 + length]


def write_endpoint(wire, rank, secret, port, name):
    path = endpoint_path(wire, rank)
    with open(path + ".new", "wb") as f:
        f.write(b"DLFMEP1\0" + secret + struct.pack("<HBB", port, 1, len(name)) + name + LOCAL)
    os.rename(path + ".new", path)


class Flip:
    """Flips one bit of a stream at a position."""

    def __init__(self, at):
        self.left = at

    def __call__(self, data):
        if 0 <= self.left < len(data):
            data = bytearray(data)
            data[self.left] ^= 4
        self.left -= len(data)
        return bytes(data)


def proxy(wire, rank, at, times):
    secret, port, name = read_endpoint(wire, rank)
    server = socket.create_server(("127.0.0.1", 0))
    write_endpoint(wire, rank, secret, server.getsockname()[1], name)
    print("ready", flush=True)
    other, change = {}, {}
    while True:
        for s in select.select([server, *other], [], [])[0]:
            if s is server:
                child, _ = server.accept()
                up = socket.create_connection(("127.0.0.1", port))
                other[child], other[up] = up, child
                change[child] = lambda data: data
                change[up] = Flip(at) if times > 0 else change[child]
                times -= 1
                continue
            if s not in other:
                continue
            try:
                data = s.recv(65536)
                other[s].sendall(change[s](data))
            except OSError:
                data = b""
            if not data:
                peer = other.pop(s)
                del other[peer]
                s.close()
                peer.close()


def ending(s):
    """What the peer does with a connection: bytes that came, and whether it closed it."""
    s.settimeout(5)
    got = 0
    try:
        while True:
            data = s.recv(4096)
            if not data:
                return f"{got} bytes, closed"
            got += len(data)
    except TimeoutError:
        return f"{got} bytes, left open"
    except OSError:
        return f"{got} bytes, closed"


def stranger(wire, rank):
    _, port, _ = read_endpoint(wire, rank)
    hello = b"DLFMTRE1" + struct.pack("<II", rank, 1) + bytes(32)
    ways = {
        "noise": b"GET / HTTP/1.0\r\n\r\n" + bytes(100),
        "a guess": hello + bytes(32),
        "another version": b"DLFMTRE0" + hello[8:],
        "another parent": b"DLFMTRE1" + struct.pack("<II", rank + 1, 1) + bytes(32),
        "frames at once": hello + bytes(32) + struct.pack("<IIQ", 0, 3, 0) + bytes(16),
    }
    for way, data in ways.items():
        with socket.create_connection(("127.0.0.1", port)) as s:
            s.sendall(data)
            print(f"{way}: {ending(s)}", flush=True)


def crowd(wire, rank, n):
    _, port, _ = read_endpoint(wire, rank)
    keep = [socket.create_connection(("127.0.0.1", port)) for _ in range(n)]
    print("ready", len(keep), flush=True)
    time.sleep(60)


verb, wire_dir, peer = sys.argv[1], sys.argv[2], int(sys.argv[3])
numbers = [int(a) for a in sys.argv[4:]]
{"proxy": proxy, "stranger": stranger, "crowd": crowd}[verb](wire_dir, peer, *numbers)
