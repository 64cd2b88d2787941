# SPDX-License-Identifier: BSD-3-Clause
"""Making the page cache cold: for the files of the tree and of Python, or for the whole system (root)."""
import os
import sysconfig
import time

from tree import Problem


def forget_file(path):
    """What is dirty cannot be dropped: what was written lately is synchronised first."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if time.time() - os.fstat(fd).st_mtime < 300:
            os.fsync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    except OSError:
        pass
    finally:
        os.close(fd)


def forget_files(directory):
    for place, _, files in os.walk(directory):
        for name in files:
            forget_file(os.path.join(place, name))


def forget_system():
    os.sync()
    try:
        with open("/proc/sys/vm/drop_caches", "w") as file:
            file.write("3\n")
    except OSError as error:
        raise Problem("--cold=system: %s" % error) from None


def make_cold(how, tree):
    """how: None, "tree" or "system"."""
    if how == "system":
        forget_system()
    elif how == "tree":
        for part in ("bin", "lib", "mod", "driver"):
            forget_files(tree.file(part))
        forget_files(sysconfig.get_path("stdlib"))
