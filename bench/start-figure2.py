# SPDX-License-Identifier: BSD-3-Clause
"""A rank of Pynamic (start-figure2.py TREE OUTPUT): its driver, unmodified, and the time when all libraries were there.

The driver visits all functions and checks the checksum after that.
"""
import os
import sys
import time

sys.path.insert(0, sys.argv[1] + "/driver")
import driver  # noqa: E402
import mpi  # noqa: E402

rank = os.environ.get("SLURM_PROCID", "0")
os.environ["PYNAMIC_RANK"] = rank


def mark(_, what):
    if what == "imported":
        print("started %s of %s at %.6f" % (rank, os.environ.get("SLURM_NTASKS", "1"), time.time()), flush=True)


mpi.NoMpi.mark = mark
sys.exit(driver.main())
