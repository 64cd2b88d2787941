#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A hostile peer on the network: has no secret, sees every byte, and puts in, leaves out and repeats what it likes.

wire-attack.py between WIRE RANK HOW     the children of RANK come by way of this process, which changes one frame on the
                                         way of each of the first connections, if HOW is
                                           swap-down, swap-up       two frames in the other order
                                           repeat-down, repeat-up   a frame twice
                                           drop-down, drop-up       a frame less
                                           other-way-up             a frame of the parent's is sent back to it
                                           record                   nothing; what the child sent goes to WIRE/recorded
wire-attack.py replay WIRE RANK          sends RANK what was recorded, byte by byte as it was; prints how it ended
wire-attack.py reflect WIRE RANK         answers RANK's proofs with its own words; prints how each way ended
wire-attack.py drip WIRE RANK N          N connections that send a byte of a good greeting now and then; prints how many are
                                         closed within the time that is given to greet, as "closed K of N"
wire-attack.py flood WIRE RANK           connects, says nonsense and leaves, as fast as it can, until it is killed
"""
import os
import select
import socket
import struct
import sys
import time

HELLO, CHALLENGE, PROOF, TAG = 48, 64, 32, 16


def port_of(wire, rank, timeout=20):
    path = os.path.join(wire, f"{rank}.dlfm.endpoint")
    end = time.monotonic() + timeout
    while not os.path.exists(path):
        if time.monotonic() > end:
            sys.exit("no endpoint")
        time.sleep(0.01)
    with open(path, "rb") as f:
        return struct.unpack_from("<H", f.read(), 40)[0]


def take_place(wire, rank, port):
    """The endpoint of RANK names this process; the secret in it stays as it is, and is not looked at."""
    path = os.path.join(wire, f"{rank}.dlfm.endpoint")
    with open(path, "rb") as f:
        data = bytearray(f.read())
    name = data[43]
    local = bytes(10) + b"\xff\xff" + socket.inet_aton("127.0.0.1")
    data[42] = 1
    data[40:42] = struct.pack("<H", port)
    with open(path + ".new", "wb") as f:
        f.write(data[:44 + name] + local)
    os.rename(path + ".new", path)


class Stream:
    """One direction: greetings first, then frames. `out` gets whole ones."""

    def __init__(self, greetings):
        self.greetings, self.data = list(greetings), b""

    def feed(self, data):
        self.data += data
        out = []
        while self.data:
            if self.greetings:
                size = self.greetings[0]
            elif len(self.data) >= 16:
                size = 16 + struct.unpack_from("<I", self.data)[0] + TAG
            else:
                break
            if len(self.data) < size:
                break
            if self.greetings:
                self.greetings.pop(0)
                out.append((False, self.data[:size]))
            else:
                out.append((True, self.data[:size]))
            self.data = self.data[size:]
        return out


class Change:
    """Does one thing to the frames of a stream."""

    def __init__(self, how):
        self.how, self.seen, self.held = how, 0, None

    def __call__(self, frame):
        self.seen += 1
        if self.seen == 2:
            if self.how == "swap":
                self.held = frame
                return b""
            if self.how == "repeat":
                return frame + frame
            if self.how == "drop":
                return b""
        if self.held:
            frame, self.held = frame + self.held, None
        return frame


def between(wire, rank, how):
    port = port_of(wire, rank)
    server = socket.create_server(("127.0.0.1", 0))
    take_place(wire, rank, server.getsockname()[1])
    print("ready", flush=True)
    ends, times = {}, 1
    what, _, way = how.rpartition("-")
    recorded = open(os.path.join(wire, "recorded"), "wb") if how == "record" else None
    while True:
        for s in select.select([server, *ends], [], [])[0]:
            if s is server:
                child, _ = server.accept()
                parent = socket.create_connection(("127.0.0.1", port))
                active = times > 0
                times -= 1
                ends[child] = [parent, Stream([HELLO, PROOF]), Change(what if active and way == "up" else "")]
                ends[parent] = [child, Stream([CHALLENGE]), Change(what if active and way == "down" else "")]
                continue
            if s not in ends:
                continue
            to, stream, change = ends[s]
            try:
                data = s.recv(65536)
                from_parent = s.getpeername()[1] == port
                if recorded and data and not from_parent:
                    recorded.write(data)
                    recorded.flush()
                for is_frame, piece in stream.feed(data):
                    if is_frame and what == "other-way" and from_parent and ends[to][2].how:
                        s.sendall(piece)  # back to where it came from
                        ends[to][2].how = ""
                    to.sendall(change(piece) if is_frame else piece)
            except OSError:
                data = b""
            if not data:
                ends.pop(s)
                ends.pop(to, None)
                s.close()
                to.close()


def ending(s, limit=10):
    s.settimeout(limit)
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


def replay(wire, rank):
    with open(os.path.join(wire, "recorded"), "rb") as f:
        data = f.read()
    with socket.create_connection(("127.0.0.1", port_of(wire, rank))) as s:
        s.sendall(data)
        print(f"recorded {len(data) > HELLO + PROOF}: {ending(s)}", flush=True)


def read_exactly(s, n):
    data = b""
    while len(data) < n:
        more = s.recv(n - len(data))
        if not more:
            break
        data += more
    return data


def reflect(wire, rank):
    port = port_of(wire, rank)
    hello = b"DLFMTRE1" + struct.pack("<II", rank, 1)
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(hello + bytes(32))
        challenge = read_exactly(s, CHALLENGE)
        s.sendall(challenge[32:])
        print(f"the parent's own proof: {ending(s)}", flush=True)
    # A second connection is asked to prove what the first one asks for.
    with socket.create_connection(("127.0.0.1", port)) as a, socket.create_connection(("127.0.0.1", port)) as b:
        a.sendall(hello + bytes(32))
        challenge = read_exactly(a, CHALLENGE)
        b.sendall(hello + challenge[:32])
        other = read_exactly(b, CHALLENGE)
        a.sendall(other[32:])
        print(f"the proof of another connection: {ending(a)}", flush=True)
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.sendall(b"DLFMTRE1" + struct.pack("<II", rank, rank) + bytes(32))
        challenge = read_exactly(s, CHALLENGE)
        s.sendall(challenge[32:])
        print(f"the parent's own rank: {ending(s)}", flush=True)


def drip(wire, rank, n):
    port = port_of(wire, rank)
    hello = b"DLFMTRE1" + struct.pack("<II", rank, 1) + bytes(32)
    many = [socket.create_connection(("127.0.0.1", port)) for _ in range(n)]
    print("ready", flush=True)
    closed, at, end = set(), 0, time.monotonic() + 40
    while len(closed) < n and time.monotonic() < end and at < len(hello) - 1:
        for s in many:
            if s in closed:
                continue
            try:
                s.send(hello[at:at + 1])
                s.settimeout(0.0001)
                if s.recv(1) == b"":
                    closed.add(s)
            except TimeoutError:
                pass
            except OSError:
                closed.add(s)
        at += 1
        time.sleep(0.3)
    print(f"closed {len(closed)} of {n}", flush=True)


def flood(wire, rank):
    port, n = port_of(wire, rank), 0
    print("ready", flush=True)
    noise = [b"", b"\0" * 48, b"DLFMTRE1" + struct.pack("<II", rank, 1) + bytes(32), os.urandom(3000)]
    while True:
        try:
            s = socket.create_connection(("127.0.0.1", port), timeout=1)
            s.send(noise[n % len(noise)])
            s.close()
        except OSError:
            time.sleep(0.01)
        n += 1


verb, wire_dir, peer = sys.argv[1], sys.argv[2], int(sys.argv[3])
rest = sys.argv[4:]
if verb == "between":
    between(wire_dir, peer, rest[0])
elif verb == "drip":
    drip(wire_dir, peer, int(rest[0]))
else:
    {"replay": replay, "reflect": reflect, "flood": flood}[verb](wire_dir, peer)
