# SPDX-License-Identifier: BSD-3-Clause
"""gdb by its machine interface (GDB manual, "GDB/MI"): commands with a token each, answers with time limits."""
import os
import re
import select
import subprocess
import time

from tree import Problem


class Gdb:
    """One gdb. Nothing of the user's configuration or of debuginfod is used: the same work on every machine."""

    def __init__(self, command, timeout):
        self.deadline = time.monotonic() + timeout
        environment = {k: v for k, v in os.environ.items() if k != "DEBUGINFOD_URLS"}
        try:
            self.process = subprocess.Popen([command, "--nx", "--quiet", "--interpreter=mi2"], env=environment,
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.DEVNULL)
        except OSError as error:
            raise Problem("%s: %s" % (command, error.strerror)) from None
        self.token = 0
        self.pending = b""
        self.stopped = None

    def lines(self):
        """Lines as they come; a problem when the time is over or gdb ended."""
        while True:
            line, newline, rest = self.pending.partition(b"\n")
            if newline:
                self.pending = rest
                yield line.decode(errors="replace").rstrip("\r")
                continue
            left = self.deadline - time.monotonic()
            output = self.process.stdout
            if left <= 0 or not select.select([output], [], [], left)[0]:
                raise Problem("gdb did not answer in time")
            data = os.read(output.fileno(), 65536)
            if not data:
                raise Problem("gdb ended unexpectedly")
            self.pending += data

    def send(self, command):
        """Returns the text behind the result class; a problem if it is an error."""
        self.token += 1
        self.process.stdin.write(b"%d%s\n" % (self.token, command.encode()))
        self.process.stdin.flush()
        self.stopped = None
        for line in self.lines():
            if line.startswith("*stopped"):
                self.stopped = line
            match = re.match(r"%d\^(\w+)(.*)" % self.token, line)
            if match and match[1] == "error":
                raise Problem("gdb: %s: %s" % (command, match[2]))
            if match:
                return match[2]

    def wait_stopped(self):
        """The record of the next stop, or of one that came before the last command's answer."""
        if self.stopped:
            return self.stopped
        for line in self.lines():
            if line.startswith("*stopped"):
                return line

    def close(self):
        """Ends gdb, which detaches."""
        try:
            self.process.stdin.write(b"-gdb-exit\n")
            self.process.stdin.close()
            self.process.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
