# SPDX-License-Identifier: BSD-3-Clause
"""Ranks without MPI on this machine: local_ranks.py RANKS COMMAND... starts them at once, waits for all."""
import os
import subprocess
import sys


def main(ranks, command):
    children = []
    try:
        for rank in range(ranks):
            environment = dict(os.environ, PYNAMIC_RANK=str(rank), PYNAMIC_RANKS=str(ranks))
            children.append(subprocess.Popen(command, env=environment))
        return max(abs(child.wait()) for child in children)
    finally:
        for child in children:
            if child.poll() is None:
                child.kill()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
