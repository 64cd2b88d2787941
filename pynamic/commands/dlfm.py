# SPDX-License-Identifier: BSD-3-Clause
"""A variant under DLFM: one recording run of one rank, then replays of its cache."""
import glob
import os
import shlex
import shutil

from tree import Problem


class Dlfm:
    def __init__(self, command, cache, directory, starter):
        self.command = shlex.split(command)
        self.given = cache
        self.directory = directory
        self.starter = starter
        if not shutil.which(self.command[0]):
            raise Problem("%s: not found: variants with dlfm need it (--dlfm=COMMAND)" % self.command[0])

    def record(self, tree, pilot, variant):
        """Records, unless a cache was given; returns what the results say about it."""
        self.cache = self.given or os.path.join(self.directory, variant.base + ".dat")
        if self.given:
            return {"cache": self.cache, "recorded": False}
        # A tree that is tried out may be on a local file system, even below /tmp; all of it belongs into the cache.
        name = glob.escape(tree.directory)
        options = ["-o", self.cache, "--scope=all", "--include=" + name, "--exclude=%s/results.*" % name]
        status, seconds = self.starter.run(self.command + ["record"] + options + ["--"] + pilot)
        if status != 0:
            raise Problem("dlfm record: status %s" % status)
        return {"cache": self.cache, "recorded": True, "seconds": seconds, "bytes": os.path.getsize(self.cache)}

    def replay_command(self, command):
        return self.command + ["replay", self.cache, "--"] + command
