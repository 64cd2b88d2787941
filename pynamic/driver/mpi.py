# SPDX-License-Identifier: BSD-3-Clause
"""MPI for the driver: the launcher's, mpi4py's, or none. All have the same few methods."""
import os
import sys


class NoMpi:
    """Ranks without MPI, counted by PYNAMIC_RANK and PYNAMIC_RANKS: each works and reports for itself."""

    kind = "none"
    collects = False

    def start(self):
        self.rank = int(os.environ.get("PYNAMIC_RANK", "0"))
        self.size = int(os.environ.get("PYNAMIC_RANKS", "1"))

    def barrier(self):
        pass

    def share(self):
        """Which part, of how many, this rank computes in the MPI test: alone, all."""
        return 0, 1

    def sum(self, number):
        return number

    def gather(self, text):
        return [text]

    def finish(self):
        pass

    def mark(self, what):
        launcher = sys.modules.get("_pynamic")
        if launcher:
            launcher.mark(what)

    def hold(self, to_read, to_write):
        import _pynamic

        _pynamic.hold(to_read, to_write)


class LauncherMpi(NoMpi):
    """MPI of pynamic-launcher and pynamic-linked."""

    kind = "launcher"
    collects = True

    def start(self):
        import _pynamic

        self.api = _pynamic
        self.api.init()
        self.rank, self.size = self.api.rank(), self.api.size()
        # An exception on one rank must not leave the others waiting.
        sys.excepthook = self.abort

    def abort(self, *exception):
        sys.__excepthook__(*exception)
        sys.stderr.flush()
        self.api.abort()

    def barrier(self):
        self.api.barrier()

    def share(self):
        return self.rank, self.size

    def sum(self, number):
        return self.api.sum(number)

    def gather(self, text):
        lines = self.api.gather(text.encode())
        return None if lines is None else [line.decode() for line in lines]

    def finish(self):
        self.api.finalize()


class Mpi4py(NoMpi):
    """MPI of mpi4py, for a plain Python. Importing it is MPI_Init."""

    kind = "mpi4py"
    collects = True

    def start(self):
        from mpi4py import MPI

        self.world = MPI.COMM_WORLD
        self.rank, self.size = self.world.Get_rank(), self.world.Get_size()
        sys.excepthook = self.abort

    def abort(self, *exception):
        sys.__excepthook__(*exception)
        sys.stderr.flush()
        self.world.Abort(1)

    def barrier(self):
        self.world.Barrier()

    def share(self):
        return self.rank, self.size

    def sum(self, number):
        return self.world.allreduce(number)

    def gather(self, text):
        return self.world.gather(text, root=0)


def choose(kind):
    """By name; auto is the launcher's if this is the launcher, else none."""
    kinds = {"launcher": LauncherMpi, "mpi4py": Mpi4py, "none": NoMpi}
    if "_pynamic" in sys.builtin_module_names:
        import _pynamic

        if kind == "auto":
            kind = "launcher" if _pynamic.mpi else "none"
    return kinds.get(kind, NoMpi)()
