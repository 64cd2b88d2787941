# SPDX-License-Identifier: BSD-3-Clause
"""What to compile and link with this Python: python-flags.py cflags|libs|check. Python 3.8 or newer."""
import os
import sys
import sysconfig


def cflags():
    paths = [sysconfig.get_path("include"), sysconfig.get_path("platinclude")]
    return " ".join("-I" + path for path in dict.fromkeys(paths))


def libs():
    """To embed Python: libpython, shared if there is one, and what it needs."""
    get = sysconfig.get_config_var
    name = "-lpython" + (get("LDVERSION") or get("VERSION"))
    if get("Py_ENABLE_SHARED"):
        directory = get("LIBDIR")
        flags = ["-L" + directory]
        if not directory.startswith(("/lib", "/usr/lib")):
            flags.append("-Wl,-rpath," + directory)
        return " ".join(flags + [name])
    static = [get("LIBS"), get("SYSLIBS"), get("LINKFORSHARED")]
    return " ".join(["-L" + get("LIBPL"), name] + [part for part in static if part])


def check():
    if sys.version_info < (3, 8):
        return "%s is older than Python 3.8: pynamic build --with-python=COMMAND" % sys.executable
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "%s is free-threaded and has no stable ABI: pynamic build --with-python=COMMAND" % sys.executable
    header = os.path.join(sysconfig.get_path("include"), "Python.h")
    if not os.path.exists(header):
        return "no %s: install Python's development files (libpython3-dev)" % header
    return None


if __name__ == "__main__":
    if sys.argv[1] == "check":
        problem = check()
        sys.exit("pynamic: " + problem if problem else None)
    print({"cflags": cflags, "libs": libs}[sys.argv[1]]())
