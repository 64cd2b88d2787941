# SPDX-License-Identifier: BSD-3-Clause
"""Starting the ranks of one run: the command line, its time limit, and the reports that come back."""
import functools
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from tree import Problem

# OpenMPI as root (in containers), and with more ranks than cores: then those that wait must not take the time of those
# that work. Other MPIs ignore these.
MPI_ENVIRONMENT = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_mpi_yield_when_idle": "1",
    "PRTE_ALLOW_RUN_AS_ROOT": "1",
    "PRTE_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
}


def default_mpirun():
    if os.environ.get("SLURM_JOB_ID") and shutil.which("srun"):
        return "srun -n {ranks}"
    for name in ("mpirun", "mpiexec"):
        if shutil.which(name):
            return name + " -n {ranks}"
    return None


class Starter:
    """How ranks are started: with the launcher, a plain Python, or mpi4py; by mpirun, srun, or by ourselves."""

    def __init__(self, kind, python, mpirun, timeout):
        self.kind, self.python, self.timeout = kind, python, timeout
        self.mpirun = None
        if kind != "python":
            self.mpirun = shlex.split(mpirun or default_mpirun() or "")
        self.pynamic = os.environ.get("PYNAMIC_PROGRAM") or shutil.which("pynamic") or "pynamic"

    def interpreter(self, tree, variant):
        if self.kind == "launcher":
            return tree.launcher(variant.linked)
        if variant.linked:
            raise Problem("%s: the modules are linked into the launcher: run --with=launcher" % variant.name)
        return self.python

    @functools.lru_cache(maxsize=None)
    def has_mpi(self, tree):
        if self.kind != "launcher":
            return self.kind == "mpi4py"
        question = "import _pynamic; raise SystemExit(not _pynamic.mpi)"
        return subprocess.run([tree.launcher(False), "-c", question], timeout=60, check=False).returncode == 0

    def rank_command(self, tree, variant, output, options):
        """One rank: stamp sets the environment, so that mpirun itself is not changed by it."""
        environment = dict(tree.environment(), **variant.environment)
        assignments = ["%s=%s" % item for item in environment.items()]
        program = [self.interpreter(tree, variant), tree.driver(), tree.directory, output]
        return [self.pynamic, "stamp"] + assignments + ["--"] + program + options

    def command(self, tree, variant, ranks, output, options):
        """All ranks."""
        if self.has_mpi(tree) and self.mpirun:
            start = [part.replace("{ranks}", str(ranks)) for part in self.mpirun]
            kind = "mpi4py" if self.kind == "mpi4py" else "launcher"
        elif ranks == 1 or self.kind == "python":
            start, kind = [sys.executable, os.path.join(os.path.dirname(__file__), "local_ranks.py"), str(ranks)], "none"
        else:
            raise Problem("%d ranks: no mpirun, or a launcher without MPI: --mpirun=COMMAND, or --with=python" % ranks)
        return start + self.rank_command(tree, variant, output, ["--mpi=" + kind] + options)

    def run(self, command):
        """Runs in a process group of its own; returns status (None: the time was over) and seconds."""
        environment = dict(os.environ, **{k: v for k, v in MPI_ENVIRONMENT.items() if k not in os.environ})
        start = time.monotonic()
        child = subprocess.Popen(command, env=environment, start_new_session=True, stdin=subprocess.DEVNULL,
                                 stdout=sys.stderr)
        try:
            status = child.wait(self.timeout)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            stop_group(child)
        return status, time.monotonic() - start


def stop_group(child):
    """Nothing of a run stays behind, however it ended."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            pass
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    child.wait()


class Output:
    """Where the reports of a run go: in the tree, or in another directory that all ranks can write to."""

    def __init__(self, tree, directory):
        try:
            self.directory = tempfile.mkdtemp(prefix="results.", dir=directory or tree.directory)
        except OSError as error:
            raise Problem("%s: cannot write reports there (%s): --scratch=DIRECTORY" % (
                error.filename, error.strerror)) from None
        self.path = os.path.join(self.directory, "reports")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        shutil.rmtree(self.directory, ignore_errors=True)

    def reports(self):
        """All ranks' reports, in their order, and the files emptied."""
        result = []
        for name in sorted(os.listdir(self.directory)):
            path = os.path.join(self.directory, name)
            if name.startswith("reports"):
                with open(path) as file:
                    result += [json.loads(line) for line in file]
                os.unlink(path)
        return sorted(result, key=lambda report: report["rank"])
