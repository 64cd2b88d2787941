# SPDX-License-Identifier: BSD-3-Clause
"""The applications that the storm bench starts, and the software tree that they are started from."""
import json
import os
import shlex
import shutil
import subprocess
import sys

import measure
import vcluster

HERE = os.path.dirname(os.path.realpath(__file__))
BCAST = "/dev/shm/storm.bcast"
FIGURE2_OUTPUT = "/srv/home/tester/report"

# On the login node, within the allocation. $1: the environment of the job; $2: what comes before the time counts.
TIMED = """#!/bin/bash
[ -z "$2" ] || (. "$1"; eval "$2") >/dev/null || exit
[ -z "$2" ] || /srv/share/dlfm-slowfs --reset=/srv/share/state
echo "begin $EPOCHREALTIME"
(. "$1"; exec "${@:3}")
rc=$?
echo "end $EPOCHREALTIME"
exit $rc
"""


class Application:
    """What is started: its command with the software at a place, and what --bcast needs in the environment (functions of
    that place and of the value that is there)."""

    def __init__(self, name, title, command, **bcast):
        self.name, self.title, self.command, self.bcast = name, title, command, bcast


def python_home(share):
    return next(d[len(share + "/sw"):] for d, _, files in os.walk(share + "/sw/software/Python") if "python3" in files)[:-4]


def applications(names, share):
    home = python_home(share) if "gpaw" in names else None
    known = (
        Application("gpaw", "the start of a GPAW calculation (Python, ASE, GPAW, MPI): %d directories to search",
                    lambda at: [at + "/bin/python3", at + "/start-gpaw.py"],
                    PYTHONHOME=lambda at, _: at + home),  # the interpreter is then elsewhere
        Application("figure2", "Pynamic, profile figure2: 10 libraries linked to its launcher, the node's own Python",
                    lambda at: [at + "/pynamic/bin/pynamic-linked", at + "/start-figure2.py", at + "/pynamic",
                                FIGURE2_OUTPUT],
                    PYTHONPATH=lambda _, old: BCAST + "_libs:" + old))  # or Python loads the libraries a second time, from their place
    return [a for a in known if a.name in names]


class Software:
    """The tree on the shared file system: what is in it, the environments, caches and the image."""

    def __init__(self, cluster, progress):
        self.cluster, self.progress = cluster, progress
        self.tree = cluster.share + "/sw"

    def make(self, names, size):
        self.progress("software prefix")
        if "gpaw" in names or size != "smallest":
            subprocess.run([sys.executable, HERE + "/make-prefix", "--quiet", self.tree], check=True)
        else:
            self.make_modules()
        for script in ("start-gpaw.py", "start-figure2.py"):
            shutil.copy(HERE + "/" + script, self.tree + "/")
        if "figure2" in names:
            self.make_figure2(size)
        os.makedirs(self.tree + "/caches")
        subprocess.run(["chmod", "-R", "go+rX", self.tree], check=True)
        with open(self.cluster.share + "/timed", "w", encoding="ascii") as f:
            f.write(TIMED)
        os.makedirs(self.cluster.share + "/image")
        self.environment = measure.environment(self.tree, "AT")
        for name in ("PATH", "LC_ALL", "HOME"):  # the tasks are found by absolute names
            self.environment.pop(name, None)
        for name in ("LD_LIBRARY_PATH", "PYTHONPATH"):
            self.environment[name] = ":".join(filter(None, [self.environment[name], "AT/pynamic/mod/d00"]))
        self.environment["OMPI_MCA_mpi_yield_when_idle"] = "1"  # more ranks than cores

    def make_modules(self):
        """Instead of a real prefix: directories of modules that hold nothing."""
        directories = ["software/module%d/lib" % i for i in range(40)]
        for d in directories:
            os.makedirs("%s/%s" % (self.tree, d))
        with open(self.tree + "/env.sh", "w", encoding="ascii") as f:
            f.write('sw=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)\nexport PYTHONPATH= LD_LIBRARY_PATH="%s"\nunset sw\n' %
                    ":".join("$sw/" + d for d in directories))

    def make_figure2(self, size):
        self.progress("Pynamic, profile figure2")
        pynamic, env = self.cluster.build + "/pynamic/pynamic", dict(os.environ, PYNAMIC_DATADIR=os.path.dirname(HERE) + "/pynamic")
        functions = ["--functions=20"] if size == "smallest" else []
        subprocess.run([pynamic, "generate", "-P", "figure2", *functions, self.tree + "/pynamic"], check=True, env=env,
                       stdout=subprocess.DEVNULL)
        subprocess.run([pynamic, "build", "-q", "-j2", "--with-mpicc=none", "--with-python=/usr/bin/python3",
                        self.tree + "/pynamic"], check=True, env=env, stdout=subprocess.DEVNULL)
        shutil.rmtree(self.tree + "/pynamic/src")

    def make_image(self):
        """The tree as one squashfs; returns why not, or None."""
        if not shutil.which("mksquashfs"):
            return "mksquashfs is not installed"
        with open("/proc/filesystems", encoding="ascii") as f:
            if "squashfs" not in f.read().split():
                return "the kernel has no squashfs"
        self.progress("squashfs image")
        run = subprocess.run(["mksquashfs", self.tree, self.tree + "/software.squashfs", "-quiet", "-no-progress", "-comp", "zstd",
                              "-Xcompression-level", "3", "-processors", "2", "-e", "caches"], text=True,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        return "mksquashfs failed: " + run.stderr[-200:] if run.returncode else None

    def write_environment(self, application, at, bcast):
        """A file for bash; returns its name inside."""
        values = {k: v.replace("AT", at, 1) if k == "OPAL_PREFIX" else v.replace("AT/", at + "/")
                  for k, v in self.environment.items()}
        if bcast:
            values.update({k: v(at, values.get(k, "")) for k, v in application.bcast.items()})
        with open(self.cluster.share + "/environment", "w", encoding="utf-8") as f:
            f.writelines("export %s=%s\n" % (k, shlex.quote(v)) for k, v in values.items())
        return vcluster.SHARE + "/environment"

    def describe(self, application):
        """What a start of the application loads, for the report: from its cache."""
        cache = "%s/caches/%s.dat" % (self.tree, application.name)
        title = application.title
        if "%d" in title:
            title %= sum(self.environment[v].count(":") + 1 for v in ("LD_LIBRARY_PATH", "PYTHONPATH"))
        about = {"title": title}
        if os.path.exists(cache):
            run = subprocess.run([self.cluster.build + "/cache-tools/dlfm", "info", "--json", cache], check=False,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            about["cache_bytes"] = os.path.getsize(cache)
            about["cache"] = json.loads(run.stdout) if run.returncode == 0 else None
        return about
