# SPDX-License-Identifier: BSD-3-Clause
"""Measuring runs of a command: wall and CPU time, and requests at a dlfm-slowfs; medians and their spread."""
import os
import statistics
import subprocess
import time


def environment(prefix, mounted=None):
    """What PREFIX/env.sh sets, for the prefix mounted at another place: nothing is asked of the mount."""
    text = subprocess.run(["bash", "-c", '. "$1/env.sh" && env -0', "-", prefix], env={"PATH": os.environ["PATH"]},
                          stdout=subprocess.PIPE, check=True).stdout.decode()
    env = dict(v.split("=", 1) for v in text.split("\0") if "=" in v)
    for name in ("PWD", "SHLVL", "_", "OLDPWD"):
        env.pop(name, None)
    return {k: v.replace(prefix, mounted) if mounted else v for k, v in env.items()}


def scratch_base():
    """Where scratch directories are made: not below /tmp or /var/tmp, which pack takes for data."""
    for base in (os.environ.get("DLFM_TEST_TMPDIR"), "/opt", os.path.expanduser("~"), "/var/tmp"):
        if base and os.path.isdir(base) and os.access(base, os.W_OK):
            return base
    raise SystemExit("no directory for scratch files: set DLFM_TEST_TMPDIR")


class Run:
    """One run: wall, cpu in seconds, exit status."""

    def __init__(self, cmd, env, cwd="/"):
        with open(os.devnull, "r+") as null:
            start = time.perf_counter()
            pid = os.posix_spawn(cmd[0], cmd, env, file_actions=[
                (os.POSIX_SPAWN_DUP2, null.fileno(), 0), (os.POSIX_SPAWN_DUP2, null.fileno(), 1)])
            _, status, usage = os.wait4(pid, 0)
            self.wall = time.perf_counter() - start
        self.cpu = usage.ru_utime + usage.ru_stime
        self.status = os.waitstatus_to_exitcode(status)


class Series:
    """Runs of one kind."""

    def __init__(self):
        self.runs = []

    def median(self, what):
        return statistics.median(getattr(r, what) for r in self.runs)

    def spread(self, what):
        """Half the distance between the quartiles, as a fraction of the median."""
        values = [getattr(r, what) for r in self.runs]
        if len(values) < 4:
            return 0.0
        low, _, high = statistics.quantiles(values, n=4)
        return (high - low) / 2 / statistics.median(values)


def interleaved(kinds, n):
    """Runs each of the functions `kinds` (name -> function that returns a Run) n times in turn; the first round is warm-up."""
    series = {name: Series() for name in kinds}
    for i in range(n + 1):
        for name, function in kinds.items():
            run = function()
            if run.status != 0:
                raise SystemExit("%s: ended with status %d" % (name, run.status))
            if i > 0:
                series[name].runs.append(run)
    return series


class Slowfs:
    """A mount of dlfm-slowfs."""

    def __init__(self, program, source, mountpoint, state, *options):
        self.program, self.state, self.mountpoint = program, state, mountpoint
        subprocess.run([program, "--state=" + state, *options, source, mountpoint], check=True, timeout=30)

    def reset(self):
        subprocess.run([self.program, "--reset=" + self.state], check=True, timeout=30)

    def counts(self):
        import json
        return json.loads(subprocess.run([self.program, "--counts=" + self.state, "--json"], check=True, timeout=30,
                                         stdout=subprocess.PIPE).stdout)

    def unmount(self):
        for cmd in (["umount", self.mountpoint], ["fusermount3", "-u", self.mountpoint], ["umount", "-l", self.mountpoint]):
            for _ in range(3):
                if subprocess.run(cmd, stderr=subprocess.DEVNULL, timeout=30).returncode == 0:
                    return
                time.sleep(0.1)
