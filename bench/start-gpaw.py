# SPDX-License-Identifier: BSD-3-Clause
"""The start of a GPAW calculation: the imports of h2.py, MPI, one sum over all ranks; each rank tells when it was there."""
import time

from ase.build import molecule  # noqa: F401
from gpaw import GPAW  # noqa: F401
from gpaw.mpi import world

ranks = int(world.sum(1))
print("started %d of %d at %.6f" % (world.rank, ranks, time.time()))
